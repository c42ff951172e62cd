#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# alone: it watches the clock
# Slow clients and slow servlets: 4 MiB leave to a client with a tiny receive buffer while the servlet
# that wrote them still sleeps, and a quick answer does not wait for the slow one that was asked for in
# the same packet.
#
# CSERV: path of the command (default: build/bin/cserv beside README.md). Prints one line per case,
# "ok NAME" or "FAIL NAME: why"; ends with 1 if a case failed. Leaves nothing behind.
set -u

here=$(cd "$(dirname "$0")" && pwd)
CSERV=${CSERV:-$here/../../build/bin/cserv}
case $CSERV in /*) ;; *) CSERV=$PWD/$CSERV ;; esac
build=$(dirname "$(dirname "$CSERV")")
work=$(mktemp -d) || exit 1
export CSERV_BASE="$work/base"
unset CSERV_PID

finish() {
    [ -S "$CSERV_BASE/run/cserv.sock" ] && "$CSERV" stop --timeout 5 >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
give_up() {
    echo "FAIL $1: $(tr '\n' ' ' <"$work/out" | cut -c1-600)"
    exit 1
}

# `big` returns only when `release` was called (or after a minute), long after its flush.
cat >"$work/slow.c" <<'END'
#include <cserv/servlet.h>
#include <pthread.h>
#include <time.h>

enum { PIECES = 64, PIECE = 65536, PERIOD = 251 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *state = "new";
static int released;

static void enter(const char *name)
{
    pthread_mutex_lock(&lock);
    state = name;
    pthread_mutex_unlock(&lock);
}

static void sleep_until_released(void)
{
    struct timespec end;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 60;
    pthread_mutex_lock(&lock);
    state = "asleep";
    while (!released && rc == 0)
        rc = pthread_cond_timedwait(&changed, &lock, &end);
    released = 0;
    state = "returned";
    pthread_mutex_unlock(&lock);
}

/* Byte I of the answer is I % 251. */
static int big_get(cs_request *req, cs_response *res)
{
    unsigned char piece[PIECE + PERIOD];
    for (int i = 0; i < PIECE + PERIOD; i++)
        piece[i] = (unsigned char)(i % PERIOD);
    int rc = CS_OK;
    enter("writing");
    if (cs_req_param(req, "length"))
        rc = cs_res_length(res, PIECES * PIECE);
    for (int i = 0; rc == CS_OK && i < PIECES; i++)
        rc = cs_res_write(res, piece + (long)i * PIECE % PERIOD, PIECE);
    if (rc == CS_OK)
        rc = cs_res_flush(res);
    if (rc == CS_OK)
        sleep_until_released();
    else
        enter("failed");
    return rc;
}

static int state_get(cs_request *req, cs_response *res)
{
    (void)req;
    pthread_mutex_lock(&lock);
    const char *now = state;
    pthread_mutex_unlock(&lock);
    return cs_res_puts(res, now);
}

static int release_get(cs_request *req, cs_response *res)
{
    (void)req;
    pthread_mutex_lock(&lock);
    released = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return cs_res_puts(res, "released");
}

static const cs_servlet servlets[] = {
    {.name = "big", .url_patterns = "/big", .get = big_get},
    {.name = "state", .url_patterns = "/state", .get = state_get},
    {.name = "release", .url_patterns = "/release", .get = release_get},
};

CS_WEBAPP("slow", "1.0.0", .servlets = CS_ROWS(servlets))
END

cat >"$work/client.py" <<'END'
import hashlib
import http.client
import os
import socket
import sys
import time

