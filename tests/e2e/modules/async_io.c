/* SPDX-License-Identifier: Apache-2.0
 * The webapp of tests/e2e/async_io.py: answers that are written when their client can take them. What callbacks
 * and listeners heard is told by /events. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cserv/module.h>
#include <cserv/servlet.h>

#include "heard.h"

static void on_complete(cs_async *a, void *self)
{
    (void)a;
    (void)self;
    note("complete", 0);
}
static void on_timeout(cs_async *a, void *self)
{
    (void)a;
    (void)self;
    note("timeout", 0);
}
static void on_error(cs_async *a, int code, void *self)
{
    (void)self;
    note("error", code);
    if (cs_async_on_writable(a, (int (*)(cs_async *, cs_request *, cs_response *, void *))0,
                             NULL) != CS_EINVAL)
        note("no function", 0);
}
static const cs_async_listener listener = {.size = sizeof(listener),
                                           .on_complete = on_complete,
                                           .on_timeout = on_timeout,
                                           .on_error = on_error};

static int64_t number(cs_request *q, const char *name, int64_t otherwise)
{
    const char *text = cs_req_param(q, name);
    return text ? atoll(text) : otherwise;
}

/* ---- a long answer: lines of 8 bytes, the number of each modulo 65521 ---- */

#define RECORDS 65521
static char text[RECORDS * 8 + 1];

static int init(cs_ctx *ctx)
{
    (void)ctx;
    for (int i = 0; i < RECORDS; i++)
        snprintf(text + i * 8, 9, "%07d\n", i);
    return CS_OK;
}

struct answer {
    int64_t left, at;
    int64_t piece, flush;
    _Atomic int inside;
    unsigned calls;
    const char *end; /* what to do behind the last piece */
};

static size_t piece_of(const struct answer *w)
{
    size_t at = (size_t)(w->at % (RECORDS * 8)), n = (size_t)w->piece;
    if (n > RECORDS * 8 - at)
        n = RECORDS * 8 - at;
    return (int64_t)n > w->left ? (size_t)w->left : n;
}

static int write_pieces(cs_async *a, cs_response *s, struct answer *w, int *ready)
{
    while ((*ready = cs_async_ready_to_write(a)) == 1 && w->left > 0) {
        size_t n = piece_of(w);
        int rc = cs_res_write(s, text + w->at % (RECORDS * 8), n);
        if (rc == CS_OK && w->flush)
            rc = cs_res_flush(s);
        if (rc != CS_OK)
            return rc;
        w->at += (int64_t)n;
        w->left -= (int64_t)n;
    }
    return CS_OK;
}

static _Atomic unsigned calls;

static int more(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    struct answer *w = self;
    int ready;
    if (atomic_fetch_add(&w->inside, 1) != 0)
        note("two at a time", 0);
    if (cs_req_self(q) != (void *)text)
        note("another self", 0);
    atomic_fetch_add(&calls, 1);
    w->calls++;
    int rc = write_pieces(a, s, w, &ready);
    if (rc == CS_OK && ready < 0)
        note("ready", ready);
    int last = rc == CS_OK && w->left == 0 && ready == 1;
    const char *end = w->end;
    atomic_fetch_sub(&w->inside, 1); /* W may go with the request */
    if (!last)
        return rc;
    if (end && *end == '/')
        return cs_async_dispatch(a, end);
    return end ? cs_req_fail(q, CS_EFAIL, end) : cs_async_complete(a);
}

static int big_init(cs_config *c, void **self)
{
    (void)c;
    *self = text;
    return CS_OK;
}
static int big(cs_request *q, cs_response *s)
{
    struct answer *w = cs_req_alloc(q, sizeof(*w));
    int64_t bytes = number(q, "bytes", 0);
    cs_async *a = cs_req_async_start(q, s, number(q, "timeout", -1));
    if (!a || !w)
        return CS_ESTATE;
    *w = (struct answer){.left = bytes, .piece = number(q, "piece", 16384)};
    w->flush = number(q, "flush", 0);
    w->end = cs_req_param(q, "end");
    if (!cs_req_param(q, "chunked"))
        cs_res_length(s, bytes);
    if (cs_req_param(q, "listen"))
        cs_async_listen(a, &listener, NULL);
    int rc = cs_async_on_writable(a, more, w);
    cs_async_release(a);
    return rc;
}

static int counts(cs_request *q, cs_response *s)
{
    (void)q;
    return cs_res_printf(s, "%u", atomic_exchange(&calls, 0));
}

/* ---- the order of calls ---- */

