#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""A C++ module whose callbacks throw, one after the other: 500 with the text, or a webapp that does not start and
says why; the same process serves on, the webapp itself and the others."""
import os
import re
from served import HERE, Client, Server, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "throwing.cc"))
PARAM = "<web-app><context-param><param-name>throw</param-name><param-value>%s</param-value></context-param></web-app>"
# Where it throws: what becomes of the webapp, and what names the place in its reason or in the log.
STARTS = [("init", "failed", "the init hook failed with -1"),
          ("context_initialized", "failed", "listener listener failed with -1"),
          ("filter-init", "failed", "init of filter filter-init failed with -1"),
          ("servlet-init", "running", "init of servlet servlet-init failed with -1"),
          ("start", "failed", "the start hook failed with -1"),
          ("health", "failed", "the health hook failed with -1")]
ENDS = [("destroy", "destroy of servlet servlet-init failed"),
        ("context_destroyed", "context_destroyed of listener listener failed"),
        ("stop", "the stop hook of throwing failed with -1"),
        ("destroy-hook", "the destroy hook of throwing failed")]
server = Server()
compile_module(server.webapp("good.so"), SOURCE, "c++")
for place in [row[0] for row in STARTS + ENDS]:
    with open(server.webapp("good.so"), "rb") as module:
        write(server.webapp(place + "/WEB-INF/lib/t.so"), module.read())
    os.chmod(server.webapp(place + "/WEB-INF/lib/t.so"), 0o644)
    write(server.webapp(place + "/WEB-INF/web.xml"), PARAM % place)
server.start()
process = server.status()["pid"]
rows = server.webapps()


def serves_on(name):
    check(name + "-serves-on", server.get("/good/x").text == "served" and server.status()["pid"] == process)


for place, state, text in STARTS:
    where = rows[place] if state == "failed" else server.log()
    check("start-" + place, ":%s:" % state in rows[place] and text + ": " + place + " threw <this>" in where, rows[place])
    same("start-%s-503" % place, server.get("/%s/x" % place).status, 503)
for place, _ in ENDS:
    same("ends-%s-serves-before" % place, server.get("/%s/x" % place).text, "served")
for place, text in [("servlet", "servlet threw <this>"), ("filter", "filter threw <this>"),
                    ("filter-behind", "filter-behind threw <this>"),
                    ("request_initialized", "request_initialized threw <this>"),
                    ("last_modified", "last_modified threw <this>"),
                    ("number", "an exception that is not a std::exception")]:
    answer = server.get("/good/x?throw=" + place)
    check("request-" + place, answer.status == 500 and answer.complete and text.replace("<", "&lt;").replace(">", "&gt;")
          in answer.text and "<this>" not in answer.text, answer)
    check("request-%s-is-told" % place, server.logs(text), server.log()[-1500:])
    serves_on("request-" + place)
for place, text in [("request_destroyed", "request_destroyed of the listener listener failed with -1: request_destroyed threw"),
                    ("changed", "context_attribute_changed of the listener listener failed: threw threw")]:
    answer = server.get("/good/x?throw=" + place)
    check("answered-" + place, (answer.status, answer.text) == (200, "served"), answer)
    check("answered-%s-is-told" % place, server.logs(text), server.log()[-1500:])
    serves_on("answered-" + place)
with Client(server.port) as client:
    answer = client.ask("/good/x?throw=committed")
    check("request-committed-is-cut-off", answer.status == 200 and not answer.complete and client.ended, answer)
serves_on("request-committed")
same("stop", server.stop().returncode, 0)
for place, text in ENDS:
    check("end-" + place, re.search(r"/%s: %s: %s threw" % (place, re.escape(text), place), server.log()),
          re.findall(".*/%s.*" % place, server.log()))
end()
