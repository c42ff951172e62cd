#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""The limit of open files on purpose: at start what does not fit is lowered and said so; while the server
runs new connections are turned away by name, those there are served on, and all is as before when there are
descriptors again."""
import os
import re
import resource
import socket
import subprocess
import sys
import time

from served import CSERV, Client, Server, becomes, check, compile_module, end, same, skip

MODULE = r"""
#include <cserv/servlet.h>
static int hello(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, "hello");
}
static const cs_servlet servlets[] = {{.name = "hello", .url_patterns = "/hello", .get = hello}};
CS_WEBAPP("one", "1.0.0", .servlets = CS_ROWS(servlets))
"""


def limit_files(pid, soft):
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, old[1]))
    return old[0]


def open_files(pid):
    return sorted(int(n) for n in os.listdir("/proc/%d/fd" % pid))


def at_start():
    server = Server("low")
    compile_module(server.webapp("one.so"), MODULE)
    # As `ulimit -n 2048` before the command: the soft and the hard limit.
    made = subprocess.run(["sh", "-c", 'ulimit -n 2048 && exec "$0" start -b "$1"', CSERV, server.base],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60, check=False)
    found = re.search(r":(\d+)/", made.stdout)
    if not check("low/starts", made.returncode == 0 and found, made.stdout):
        return
    server.port = int(found.group(1))
    check("low/maxConnections-named",
          server.logs("maxConnections 8192 does not fit the limit of 2048 open files: it is 512 now"),
          server.log())
    check("low/maxSpoolFiles-named", server.logs("maxSpoolFiles 6144 does not fit"), server.log())
    same("low/status", server.status()["connectors"][0]["maxConnections"], 512)
    # As many clients as the kernel holds back, too: nobody is lost, and the descriptors are enough.
    clients = []
    for _ in range(600):
        clients.append(Client(server.port))
        answer = clients[-1].ask("/one/hello")
        if answer.status != 200:
            check("low/served", False, answer)
            break
    else:
        check("low/served", server.status()["connectors"][0]["listeners"][0]["refused"] == 0)
    for c in clients:
        c.socket.close()
    same("low/stop", server.stop().returncode, 0)


def while_it_runs():
    server = Server("short")
    compile_module(server.webapp("one.so"), MODULE)
    server.start()
    kept = [Client(server.port) for _ in range(5)]
    for c in kept:
        same("short/before", c.ask("/one/hello").status, 200)
    container = server.status()["container"]
    # All numbers below the limit are taken: the next accept fails, whatever is free below.
    used = open_files(container)
    lowest_free = next(n for n in range(max(used) + 2) if n not in used)
    try:
        old = limit_files(container, lowest_free)
    except PermissionError as error:
        skip("short", "the limit of another process cannot be set: %s" % error)
        server.stop()
        return
    ends = 0
    for _ in range(20):
        with Client(server.port) as c:
            try:
                c.socket.sendall(b"GET /one/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                ends += c.socket.recv(100) == b""
            except ConnectionError:
                ends += 1
    same("short/new-ones-are-closed", ends, 20)
    for c in kept:
        same("short/those-there-are-served", c.ask("/one/hello").status, 200)
    check("short/named", server.logs("no file descriptor left for a new connection"), server.log())
    refused = server.status()["connectors"][0]["listeners"][0]["refused"]
    check("short/counted", refused >= 20, refused)
    limit_files(container, old)
    check("short/recovers", becomes(lambda: server.get("/one/hello").status == 200))
    with Client(server.port) as c:
        for _ in range(3):
            same("short/keep-alive-again", c.ask("/one/hello").status, 200)
    for c in kept:
        c.socket.close()
    same("short/descriptors-back", becomes(lambda: open_files(container) == used[:len(used) - 5]
                                           or len(open_files(container)) <= len(used) - 5), True)
    same("short/container-lives", server.status()["container"], container)
    same("short/stop", server.stop().returncode, 0)


at_start()
while_it_runs()
end()
