/* SPDX-License-Identifier: Apache-2.0
 * The body of a request as webapps read it: pieces, lines, and the trailers behind it. Part of the request
 * handle's table; on the worker that runs the request. */
#include "engine/async.h"

#define AHEAD 8192u /* read at a time when lines are asked for */

/* More of it than was read ahead. */
static int64_t fetch(struct call *c, void *buf, size_t size)
{
    int64_t n = c->x->channel->read(c->x, buf, size);
    if (n == CHANNEL_WAITS && c->async)
        async_body_waits(c->async);
    return n;
}

int64_t call_read(struct call *c, void *buf, size_t size)
{
    size_t left = c->ahead.n - c->ahead.at;
    if (left == 0)
        return fetch(c, buf, size);
    size_t n = left < size ? left : size;
    if (n > 0)
        memcpy(buf, c->ahead.mem + c->ahead.at, n);
    c->ahead.at += n;
    return (int64_t)n;
}

int body_error(int64_t channel_result)
{
    switch (channel_result) {
    case CHANNEL_GONE:
        return CS_EGONE;
    case CHANNEL_NO_MEMORY:
        return CS_ENOMEM;
    case CHANNEL_MALFORMED:
        return CS_EINVAL;
    case CHANNEL_LIMIT:
        return CS_ELIMIT;
    case CHANNEL_WAITS:
        return CS_EAGAIN;
    default:
        return CS_EFAIL;
    }
}

/* Reads on when nothing is left of what was read ahead. 1, 0 at the end, or a channel's result. */
static int64_t fill(struct call *c)
{
    if (c->ahead.at < c->ahead.n)
        return 1;
    if (!c->ahead.mem)
        c->ahead.mem = arena_alloc(&c->x->arena, AHEAD);
    if (!c->ahead.mem)
        return CHANNEL_NO_MEMORY;
    int64_t n = fetch(c, c->ahead.mem, AHEAD);
    c->ahead.at = 0;
    c->ahead.n = n > 0 ? (size_t)n : 0;
    return n > 0 ? 1 : n;
}

int64_t request_read_line(cs_request *req, char *buf, size_t size)
{
    struct call *c = request_call(req);
    size_t got = 0;
    bool ended = false;
    if (!buf && size > 0)
        return CS_EINVAL;
    c->body_taken = true;
    while (got < size && !ended) {
        int64_t more = fill(c);
        if (more < 0 && got == 0)
            return body_error(more);
        if (more <= 0) /* what came before it is given out first: the next call tells */
            break;
        struct span rest = span_make(c->ahead.mem + c->ahead.at, c->ahead.n - c->ahead.at);
        struct span piece = span_cut(rest, 0, size - got);
        size_t lf = span_find(piece, 0, '\n');
        ended = lf < piece.n;
        piece = span_cut(piece, 0, ended ? lf + 1 : piece.n);
        memcpy(buf + got, piece.p, piece.n);
        got += piece.n;
        c->ahead.at += piece.n;
    }
    return (int64_t)got;
}

/* ---- trailers ---- */

int request_trailer(cs_request *req, cs_str name, uint32_t nth, cs_str *value)
{
    const struct request *r = &request_call(req)->x->req;
    *value = (cs_str){NULL, 0};
    if (!r->complete)
        return CS_ESTATE;
    if (name.ptr)
        *value = to_str(headers_find(&r->trailers, from_str(name), nth));
    return value->ptr ? CS_OK : CS_ENOENT;
}

int request_trailer_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    const struct request *r = &request_call(req)->x->req;
    if (!r->complete)
        return CS_ESTATE;
    if (i >= r->trailers.n)
        return CS_ENOENT;
    *name = to_str(r->trailers.v[i].name);
    *value = to_str(r->trailers.v[i].value);
    return CS_OK;
}
