#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
"""Slow clients and slow webapps on the real server: 400 requests asleep in one webapp are not noticed by
another; with all connections taken by clients at the least rate a new one is served within a second and
`status` answers; and each setting of rates, queues and reserved threads does what it says."""
import re
import selectors
import socket
import threading
import time

from served import Client, Server, check, compile_module, end, same, sanitizer, becomes

MODULE = r"""
#include <cserv/servlet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int hello(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, "hello");
}
static int nap(cs_request *req, cs_response *res)
{
    const char *text = cs_req_param(req, "ms");
    long ms = text ? strtol(text, NULL, 10) : 0;
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0)
        nanosleep(&t, NULL);
    return cs_res_puts(res, "slept");
}
static int big(cs_request *req, cs_response *res)
{
    static char piece[65536];
    (void)req;
    int rc = CS_OK;
    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 16 && rc == CS_OK; i++)
        rc = cs_res_write(res, piece, sizeof(piece));
    return rc;
}
static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .get = hello, .post = hello},
    {.name = "nap", .url_patterns = "/nap", .get = nap},
    {.name = "big", .url_patterns = "/big", .get = big},
};
CS_WEBAPP("slow", "1.0.0", .servlets = CS_ROWS(servlets))
"""
SLOW_MACHINE = sanitizer() != ""


