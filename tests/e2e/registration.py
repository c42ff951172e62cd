#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""What a webapp registers by itself in its init hook and its listeners: servlets, filters, listeners, mappings and
parameters are served like those of its tables; after that, and on other threads, it is refused; what is wrong is
refused with a reason, and nothing of it stays."""
import os
import re
from served import HERE, Client, Server, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "registration.c"))
CASE = "<web-app><context-param><param-name>case</param-name><param-value>%s</param-value></context-param></web-app>"
server = Server()
compile_module(server.webapp("own/WEB-INF/lib/r.so"), SOURCE)
write(server.webapp("own/file.txt"), "a file")
for name in ("wrong", "fails"):
    compile_module(server.webapp(name + "/WEB-INF/lib/r.so"), SOURCE)
    write(server.webapp(name + "/WEB-INF/web.xml"), CASE % name)
    write(server.webapp(name + "/file.txt"), "a file")
server.start()
log = server.log()


def told(app):
    return dict(re.findall(r"localhost/%s: <reg (\S+) (-?\d+)>" % app, log))


def filters_of(path):
    with Client(server.port) as client:
        client.send(path)
        client.take_line()
        return [line.split(b": ")[1].decode() for line in iter(client.take_line, b"") if line.startswith(b"X-Filter:")]


# ---- what is right ----
for name, code in told("own").items():
    want = "-3" if name in ("in-start", "on-another-thread") else "0"
    same("answer-" + name, code, want)
check("listener-of-init-is-told", "listener-begun" in told("own"), told("own"))
check("listener-of-a-listener-is-told", "listener-of-listener-begun" in told("own"), told("own"))
same("initialised-in-order", re.findall(r"localhost/own: <init (\S+) p=(\S+) of (\d)>", log), [
    ("rows", "-", "0"), ("url", "-", "0"), ("named", "-", "0"), ("unmapped", "-", "0"), # filters
    ("row", "-", "0"), ("early", "-", "0"), ("of-listener", "-", "0"), ("built", "first", "2"), ("fallback", "-", "0")])
for name, path, text in [
        ("exact", "/own/built", "built as built colour=green"),
        ("prefix", "/own/built/x/y", "built as built colour=green"),
        ("extension", "/own/z.built", "built as built colour=green"),
        ("mapped-later", "/own/early/too", "early as early colour=green"),
        ("row-mapped-too", "/own/row/also", "row as row colour=green"),
        ("of-listener", "/own/of-listener", "of-listener as of-listener colour=green"),
        ("default-taken-over", "/own/file.txt", "fallback as fallback colour=green"),
        ("late", "/own/late", "-3 -3 -3 -3 -3 -3")]:
    answer = server.get(path)
    check("serves-" + name, answer.status == 200 and answer.text == text, answer)
same("late-is-not-there", server.get("/own/later").text, "fallback as fallback colour=green")
# First those put first in the order of the calls, then rows, then the others; those by name last.
same("filters-in-order", filters_of("/own/built"), ["unmapped", "url", "rows", "url", "rows", "named", "rows"])
same("filters-by-dispatcher", filters_of("/own/row"), ["rows", "url"])

# ---- what is wrong ----
wrong = told("wrong")
same("wrong-all-refused", {name: code for name, code in wrong.items() if name.startswith("wrong") and code != "-6"}, {})
check("wrong-count", len([name for name in wrong if name.startswith("wrong-")]) == 24, wrong)
for text in ["servlet without a name is declared", "servlet methodless serves no method",
             "servlet flagged has flags that this server does not know", "two servlets are named row",
             "servlets row and pattern both have the URL pattern '/row'", "servlet bad has the malformed URL pattern 'bad'",
             "servlet params has a malformed table of init parameters", "servlet parts has multipart limits",
             "filter no-function has no name or no function", "two filters are named rows",
             "filter of-nothing is mapped to the servlet 'nothing', which does not exist",
             "filter bits has flags", "listener flags has flags", "the servlet 'nothing', which is to be mapped, does not",
             "servlets late and row both have the URL pattern '/late'",
             "a filter mapping names the filter nothing, which does not exist",
             "filter rows has the malformed URL pattern 'no'"]:
    check("wrong-told: " + text, re.search(r" ERROR .*localhost/wrong: .*" + re.escape(text), log),
          re.findall(".*ERROR.*wrong.*", log))
for path in ("/free-of-pattern", "/free-of-map"):
    same("wrong-leaves-nothing" + path, server.get("/wrong" + path).status, 404)
same("wrong-leaves-no-filter", filters_of("/wrong/row"), ["rows"])
same("wrong-files-are-served", server.get("/wrong/file.txt").text, "a file")
row = server.webapps()["fails"]
check("fails-with-the-reason", ":failed:" in row and "the init hook failed with -6: servlets row and mine both have the "
      "URL pattern '/row'" in row, row)
same("stop", server.stop().returncode, 0)
same("destroyed", re.findall(r"localhost/own: <destroy (\S+)>", server.log()), ["built"])
end()