static int first(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    (void)q;
    int *n = self;
    cs_res_printf(s, " call %d", ++*n);
    cs_res_printf(s, " ready %d", cs_async_ready_to_write(a));
    cs_res_printf(s, " again %d", cs_async_on_writable(a, first, self));
    cs_res_printf(s, " complete %d", cs_async_complete(a));
    cs_res_printf(s, " ready %d", cs_async_ready_to_write(a));
    return cs_res_printf(s, " register %d", cs_async_on_writable(a, first, self));
}
static int order(cs_request *q, cs_response *s)
{
    static int n;
    n = 0;
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_res_printf(s, "ready %d", cs_async_ready_to_write(a));
    cs_res_printf(s, " register %d", cs_async_on_writable(a, first, &n));
    cs_res_printf(s, " twice %d", cs_async_on_writable(a, first, &n));
    cs_res_printf(s, " none %d", cs_async_on_writable(a, NULL, &n));
    cs_res_printf(s, " calls %d", n);
    cs_async_release(a);
    return CS_OK;
}

/* From a thread that is outside, then inside. */
static int from_thread(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    (void)q;
    (void)self;
    cs_res_puts(s, " called");
    return cs_async_complete(a);
}
static void *thread_main(void *arg)
{
    cs_async *a = arg;
    cs_request *q;
    cs_response *s;
    char said[100];
    snprintf(said, sizeof(said), "outside %d %d", cs_async_ready_to_write(a),
             cs_async_on_writable(a, from_thread, NULL));
    if (cs_async_enter(a, &q, &s) == CS_OK) {
        cs_res_puts(s, said);
        cs_res_printf(s, " inside %d", cs_async_ready_to_write(a));
        cs_res_printf(s, " %d", cs_async_on_writable(a, from_thread, NULL));
        cs_async_leave(a);
    }
    cs_async_release(a);
    return NULL;
}
static int thread(cs_request *q, cs_response *s)
{
    pthread_t t;
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a || pthread_create(&t, NULL, thread_main, a) != 0)
        return CS_ESTATE;
    pthread_detach(t);
    return CS_OK;
}

/* A feeder that leaves out who is slow: without a callback it is only told. */
static void *feed(void *arg)
{
    cs_async *a = arg;
    cs_request *q;
    cs_response *s;
    unsigned sent = 0, left_out = 0;
    while (left_out == 0 && sent < 100000 && cs_async_enter(a, &q, &s) == CS_OK) {
        if (cs_async_ready_to_write(a) == 1) {
            cs_res_write(s, text, 8192);
            cs_res_flush(s);
            sent++;
        } else {
            left_out++;
        }
        cs_async_leave(a);
    }
    note("left out", (int)left_out);
    cs_async_complete(a);
    cs_async_release(a);
    return NULL;
}
static int fed(cs_request *q, cs_response *s)
{
    pthread_t t;
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a || pthread_create(&t, NULL, feed, a) != 0)
        return CS_ESTATE;
    pthread_detach(t);
    return CS_OK;
}

/* ---- bodies that still come ---- */

struct taken {
    int64_t bytes;
    unsigned sum, calls, waits;
    _Atomic int inside;
    int64_t stop; /* so many bytes are enough; 0: all of them */
};

static int take(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    struct taken *t = self;
    unsigned char piece[3000];
    int64_t n = 0;
    if (atomic_fetch_add(&t->inside, 1) != 0)
        note("two at a time", 0);
    t->calls++;
    int ready = cs_async_ready_to_read(a);
    while ((t->stop == 0 || t->bytes < t->stop) && (n = cs_req_read(q, piece, sizeof(piece))) > 0) {
        t->bytes += n;
        for (int64_t i = 0; i < n; i++)
            t->sum = t->sum * 31 + piece[i];
    }
    if (ready != 1)
        note("called and not ready", ready);
    bool again = n == CS_EAGAIN;
    t->waits += again;
    if (again && cs_async_ready_to_read(a) == 1)
        note("came meanwhile", 0); /* it will be called */
    atomic_fetch_sub(&t->inside, 1);
    if (again)
        return CS_OK;
    if (n < 0) {
        note("read", (int)n);
        return (int)n;
    }
    cs_str trailer = {NULL, 0};
    int known = cs_req_trailer(q, "X-Sum", 0, &trailer);
    if (t->stop == 0 && known != CS_OK && known != CS_ENOENT)
        note("trailer", known);
    cs_res_printf(s, "%lld %u %s", (long long)t->bytes, t->sum, trailer.ptr ? trailer.ptr : "-");
    if (cs_req_param(q, "calls"))
        cs_res_printf(s, " %u %u", t->calls, t->waits);
    return cs_async_complete(a);
}
static int body(cs_request *q, cs_response *s)
{
    struct taken *t = cs_req_alloc(q, sizeof(*t));
    cs_req_param(q, "calls"); /* before the body is read */
    cs_async *a = cs_req_async_start(q, s, number(q, "timeout", -1));
    if (!a || !t)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    t->stop = number(q, "stop", 0);
    if (cs_req_param(q, "first")) { /* of them here, waiting as any CS_STREAMING servlet does */
        unsigned char one;
        if (cs_req_read(q, &one, 1) == 1) {
            t->bytes = 1;
            t->sum = one;
        }
    }
    int rc = cs_async_on_readable(a, take, t);
    note("registered", rc == CS_OK ? cs_async_on_readable(a, take, t) : rc);
    cs_async_release(a);
    return rc;
}