def p99(seconds):
    return sorted(seconds)[max(0, len(seconds) * 99 // 100 - 1)] * 1000


def probe(port, path, times):
    """Seconds each, one connection, nothing else asked meanwhile."""
    took = []
    with Client(port) as client:
        for _ in range(times):
            began = time.monotonic()
            answer = client.ask(path)
            took.append(time.monotonic() - began)
            if answer.status != 200:
                raise ValueError("%s got %r" % (path, answer))
    return took


def send(port, text, receive_buffer=0):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(30)
    s.connect(("127.0.0.1", port))
    s.sendall(text)
    return s


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


def first_line(s):
    data = b""
    try:
        while b"\r\n" not in data:
            more = s.recv(4096)
            if not more:
                break
            data += more
    except ConnectionError:
        pass
    return data.split(b"\r\n")[0].decode()


def queue_of(status, name):
    return next(q for q in status["queues"] if q["name"].endswith(name))


def another_webapp_does_not_notice(server):
    """Three rounds, because the machine may be busy: the best one counts for the bound."""
    rounds = []
    for _ in range(3):
        quiet = p99(probe(server.port, "/quick/hello", 1000))
        # As long as the probes take, and more.
        nap = "/sleepy/nap?ms=%d" % (6000 if SLOW_MACHINE else 2000)
        sleepers = [send(server.port, get(nap)) for _ in range(400)]
        asleep = becomes(lambda: queue_of(server.status(), "/sleepy")["requests"] >= 150)
        loaded = p99(probe(server.port, "/quick/hello", 500))
        still = queue_of(server.status(), "/sleepy")["running"]
        began = time.monotonic()
        own = server.get("/sleepy/hello")
        own_took = time.monotonic() - began
        lines = [first_line(s) for s in sleepers]
        for s in sleepers:
            s.close()
        good = all(" 200 " in line for line in lines)
        rounds.append((loaded - 2 * quiet - 1, quiet, loaded, asleep and good and still > 0, own, own_took))
        if rounds[-1][0] <= 0:
            break
    _, quiet, loaded, good, own, own_took = min(rounds, key=lambda r: r[0])
    print("p99 of another webapp: %.3f ms unloaded, %.3f ms with 400 requests asleep; "
          "hello of the same webapp took %.0f ms" % (quiet, loaded, own_took * 1000))
    check("sleepers/all-answered", good and own.status == 200, rounds)
    check("sleepers/unnoticed", SLOW_MACHINE or loaded <= 2 * quiet + 1,
          "p99 %.3f ms, unloaded %.3f ms" % (loaded, quiet))


class Dribblers:
    """COUNT clients that send a body at about RATE bytes a second; who is cut off comes back."""

    def __init__(self, port, count, rate, path="/quick/hello"):
        self.port, self.count, self.piece = port, count, b"x" * (rate // 5)
        self.head = (b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" % path.encode())
        self.sockets = []
        self.lost = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        selector = selectors.DefaultSelector()
        while not self.stopping.is_set():
            for _ in range(self.count - len(self.sockets)):
                s = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                s.sendall(self.head)
                s.setblocking(False)
                self.sockets.append(s)
                selector.register(s, selectors.EVENT_READ)
            gone = {key.fileobj for key, _ in selector.select(0)} # an answer, or the end
            for s in self.sockets:
                try:
                    s.send(self.piece)
                except OSError:
                    gone.add(s)
            for s in gone:
                selector.unregister(s)
                self.sockets.remove(s)
                s.close()
                self.lost += 1
            self.stopping.wait(0.2)
        for s in self.sockets:
            s.close()

    def stop(self):
        self.stopping.set()
        self.thread.join()


def all_connections_taken(server, maximum):
    crowd = Dribblers(server.port, maximum, 300)
    taken = maximum - maximum // 32 # the rest is the reserve
    full = becomes(lambda: server.status()["connectors"][0]["connections"] >= taken)
    time.sleep(1.5) # the point of the case: they are known to be slow now, not new
    slowest, statuses = 0, 0
    for _ in range(20):
        began = time.monotonic()
        answer = server.get("/quick/hello")
        took = time.monotonic() - began
        if answer.status != 200:
            took = 99
        slowest = max(slowest, took)
    began = time.monotonic()
    status = server.status()
    statuses = time.monotonic() - began
    held = status["connectors"][0]["connections"]
    crowd.stop()
    closed = status["connectors"][0]["closed"]
    print("of %d connections %d were taken by clients at 300 bytes/s; 20 new clients, the slowest answer "
          "after %.0f ms; status after %.0f ms; %d slow ones made room"
          % (maximum, held, slowest * 1000, statuses * 1000, closed["room_slow"]))
    check("full/taken", full and held >= taken - 5, status["connectors"])
    check("full/new-client-within-1s", slowest < (5 if SLOW_MACHINE else 1), slowest)
    check("full/status-answers", statuses < 5, statuses)
    check("full/slow-ones-made-room", closed["room_slow"] > 0, closed)


def waited(port, path, limit=30):
    """Status line of a slow body, and after how many seconds."""
    s = send(port, b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" % path.encode())
    began = time.monotonic()
    s.settimeout(limit)
    try:
        line = first_line(s)
    except socket.timeout:
        line = "none"
    s.close()
    return line, time.monotonic() - began


def rates(server):
    line, took = waited(server.port, "/quick/hello")
    check("bodyMinRate/408", " 408 " in line, (line, took))
    check("rateWindow", took < 3, took) # not the default of 10 s
    line, took = waited(server.port, "/lenient/hello", 2)
    check("Context/bodyMinRate", line == "none", (line, took))
    s = send(server.port, get("/quick/big"), 4096)
    check("sendMinRate/closed",
          becomes(lambda: server.status()["connectors"][0]["closed"]["send_rate"] == 1))
    s.close()
    check("bodyMinRate/log", server.logs("Setting: bodyMinRate"), "the log does not name bodyMinRate")
    s = send(server.port, get("/lenient/big"), 4096)
    time.sleep(1.5) # several windows
    same("Context/sendMinRate", server.status()["connectors"][0]["closed"]["send_rate"], 1)
    s.close()


def queues(server):
    # /one has one worker, room for one more request, and little patience; /patient waits for longer.
    naps = [send(server.port, get("/one/nap?ms=1500"))]
    becomes(lambda: queue_of(server.status(), "/one")["running"] == 1)
    naps.append(send(server.port, get("/one/nap?ms=1500")))
    becomes(lambda: queue_of(server.status(), "/one")["queued"] == 1)
    full = server.get("/one/hello")
    check("Context/maxQueueSize", full.status == 503 and "retry-after" in full.fields, full)
    began = time.monotonic()
    late = first_line(naps[1])
    took = time.monotonic() - began
    check("maxQueueTime/503", " 503 " in late and took < 1.4, (late, took))
    patient = [send(server.port, get("/patient/nap?ms=700")) for _ in range(2)]
    check("Context/maxQueueTime", all(" 200 " in first_line(s) for s in patient))
    q = queue_of(server.status(), "/one")
    same("status/queue", (q["refused"], q["late"]), (1, 1))
    # 4 workers, of which 2 are kept for /kept.
    crowd = [send(server.port, get("/quick/nap?ms=1500")) for _ in range(6)]
    becomes(lambda: queue_of(server.status(), "/quick")["running"] >= 2)
    began = time.monotonic()
    kept = server.get("/kept/hello")
    took = time.monotonic() - began
    check("Context/reserved", kept.status == 200 and took < 1, (kept, took))
    for s in naps + patient + crowd:
        s.close()


def one_long_call_is_forgiven(server):
    """A quick servlet is run by the poller's thread, also after one call in 64 that took long; after the second
    it is not. Several rounds, because on a busy machine any call may take long."""
    def handed_over():
        return queue_of(server.status(), "/quick")["taken"]

    forgiven = unforgiven = 0
    for _ in range(5):
        with Client(server.port) as client:
            for _ in range(150):
                client.ask("/quick/nap?ms=0")
            before = handed_over()
            client.ask("/quick/nap?ms=5")
            for _ in range(3):
                client.ask("/quick/nap?ms=0")
            forgiven += handed_over() == before
            for ms in (5, 5, 0):
                client.ask("/quick/nap?ms=%d" % ms)
            unforgiven += handed_over() > before
    check("quick/one long call in 64 is forgiven: in %d of 5 rounds" % forgiven, forgiven > 0)
    same("quick/the next one is not", unforgiven, 5)


def contexts(*rows):
    return "".join('<Context path="/%s" docBase="slow.so" %s/>' % row for row in rows)


def connector(attributes):
    def edit(text):
        old = re.search(r"<Connector\b[^>]*>", text).group(0)
        new = old
        for name in re.findall(r"([\w.]+)=", attributes):
            new = re.sub(r'\s%s="[^"]*"' % re.escape(name), "", new)
        return text.replace(old, new.replace("<Connector", "<Connector " + attributes, 1))
    return edit


def make(name, attributes, *rows):
    print("%s: Connector %s; %s" % (name, attributes, contexts(*rows)))
    server = Server(name)
    compile_module(server.webapp("slow.so"), MODULE)
    server.configure(contexts(*rows), connector(attributes))
    server.start()
    return server


server = make("fair", 'maxConnections="620"', ("quick", ""), ("sleepy", ""))
one_long_call_is_forgiven(server)
another_webapp_does_not_notice(server)
all_connections_taken(server, 620)
same("stop/fair", server.stop().returncode, 0)

server = make("settings",
              'bodyMinRate="1000" sendMinRate="1000" rateWindow="500" maxQueueTime="400" maxThreads="4" '
              'socket.txBufSize="65536"',
              ("quick", ""), ("lenient", 'bodyMinRate="0" sendMinRate="0"'),
              ("one", 'maxThreads="1" maxQueueSize="1"'), ("patient", 'maxThreads="1" maxQueueTime="20000"'),
              ("kept", 'reserved="true"'))
rates(server)
queues(server)
same("stop/settings", server.stop().returncode, 0)
end()
