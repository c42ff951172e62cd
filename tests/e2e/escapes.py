#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Nothing outside of a webapp's folder is ever sent, and nothing of WEB-INF and META-INF: spellings of
escape attempts, symbolic links, special files, somebody who renames all the while. Twice: as the kernel
opens files (openat2), and as where a sandbox has no openat2 (a filter that answers ENOSYS)."""
import ctypes
import os
import platform
import struct
import subprocess
import threading
import time
import served
from served import Client, Server, check, end, same, skip, write

SECRET = "the-secret"
HIDDEN = "the-hidden"

# Each is sent as it stands. None may answer 200, and none may hold a secret.
SPELLINGS = """
/site/../outside/secret.txt
/site/../../outside/secret.txt
/site/../../../../../../../../etc/passwd
/../outside/secret.txt
/site/./../outside/secret.txt
/site/sub/../../outside/secret.txt
/site//../outside/secret.txt
/site/..//outside/secret.txt
/site/%2e%2e/outside/secret.txt
/site/%2E%2E/outside/secret.txt
/site/.%2e/outside/secret.txt
/site/%2e./outside/secret.txt
/site/%252e%252e/outside/secret.txt
/site/..%2foutside/secret.txt
/site/..%2Foutside%2Fsecret.txt
/site/%2e%2e%2foutside%2fsecret.txt
/site/..%5coutside%5csecret.txt
/site/..\\outside\\secret.txt
/site/%2e%2e%5coutside/secret.txt
/site/..;/outside/secret.txt
/site/..;a=b/outside/secret.txt
/site/;/../outside/secret.txt
/site/..%3b/outside/secret.txt
/site/..%00/outside/secret.txt
/site/..%00.html/outside/secret.txt
/site/...//outside/secret.txt
/site/....//....//outside/secret.txt
/site/%c0%ae%c0%ae/outside/secret.txt
/site/%c0%af../outside/secret.txt
/site/%e0%80%ae%e0%80%ae/outside/secret.txt
/site/%ef%bc%8e%ef%bc%8e/outside/secret.txt
/site/%u002e%u002e/outside/secret.txt
/site/..%20/outside/secret.txt
/site/..%09/outside/secret.txt
/site/.%0d./outside/secret.txt
/site/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd
/site/%2fetc/passwd
/site//etc/passwd
//etc/passwd
/site/..?/outside/secret.txt
/site/file:///etc/passwd
/site/WEB-INF/web.xml
/site/web-inf/web.xml
/site/Web-Inf/web.xml
/site/WEB-INF/
/site/WEB-INF
/site/WEB-INF./web.xml
/site/WEB-INF%2e/web.xml
/site/WEB-INF%20/web.xml
/site/WEB-INF;/web.xml
/site/WEB-INF;x=y/web.xml
/site/;x/WEB-INF/web.xml
/site//WEB-INF/web.xml
/site/./WEB-INF/web.xml
/site/sub/../WEB-INF/web.xml
/site/sub/%2e%2e/WEB-INF/web.xml
/site/%57EB-INF/web.xml
/site/WEB%2DINF/web.xml
/site/WEB-INF%2fweb.xml
/site/WEB-INF%5cweb.xml
/site/WEB-INF%3b/web.xml
/site/WEB-INF%3ba=b/web.xml
/site/WEB-INF%00/web.xml
/site/WEB-INF::$DATA/web.xml
/site/WEB-INF::$INDEX_ALLOCATION/web.xml
/site/%2557EB-INF/web.xml
/site/META-INF/context.xml
/site/meta-inf/context.xml
/site/META-INF;/context.xml
/site/M%45TA-INF/context.xml
/site/sub/WEB-INF/deep.txt
/site/page.jsp
/site/page.jsp;x
/site/page.jsp%20
/site/page.jsp.
/site/page.jsp/
/site/page.jsp%2f
/site/PAGE.JSP
/site/page.jsp::$DATA
/site/page%2ejsp
/site/.cserv-put-x
""".split("\n")[1:-1]

LINKS = [ # link, target, what GET answers: text, or None for nothing
    ("in-file", "index.html", "index"),
    ("in-folder", "sub", None),
    ("sub/up", "../index.html", "index"),
    ("in-chain", "in-file", "index"),
    ("out-file", "../../outside/secret.txt", None),
    ("out-absolute", "/etc/passwd", None),
    ("out-folder", "../../outside", None),
    ("out-and-in", "../site/index.html", None),
    ("out-root", "/", None),
    ("out-proc", "/proc/self/root/etc/passwd", None),
    ("sub/out-up", "../../../outside/secret.txt", None),
    ("hidden-file.txt", "WEB-INF/web.xml", None),
    ("hidden-folder", "WEB-INF", None),
    ("source.txt", "page.jsp", None),
    ("loop", "loop", None),
    ("dangling", "none", None),
    ("to-fifo", "fifo", None),
    ("to-device", "/dev/zero", None),
]


def make_site(server):
    site = server.webapp("site")
    write(site + "/index.html", "index")
    write(site + "/sub/x.txt", "x")
    write(site + "/WEB-INF/web.xml", "<web-app><display-name>%s</display-name></web-app>" % HIDDEN)
    write(site + "/META-INF/other.xml", "<!--%s-->" % HIDDEN)
    write(site + "/META-INF/context.xml", "<Context></Context>")
    write(site + "/sub/WEB-INF/deep.txt", HIDDEN)
    for name in ("page.jsp", "PAGE.JSP", ".cserv-put-x"):
        write(site + "/" + name, HIDDEN)
    write(os.path.join(server.base, "outside", "secret.txt"), SECRET)
    for name, target, _ in LINKS:
        os.symlink(target, os.path.join(site, name))
    os.mkfifo(site + "/fifo")
    listener = __import__("socket").socket(__import__("socket").AF_UNIX)
    here = os.getcwd()
    os.chdir(site) # a socket's path is short
    listener.bind("socket")
    os.chdir(here)
    return site


def leaks(got):
    return SECRET in got.text or HIDDEN in got.text or "root:" in got.text


def attempts(server, kind):
    same("spellings-are-many", len(SPELLINGS) >= 40, True)
    for path in SPELLINGS:
        for method in ("GET", "POST"):
            got = server.get(path, method)
            check("%s/%s/%s" % (kind, method, path), got.status in (0, 302, 400, 404, 405, 501) and not leaks(got)
                  and not (got.status == 302 and "WEB" in got.fields.get("location", "")), got)
    # the same in an absolute target, and where it would be a condition or a range that tells
    for path in ("/site/../outside/secret.txt", "/site/WEB-INF/web.xml", "/site/out-file"):
        got = server.get("http://localhost" + path)
        check("%s/absolute%s" % (kind, path), got.status in (400, 404) and not leaks(got), got)
        for fields in (["If-None-Match: *"], ["Range: bytes=0-0"], ["If-Match: *"]):
            got = server.get(path, "GET", fields)
            check("%s/%s%s" % (kind, fields[0], path), got.status in (400, 404) and not leaks(got), got)


def links(server, kind):
    for name, target, text in LINKS:
        got = server.get("/site/" + name)
        good = got.status == 200 and got.text == text if text else got.status in (302, 404) and not leaks(got)
        check("%s/link/%s->%s" % (kind, name, target), good, got)
    for path, text in (("/site/in-folder/x.txt", "x"), ("/site/in-folder/up", "index"),
                       ("/site/out-folder/secret.txt", None), ("/site/out-root/etc/passwd", None),
                       ("/site/hidden-folder/web.xml", None), ("/site/in-folder/WEB-INF/deep.txt", None),
                       ("/site/in-folder/../out-file", None), ("/site/out-folder/", None),
                       ("/site/out-folder", None), ("/site/out-root/", None)):
        got = server.get(path)
        good = got.status == 200 and got.text == text if text else got.status == 404 and not leaks(got)
        check("%s/link%s" % (kind, path), good, got)
    for name in ("fifo", "socket", "to-fifo", "to-device"):
        began = time.monotonic()
        got = server.get("/site/" + name)
        check("%s/special/%s" % (kind, name), got.status == 404 and time.monotonic() - began < 20, got)
    writer = os.open(server.webapp("site/fifo"), os.O_RDWR | os.O_NONBLOCK) # nobody takes what is in it
    os.write(writer, b"pending")
    server.get("/site/fifo")
    same("%s/special/fifo-is-not-read" % kind, os.read(writer, 100), b"pending")
    os.close(writer)


def no_permission(server, kind):
    path = write(server.webapp("site/closed.txt"), SECRET)
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        skip(kind + "/closed", "this user may read every file")
    else:
        same(kind + "/closed", server.get("/site/closed.txt").status, 403)
    os.unlink(path)


def race(server, kind):
    """A folder and a link that leads outside change places all the while; a file and a link, too."""
    site = server.webapp("site")
    write(site + "/race/secret.txt", "inside")
    write(site + "/file.txt", "inside")
    os.symlink("../../outside", site + "/trap")
    os.symlink("../../outside/secret.txt", site + "/file.trap")
    libc = ctypes.CDLL(None, use_errno=True)
    state = {"end": False, "swaps": 0}

    def swap():
        while not state["end"]:
            for a, b in (("race", "trap"), ("file.txt", "file.trap")):
                if libc.renameat2(-100, (site + "/" + a).encode(), -100, (site + "/" + b).encode(), 2) != 0:
                    state["end"] = True
            state["swaps"] += 1

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    seen = {}
    until = time.monotonic() + 4
    while time.monotonic() < until or (state["swaps"] < 1000 and time.monotonic() < until + 60):
        with Client(server.port) as client: # a connection serves some thousand requests only
            for path in ("/site/race/secret.txt", "/site/file.txt", "/site/trap/secret.txt") * 100:
                got = client.ask(path)
                answer = got.text if got.status == 200 else got.status
                seen[answer] = seen.get(answer, 0) + 1
    state["end"] = True
    thread.join()
    check(kind + "/race", set(seen) <= {"inside", 404} and len(seen) == 2 and state["swaps"] >= 1000,
          (seen, state))


def whole(server, kind):
    make_site(server)
    server.start()
    with open("/proc/%d/status" % server.status()["pid"], encoding="ascii") as file:
        check(kind + "/filter", ("\nSeccomp:\t2\n" in file.read()) == (kind == "walk"))
    same(kind + "/index", server.get("/site/").text, "index")
    attempts(server, kind)
    links(server, kind)
    no_permission(server, kind)
    race(server, kind)
    server.stop()
    check(kind + "/log-is-quiet", " ERROR " not in server.log(), server.log()[-800:])


def refuse_openat2():
    """In the child that becomes the server: openat2 answers ENOSYS from here on."""
    load, jump, give = 0x20, 0x15, 0x06
    program = b"".join(struct.pack("=HBBI", *row) for row in (
        (load, 0, 0, 0), (jump, 0, 1, 437), (give, 0, 0, 0x00050000 | 38), (give, 0, 0, 0x7fff0000)))
    text = ctypes.create_string_buffer(program)
    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("rows", ctypes.c_void_p)]
    rows = Filter(len(program) // 8, ctypes.cast(text, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(rows), 0, 0) != 0:
        os._exit(77)


whole(Server("kernel"), "openat2")

# openat2 has the number 437 wherever it is; x32 and the like are not built for.
if platform.machine() not in ("x86_64", "aarch64", "riscv64"):
    skip("no-openat2", "the filter is not written for " + platform.machine())
elif subprocess.run(["true"], preexec_fn=refuse_openat2, check=False).returncode != 0:
    skip("no-openat2", "no filter of system calls can be set here")
else:
    def filtered(*command, **more):
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=180, check=False,
                              preexec_fn=refuse_openat2, **more)
    served.run = filtered
    whole(Server("walk"), "walk")
end()
