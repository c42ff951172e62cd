#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# alone: it watches the clock
"""Servlets that read their bodies while they come (CS_STREAMING), with real clients: what curl uploads is what
the servlet reads; answers that do not need the body come before it; 400 clients that dribble into one webapp
hold its share of threads and nobody else's."""
import os
import selectors
import socket
import threading
import time
import zlib
from served import PATIENCE, Client, Server, becomes, check, compile_module, end, run, same, work, write

STREAMER = r"""#include <cserv/servlet.h>
#include <time.h>
static int read_all(cs_request *q, cs_response *s, size_t piece_size, long pause_ns)
{
    static _Thread_local char piece[65536];
    unsigned long long size = 0, a = 1, b = 0;
    int64_t n;
    while ((n = cs_req_read(q, piece, piece_size)) > 0) {
        for (int64_t i = 0; i < n; i++) {
            a = (a + (unsigned char)piece[i]) % 65521;
            b = (b + a) % 65521;
        }
        size += (unsigned long long)n;
        if (pause_ns)
            nanosleep(&(struct timespec){0, pause_ns}, NULL);
    }
    return n < 0 ? (int)n : cs_res_printf(s, "%llu %llu", size, b << 16 | a);
}
static int sum(cs_request *q, cs_response *s) { return read_all(q, s, 65536, 0); }
static int slow(cs_request *q, cs_response *s) { return read_all(q, s, 20000, 5000000); }
static int never(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "not read"); }
static int code(cs_request *q, cs_response *s)
{
    char piece[100];
    int64_t n;
    while ((n = cs_req_read(q, piece, sizeof(piece))) > 0)
        ;
    return cs_res_printf(s, "%d", (int)n);
}
static int form(cs_request *q, cs_response *s)
{
    const char *last = cs_req_param(q, "last");
    return cs_res_puts(s, last ? last : "none");
}
static int hello(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static int nap(cs_request *q, cs_response *s)
{
    (void)q;
    nanosleep(&(struct timespec){0, 700000000}, NULL);
    return cs_res_puts(s, "slept");
}
static const cs_servlet rows[] = {
    {.name = "nap", .url_patterns = "/nap", .get = nap},
    {.name = "sum", .url_patterns = "/sum", .flags = CS_STREAMING, .post = sum, .put = sum},
    {.name = "slow", .url_patterns = "/slow", .flags = CS_STREAMING, .service = slow},
    {.name = "never", .url_patterns = "/never", .flags = CS_STREAMING, .service = never},
    {.name = "code", .url_patterns = "/code", .flags = CS_STREAMING, .service = code},
    {.name = "form", .url_patterns = "/form", .flags = CS_STREAMING, .service = form},
    {.name = "hello", .url_patterns = "/hello", .get = hello}};
CS_WEBAPP("streamer", "1", .servlets = CS_ROWS(rows))
"""
HELLO = r"""#include <cserv/servlet.h>
static int hello(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = hello}};
CS_WEBAPP("other", "1", .servlets = CS_ROWS(rows))
"""
MIB = 1 << 20
DRIBBLERS = 400

server = Server("streaming")
compile_module(server.webapp("streamer.so"), STREAMER)
compile_module(server.webapp("few.so"), STREAMER)
compile_module(server.webapp("tight.so"), STREAMER)
compile_module(server.webapp("other.so"), HELLO)
write(os.path.join(server.webapp("stopped"), "WEB-INF", "web.xml"), "<web-app><no-such-thing")
server.configure("<Context path='/few' docBase='few.so' maxStreamingThreads='3'/>"
                 "<Context path='/tight' docBase='tight.so' maxThreads='6' maxStreamingThreads='3'/>",
                 lambda xml: xml.replace("<Connector ", "<Connector bodyTimeout='3000' bodyMinRate='8' ", 1))
server.start()


def curl(path, file, *more):
    """(exit code, status, body)"""
    out = os.path.join(work, "answer")
    write(out, "")
    done = run("curl", "-sS", "-m", str(PATIENCE), "-o", out, "-w", "%{http_code}", "--data-binary", "@" + file,
               *more, "http://127.0.0.1:%d%s" % (server.port, path))
    with open(out, "rb") as answer:
        return done.returncode, int(done.stdout or 0), answer.read().decode("utf-8", "replace")


