#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""The modes of what a server makes, under every umask; and that a base to which everybody may write is
refused, with the command that mends it."""
import os
import re
import shlex
import stat
import subprocess
from served import CSERV, Server, becomes, check, compile_module, end, run, same, serves, work

MODULE = """#include <cserv/servlet.h>
static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = get}};
CS_WEBAPP("hello", "1.2.3", .servlets = CS_ROWS(rows))
"""
hello = compile_module(os.path.join(work, "hello.so"), MODULE)


def modes(base):
    """What is not as it should be, below and with BASE: folders 0750, files 0640, secrets 0600."""
    wrong = []
    for folder, folders, files in os.walk(base):
        for name in [folder] + [os.path.join(folder, f) for f in files]:
            if name.endswith("webapps/hello.so"):
                continue # the test's own
            state = os.lstat(name)
            mode = stat.S_IMODE(state.st_mode)
            if stat.S_ISDIR(state.st_mode):
                want = (0o750,)
            elif stat.S_ISSOCK(state.st_mode) or "/work/" in name:
                want = (0o600,)
            elif stat.S_ISREG(state.st_mode):
                want = (0o640,)
            else:
                continue
            if mode not in want:
                wrong.append("%s is %o" % (os.path.relpath(name, base), mode))
    return wrong


# ---- under every umask ----
for mask in (0o000, 0o022, 0o077):
    name = "umask-%03o" % mask
    place = os.path.join(work, name, "deep", "base")
    before = os.umask(mask)
    run(CSERV, "makebase", place, "--port", "0", "--loopback")
    same(name + "/makebase", modes(os.path.join(work, name, "deep")), [])
    for folder in ("logs", "temp", "work", "run"): # of a base that was unpacked or mounted without them
        os.rmdir(os.path.join(place, folder))
    os.umask(0o022)
    subprocess.run(["cp", hello, os.path.join(place, "webapps")], check=True)
    os.umask(mask)
    second = os.path.join(work, name + ".pid")
    started = run(CSERV, "start", "-b", place, env=dict(os.environ, CSERV_PID=second))
    check(name + "/start", started.returncode == 0, started)
    check(name + "/has-stores", os.path.isdir(os.path.join(place, "work", "journal")) and
          os.path.exists(os.path.join(place, "run", "cserv.sock")))
    same(name + "/started", modes(place), [])
    same(name + "/second-pid-file", stat.S_IMODE(os.stat(second).st_mode), 0o640)
    run(CSERV, "stop", "-b", place)
    same(name + "/stopped", modes(place), [])
    single = subprocess.Popen([CSERV, "run", "--single", "-b", place], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    check(name + "/single", serves(single))
    same(name + "/single-started", modes(place), [])
    single.terminate()
    same(name + "/single-ends", single.wait(), 0)
    os.umask(before)

# ---- everybody may write ----
server = Server("open")
base = server.base
os.makedirs(os.path.join(base, "conf", "Catalina", "localhost"))
os.makedirs(os.path.join(base, "modules"))
shelf = os.path.join(work, "the shelf's top")
os.makedirs(os.path.join(shelf, "shop", "WEB-INF"))
os.symlink(os.path.join(shelf, "shop"), server.webapp("shop"))


def opened(name, path, mode, refused=True):
    """With MODE of PATH start, run and configtest say what to type; typed, it helps."""
    path = os.path.normpath(os.path.join(base, path))
    before = stat.S_IMODE(os.stat(path).st_mode)
    os.chmod(path, mode)
    for command in ("configtest", "start", "run"):
        if not refused and command != "configtest":
            continue
        done = run(CSERV, command, "-b", base)
        typed = re.search(r"Type: (chmod o-w .*)$", done.stderr, re.M)
        good = done.returncode == 1 and path in done.stderr and "written by everybody" in done.stderr
        if not refused:
            check("%s/%s" % (name, command), done.returncode == 0, done)
        elif check("%s/%s" % (name, command), good and typed, done):
            same("%s/%s-names-it" % (name, command), shlex.split(typed.group(1))[2:], [path])
    if refused:
        subprocess.run(typed.group(1), shell=True, check=True)
        done = run(CSERV, "configtest", "-b", base)
        same(name + "/mended", (done.returncode, stat.S_IMODE(os.stat(path).st_mode)), (0, mode & ~0o002))
    os.chmod(path, before)


opened("conf", "conf", 0o777)
opened("conf-sticky", "conf", 0o1777)
opened("server.xml", "conf/server.xml", 0o666)
opened("host-folder", "conf/Catalina/localhost", 0o757)
opened("webapps", "webapps", 0o777)
opened("modules", "modules", 0o777)
opened("base", ".", 0o777)
opened("base-sticky", ".", 0o1777, refused=False)
opened("logs", "logs", 0o777, refused=False)
opened("group", "conf", 0o770, refused=False)
opened("behind-a-link", shelf, 0o777)
opened("behind-a-link-sticky", shelf, 0o1777, refused=False)

os.chmod(os.path.join(base, "conf"), 0o777)
os.chmod(os.path.join(base, "conf", "server.xml"), 0o666)
os.chmod(server.webapp(""), 0o777)
done = run(CSERV, "start", "-b", base)
check("several", "conf and 2 more may be" in done.stderr, done)
typed = re.search(r"Type: (chmod .*)$", done.stderr, re.M)
names = shlex.split(typed.group(1))[2:]
same("several-named", names, [os.path.join(base, n) for n in ("conf", "conf/server.xml", "webapps")])
done = run(CSERV, "configtest", "-b", base, "--allow-insecure-permissions")
check("configtest-allowed", done.returncode == 0 and re.search(r"WARN .*may be written by everybody", done.stderr),
      done)
same("not-before", "written by everybody" in server.log(), False)
done = run(CSERV, "start", "-b", base, "--allow-insecure-permissions")
check("start-allowed", done.returncode == 0, done)
check("start-warns", server.logs("may be written by everybody") and
      re.search(r" WARN .*conf and 2 more may be written by everybody.*Type: chmod o-w ", server.log()),
      server.log())
run(CSERV, "stop", "-b", base)
size = server.log().count("decides what this server runs")
running = subprocess.Popen([CSERV, "run", "-b", base, "--allow-insecure-permissions"], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
check("run-allowed", serves(running))
running.terminate()
same("run-allowed-ends", running.wait(), 0)
same("run-warns", server.log().count("decides what this server runs"), size + 1)
subprocess.run(typed.group(1), shell=True, check=True)
same("several-mended", run(CSERV, "start", "-b", base).returncode, 0)
# What becomes insecure later is told by the next container, which serves: its sockets are bound.
os.chmod(os.path.join(base, "conf"), 0o777)
size = len(server.log())
os.kill(server.status()["container"], 9)
check("later-warns", becomes(lambda: "may be written by everybody" in server.log()[size:]))
end()
