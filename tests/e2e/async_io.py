#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that are written when their client can take them (cs_async_on_writable), and bodies that are read when
they come (cs_async_on_readable), through a real module (modules/async_io.c) on a server with one worker: the
order of calls, many slow clients at once that cost no thread and little memory, clients that leave, time-outs,
failures, dispatches, wrappers."""
import os
import re
import select
import socket
import struct
import time
from heard import Heard
from served import HERE, Client, Server, becomes, check, compile_module, end, read, same, sanitizer

SLOW_MACHINE = sanitizer() != ""
READERS = 20 if SLOW_MACHINE else 50
BYTES = (2 if SLOW_MACHINE else 6) << 20
PATTERN = b"".join(b"%07d\n" % i for i in range(65521))

THROWING = r"""
#include <cserv/module.h>
#include <cserv/servlet.h>
#include <stdexcept>

static int thrown(cs_async *, cs_request *, cs_response *, void *)
{
    throw std::runtime_error("thrown in the callback");
}
static int get(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    int rc = cs_async_on_writable(a, thrown, nullptr);
    cs_async_release(a);
    return rc;
}
static const cs_servlet servlets[] = {{.name = "throws", .url_patterns = "/*", .flags = CS_ASYNC, .get = get}};
CS_WEBAPP("throwing", "1.0.0", .servlets = CS_ROWS(servlets))
"""

server = Server()
compile_module(server.webapp("io.so"), read(os.path.join(HERE, "modules", "async_io.c")),
               more=("-pthread", "-I" + os.path.join(HERE, "modules")))
compile_module(server.webapp("throwing.so"), THROWING, compiler="c++", more=("-std=c++20",))


def one_worker(text):
    for name, value in (("maxThreads", "1"), ("minSpareThreads", "1"), ("groups", "1"), ("sendMinRate", "0"),
                        ("socket.txBufSize", "32768"), ("bodyTimeout", "1000"), ("bodyMinRate", "0"),
                        ("allowedTrailerHeaders", "X-Sum")):
        text = re.sub(r' %s="[^"]*"' % re.escape(name), "", text)
        text = re.sub(r"<Connector\b", '<Connector %s="%s"' % (name, value), text)
    return re.sub(r"(?m)^<Server\b[^>]*>", '<Server stopTimeout="1500">', text)


server.configure(edit=one_worker)
server.start()


def get(path):
    return server.get("/io" + path)


heard = Heard(server, "/io/events")
happened, hears = heard.happened, heard.hears


def matches(at, data):
    """Whether DATA is what stands at AT of the endless text."""
    while data:
        start = at % len(PATTERN)
        piece = PATTERN[start:start + len(data)]
        if not data.startswith(piece):
            return False
        at += len(piece)
        data = data[len(piece):]
    return True


def buffered():
    return server.status()["spool"]["bufferedBytes"]


# ---- the order of calls, and what is refused ----
same("order", get("/order").text, "ready 1 register 0 twice -3 none -6 calls 0 call 1 ready 1 again -3 complete 0 "
     "ready -2 register -2")
same("thread", get("/thread").text, "outside -3 -3 inside 1 0 called")
answer = get("/big?bytes=3000000&listen=1")
check("answer", answer.complete and len(answer.body) == 3000000 and matches(0, answer.body), answer)
hears("answer/heard", ["complete"])
answer = get("/big?bytes=100000&chunked=1&piece=777&flush=1")
check("chunked", answer.complete and len(answer.body) > 0 and matches(0, answer.body), answer)
same("empty", get("/big?bytes=0").text, "")
answer = get("/twice/big?bytes=24&piece=8&chunked=1")
same("wrapped", answer.text, "".join("%07d\n" % i * 2 for i in range(3)))
with Client(server.port) as client:
    client.socket.sendall(b"".join(b"GET /io/%s HTTP/1.1\r\nHost: a\r\n\r\n" % p for p in (
        b"big?bytes=900000", b"quick", b"big?bytes=16")))
    first, second, third = (client.take_answer() for _ in range(3))
    check("pipelined", matches(0, first.body) and len(first.body) == 900000 and
          (second.text, third.text) == ("quick", "0000000\n0000001\n"))

# ---- many slow clients, one worker ----
get("/counts")
clients = [Client(server.port, receive_buffer=16384) for _ in range(READERS)]
for client in clients:
    client.send("/io/big?bytes=%d&listen=1" % BYTES)
same("slow/others-are-served", get("/quick").text, "quick")
check("slow/all-began", becomes(lambda: all(
    select.select([c.socket], [], [], 0)[0] for c in clients)))
calls = []


def quiet():
    calls.append(int(get("/counts").text))
    time.sleep(0.2)
    return calls[-1] == 0


check("slow/once", becomes(quiet)) # until no client takes anything more
check("slow/no-idle-calls", READERS <= sum(calls) <= READERS * 100, calls)
held = buffered()
check("slow/memory", 0 < held <= READERS * 65536, held)
same("slow/no-file", server.status()["spool"]["spoolBytes"], 0)

began, longest = time.monotonic(), 0.0
left = {}
good = True
for client in clients:
    while b"\r\n\r\n" not in client.buffer and client.receive():
        pass
    body = client.buffer.partition(b"\r\n\r\n")[2]
    good = good and matches(0, body)
    left[client.socket] = len(body)
rounds = 0
while left:
    for one in select.select(list(left), [], [], 60)[0]:
        data = one.recv(262144)
        good = good and data and matches(left[one], data)
        left[one] += len(data)
        if left[one] >= BYTES or not data:
            good = good and left[one] == BYTES
            del left[one]
    rounds += 1
    if rounds % 20 == 0:
        asked = time.monotonic()
        good = good and get("/quick").text == "quick"
        longest = max(longest, time.monotonic() - asked)
check("slow/bytes", good)
check("slow/others-meanwhile", longest < (20 if SLOW_MACHINE else 5), longest)
for client in clients:
    client.socket.close()
hears("slow/heard", ["complete"] * READERS)
check("slow/memory-is-given-back", becomes(lambda: buffered() == 0), buffered())

# ---- clients that leave in the middle ----
clients = [Client(server.port, receive_buffer=16384) for _ in range(5)]
for number, client in enumerate(clients):
    client.send("/io/big?bytes=100000000&listen=1")
    client.take_line()
    if number % 2:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()
seen = []
check("left/heard", becomes(lambda: seen.extend(happened()) or len(seen) >= 10) and
      sorted(seen) == ["complete"] * 5 + ["error -2"] * 5, seen)
check("left/memory", becomes(lambda: buffered() == 0), buffered())
get("/counts")
time.sleep(0.1)
same("left/no-calls", get("/counts").text, "0")

# ---- time, failures, dispatch ----
with Client(server.port, receive_buffer=16384) as client:
    client.send("/io/big?bytes=100000000&listen=1&timeout=300")
    hears("timeout/heard", ["timeout", "error -5", "complete"])
    check("timeout/cut", not client.take_answer().complete)
answer = get("/big?bytes=16&chunked=1&end=no+more&listen=1")
check("failed", answer.status == 500 and "no more" in answer.text, answer)
hears("failed/heard", ["error -1", "complete"])
# Regression 232: what was given up was recorded on the poller while the worker still noted its time.
answer = get("/big?bytes=1000000&chunked=1&end=no+more&listen=1")
check("failed/begun", answer.status == 200 and not answer.complete, answer)
hears("failed/begun/heard", ["error -1", "complete"])
answer = server.get("/throwing/")
check("thrown", answer.status == 500 and "thrown in the callback" in answer.text, answer)
same("dispatched", get("/big?bytes=8&chunked=1&end=/target").text, "0000000\n" + PATTERN[:80].decode())
hears("dispatched/heard", ["complete"])

# ---- whoever feeds many leaves out the slow ones ----
with Client(server.port, receive_buffer=16384) as client:
    client.send("/io/fed")
    hears("fed/left-out", ["left out 1"])

# ---- bodies that still come ----
happened()


def sum_of(data):
    value = 0
    for byte in data:
        value = (value * 31 + byte) & 0xffffffff
    return value


def report(data, trailer="-"):
    return "%d %d %s" % (len(data), sum_of(data), trailer)


def head(path, *fields):
    return "\r\n".join(("POST /io/%s HTTP/1.1" % path, "Host: a") + fields).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


REGISTERED = ["registered -3"]
some = os.urandom(70000)
answer = server.get("/io/body", "POST", (), some)
same("body/at-once", answer.text, report(some))
hears("body/at-once/heard", REGISTERED + ["complete"])
answer = server.get("/io/whole?calls=1", "POST", (), some)
same("whole", answer.text, report(some) + " 1 0")
hears("whole/heard", REGISTERED + ["complete"])
same("whole/none", server.get("/io/whole", "POST").text, report(b""))
same("body/none", server.get("/io/body", "POST").text, report(b""))
happened()

# Dribbled; others are served by the only worker.
with Client(server.port) as client:
    client.socket.sendall(head("body?calls=1", "Content-Length: 40"))
    for number in range(40):
        same("dribbled/others", get("/quick").text, "quick") if number % 10 == 0 else time.sleep(0.01)
        client.socket.sendall(some[number:number + 1])
    found = client.take_answer().text.split()
    same("dribbled", " ".join(found[:3]), report(some[:40]))
    check("dribbled/calls", 5 <= int(found[3]) <= 41 and int(found[4]) <= int(found[3]), found)
    same("dribbled/keep-alive", client.ask("/io/quick").text, "quick")
check("dribbled/heard", "two at a time" not in happened())

# Many at once, as chunks, trailers behind; and the next request.
clients = [Client(server.port) for _ in range(10 if SLOW_MACHINE else 30)]
for client in clients:
    client.socket.sendall(head("body?first=1", "Transfer-Encoding: chunked"))
for at in range(0, 6000, 600):
    for client in clients:
        client.socket.sendall(chunk(some[at:at + 600]))
same("many/others", get("/quick").text, "quick")
for client in clients:
    client.socket.sendall(b"0\r\nX-Sum: 17\r\n\r\n" + b"GET /io/quick HTTP/1.1\r\nHost: a\r\n\r\n")
same("many", {c.take_answer().text for c in clients}, {report(some[:6000], "17")})
same("many/next", {c.take_answer().text for c in clients}, {"quick"})
for client in clients:
    client.socket.close()

with Client(server.port) as client:
    client.socket.sendall(head("body", "Content-Length: 5", "Expect: 100-continue"))
    same("continue", (client.take_line(), client.take_line()), (b"HTTP/1.1 100 Continue", b""))
    client.socket.sendall(b"12345")
    same("continue/answer", client.take_answer().text, report(b"12345"))
with Client(server.port) as client:
    client.socket.sendall(b"GET /io/quick HTTP/1.1\r\nHost: a\r\n\r\n" +
                          head("body", "Content-Length: 5", "Expect: 100-continue"))
    same("continue/behind", client.take_answer().text, "quick")
    same("continue/behind/100", (client.take_line(), client.take_line()), (b"HTTP/1.1 100 Continue", b""))
    client.socket.sendall(b"12345")
    same("continue/behind/answer", client.take_answer().text, report(b"12345"))
with Client(server.port) as client:
    client.socket.sendall(head("lines", "Content-Length: 17") + b"one\ntwo\n")
    get("/quick")
    client.socket.sendall(b"three\nfou")
    same("lines", client.take_answer().text, "[one][two][three][fou]")
with Client(server.port) as client: # what is not read is dropped, and the next request comes
    client.socket.sendall(head("body?stop=1", "Content-Length: 50000") + some[:10000])
    check("rest", client.take_answer().text != "")
    client.socket.sendall(some[10000:50000])
    same("rest/next", client.ask("/io/quick").text, "quick")
happened()

# Nobody reads: the client has to wait, and nothing is kept of what it sends.
with Client(server.port) as client:
    client.socket.sendall(head("deaf", "Content-Length: 60000000"))
    client.socket.setblocking(False)
    sent, still = 0, time.monotonic()
    while time.monotonic() < still + 0.3 and sent < 50000000:
        try:
            sent += client.socket.send(bytes(65536))
            still = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    check("deaf/waits", sent < 40000000, sent)
    same("deaf/counted", buffered(), 32768)  # regression 226: what is received ahead did not count
    client.socket.settimeout(60)
    same("deaf/complete", get("/complete").text, "0")
    same("deaf", client.take_answer().text, "deaf")
hears("deaf/heard", ["complete"])
check("deaf/given-back", becomes(lambda: buffered() == 0), buffered())

# Both ways at the pace of a client that reads late.
with Client(server.port, receive_buffer=16384) as client:
    size = 8 << 20
    client.socket.sendall(head("echo", "Content-Length: %d" % size))
    client.socket.setblocking(False)
    out, back, good = 0, b"", True
    stuck = time.monotonic()
    while out < size and time.monotonic() < stuck + 0.3:
        try:
            out += client.socket.send((PATTERN * 2)[out % len(PATTERN):][:min(65536, size - out)])
            stuck = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    check("echo/waits", out < size and buffered() <= 100000, (out, buffered()))
    seen, header = 0, b""
    while seen < size or out < size:
        can_read, can_write, _ = select.select([client.socket], [client.socket] if out < size else [], [], 60)
        if not can_read and not can_write:
            good = False
            break
        if can_write:
            out += client.socket.send((PATTERN * 2)[out % len(PATTERN):][:min(65536, size - out)])
        if can_read:
            back += client.socket.recv(262144)
            if back.endswith(b"\r\n0\r\n\r\n"):
                break
    client.socket.settimeout(60)
    client.buffer = back
    answer = client.take_answer()
    check("echo", good and answer.complete and len(answer.body) == size and matches(0, answer.body), len(back))
hears("echo/heard", ["complete"])

# ---- bodies that do not come to their end ----
for name, end_of in (("close", None), ("reset", struct.pack("ii", 1, 0))):
    client = Client(server.port)
    client.socket.sendall(head("body", "Content-Length: 50000") + some[:100])
    check("gone/%s/waits" % name, becomes(lambda: "registered" in get("/events").text))
    if end_of:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, end_of)
    client.socket.close()
    hears("gone/%s/heard" % name, REGISTERED + ["error -2", "complete"])
for name, bad, status, code in (
        ("malformed", head("body", "Transfer-Encoding: chunked") + chunk(some[:5]) + b"x\r\n", 400, -6),
        ("too-large", head("body", "Transfer-Encoding: chunked") + b"fffffff\r\n", 413, -5)):
    with Client(server.port) as client:
        client.socket.sendall(bad[:-2])
        check("%s/waits" % name, becomes(lambda: "registered" in get("/events").text))
        client.socket.sendall(bad[-2:])
        same(name, client.take_answer().status, status)
    hears(name + "/heard", REGISTERED + ["read %d" % code, "error %d" % code, "complete"])
began = time.monotonic()
with Client(server.port) as client:
    client.socket.sendall(head("body", "Content-Length: 50000") + some[:100])
    same("late", client.take_answer().status, 408)
    check("late/when", 0.9 <= time.monotonic() - began < 10, time.monotonic() - began)
hears("late/heard", REGISTERED + ["read -2", "error -2", "complete"])
with Client(server.port) as client:
    client.socket.sendall(head("body?timeout=300", "Content-Length: 50000") + some[:100])
    same("body/timeout", client.take_answer().status, 500)
hears("body/timeout/heard", REGISTERED + ["timeout", "error -5", "complete"])

# ---- the stop ----
stuck = Client(server.port, receive_buffer=16384)
stuck.send("/io/big?bytes=100000000")
stuck.take_line()
began = time.monotonic()
stopped = server.stop()
check("stop", stopped.returncode == 0 and time.monotonic() - began < 40, stopped)
end()
