#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Valves that take the records of finished exchanges: who gets which, what a record tells, when it comes, what
is lost while a valve is slow, and the end of the server. Environment: CSERV, BUILD."""
import json
import os
import re
import socket
import struct
import time

from served import PATIENCE, Server, becomes, check, compile_module, end, read, same

# A valve that writes a line per record into logs/MARK.json. While conf/hold exists it does not return.
MODULE = r"""
#include <cserv/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

struct taker {
    const char *mark, *base;
    FILE *file;
    pthread_mutex_t lock;
};
static int init(cs_config *config, void **self)
{
    struct taker *t = calloc(1, sizeof(*t));
    char path[512];
    t->mark = cs_config_param(config, "mark");
    t->base = cs_host_get(cs_config_host(config), CS_HOST_BASE).ptr;
    snprintf(path, sizeof(path), "%s/logs/%s.json", t->base, t->mark);
    t->file = fopen(path, "w");
    pthread_mutex_init(&t->lock, NULL);
    *self = t;
    return t->file ? CS_OK : CS_EFAIL;
}
static void destroy(cs_host *host, void *self)
{
    struct taker *t = self;
    cs_host_log(host, CS_LOG_INFO, "taker %s ends", t->mark);
    fputs("end\n", t->file);
    fclose(t->file);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
static void text(FILE *f, const char *name, cs_str s)
{
    fprintf(f, ",\"%s\":", name);
    if (!s.ptr) {
        fputs("null", f);
        return;
    }
    if (s.ptr[s.len])
        abort();
    fputc('"', f);
    for (size_t i = 0; i < s.len; i++)
        fprintf(f, s.ptr[i] < ' ' || strchr("\"\\", s.ptr[i]) ? "\\u%04x" : "%c", s.ptr[i]);
    fputc('"', f);
}
static void one(FILE *f, const cs_record *r, uint32_t count, const char *thread)
{
    fprintf(f, "{\"count\":%u,\"thread\":\"%s\",\"flags\":%u,\"status\":%u,\"started\":%lld", count, thread,
            r->flags, r->status, (long long)r->started_us);
    fprintf(f, ",\"times\":[%lld,%lld,%lld,%lld,%lld]", (long long)r->ready_us, (long long)r->taken_us,
            (long long)r->committed_us, (long long)r->served_us, (long long)r->ended_us);
    fprintf(f, ",\"in\":%lld,\"out\":%lld,\"connection\":%llu", (long long)r->bytes_in, (long long)r->bytes_out,
            (unsigned long long)r->connection);
    text(f, "method", r->method);
    text(f, "uri", r->uri);
    text(f, "query", r->query);
    text(f, "protocol", r->protocol);
    text(f, "scheme", r->scheme);
    text(f, "host", r->host);
    text(f, "remote", r->remote_addr);
    text(f, "peer", r->peer_addr);
    text(f, "context", r->context_path);
    text(f, "servlet", r->servlet);
    text(f, "agent", r->user_agent);
    text(f, "referer", r->referer);
    text(f, "reason", r->close_reason);
    fputs("}\n", f);
}
static int records(const cs_record *rows, uint32_t count, uint32_t row_size, void *self)
{
    struct taker *t = self;
    char hold[512], thread[32] = "";
    snprintf(hold, sizeof(hold), "%s/conf/hold", t->base);
    while (access(hold, F_OK) == 0)
        usleep(10000);
    prctl(PR_GET_NAME, thread);
    pthread_mutex_lock(&t->lock);
    for (uint32_t i = 0; i < count; i++) {
        const cs_record *r = cs_record_at(rows, i, row_size);
        if (r->size != sizeof(*r))
            abort();
        one(t->file, r, count, thread);
    }
    fflush(t->file);
    pthread_mutex_unlock(&t->lock);
    return strcmp(t->mark, "failing") == 0 ? CS_EFAIL : CS_OK;
}
static int pass(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    cs_res_header(res, "X-Valve", ((struct taker *)self)->mark);
    if (cs_req_header(req, "X-Real"))
        cs_req_set(req, CS_REQ_REMOTE_ADDR, cs_str_of(cs_req_header(req, "X-Real")));
    return cs_chain_next(chain, req, res);
}
#define ATTRIBUTES CS_ATTRIBUTE("mark", "text", "", "nobody", "Name of its file.")
static const cs_valve rows[] = {
    {.name = "taker", .attributes = ATTRIBUTES, .init = init, .destroy = destroy, .records = records},
    {.name = "both", .attributes = ATTRIBUTES, .init = init, .destroy = destroy, .invoke = pass,
     .records = records}};
CS_ATTRIBUTES(CS_ATTRIBUTES_OF("taker", "") ATTRIBUTES CS_ATTRIBUTES_OF("both", "") ATTRIBUTES)
CS_MODULE("takers", "1.0", .valves = CS_ROWS(rows))
"""
SERVLETS = r"""
#include <cserv/servlet.h>
#include <stdlib.h>
static int get(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, "servlet");
}
static int post(cs_request *req, cs_response *res)
{
    char buf[4096];
    int64_t all = 0;
    for (int64_t n; (n = cs_req_read(req, buf, sizeof(buf))) > 0;)
        all += n;
    return cs_res_printf(res, "%lld", (long long)all);
}
static int large(cs_request *req, cs_response *res)
{
    static const char block[65536];
    (void)req;
    for (int i = 0; i < 512; i++) {
        int rc = cs_res_write(res, block, sizeof(block));
        if (rc != CS_OK)
            return rc;
    }
    return CS_OK;
}
static const cs_servlet rows[] = {{.name = "plain", .url_patterns = "/s", .get = get, .post = post},
                                  {.name = "large", .url_patterns = "/large", .get = large}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows))