def digest(data):
    return "%d %d" % (len(data), zlib.adler32(data))


def row(name):
    return next(q for q in server.status()["queues"] if q["name"] == name)


STREAMING = "localhost/streamer streaming"

# ---- what arrives ----
small, large = os.urandom(3000), os.urandom(20 * MIB)
for name, data in (("3000 bytes", small), ("20 MiB", large)):
    file = write(os.path.join(work, "body"), data)
    same("arrives/%s, Content-Length" % name, curl("/streamer/sum", file), (0, 200, digest(data)))
    same("arrives/%s, chunked" % name, curl("/streamer/sum", file, "-H", "Transfer-Encoding: chunked"),
         (0, 200, digest(data)))
    same("arrives/%s, 100-continue" % name, curl("/streamer/sum", file, "-H", "Expect: 100-continue"),
         (0, 200, digest(data)))
file = write(os.path.join(work, "middle"), large[:4 * MIB])
same("arrives/a servlet that reads slowly", curl("/streamer/slow", file), (0, 200, digest(large[:4 * MIB])))
spool = server.status()["spool"]
check("arrives/nothing went through the spool", server.status()["counters"]["spool_bytes_written"] == 0, spool)
same("arrives/a form", server.get("/streamer/form", "POST", ["Content-Type: application/x-www-form-urlencoded"],
                                  b"first=1&last=2").text, "2")

# ---- answers that do not need the body ----
big = write(os.path.join(work, "big"), large + large + large)
same("early/a servlet that never reads", curl("/streamer/never", big)[1:], (200, "not read"))
same("early/404", curl("/nowhere/at/all", big)[1], 404)
same("early/405", curl("/streamer/hello", big)[1], 405)
same("early/a webapp that does not run", curl("/stopped/x", big)[1], 503)
same("early/larger than maxBodySize", curl("/streamer/sum", write(os.path.join(work, "huge"), large * 4))[1], 413)
check("early/nothing went through the spool", server.status()["counters"]["spool_bytes_written"] == 0)
with Client(server.port) as client:
    client.send("/streamer/never", "POST", ["Content-Length: 1000"])
    same("early/before a byte came", client.take_answer().text, "not read")
    client.socket.sendall(b"x" * 1000)
    same("early/its body is dropped", client.ask("/streamer/hello").text, "hello")

# ---- what reading answers ----
def raw(text):
    with Client(server.port) as client:
        client.socket.sendall(text)
        return client.take_answer()


HEAD = b"POST /streamer/%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
same("read/malformed", raw(HEAD % b"sum" + b"3\r\nabcX\r\n").status, 400)
same("read/malformed, the servlet goes on", raw(HEAD % b"code" + b"3\r\nabcX\r\n").status, 400)
same("read/a chunk over maxBodySize", raw(HEAD % b"sum" + b"3\r\nabc\r\n7000000\r\n").status, 413)
before = time.monotonic()
same("read/stalled: 408", raw(HEAD % b"sum" + b"3\r\nabc\r\n").status, 408)
check("read/after bodyTimeout", 2.8 < time.monotonic() - before < 20, time.monotonic() - before)
check("read/the reason is counted", server.status()["connectors"][0]["closed"]["body_timeout"] == 1)

# ---- dribblers ----
def hello_times(seconds, path="/other/hello"):
    """One request after the other, a thousand on a connection (a quick server ends one after maxKeepAliveRequests):
    the times of all, in ms; who is not answered counts as 99 s."""
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until and 99000 not in times:
        with Client(server.port) as client:
            for _ in range(1000):
                start = time.monotonic()
                good = client.ask(path).text == "hello"
                times.append((time.monotonic() - start) * 1000 if good else 99000)
                if not good or time.monotonic() >= until:
                    break
    return times


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


