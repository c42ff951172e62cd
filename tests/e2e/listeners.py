#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""Listeners of modules, end to end: who is told what in which order, of the webapp's life, of requests and of
attributes; <listener> of web.xml; what a failing one does."""
import os
import re
import threading
from served import HERE, Client, Server, becomes, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "listeners.c"))
LISTENER = "<listener><listener-class>%s</listener-class></listener>"
FAIL = "<context-param><param-name>fail</param-name><param-value>%s</param-value></context-param>"
server = Server()
compile_module(server.webapp("rows.so"), SOURCE)


def webapp(name, xml, parts="a"):
    for part in parts:
        compile_module(server.webapp("%s/WEB-INF/lib/%s.so" % (name, part)), SOURCE, more=['-DPART="%s"' % part])
    return os.path.realpath(write(server.webapp(name + "/WEB-INF/web.xml"), "<web-app>\n%s\n</web-app>\n" % xml))


webapp("named", "\n".join(LISTENER % name for name in ("three", "b.so:one", "one")), "ab")
twice = webapp("twice", LISTENER % "two" + "\n" + LISTENER % "two")
unknown = webapp("unknown", "\n" + LISTENER % "noone")
unnamed = webapp("unnamed", "<listener/>")
webapp("paged", "<error-page><error-code>500</error-code><location>/a/page</location></error-page>")
webapp("fails", FAIL % "two")
server.start()
rows = server.webapps()


def told(app, what):
    """What the listeners of a webapp logged of the calls WHAT (an expression), in order."""
    return re.findall(r"localhost/%s: <(\w (?:%s)(?: [^>]*)?)>" % (app, what), server.log())


# ---- the webapp's life ----
same("context-in-order-of-rows-before-filters", told("rows", "up|init"),
     ["a up one", "a up two", "a up three", "a init"])
same("web-xml-first-then-modules-then-rows", told("named", "up"),
     ["a up three", "b up one", "a up one", "a up two", "b up two", "b up three"])
same("named-twice-is-told-once", told("twice", "up"), ["a up two", "a up one", "a up three"])
check("named-twice-is-a-warning", re.search(r" WARN .*%s:3: <listener> 'two' is given twice" % re.escape(twice),
                                            server.log()), server.log()[-2000:])
for name, file, line, text in [
        ("unknown", unknown, 3, "listener noone has the class 'noone', which no module"),
        ("unnamed", unnamed, 2, "<listener> has no <listener-class>")]:
    row = rows.get(name, "")
    check("refused-" + name, re.search(r":(refused|failed):", row) and "%s:%d: " % (file, line) in row and text in row, row)
check("failing-fails-the-webapp", ":failed:" in rows["fails"] and
      "/fails: listener two failed with -1" in rows["fails"], rows["fails"])
same("failing-who-was-told-is-told-the-end", told("fails", "up|down|init|destroy"),
     ["a up one", "a up two", "a down one"])
same("failing-answers-503", server.get("/fails/a/x").status, 503)

# ---- requests ----
CALLS = "begin|end|end-without-attribute|filter|filter-done|servlet|cleanup|async"
seen = 0


def case(name, path, status, text, want):
    """A request: its answer, and who was told of it. Its cleanup comes last."""
    global seen
    cleanups = len(told("rows", "cleanup"))
    answer = server.get("/rows" + path)
    becomes(lambda: len(told("rows", "cleanup")) > cleanups)
    got = [line[2:].split(" /rows")[0] for line in told("rows", CALLS)]
    same("request-" + name, got[seen:], want)
    seen = len(got)
    check("request-%s-answer" % name, answer.status == status and text in answer.text, answer)


BEGIN = ["begin one", "begin two"]
END = ["end -", "end two", "end one", "cleanup"]
ALL = BEGIN + ["filter f", "servlet -", "filter-done f"] + END
case("around-filters-and-servlet", "/a/x", 200, "begun by two", ALL)
case("around-one-that-fails", "/a/x?broken=1", 500, "the servlet is broken", ALL)
case("of-what-is-not-found", "/nothing", 404, "", BEGIN + END)
case("failing-is-500-with-its-text", "/a/x?fail=two", 500, "this request is not wanted", BEGIN + ["end one", "cleanup"])
case("failing-the-first-ends-none", "/a/x?fail=one", 500, "this request is not wanted", ["begin one", "cleanup"])
case("until-an-async-one-is-complete", "/a-async", 200, "later", BEGIN + ["async -"] + END)
case("others-are-served-again", "/a/x", 200, "begun by two", ALL)
check("request-failing-is-told", server.logs("/rows: GET /rows/a/x: request_initialized of the listener two failed "
                                             "with -1: this request is not wanted"), server.log()[-2000:])
with Client(server.port) as client:
    first = client.ask("/rows/a/kept")
    second = client.ask("/rows/a/kept")
same("request-of-one-connection-each", (first.text, second.text), ("begun by two", "begun by two"))
becomes(lambda: len(told("rows", "cleanup")) >= 9)
same("request-of-one-connection-told-each", len([c for c in told("rows", "end") if "/a/kept" in c and " one " in c]), 2)

# A dispatch is no request of its own: its end comes behind the error page.
answer = server.get("/paged/a/x?broken=1")
same("request-with-an-error-page-answer", (answer.status, answer.text), (500, "begun by two"))
becomes(lambda: told("paged", "cleanup"))
same("request-with-an-error-page", [line[2:].split(" /paged")[0] for line in told("paged", CALLS)],
     BEGIN + ["filter f", "servlet -", "filter-done f", "servlet -"] + END)

# Many at once: each begin has its end.
asked = [threading.Thread(target=lambda: [server.get("/named/a/many") for _ in range(25)]) for _ in range(8)]
for thread in asked:
    thread.start()
for thread in asked:
    thread.join()
becomes(lambda: len([c for c in told("named", "end") if "one" in c]) >= 400)
same("request-many-at-once", [len([c for c in told("named", what) if part + " " + what + " one" in c])
                              for what in ("begin", "end") for part in "ab"], [200] * 4)

# ---- attributes ----
same("attributes", server.get("/rows/a-attributes").text, "done")
check("attributes-told", server.logs("a attr one n 2 -"), server.log()[-1500:])
same("attributes-added-replaced-removed", told("rows", "attr"),
     ["a attr one n - 1", "a attr one n 1 2", "a attr one n 2 -"])

# ---- the end ----
same("stop", server.stop().returncode, 0)
same("destroyed-in-reverse-behind-filters", told("rows", "down|destroy"),
     ["a destroy", "a down three", "a down two", "a down one"])
same("destroyed-in-reverse-of-web-xml", told("named", "down"),
     ["b down three", "b down two", "a down two", "a down one", "b down one", "a down three"])
end()
