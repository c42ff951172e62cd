/* SPDX-License-Identifier: Apache-2.0
 * Life of an exchange: see exchange.h. Called by http1 (make, reset) and connector (holders). */
#include "http/exchange.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/check.h"

/* Buffers larger than this are not kept for the connection's next request. */
#define KEEP_BUFFER 16384u

static void exchange_begin(struct exchange *x)
{
    x->channel_free = NULL;
    x->channel = NULL;
    x->channel_state = NULL;
    x->wire = (struct wire){.head_done = false};
    x->route = (struct route){.context = NULL};
    x->keep_alive = false;
    x->body_read = 0;
    x->body_failed = 0;
    x->body_state = NULL;
    x->servlet = SPAN_NONE;
    x->async = NULL;
    atomic_store_explicit(&x->events, 0, memory_order_relaxed);
    x->at.started = x->at.ready = x->at.taken = x->at.committed = x->at.served = 0;

    struct buf body = x->req.body;
    x->req = (struct request){.content_length = -1, .body = body};
    struct buf pending = x->res.pending;
    x->res = (struct response){
        .length = -1, .status = 200, .pending = pending, .buffer = RESPONSE_BUFFER};
}

struct exchange *exchange_new(void)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    arena_init(&x->arena);
    atomic_init(&x->holders, 1);
    exchange_begin(x);
    return x;
}

void exchange_hold(struct exchange *x)
{
    uint32_t before = atomic_fetch_add_explicit(&x->holders, 1, memory_order_relaxed);
    CHECK(before > 0);
}

void exchange_release(struct exchange **xp)
{
    struct exchange *x = *xp;
    *xp = NULL;
    uint32_t before = atomic_fetch_sub_explicit(&x->holders, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before > 1)
        return;
    if (x->channel_free)
        x->channel_free(x);
    if (x->async)
        x->async_free(x->async);
    arena_destroy(&x->arena);
    buf_free(&x->req.body);
    buf_free(&x->res.pending);
    free(x);
}

static void buffer_recycle(struct buf *b)
{
    if (b->cap > KEEP_BUFFER)
        buf_free(b);
    else
        buf_clear(b);
}

void exchange_reset(struct exchange *x)
{
    CHECK(atomic_load_explicit(&x->holders, memory_order_acquire) == 1);
    if (x->channel_free)
        x->channel_free(x);
    if (x->async)
        x->async_free(x->async);
    arena_reset(&x->arena);
    buffer_recycle(&x->req.body);
    buffer_recycle(&x->res.pending);
    exchange_begin(x);
}

int64_t exchange_read_body(struct exchange *x, void *p, size_t size)
{
    size_t len = buf_len(&x->req.body);
    if (x->body_read >= len)
        return 0;
    size_t have = len - (size_t)x->body_read;
    size_t n = have < size ? have : size;
    if (n > 0)
        memcpy(p, buf_data(&x->req.body) + x->body_read, n);
    x->body_read += n;
    return (int64_t)n;
}

void endpoint_format(const struct endpoint *e, char *out, size_t size)
{
    int family = e->family == 4 ? AF_INET : AF_INET6;
    if (e->family == 0 || !inet_ntop(family, e->bytes, out, (socklen_t)size))
        out[0] = '\0';
}