class Dribblers:
    """COUNT clients that send some bytes a second each; every second one stops after its head."""

    def __init__(self, count, path):
        self.sockets = []
        self.answers = []
        self.stopping = False
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" % path)
            s.setblocking(False)
            self.sockets.append(s)
        self.thread = threading.Thread(target=self.dribble)
        self.thread.start()

    def dribble(self):
        alive = set(self.sockets)
        selector = selectors.DefaultSelector()
        for s in self.sockets:
            selector.register(s, selectors.EVENT_READ)
        while not self.stopping:
            for s in [s for i, s in enumerate(self.sockets) if i % 2 == 0 and s in alive]:
                try:
                    s.send(b"xxxx")
                except OSError:
                    pass
            for key, _ in selector.select(0.25):
                try:
                    data = key.fileobj.recv(4096)
                except OSError:
                    data = b""
                if data:
                    self.answers.append(data[:12])
                else:
                    selector.unregister(key.fileobj)
                    alive.discard(key.fileobj)

    def stop(self):
        self.stopping = True
        self.thread.join()
        for s in self.sockets:
            s.close()


quiet = hello_times(3)
crowd = Dribblers(DRIBBLERS, b"/streamer/sum")
full = becomes(lambda: row(STREAMING)["running"] == row(STREAMING)["cap"])
share = row(STREAMING)["cap"]
check("dribblers/the share is used", full, row(STREAMING))
highest, samples, loud = 0, 0, []
probe = threading.Thread(target=lambda: loud.extend(hello_times(8)))
probe.start()
while probe.is_alive():
    status = server.status()
    highest = max(highest, next(q for q in status["queues"] if q["name"] == STREAMING)["running"],
                  sum(c["threadsBusy"] for c in status["connectors"]) - 1)
    samples += 1
    time.sleep(0.1)
probe.join()
check("dribblers/never more than the share: %d of %d threads busy in %d looks" % (highest, share, samples),
      highest <= share and samples > 5)
check("dribblers/another webapp: p99 %.2f ms with them, %.2f ms without, %d requests"
      % (p99(loud), p99(quiet), len(loud)), p99(loud) <= max(p99(quiet) * 2 + 1, 50), sorted(loud)[-5:])
own = hello_times(3, "/streamer/hello")
check("dribblers/the share is still used", becomes(lambda: row(STREAMING)["running"] == share), row(STREAMING))
check("dribblers/the same webapp's other servlets: p99 %.2f ms, %d requests" % (p99(own), len(own)),
      p99(own) <= max(p99(quiet) * 2 + 1, 50), sorted(own)[-5:])
check("dribblers/those that stall hear 408", becomes(lambda: any(a.endswith(b"408") for a in crowd.answers)),
      crowd.answers[:3])
crowd.stop()
check("dribblers/all is free again", becomes(lambda: row(STREAMING)["running"] == 0 == row(STREAMING)["queued"]),
      row(STREAMING))
crowd = Dribblers(20, b"/few/sum")
cap = becomes(lambda: row("localhost/few streaming")["running"] == 3)
check("attribute/Context.maxStreamingThreads", cap and row("localhost/few streaming")["cap"] == 3,
      row("localhost/few streaming"))
same("attribute/the webapp serves", server.get("/few/hello").text, "hello")
crowd.stop()
# ---- the share is within the webapp's own: together never more than its maxThreads ----
crowd = Dribblers(30, b"/tight/sum")
TIGHT = ("localhost/tight", "localhost/tight streaming")
check("within/the share is used", becomes(lambda: row(TIGHT[1])["running"] == 3), row(TIGHT[1]))
nappers = [Client(server.port) for _ in range(12)]
for client in nappers:
    client.send("/tight/nap")
check("within/the rest is used", becomes(lambda: row(TIGHT[0])["running"] == 3), row(TIGHT[0]))
highest, samples = 0, 0
while row(TIGHT[0])["running"] + row(TIGHT[0])["queued"] > 0:
    queues = {q["name"]: q["running"] for q in server.status()["queues"]}
    highest, samples = max(highest, queues[TIGHT[0]] + queues[TIGHT[1]]), samples + 1
check("within/never more than maxThreads: %d of 6 in %d looks" % (highest, samples), highest == 6 and samples > 5)
same("within/all are answered", [client.take_answer().text for client in nappers], ["slept"] * 12)
for client in nappers:
    client.socket.close()
crowd.stop()
same("stop", server.stop().returncode, 0)
end()
