#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
"""cserv in a container, as far as namespaces alone make one: as process 1 it reaps what webapps leave behind and
SIGTERM ends it in order with 0; and it serves with everything read-only but its base. Needs root."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from served import (BUILD, CSERV, PATIENCE, Server, becomes, check, end, read, run, same, serves, skip, work)

if os.geteuid() != 0 or run("unshare", "--pid", "--fork", "--mount-proc", "true").returncode != 0:
    skip("contained", "namespaces need root, and a system that lets it make them")
    sys.exit(77)

server = Server()
base = server.base
os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"]


def children(pid):
    return [int(p) for p in read("/proc/%d/task/%d/children" % (pid, pid)).split()]


class First:
    """`cserv run` as process 1 of a namespace; self.pid is its number out here."""

    def __init__(self, *more):
        self.unshare = subprocess.Popen([*UNSHARE, CSERV, "run", "-b", base, *more], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        becomes(lambda: children(self.unshare.pid))
        self.pid = children(self.unshare.pid)[0]

    def await_url(self):
        return serves(self.unshare)

    def inside(self, *command):
        return run("nsenter", "--target", str(self.pid), "--pid", "--mount", *command)

    def ends(self):
        return self.unshare.wait(PATIENCE) # unshare hands its child's exit code on


def fetch(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read()


# ---- process 1 ----
first = First()
url = first.await_url()
same("pid-1/serves", fetch(url + "examples/hello"), b"Hello, World!")
same("pid-1/is-1", re.search(r"^NSpid:\s+\d+\s+(\d+)$", read("/proc/%d/status" % first.pid), re.M).group(1), "1")
same("pid-1/pid-file", read(os.path.join(base, "run", "cserv.pid")).strip(), "1")
container = children(first.pid)
same("pid-1/one-child", len(container), 1)
inside = first.inside(CSERV, "status", "-b", base)
check("pid-1/status", inside.returncode == 0 and "pid 1," in inside.stdout, inside)

# Three processes whose parents are gone: one ends well, one badly, one by a signal.
before = server.log()
first.inside("sh", "-c", """for end in 'exit 0' 'exit 7' 'kill -9 $$'; do
    sh -c "sleep 0.5; $end" >/dev/null 2>&1 &
