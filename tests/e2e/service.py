#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
"""cserv under a service manager: the commands of conf/cserv.service with NOTIFY_SOCKET set, the unit checked by
systemd-analyze and its filters compared with what the server does under strace, conf/cserv.logrotate. As the
first process of a container, and with nothing writable but its base, it is tried in contained.py."""
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import urllib.request
from served import (BUILD, CSERV, PATIENCE, Server, becomes, check, end, read, run, same, sanitizer, serves, skip, work,
                    write)

ROOT = os.environ.get("ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT = os.path.join(ROOT, "conf", "cserv.service")
KIND = sanitizer()
server = Server()
base = server.base
os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
server.configure(edit=lambda text: re.sub(r"(?m)^<Server\b[^>]*>", '<Server stopTimeout="20000">', text))


def here(text):
    """What the unit says, with this build and this base for the places it names."""
    return text.replace("/opt/cserv/bin/cserv", CSERV).replace("/var/lib/cserv", base)


unit = {}
for line in read(UNIT).splitlines():
    key, equals, value = line.partition("=")
    if equals and not line.startswith("#"):
        unit.setdefault(key, []).append(value)
same("unit/type", unit.get("Type"), ["notify"])
same("unit/kill-mode", unit.get("KillMode"), ["mixed"])
same("unit/place", unit.get("ExecStart"), ["/opt/cserv/bin/cserv run"])
start_words = shlex.split(here(unit["ExecStart"][0]))
environment = {k: v for k, v in os.environ.items() if k != "CSERV_BASE"}
for words in unit.get("Environment", []):
    for word in shlex.split(here(words)):
        key, _, value = word.partition("=")
        environment[key] = value


class Manager:
    """What systemd is to its services: a datagram socket that also learns who sent."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(PATIENCE)
        self.told = []

    def hear(self):
        """One message as a dictionary, with its sender's pid."""
        data, extra, _, _ = self.socket.recvmsg(4096, 256)
        fields = dict(line.split("=", 1) for line in data.decode().split("\n"))
        fields["sender"] = struct.unpack("iii", extra[0][2])[0]
        self.told.append(fields)
        return fields

    def await_field(self, name, value=None):
        try:
            while True:
                fields = self.hear()
                if name in fields and value in (None, fields[name]):
                    return fields
        except socket.timeout:
            return {}


def serve(address, name):
    manager = Manager(address)
    err = open(os.path.join(work, name + ".err"), "w", encoding="utf-8")
    process = subprocess.Popen(start_words, env=dict(environment, NOTIFY_SOCKET=address), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=err, text=True)
    return manager, process


def stop(manager, process, name):
    process.send_signal(signal.SIGTERM)
    fields = manager.await_field("STOPPING", "1")
    check(name + "/stopping", fields.get("STATUS", "").startswith("stopping"), manager.told)
    same(name + "/extends-its-time", fields.get("EXTEND_TIMEOUT_USEC"), "35000000")
    same(name + "/exit-code", process.wait(PATIENCE), 0)
    same(name + "/only-the-supervisor-tells", {m["sender"] for m in manager.told}, {process.pid})


def environment_of(pid):
    with open("/proc/%d/environ" % pid, "rb") as file:
        return file.read().split(b"\0")


# ---- the unit's commands, with a manager that listens ----
manager, process = serve(os.path.join(work, "notify"), "path")
fields = manager.await_field("READY", "1")
same("notify/main-pid", fields.get("MAINPID"), str(process.pid))
url = serves(process)
check("notify/status", url and url in fields.get("STATUS", "") and "1 webapps" in fields["STATUS"], fields)
same("notify/ready-is-true", urllib.request.urlopen(url + "examples/hello").read(), b"Hello, World!")
container = server.status()["container"]
check("notify/not-for-children", not any(v.startswith(b"NOTIFY_SOCKET=") for v in environment_of(container)))
same("notify/first", [m.get("READY") for m in manager.told], ["1"])

reload_line = unit["ExecReload"][0]
same("reload/command", reload_line, "kill -HUP $MAINPID")
log = os.path.join(base, "logs", "cserv.log")
subprocess.run(["sh", "-c", reload_line], env=dict(os.environ, MAINPID=str(process.pid)), check=True)
fields = manager.await_field("RELOADING", "1")
check("reload/tells-when", fields.get("MONOTONIC_USEC", "").isdigit(), fields)
same("reload/ready-again", manager.await_field("READY", "1").get("MAINPID"), str(process.pid))
check("reload/log-is-there", becomes(lambda: "opened anew" in read(log)))
os.kill(container, signal.SIGKILL)
check("crash/status", re.search(r"container %d " % container, manager.await_field("STATUS").get("STATUS", "")),
      manager.told[-1])
check("crash/ready-again", "1 restarts" in manager.await_field("READY", "1").get("STATUS", ""), manager.told[-1])
stop(manager, process, "notify")

name = "@cserv-e2e-%d" % os.getpid()
manager, process = serve(name, "abstract")
same("abstract/ready", manager.await_field("READY", "1").get("MAINPID"), str(process.pid))
stop(manager, process, "abstract")

# A container that never becomes ready is no READY=1; and a manager that is not there keeps nobody from serving.
shutil.copy(os.path.join(base, "conf", "server.xml"), os.path.join(work, "server.xml"))
server.configure(edit=lambda text: text.replace('port="0"', 'port="%s"' % "many"))
manager, process = serve(os.path.join(work, "notify-2"), "mistake")
same("mistake/exit-code", process.wait(PATIENCE), 1)
manager.socket.setblocking(False)
try:
    check("mistake/nothing-told", False, manager.hear())
except BlockingIOError:
    check("mistake/nothing-told", True)
shutil.copy(os.path.join(work, "server.xml"), os.path.join(base, "conf", "server.xml"))
process = subprocess.Popen(start_words, env=dict(environment, NOTIFY_SOCKET="/nowhere/socket"), text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
check("no-manager/serves", serves(process))
check("no-manager/warns", server.logs("NOTIFY_SOCKET=/nowhere/socket cannot be reached"), server.log())
process.terminate()
same("no-manager/exit-code", process.wait(PATIENCE), 0)

# ---- the unit ----
user = "daemon" # some user that every Debian has
copy = write(os.path.join(work, "unit", "cserv.service"), here(re.sub(
    r"^(User|Group)=cserv$", r"\1=" + user, read(UNIT), flags=re.M)))
if shutil.which("systemd-analyze"):
    done = run("systemd-analyze", "verify", "--man=no", copy)
    check("unit/verify", done.returncode == 0 and done.stdout + done.stderr == "", done)
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", copy)
    level = re.search(r"exposure level for cserv\.service: ([\d.]+)", done.stdout)
    check("unit/security", done.returncode == 0 and level and float(level.group(1)) <= 3.0, done.stdout[-300:])
    print("    exposure level %s" % (level.group(1) if level else "?"))
else:
    skip("unit/verify", "no systemd-analyze here")

# ---- what the server does, against what the unit lets it do ----

def system_calls():
    """Names that the SystemCallFilter lines leave over, by systemd's own lists."""
    def names(group):
        found = set()
        for word in run("systemd-analyze", "syscall-filter", group).stdout.split("\n"):
            word = word.strip()
            if re.fullmatch(r"@[a-z-]+", word) and word != group:
                found |= names(word)
            elif re.fullmatch(r"[a-z_0-9]+", word):
                found.add(word)
        return found
    allowed = set()
    for words in unit["SystemCallFilter"]:
        groups = set().union(*(names(word.lstrip("~")) for word in words.split()))
        allowed = allowed - groups if words.startswith("~") else allowed | groups
    return allowed


traceable = shutil.which("strace") and run("strace", "-f", "-o", "/dev/null", "true").returncode == 0
if KIND:
    skip("sandbox", "a sanitizer makes system calls of its own")
elif not (traceable and shutil.which("systemd-analyze")):
    skip("sandbox", "no strace, or no systemd-analyze here")
else:
    trace = os.path.join(work, "trace")
    process = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, *start_words], env=environment, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    url = serves(process)
    for path in ("hello", "request", "sleep?ms=20", "big?bytes=3000000"):
        urllib.request.urlopen(url + "examples/" + path).read()
    pid = int(read(os.path.join(base, "run", "cserv.pid")))
    os.kill(pid, signal.SIGHUP)
    os.kill(server.status()["container"], signal.SIGKILL)
    becomes(lambda: server.status()["restarts"] == 1)
    becomes(lambda: server.status()["state"] == "running")
    os.kill(pid, signal.SIGTERM)
    process.wait(PATIENCE)
    text = read(trace)
    used = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", text, re.M))
    check("sandbox/traced", {"execve", "accept4", "epoll_wait", "mmap"} <= used, sorted(used))
    same("sandbox/system-calls", sorted(used - system_calls()), [])
    both = re.findall(r"^.*PROT_WRITE\|PROT_EXEC.*$|^.*mprotect\(.*PROT_EXEC.*$", text, re.M)
    same("sandbox/no-writable-code", both, [])
    families = set(re.findall(r"socket(?:pair)?\((AF_\w+)", text))
    same("sandbox/address-families", sorted(families - set(unit["RestrictAddressFamilies"][0].split())), [])
    opened = set(re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)', text))
    outside = [p for p in opened if not p.startswith(base + "/") and p not in ("/dev/null", "/dev/tty")]
    same("sandbox/writes-below-the-base-only", sorted(outside), [])

# ---- logrotate ----
ROTATE = os.path.join(ROOT, "conf", "cserv.logrotate")
if not shutil.which("logrotate"):
    skip("logrotate", "no logrotate here")
else:
    me = run("id", "-un").stdout.strip(), run("id", "-gn").stdout.strip()
    os.chmod(base, 0o750)
    rules = write(os.path.join(work, "rules"), here(read(ROTATE)).replace("su cserv cserv", "su %s %s" % me))
    os.chmod(rules, 0o644)
    state = os.path.join(work, "rotated")
    done = run("logrotate", "-d", "-s", state, rules)
    check("logrotate/checked", done.returncode == 0 and "error" not in done.stderr and "cserv.out" in done.stderr, done)
    server.start()
    out = os.path.join(base, "logs", "cserv.out")
    with open(out, "a", encoding="ascii") as file:
        file.write("before\n")
    done = run("logrotate", "-f", "-s", state, rules)
    check("logrotate/rotated", done.returncode == 0 and "before" in read(out + ".1"), done)
    check("logrotate/opened-anew", becomes(lambda: os.path.exists(out)))
    for pid in (server.status()["pid"], server.status()["container"]): # nobody holds the old one any more
        check("logrotate/let-go", becomes(lambda: not any(
            os.path.samefile("/proc/%d/fd/%d" % (pid, fd), out + ".1") for fd in (1, 2))))
    same("logrotate/stop", server.stop().returncode, 0)
end()
