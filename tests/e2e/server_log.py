#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release thread
"""The server's own log: one file per local day and a link, what is removed, `run` and the journal, a FIFO in
its place, SIGHUP while a container starts. Environment: CSERV, BUILD."""
import datetime
import os
import re
import signal
import subprocess
import time

import served
from served import Server, becomes, check, read, same

# Whatever the hour, one of these has another date than UTC.
EAST, WEST = ("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12)


def date_in(zone, days=0):
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=zone[1])))
    return now + datetime.timedelta(days=days)


def name_in(zone, days=0):
    return "cserv.%s.log" % date_in(zone, days).strftime("%Y-%m-%d")


def page(server):
    served.write(os.path.join(server.webapp("ROOT"), "index.txt"), "Hello")


# ---- days ----

for zone in (EAST, WEST):
    server = Server(zone[0].replace("/", "-"), {"TZ": zone[0], "LC_ALL": "de_DE.UTF-8"})
    logs = os.path.join(server.base, "logs")
    for days, stays in ((-89, True), (-91, False)):
        served.write(os.path.join(logs, name_in(zone, days)), "old\n")
    served.write(os.path.join(logs, "cserv.2020-01-01.log.gz"), "old\n")
    page(server)
    server.start()
    name = name_in(zone)
    path = os.path.join(logs, name)
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[date_in(zone).month - 1]
    check(zone[0] + "/file", re.match("%02d-%s-%d " % (date_in(zone).day, month, date_in(zone).year), read(path)),
          read(path)[:200])
    same(zone[0] + "/link", os.readlink(os.path.join(logs, "cserv.log")), name)
    same(zone[0] + "/mode", oct(os.stat(path).st_mode & 0o7777), "0o640")
    same(zone[0] + "/kept", sorted(n for n in os.listdir(logs) if n.startswith("cserv.20")),
         sorted([name, name_in(zone, -89), "cserv.2020-01-01.log.gz"]))
    server.stop()

# ---- run: on stdout, with levels when that is the journal ----

server = Server("run")
page(server)


def run_server(environment=None, meanwhile=lambda process: None):
    """Output of a `run` that serves and is stopped, and its status when it served."""
    out = os.path.join(served.work, "out")
    with open(out, "w+b") as file:
        if environment is not None:
            st = os.fstat(file.fileno())
            environment = {"JOURNAL_STREAM": "%d:%d" % (st.st_dev, st.st_ino)}
        process = subprocess.Popen([served.CSERV, "run", "-b", server.base], stdin=subprocess.DEVNULL,
                                   stdout=file, stderr=subprocess.PIPE, env=dict(os.environ, **(environment or {})))
        try:
            meanwhile(process)
            check("serves", becomes(lambda: " serves http" in read(out)), read(out))
            status = server.status()
            process.terminate()
            process.wait(served.PATIENCE)
        finally:
            process.kill()
            errors = process.stderr.read().decode()
            process.stderr.close()
    return read(out), errors, status


LINE = r"\d\d-[A-Z][a-z][a-z]-\d{4} \d\d:\d\d:\d\d\.\d{3} (INFO|WARN|ERROR) \["
out, errors, _ = run_server()
check("run-stdout", re.search("^" + LINE + ".*ready in", out, re.M), out)
check("run-stderr", not re.search(LINE, errors), errors)
check("run-no-levels", "<6>" not in out, out)
out, _, _ = run_server({})
check("journal-levels", re.search("^<6>" + LINE + ".*ready in", out, re.M), out)
same("journal-every-line", [line for line in out.splitlines() if re.match(LINE, line)], [])
same("file-has-no-levels", [line for line in server.log().splitlines() if line.startswith("<")], [])

# ---- SIGHUP at any time ----


def hang_up(process):
    """From the moment the container exists until it serves."""
    children = "/proc/%d/task/%d/children" % (process.pid, process.pid)
    until = time.monotonic() + served.PATIENCE
    while not read(children).strip() and time.monotonic() < until:
        pass # its first milliseconds count
    container = int((read(children).split() or ["0"])[0])
    until = time.monotonic() + 1
    while container and time.monotonic() < until:
        try:
            os.kill(container, signal.SIGHUP)
        except ProcessLookupError:
            break
        time.sleep(0.0002)


_, _, status = run_server(None, hang_up)
same("hangup-while-starting", status.get("restarts"), 0)

# ---- a FIFO without a reader ----

server = Server("fifo", {"TZ": "UTC"})
page(server)
path = os.path.join(server.base, "logs", name_in(("UTC", 0)))
os.mkfifo(path)
began = time.monotonic()
server.start()
check("fifo-starts", time.monotonic() - began < served.PATIENCE / 2)
same("fifo-serves", server.get("/index.txt").status, 200)
os.unlink(path)
os.kill(int(read(os.path.join(server.base, "run", "cserv.pid"))), signal.SIGHUP)
check("fifo-told", server.logs(" log lines were lost: "), server.log())
check("fifo-recovers", server.logs("opened anew"), server.log())
server.stop()
check("fifo-to-the-end", "stopped after" in server.log(), server.log())
served.end()
