# SPDX-License-Identifier: Apache-2.0
"""stopped_readers.py PORT COUNT PATH: COUNT clients with a receive buffer of 4096 bytes ask for PATH and read
nothing. Prints "ready", ends when its standard input does. Used by tests/long."""
import socket
import sys

port, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
held = []
for _ in range(count):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(60)
    s.connect(("127.0.0.1", port))
    s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
    held.append(s)
print("ready", flush=True)
sys.stdin.read()
