# SPDX-License-Identifier: Apache-2.0
"""slow_reader.py PORT PATH RATE: asks for PATH, reads RATE bytes per second, and prints how many bytes of a body
came. Used by tests/long."""
import socket
import sys
import time

port, path, rate = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
s = socket.socket()
s.settimeout(60)
s.connect(("127.0.0.1", port))
s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
began, total, head = time.monotonic(), 0, b""
while b"\r\n\r\n" not in head:
    head += s.recv(1)
assert b"content-length" in head.lower(), head
while True:
    data = s.recv(262144)
    if not data:
        break
    total += len(data)
    ahead = total / rate - (time.monotonic() - began)
    if ahead > 0:
        time.sleep(ahead)
print(total)