"""

ABORTED, REFUSED, KEPT, SECURE = 1, 2, 4, 8


def valve(name, mark):
    return '<Valve className="%s" mark="%s"/>' % (name, mark)


def make(name, inside_host="", engine="", more_hosts=""):
    server = Server(name)
    compile_module(os.path.join(server.base, "modules", "takers.so"), MODULE)
    compile_module(server.webapp("w.so"), SERVLETS)
    os.makedirs(os.path.join(server.base, "logs"), exist_ok=True)
    server.configure(inside_host, lambda text: re.sub(
        r"(<Engine\b[^>]*>)", lambda found: found.group(1) + engine, text, count=1))
    server.configure(edit=lambda text: text.replace("</Engine>", more_hosts + "</Engine>"))
    return server


def lines(server, mark):
    return read(os.path.join(server.base, "logs", mark + ".json")).splitlines()


def taken(server, mark, count):
    """The records of MARK once there are COUNT."""
    becomes(lambda: len(lines(server, mark)) >= count)
    return [json.loads(line) for line in lines(server, mark) if line.startswith("{")]


def uris(records):
    return sorted(r["uri"] or "" for r in records)


def raw(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as s:
        s.sendall(data)
        answer = b""
        while True:
            more = s.recv(65536)
            if not more:
                return answer
            answer += more


def who_gets_which():
    other = '<Host name="other.example" appBase="other">%s</Host>' % valve("taker", "other")
    server = make("levels", valve("taker", "host") + '<Context path="/c" docBase="w.so">' +
                  valve("both", "context") + "</Context>", valve("taker", "engine"), other)
    server.start()
    for path in ("/c/s", "/w/s", "/none"):
        server.get(path)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as s:
        s.sendall(b"GET /at-other HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n")
        while s.recv(65536):
            pass
    raw(server, b"GARBAGE\r\n\r\n")
    same("levels/engine", uris(taken(server, "engine", 5)), ["", "/at-other", "/c/s", "/none", "/w/s"])
    same("levels/host, and what is no request", uris(taken(server, "host", 4)), ["", "/c/s", "/none", "/w/s"])
    same("levels/other host", uris(taken(server, "other", 1)), ["/at-other"])
    same("levels/context", uris(taken(server, "context", 1)), ["/c/s"])
    same("levels/a valve with both is in the chain, too",
         (server.get("/c/s").fields.get("x-valve"), server.get("/w/s").fields.get("x-valve")), ("context", None))
    server.stop()
    same("levels/each once", [len(lines(server, mark)) for mark in ("engine", "host", "other", "context")],
         [7 + 1, 6 + 1, 1 + 1, 2 + 1])


def what_it_tells():
    server = make("fields", '<Context path="/c" docBase="w.so">' + valve("both", "all") + "</Context>" +
                  valve("taker", "failing"))
    server.configure(edit=lambda text: text.replace("<Connector ", '<Connector maxHttpHeaderSize="65536" ', 1))
    server.start()
    before = time.time()
    server.get("/c/s?a=b%20c", headers=["User-Agent: a \"browser\"", "Referer: http://from.example/",
                                        "X-Real: 192.0.2.9"])
    (r,) = taken(server, "all", 1)
    after = time.time()
    for key, want in (("status", 200), ("method", "GET"), ("uri", "/c/s"), ("query", "a=b%20c"),
                      ("protocol", "HTTP/1.1"), ("scheme", "http"), ("host", "localhost"), ("remote", "192.0.2.9"),
                      ("peer", "127.0.0.1"), ("context", "/c"), ("servlet", "plain"), ("agent", 'a "browser"'),
                      ("referer", "http://from.example/"), ("reason", None), ("in", 0), ("out", 7), ("flags", KEPT)):
        same("fields/" + key, r[key], want)
    ready, worker, committed, served, ended = r["times"]
    check("fields/times", 0 <= ready <= worker <= served <= ended and worker <= committed <= ended, r)
    check("fields/started", before - 0.1 <= r["started"] / 1e6 <= after, (before, r["started"] / 1e6, after))
    check("fields/within a second", after - before < 1.5, after - before)
    check("fields/on a worker", r["thread"] and "poll" not in r["thread"] and "log" not in r["thread"], r["thread"])

    server.get("/c/s", "POST", body=b"x" * 100000)
    r = taken(server, "all", 2)[-1]
    same("fields/a body", (r["in"], r["method"], r["out"]), (100000, "POST", 6))
    server.get("/c/none", headers=["Connection: close"])
    r = taken(server, "all", 3)[-1]
    same("fields/no servlet, not kept", (r["status"], r["servlet"], r["flags"]), (404, "default", 0))
    raw(server, b"GET /c/s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: what\r\n\r\n")
    r = taken(server, "failing", 4)[-1]
    check("fields/refused", r["flags"] == REFUSED and r["status"] in (400, 501) and r["servlet"] is None, r)

    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", server.port))
        s.sendall(b"GET /c/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.recv(1000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    r = [r for r in taken(server, "all", 4) if r["uri"] == "/c/large"][0]
    check("fields/aborted, with its reason",
          r["flags"] == ABORTED and r["reason"] in ("reset", "peer") and 0 < r["out"] <= 65536 * 512
          and r["servlet"] == "large", r)
    long = "x" * 10000
    server.get("/c/s", headers=["User-Agent: " + long])
    same("fields/a long text is cut", taken(server, "all", 5)[-1]["agent"], long[:8191])
    check("fields/a failing valve is told of",
          server.logs("valve taker of module takers failed with -1 for "), server.log()[-500:])
    server.stop()


def all_at_the_end():
    server = make("end", valve("taker", "a") + valve("taker", "b"))
    server.start()
    with server_client(server) as client:
        for _ in range(300):
            client.ask("/w/s")
    server.stop()
    for mark in ("a", "b"):
        text = lines(server, mark)
        same("end/%s got everything before destroy" % mark, (len(text), text[-1]), (301, "end"))
    check("end/in batches", max(json.loads(line)["count"] for line in lines(server, "a")[:-1]) > 1,
          lines(server, "a")[:3])


def server_client(server):
    from served import Client
    return Client(server.port)


def pipelined(server, count):
    """COUNT requests on one connection; the number of answers."""
    request = b"GET /w/s HTTP/1.1\r\nHost: localhost\r\n\r\n"
    done, buffer = 0, b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as s:
        while done < count:
            some = min(200, count - done)
            s.sendall(request * some)
            until = done + some
            while done < until:
                data = s.recv(65536)
                if not data:
                    return done
                buffer += data
                done += buffer.count(b"HTTP/1.1 200")
                buffer = buffer[-11:] if b"HTTP/1.1 200" not in buffer[-11:] else b""
    return done


def a_slow_valve():
    server = make("slow", valve("taker", "slow"))
    hold = os.path.join(server.base, "conf", "hold")
    server.start()
    counters = lambda: server.status()["counters"]
    read_hold = open(hold, "w")
    read_hold.close()
    server.get("/w/s")
    sent = 9900 # maxKeepAliveRequests is 10,000
    same("slow/requests go on", pipelined(server, sent), sent)
    lost = counters()["records_lost"]
    # One delivery is held in the valve, 4096 wait: of each group, and the connection belongs to one.
    check("slow/what has no room is counted", sent - 2 * 4096 - 1 <= lost < sent, lost)
    check("slow/and told", server.logs("records are lost"), server.log()[-300:])
    same("slow/once a minute", server.log().count("records are lost"), 1)
    os.unlink(hold)
    kept = counters()["records"]
    same("slow/kept or lost", kept + lost, sent + 1)
    same("slow/what was kept comes", len(taken(server, "slow", kept)), kept)
    server.get("/w/s?afterwards")
    check("slow/then it goes on", becomes(lambda: "afterwards" in lines(server, "slow")[-1]))
    server.stop()


def nobody_takes():
    server = make("nobody")
    server.start()
    server.get("/w/s")
    counters = server.status()["counters"]
    same("nobody/nothing is kept", (counters["records"], counters["records_lost"]), (0, 0))
    server.stop()


who_gets_which()
what_it_tells()
all_at_the_end()
a_slow_valve()
nobody_takes()
end()