done""")
check("pid-1/orphans-come", becomes(lambda: len(children(first.pid)) == 4), children(first.pid))
check("pid-1/orphans-are-reaped", becomes(lambda: children(first.pid) == container), children(first.pid))
# regression 141: the end of an orphan was taken for that of a container
same("regression-141-not-in-the-log", server.log()[len(before):].count("container"), 0)
inside = first.inside(CSERV, "status", "-b", base, "--json")
check("regression-141-no-restart", '"restarts":0' in inside.stdout and '"lastEnd":""' in inside.stdout, inside)
os.kill(children(first.pid)[0], signal.SIGKILL)
check("pid-1/crash", becomes(lambda: '"restarts":1' in first.inside(CSERV, "status", "-b", base, "--json").stdout))
same("pid-1/serves-after-it", fetch(url + "examples/hello"), b"Hello, World!")

# SIGTERM, with a request under way
slept = []
sleeper = threading.Thread(target=lambda: slept.append(fetch(url + "examples/sleep?ms=1500")))
sleeper.start()
check("pid-1/under-way", becomes(
    lambda: '"threadsBusy":1' in first.inside(CSERV, "status", "-b", base, "--json").stdout))
os.kill(first.pid, signal.SIGTERM)
same("pid-1/exit-code", first.ends(), 0)
sleeper.join()
same("pid-1/drained", slept, [b"slept 1500"])

# From inside, as `docker exec ... kill 1` does: process 1 gets only the signals it has asked for.
first = First()
first.await_url()
first.inside("kill", "-TERM", "1")
same("pid-1/signal-from-inside", first.ends(), 0)

# A stop while it waits for its port is kept; nothing is served any more.
busy = socket.socket()
busy.bind(("127.0.0.1", 0))
busy.listen()
shutil.copy(os.path.join(base, "conf", "server.xml"), os.path.join(work, "server.xml"))
server.configure(edit=lambda text: text.replace('port="0"', 'port="%d"' % busy.getsockname()[1]))
first = First()
blocked = 1 << (signal.SIGTERM - 1)


def waits_for_port():
    found = re.search(r"^SigBlk:\s+([0-9a-f]+)$", read("/proc/%d/status" % first.pid), re.M)
    return found and int(found.group(1), 16) & blocked and os.path.exists(os.path.join(base, "run", "cserv.pid"))


check("pid-1/early-waits", becomes(waits_for_port))
os.kill(first.pid, signal.SIGTERM)
busy.close()
same("pid-1/early-stop", (first.ends(), serves(first.unshare)), (0, ""))
shutil.copy(os.path.join(work, "server.xml"), os.path.join(base, "conf", "server.xml"))

done = run(*UNSHARE, CSERV, "start", "-b", base)
check("pid-1/start-refused", done.returncode == 1 and "cserv run" in done.stderr, done)
inside = run(*UNSHARE, "sh", "-c", "'%s' start -b '%s' && '%s' status -b '%s' && '%s' stop -b '%s'" %
             ((CSERV, base) * 3))
same("pid-1/start-below-a-shell", inside.returncode, 0)

# ---- nothing writable but the base ----
volume = os.path.join(work, "volume")
os.mkdir(volume)
script = """set -e
mount -t tmpfs -o mode=0750 tmpfs '{volume}'
'{cserv}' makebase '{volume}/base' --port 0 --loopback >&2
for place in $(awk '{{ print $2 }}' /proc/mounts | sort -r); do
    case $place in
    '{volume}' | /proc | /proc/* | /dev | /dev/* | /sys | /sys/*) ;;
    *) mount -o remount,bind,ro "$place" 2>/dev/null || true ;;
    esac
done
! touch '{work}/touched' 2>/dev/null
! touch /touched 2>/dev/null
exec '{cserv}' run -b '{volume}/base'
""".format(volume=volume, cserv=CSERV, work=work)
err = open(os.path.join(work, "read-only.err"), "w+", encoding="utf-8")
first = First.__new__(First)
first.unshare = subprocess.Popen([*UNSHARE, "--mount", "sh", "-c", script], stdin=subprocess.DEVNULL, text=True,
                                 stdout=subprocess.PIPE, stderr=err)
url = first.await_url()
if not check("read-only/serves", url, read(err.name)):
    first.unshare.kill()
    end()
becomes(lambda: children(first.unshare.pid))
first.pid = children(first.unshare.pid)[0]
same("read-only/hello", fetch(url + "examples/hello"), b"Hello, World!")
same("read-only/root", fetch(url)[:15].lower(), b"<!doctype html>")
mounted = os.path.join(volume, "base")
inside = first.inside(CSERV, "list", "-b", mounted)
check("read-only/list", inside.returncode == 0 and ":running:" in inside.stdout and ":refused:" not in inside.stdout,
      inside)
same("read-only/configtest", first.inside(CSERV, "configtest", "-b", mounted).returncode, 0)
log = first.inside("cat", os.path.join(mounted, "logs", "cserv.log")).stdout
same("read-only/log", [line for line in re.findall(r"^.* (?:WARN|ERROR) .*$", log, re.M)
                       if "is a tmpfs" not in line], []) # that is this test's, and true
os.kill(first.pid, signal.SIGTERM)
same("read-only/exit-code", first.ends(), 0)

# A base that is itself read-only: refused, and it says what.
script = """set -e
mount --bind '{base}' '{base}' && mount -o remount,bind,ro '{base}'
exec '{cserv}' start -b '{base}'
""".format(base=base, cserv=CSERV)
done = run("unshare", "--mount", "sh", "-c", script)
check("read-only/base", done.returncode == 1 and re.search(r"cserv: .*%s/.*Read-only file system" % base,
                                                           done.stderr), done)
end()