/* Both sides: what came goes out, no faster than it is taken. */
struct echo {
    char held[8192];
    int64_t n;
    bool ended;
};
static int pump(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    struct echo *e = self;
    int ready;
    while ((ready = cs_async_ready_to_write(a)) == 1 && !e->ended) {
        int64_t n = cs_req_read(q, e->held, sizeof(e->held));
        if (n == CS_EAGAIN)
            return CS_OK;
        if (n < 0)
            return (int)n;
        e->ended = n == 0;
        int rc = n > 0 ? cs_res_write(s, e->held, (size_t)n) : CS_OK;
        if (rc != CS_OK)
            return rc;
    }
    return e->ended ? cs_async_complete(a) : CS_OK;
}
static int echo(cs_request *q, cs_response *s)
{
    struct echo *e = cs_req_alloc(q, sizeof(*e));
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a || !e)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    int rc = cs_async_on_readable(a, pump, e);
    if (rc == CS_OK)
        rc = cs_async_on_writable(a, pump, e);
    cs_async_release(a);
    return rc;
}

/* Nobody reads; somebody completes. */
static cs_async *_Atomic kept;
static int deaf(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    kept = a;
    return cs_res_puts(s, "deaf");
}
static int complete_kept(cs_request *q, cs_response *s)
{
    cs_async *a = kept;
    (void)q;
    if (!a)
        return cs_res_puts(s, "none");
    int rc = cs_async_complete(a);
    kept = NULL;
    cs_async_release(a);
    return cs_res_printf(s, "%d", rc);
}

/* Lines, and the end. */
static int lines(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    char line[100];
    int64_t n;
    (void)self;
    while ((n = cs_req_read_line(q, line, sizeof(line))) > 0)
        cs_res_printf(s, "[%.*s]", (int)n - (line[n - 1] == '\n'), line);
    if (n == CS_EAGAIN)
        return CS_OK;
    return n < 0 ? (int)n : cs_async_complete(a);
}
static int by_lines(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a)
        return CS_ESTATE;
    int rc = cs_async_on_readable(a, lines, NULL);
    cs_async_release(a);
    return rc;
}

/* What is started again in a dispatch registers anew. */
static int target(cs_request *q, cs_response *s)
{
    struct answer *w = cs_req_alloc(q, sizeof(*w));
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a || !w)
        return CS_ESTATE;
    *w = (struct answer){.left = 80, .piece = 8};
    cs_async_listen(a, &listener, NULL);
    int rc = cs_async_on_writable(a, more, w);
    cs_async_release(a);
    return rc;
}

static int quick(cs_request *q, cs_response *s)
{
    (void)q;
    return cs_res_puts(s, "quick");
}

/* Each byte twice: what is ready is what comes out. */
static int twice_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    (void)self;
    int rc = cs_res_write(inner, bytes, size);
    return rc == CS_OK ? cs_res_write(inner, bytes, size) : rc;
}
static const struct cs_override_res over = {.size = sizeof(over), .write = twice_write};
static int twice(cs_request *q, cs_response *s, cs_chain *c, void *self)
{
    cs_response *wrapped = cs_res_wrap(s, &over, self);
    return wrapped ? cs_chain_next(c, q, wrapped) : CS_ENOMEM;
}

static const cs_servlet servlets[] = {
    {.name = "big",
     .url_patterns = "/big /twice/big",
     .flags = CS_ASYNC,
     .init = big_init,
     .get = big},
    {.name = "target",
     .url_patterns = "/target",
     .flags = CS_ASYNC,
     .init = big_init,
     .get = target},
    {.name = "body", .url_patterns = "/body", .flags = CS_ASYNC | CS_STREAMING, .post = body},
    {.name = "whole", .url_patterns = "/whole", .flags = CS_ASYNC, .post = body},
    {.name = "echo", .url_patterns = "/echo", .flags = CS_ASYNC | CS_STREAMING, .post = echo},
    {.name = "deaf", .url_patterns = "/deaf", .flags = CS_ASYNC | CS_STREAMING, .post = deaf},
    {.name = "lines", .url_patterns = "/lines", .flags = CS_ASYNC | CS_STREAMING, .post = by_lines},
    {.name = "complete", .url_patterns = "/complete", .get = complete_kept},
    {.name = "order", .url_patterns = "/order", .flags = CS_ASYNC, .get = order},
    {.name = "thread", .url_patterns = "/thread", .flags = CS_ASYNC, .get = thread},
    {.name = "fed", .url_patterns = "/fed", .flags = CS_ASYNC, .get = fed},
    {.name = "counts", .url_patterns = "/counts", .get = counts},
    {.name = "quick", .url_patterns = "/quick", .get = quick},
    {.name = "events", .url_patterns = "/events", .get = events},
};
static const cs_filter filters[] = {
    {.name = "twice", .url_patterns = "/twice/*", .flags = CS_ASYNC, .filter = twice}};

CS_WEBAPP("async_io", "1.0.0", .init = init, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters))
