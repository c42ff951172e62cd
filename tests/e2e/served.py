# SPDX-License-Identifier: Apache-2.0
"""For the scripts of this folder that serve webapps of their own: results, a compiler as authors use it, a
base with a server, and requests. Not a script itself."""
import atexit
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CSERV = os.path.abspath(os.environ.get("CSERV") or os.path.join(HERE, "../../build/bin/cserv"))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.dirname(os.path.dirname(CSERV)))
PATIENCE = 60 # seconds until an awaited event counts as missing

failed = False
os.umask(0o022)
work = tempfile.mkdtemp(prefix="cserv-e2e-")
atexit.register(shutil.rmtree, work, ignore_errors=True)
for name in ("CSERV_BASE", "CSERV_HOME", "CSERV_PID"):
    os.environ.pop(name, None)


def check(name, good, why=""):
    """One case. WHY may be long: it is cut and put on one line."""
    global failed
    if good:
        print("ok " + name, flush=True)
    else:
        failed = True
        print("FAIL %s: %s" % (name, " ".join(str(why).split())[:600]), flush=True)
    return bool(good)


def same(name, got, want):
    return check(name, got == want, "%r, not %r" % (got, want))


def skip(name, why):
    print("skip %s: %s" % (name, why), flush=True)


def becomes(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def end():
    sys.exit(1 if failed else 0)


def run(*command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=180, check=False,
                          **more)


def sanitizer():
    """address, thread or ""."""
    return json.loads(run(CSERV, "version", "--json").stdout).get("sanitizer") or ""


def crash_environment(folder):
    """For a server whose end is wanted: its sanitizer reports into FOLDER."""
    os.makedirs(folder, exist_ok=True)
    more = {}
    for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        old = os.environ.get(key)
        more[key] = (old + ":" if old else "") + "log_path=%s/report" % folder
    return more


def serves(process, pattern=r"http://127\.0\.0\.1:\d+/"):
    """Reads the stdout of `cserv run` as far as the line that tells where it serves; "" when none comes."""
    for line in process.stdout:
        if line.startswith("cserv ") and " serves " in line:
            return re.search(pattern, line).group(0)
    return ""


# ---- modules ----

def flags():
    found = run("pkg-config", "--cflags", "--libs", os.path.join(BUILD, "cserv.pc"))
    if found.returncode != 0:
        check("pkg-config", False, found.stderr)
        end()
    return found.stdout.split()


def compile_module(target, source, compiler="cc", replace=None, more=()):
    """Makes TARGET of the text SOURCE. REPLACE: instead of the flags of pkg-config --libs."""
    text = os.path.join(work, "source" + (".cc" if "++" in compiler else ".c"))
    with open(text, "w", encoding="utf-8") as file:
        file.write(source)
    used = [f for f in flags() if replace is None or not f.startswith("-Wl")] + list(replace or ())
    if any(f.startswith("-fsanitize") for f in more): # instead of that of a sanitizer build
        used = [f for f in used if not f.startswith("-fsanitize")]
    os.makedirs(os.path.dirname(target), exist_ok=True)
    made = run(compiler, "-shared", "-fPIC", "-Wall", "-Wextra", text, "-o", target, *more, *used)
    if made.returncode != 0:
        check("compile/" + os.path.basename(target), False, made.stderr)
        end()
    return target


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w" if isinstance(text, str) else "wb") as file:
        file.write(text)
    return path


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


# ---- a server ----

class Server:
    def __init__(self, name="base", environment=None):
        self.base = os.path.join(work, name)
        self.environment = dict(os.environ, **(environment or {}))
        self.port = None
        made = self.cserv("makebase", self.base, "--port", "0", "--loopback", "--bare")
        if made.returncode != 0:
            check("makebase", False, made.stderr)
            end()
        atexit.register(self.stop)

    def cserv(self, *arguments):
        return run(CSERV, *arguments, env=self.environment)

    def webapp(self, name):
        return os.path.join(self.base, "webapps", name)

    def configure(self, inside_host="", edit=lambda text: text):
        path = os.path.join(self.base, "conf", "server.xml")
        text = edit(read(path)).replace("</Host>", inside_host + "</Host>")
        write(path, text)

    def start(self):
        done = self.cserv("start", "-b", self.base)
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", done.stdout)
        if done.returncode != 0 or not found:
            check("start", False, done.stdout + done.stderr + self.log()[-1500:])
            end()
        self.port = int(found.group(1))
        return done.stdout

    def stop(self, *arguments):
        self.port = None
        return self.cserv("stop", "-b", self.base, *arguments)

    def status(self):
        return json.loads(self.cserv("status", "-b", self.base, "--json").stdout)

    def log(self):
        return read(os.path.join(self.base, "logs", "cserv.log"))

    def logs(self, text):
        """Whether TEXT is in the log, or comes: lines are on disk within a second."""
        return becomes(lambda: text in self.log())

    def webapps(self):
        """docBase's name: the line of `list`."""
        rows = {}
        for line in self.cserv("list", "-b", self.base).stdout.splitlines():
            found = re.match(r"[^:]*:[a-z]+:0:(\S+) ", line)
            if found:
                rows[os.path.basename(found.group(1))] = line
        return rows

    def get(self, path, method="GET", headers=(), body=b""):
        with Client(self.port) as client:
            return client.ask(path, method, headers, body)


class Answer:
    def __init__(self, status=0):
        self.status = status # 0: none came
        self.fields = {}
        self.body = b""
        self.complete = False

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return "%d %r %r" % (self.status, self.fields, self.body[:300])


class Client:
    """One connection; answers one after the other."""

    def __init__(self, port, receive_buffer=0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.buffer += data
        self.ended = not data
        return not self.ended

    def take(self, size):
        while len(self.buffer) < size and self.receive():
            pass
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def take_line(self):
        while b"\r\n" not in self.buffer and self.receive():
            pass
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def take_chunks(self, answer):
        while True:
            size = self.take_line()
            if not size:
                return
            data = self.take(int(size, 16))
            answer.body += data
            self.take_line()
            if not data:
                answer.complete = int(size, 16) == 0
                return

    def send(self, path, method="GET", headers=(), body=b""):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost", *headers]
        if body:
            lines.append("Content-Length: %d" % len(body))
        self.socket.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def take_answer(self, method="GET"):
        found = re.match(rb"HTTP/1\.1 (\d\d\d) ", self.take_line())
        if not found:
            return Answer()
        answer = Answer(int(found.group(1)))
        for line in iter(self.take_line, b""):
            key, _, value = line.decode("latin-1").partition(": ")
            answer.fields[key.lower()] = value
        length = int(answer.fields.get("content-length", "0"))
        if method == "HEAD" or answer.status in (204, 304):
            answer.complete = True
        elif answer.fields.get("transfer-encoding") == "chunked":
            self.take_chunks(answer)
        else:
            answer.body = self.take(length)
            answer.complete = len(answer.body) == length
        return answer

    def ask(self, path, method="GET", headers=(), body=b""):
        self.send(path, method, headers, body)
        return self.take_answer(method)
