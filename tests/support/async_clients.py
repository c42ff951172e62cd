#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many clients of asynchronous servlets: async_clients.py PORT COUNT PATH SECONDS

Connects COUNT clients, sends each a GET for PATH, prints `open COUNT`, and counts what comes until SECONDS
later or until every one has its answer. Last line, as name=value: sent, answered (with a body whose end has
come), events ("id:" lines), lost (ended before that). For tests/long/async_many.sh."""
import resource
import selectors
import socket
import sys
import time

port, count, path, seconds = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
request = ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path).encode()
waiting = selectors.DefaultSelector()
total = {"sent": 0, "answered": 0, "events": 0, "lost": 0}


def take(key):
    one = key.fileobj
    try:
        got = one.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        got = b""
    total["events"] += got.count(b"id: ")
    # Short answers have a length, and come in one piece; streams are chunked, and end with an empty chunk.
    if b"\r\nContent-Length:" in got or got.endswith(b"0\r\n\r\n"):
        total["answered"] += 1
    elif got:
        return
    else:
        total["lost"] += 1
    waiting.unregister(one)
    one.close()


def look(limit):
    for key, _ in waiting.select(limit):
        take(key)


for number in range(count):
    one = socket.create_connection(("127.0.0.1", port), 10)
    one.sendall(request)
    one.setblocking(False)
    waiting.register(one, selectors.EVENT_READ)
    total["sent"] += 1
    if number % 100 == 0:
        look(0)
print("open", count, flush=True)
end = time.monotonic() + seconds
while waiting.get_map() and time.monotonic() < end:
    look(min(1, max(0, end - time.monotonic())))
print(*("%s=%d" % pair for pair in total.items()), flush=True)
