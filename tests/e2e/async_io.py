#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that are written when their client can take them (cs_async_on_writable), through a real module
(modules/async_io.c) on a server with one worker: the order of calls, many slow clients at once whose answers
cost no thread and little memory, clients that leave, time-outs, failures, dispatches, wrappers."""
import os
import re
import select
import socket
import struct
import time
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
compile_module(server.webapp("io.so"), read(os.path.join(HERE, "modules", "async_io.c")), more=("-pthread",))
compile_module(server.webapp("throwing.so"), THROWING, compiler="c++", more=("-std=c++20",))


def one_worker(text):
    for name, value in (("maxThreads", "1"), ("minSpareThreads", "1"), ("groups", "1"), ("sendMinRate", "0"),
                        ("socket.txBufSize", "32768")):
        text = re.sub(r' %s="[^"]*"' % re.escape(name), "", text)
        text = re.sub(r"<Connector\b", '<Connector %s="%s"' % (name, value), text)
    return re.sub(r"(?m)^<Server\b[^>]*>", '<Server stopTimeout="1500">', text)


server.configure(edit=one_worker)
server.start()


def get(path):
    return server.get("/io" + path)


def happened():
    return get("/events?clear=1").text.split("\n")[:-1]


def hears(name, want):
    seen = []
    return check(name, becomes(lambda: seen.extend(happened()) or len(seen) >= len(want)) and seen == want,
                 "%r, not %r" % (seen, want))


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

# ---- the stop ----
stuck = Client(server.port, receive_buffer=16384)
stuck.send("/io/big?bytes=100000000")
stuck.take_line()
began = time.monotonic()
stopped = server.stop()
check("stop", stopped.returncode == 0 and time.monotonic() - began < 40, stopped)
end()