PORT = int(sys.argv[1])
SIZE = 64 * 65536
WANT = hashlib.sha256((bytes(range(251)) * (SIZE // 251 + 1))[:SIZE]).hexdigest()
PAUSE = 0.0005 # behind each 2 KiB
LIMIT_MS = 250 if os.environ.get("SANITIZER") else 50
failed = False


def tell(name, why):
    global failed
    failed = failed or bool(why)
    print("FAIL %s: %s" % (name, why) if why else "ok %s" % name, flush=True)


def connect(receive_buffer=0):
    s = socket.socket()
    s.settimeout(60)
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.connect(("127.0.0.1", PORT))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def ask(path):
    s = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    s.request("GET", path)
    text = s.getresponse().read().decode()
    s.close()
    return text


def reach(path, text):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        now = ask(path)
        if now == text:
            return None
        time.sleep(0.01)
    return "the servlet is '%s', not '%s'" % (now, text)


class Answer:
    """Reads an answer of SIZE bytes, with a length or in chunks."""
    def __init__(self, s):
        self.file = s.makefile("rb", buffering=2048)
        self.status = self.file.readline()
        self.fields = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, _, value = line.partition(b":")
            self.fields[name.strip().lower()] = value.strip()
        self.chunked = self.fields.get(b"transfer-encoding") == b"chunked"

    def body(self):
        digest, left = hashlib.sha256(), SIZE
        while left > 0:
            size = int(self.file.readline(), 16) if self.chunked else left
            for _ in range(0, size, 2048):
                piece = self.file.read(min(2048, size))
                digest.update(piece)
                size -= len(piece)
                left -= len(piece)
                time.sleep(PAUSE)
                if not piece:
                    raise ValueError("the answer ends %d bytes early" % left)
            if self.chunked and self.file.readline() != b"\r\n":
                raise ValueError("a chunk does not end where it should")
        return digest.hexdigest()


def big(query, framing):
    s = connect(receive_buffer=4096)
    s.sendall(b"GET /slow/big%s HTTP/1.1\r\nHost: a\r\n\r\n" % query)
    started = time.monotonic()
    why = reach("/slow/state", "writing")
    if why:
        return why
    time.sleep(0.2)
    now = ask("/slow/state") # nothing was read so far: 4 MiB are more than the server may hold
    if now != "writing":
        return "the servlet was '%s' before the client has read anything" % now
    answer = Answer(s)
    if b" 200 " not in answer.status or framing not in answer.fields:
        return "the answer begins with %s %s" % (answer.status, answer.fields)
    if answer.body() != WANT:
        return "other bytes came than were written"
    took = time.monotonic() - started
    print("4 MiB in %.2f s" % took)
    now = ask("/slow/state") # the whole answer is here: what does the servlet do?
    ask("/slow/release")
    if now != "asleep":
        return "the servlet was '%s' when the last byte came" % now
    why = reach("/slow/state", "returned")
    if answer.chunked and answer.file.readline() + answer.file.readline() != b"0\r\n\r\n":
        why = why or "the answer has no end"
    # The connection goes on.
    s.sendall(b"GET /slow/state HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    if not answer.file.read().endswith(b"returned"):
        why = why or "the connection was of no more use"
    return why


def pipelined():
    """(seconds until hello was complete, seconds until the other answer)"""
    s = connect()
    s.sendall(b"GET /examples/hello HTTP/1.1\r\nHost: a\r\n\r\n"
              b"GET /examples/sleep?ms=2000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    started, got, hello = time.monotonic(), b"", None
    while True:
        piece = s.recv(65536)
        got += piece
        if hello is None and b"Hello, World!" in got:
            hello = time.monotonic() - started
        if not piece:
            break
    if not got.endswith(b"slept 2000"):
        raise ValueError("the second answer is missing: %r" % got)
    return hello, time.monotonic() - started


def check(name, function, *arguments):
    try:
        tell(name, function(*arguments))
    except (OSError, ValueError, http.client.HTTPException) as error:
        tell(name, "%s: %s" % (type(error).__name__, error))


def hello_does_not_wait():
    """The median of three within the limit, because a busy machine may be late; but none of them waits
    for the other answer, not even the first, when nothing is known of the slow servlet yet."""
    times = [pipelined() for _ in range(3)]
    print("hello in %s" % ", ".join("%.1f ms" % (hello * 1000) for hello, _ in times))
    if any(slept < 2 for _, slept in times):
        return "sleep?ms=2000 took %.3f s" % min(slept for _, slept in times)
    median = sorted(hello for hello, _ in times)[1] * 1000
    if max(hello for hello, _ in times) > 1:
        return "hello waited for the slow answer"
    return "hello took %.1f ms" % median if median > LIMIT_MS else None


check("big/chunked", big, b"", b"transfer-encoding")
check("big/length", big, b"?length=1", b"content-length")
check("pipelined/hello-before-sleep", hello_does_not_wait)
sys.exit(1 if failed else 0)
END

# shellcheck disable=SC2046 # the flags are words
cc -shared -fPIC -O1 -g -o "$work/slow.so" "$work/slow.c" \
    $(pkg-config --cflags --libs "$build/cserv.pc") >"$work/out" 2>&1 || give_up compile
"$CSERV" makebase "$CSERV_BASE" --port 0 --loopback >"$work/out" 2>&1 || give_up makebase
# Without files what does not fit in memory waits in the servlet.
sed -i 's/<Connector /<Connector outputSpool="0" /' "$CSERV_BASE/conf/server.xml"
cp "$work/slow.so" "$CSERV_BASE/webapps/" || exit 1
"$CSERV" start >"$work/out" 2>&1 || give_up start
port=$(sed -n 's|.* serves http://[^ ]*:\([0-9][0-9]*\)/.*|\1|p' "$work/out")
python3 "$work/client.py" "$port"
code=$?
if [ $code -ne 0 ]; then
    "$CSERV" status 2>&1
    tail -n 20 "$CSERV_BASE/logs/cserv.log"
fi
if "$CSERV" stop >"$work/out" 2>&1; then
    echo "ok stop"
else
    give_up stop
fi
exit $code
