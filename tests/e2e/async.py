#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asynchronous requests through a real module (modules/async.c): answers of the webapp's own threads, time-outs,
listeners, what is refused, clients that leave, pipelining, and the stop of the server."""
import os
import re
import socket
import struct
import time
from heard import Heard
from served import HERE, Client, Server, becomes, check, compile_module, end, read, same, write

server = Server()
compile_module(server.webapp("async.so"), read(os.path.join(HERE, "modules", "async.c")),
               more=("-pthread", "-I" + os.path.join(HERE, "modules")))


def folder(name, web_xml):
    """The same module as a webapp with a web.xml."""
    place = server.webapp(name)
    os.makedirs(os.path.join(place, "WEB-INF", "lib"))
    os.link(server.webapp("async.so"), os.path.join(place, "WEB-INF", "lib", "async.so"))
    write(os.path.join(place, "WEB-INF", "web.xml"), "<web-app version='6.0'>%s</web-app>" % web_xml)


def mapped(kind, name, name_class, pattern, more=""):
    return ("<{0}><{0}-name>{1}</{0}-name><{0}-class>{2}</{0}-class>{4}</{0}>"
            "<{0}-mapping><{0}-name>{1}</{0}-name><url-pattern>{3}</url-pattern></{0}-mapping>").format(
                kind, name, name_class, pattern, more)


NOT, YES = "<async-supported>false</async-supported>", "<async-supported>true</async-supported>"
PARAM = "<init-param><param-name>%s</param-name><param-value>%s</param-value></init-param>"
folder("shipped", "".join(mapped("filter", name, name, "/*", more) for name, more in (
    ("cors", ""), ("httpheadersecurity", ""), ("ratelimit", ""),
    ("expires", PARAM % ("ExpiresDefault", "access plus 1 day")),
    ("setcharacterencoding", PARAM % ("encoding", "UTF-8")))))
folder("said", mapped("servlet", "no", "later", "/no", NOT) + mapped("servlet", "yes", "sync", "/yes", YES) +
       mapped("filter", "open", "bar", "/barred/*", YES) + mapped("filter", "shut", "pass", "/shut", NOT) +
       mapped("servlet", "behind", "later", "/shut"))
server.start()


def get(path, *headers):
    return server.get("/async" + path, headers=headers)


heard = Heard(server, "/async/events")
happened, hears = heard.happened, heard.hears


def text(name, path, want, status=200):
    answer = get(path)
    return same(name, (answer.status, answer.text), (status, want))


# ---- answers of other threads ----
text("later", "/later?text=x", "later x")
hears("later/cleanup", ["cleanup"])
text("later/listener", "/later?text=x&listen=1", "later x")
hears("later/complete-before-cleanup", ["complete", "cleanup"])
answer = server.get("/async/later", "POST", ["Content-Type: application/x-www-form-urlencoded"], b"text=form&ms=1")
same("later/form", answer.text, "later form")
same("later/length", get("/later?text=abc").fields.get("content-length"), "9")
happened()
text("now", "/now", "at once")
hears("now/complete", ["complete"])

# ---- over handles of filters and dispatches ----
text("wrapped", "/upper/later?text=x&listen=1", "LATER X.")
hears("wrapped/end-once-at-the-end", ["complete", "end", "cleanup"])
text("forwarded", "/forwarding?text=x&listen=1", "later x")
hears("forwarded/heard", ["forwarded", "complete", "cleanup"])
text("included", "/including?text=x", "[]later x")
hears("included/heard", ["cleanup"])

with Client(server.port) as client:
    asked = b"".join(b"GET /async/%s HTTP/1.1\r\nHost: a\r\n\r\n" % p
                     for p in (b"later?text=1&ms=200", b"later?text=2&ms=1", b"supported", b"later?text=3&ms=20"))
    client.socket.sendall(asked)
    same("pipelined", [client.take_answer().text for _ in range(4)], ["later 1", "later 2", "1", "later 3"])
    same("keep-alive", client.ask("/async/later?text=4").text, "later 4")
happened()

# ---- event streams ----
answer = get("/stream?n=5")
same("stream", (answer.text, answer.complete), ("".join("data: %d\n\n" % i for i in range(5)), True))
same("stream/fields", (answer.fields.get("content-type"), answer.fields.get("transfer-encoding")),
     ("text/event-stream", "chunked"))
hears("stream/complete", ["complete"])
with Client(server.port) as client:
    client.send("/async/stream?n=3&ms=300")
    began = time.monotonic()
    first = client.take_line()
    while b"data: 0" not in client.buffer:
        client.receive()
    check("stream/comes-at-once", time.monotonic() - began < 0.6 and b"data: 1" not in client.buffer, client.buffer)
    while b"0\r\n\r\n" not in client.buffer:
        client.receive()
happened()

# ---- time ----
began = time.monotonic()
answer = get("/timeout?ms=200")
took = time.monotonic() - began
check("timeout/500", answer.status == 500 and "timed out" in answer.text, answer)
check("timeout/when", 0.2 <= took < 2, took)
hears("timeout/heard", ["timeout", "error -5", "complete"])
text("timeout/answered", "/timeout?answer=1", "late, but answered")
hears("timeout/answered/heard", ["timeout", "complete"])
text("timeout/dispatched", "/timeout?dispatch=1", "filtered target /target timeout - from /timeout 1")
hears("timeout/dispatched/heard", ["timeout", "complete"])
answer = get("/timeout?begun=1")
check("timeout/begun-is-cut", answer.status == 200 and not answer.complete, answer)
hears("timeout/begun/heard", ["timeout", "error -5", "complete"])

# ---- failures ----
answer = get("/failing")
check("failing", answer.status == 500 and "failed after the start" in answer.text, answer)
hears("failing/heard", ["error -1", "complete"])
answer = get("/error")
check("error-page", answer.status == 418 and "no coffee" in answer.text, answer)

# ---- dispatch ----
text("dispatch", "/dispatching?mine=1", "before filtered target /target thread 1 from /dispatching 1")
hears("dispatch/heard", ["complete"])
text("dispatch/inside", "/dispatching?inside=1", "before filtered target /target inside - from /dispatching 1")
hears("dispatch/inside/heard", ["complete"])
text("dispatch/started-again", "/rounds", "round round round ")
hears("dispatch/started-again/heard", ["start", "complete"])
answer = get("/dispatching?sync=1")
check("dispatch/to-sync-only", answer.status == 500 and "sync is on the way" in answer.text, answer)
hears("dispatch/to-sync-only/heard", ["complete"])

# ---- what is refused ----
text("refused", "/refused", "leave -3 again 0 enter 0 1 relative -6 listen -6 timeout 30000 0 is 1000 complete 0 twice -2 "
     "dispatch -2 timeout -2 retain 1")
answer = get("/sync")
check("sync-only/servlet", answer.status == 500 and "sync is on the way" in answer.text, answer)
answer = get("/barred/later?text=x")
check("sync-only/filter", answer.status == 500 and "bar is on the way" in answer.text, answer)
text("supported", "/supported", "1")
text("supported/filter", "/barred/supported", "0")
answer = server.get("/shipped/later?text=x")
check("shipped-filters", answer.text == "later x", "%r %s" % (answer, server.webapps().get("shipped")))
answer = server.get("/said/no")
check("web.xml/servlet-no", answer.status == 500 and "no is on the way" in answer.text, answer)
same("web.xml/servlet-yes", server.get("/said/yes").text, "1")
answer = server.get("/said/shut")
check("web.xml/filter-no", answer.status == 500 and "shut is on the way" in answer.text, answer)
happened()

# ---- handles from outside, and after the end ----
with Client(server.port) as client:
    client.send("/async/keep")
    check("kept/waits", becomes(lambda: get("/kept").text == "0"))
    same("kept/complete", get("/kept?do=c").text, "0")
    check("kept/answer", re.fullmatch("(kept)+", client.take_answer().text), client.buffer)
    same("kept/dead", (get("/kept").text, get("/kept?do=c").text, get("/kept?do=t").text), ("-2", "-2", "-2"))
    same("kept/release", get("/kept?do=r").text, "0")
hears("kept/heard", ["complete"])
with Client(server.port) as client:
    client.send("/async/keep")
    check("kept/set-timeout", becomes(lambda: get("/kept?do=t").text == "0"))
    same("kept/times-out", client.take_answer().status, 500)
hears("kept/set-timeout/heard", ["timeout", "error -5", "complete"])
get("/kept?do=r")

# ---- clients that leave ----
client = Client(server.port)
client.send("/async/keep")
check("reset/waits", becomes(lambda: get("/kept").text == "0"))
client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.socket.close()
hears("reset/heard", ["error -2", "complete"])
get("/kept?do=r")
client = Client(server.port)
client.send("/async/stream?n=100000&ms=5")
client.take_line()
client.socket.close()
seen = []
check("closed/heard", becomes(lambda: seen.extend(happened()) or {"complete", "writer -2"} <= set(seen)) and
      set(seen) <= {"complete", "error -2", "writer -2"}, seen) # its writer may end it before the error is told

# ---- no thread is held ----
clients = [Client(server.port) for _ in range(300)]
for client in clients:
    client.send("/async/later?text=many&ms=1500")
workers = server.status()
same("many/others-are-served", get("/supported").text, "1")
same("many/all", {c.take_answer().text for c in clients}, {"later many"})
for client in clients:
    client.socket.close()
happened()

# ---- the stop ----
asked = Client(server.port)
asked.send("/async/keep?stop=1")
check("stop/waits", becomes(lambda: get("/kept").text == "0"))
began = time.monotonic()
stopped = server.stop()
check("stop/asked", asked.take_answer().text.endswith("stopped") and time.monotonic() - began < 10, stopped)
same("stop/ended", stopped.returncode, 0)

server.configure(edit=lambda text: re.sub(r"(?m)^<Server\b[^>]*>", '<Server stopTimeout="1500">', text))
server.start()
silent = Client(server.port)
silent.send("/async/keep")
check("stop/limit/waits", becomes(lambda: get("/kept").text == "0"))
stopped = server.stop()
same("stop/limit", stopped.returncode, 0)
check("stop/limit/cut", not silent.take_answer().complete)
check("stop/limit/orderly", "stopped after" in server.log().split("stopping:")[-1], server.log()[-800:])
end()
