/* SPDX-License-Identifier: Apache-2.0
 * Request bodies that a servlet reads while they come, on the worker that holds the lease: the only place
 * where a worker waits for a client, and never without a deadline. Until the body is complete the lease
 * does not end early: what the socket does not take is waited for as well, so that reading stays
 * possible. Time counts only while somebody waits here: a slow servlet is not the client's fault. */
#include <poll.h>

#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

#define READ_ROOM 32768u

void stream_begin(struct lease *l, const struct exchange *x)
{
    l->streams = x->route.mode == ROUTE_STREAM;
    l->waited_us = 0;
}

/* ---- waiting ---- */

enum waited { WAITED_READY, WAITED_OVER };

/* For EVENTS of the socket, at most until *LEFT_MS of waiting are used up. */
static enum waited wait_for(const struct conn *c, short events, uint64_t *waited_us,
                            int64_t limit_ms, short *got)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    for (;;) {
        int64_t left = -1;
        if (limit_ms >= 0) {
            left = limit_ms - (int64_t)(*waited_us / 1000);
            if (left <= 0)
                return WAITED_OVER;
        }
        uint64_t start = clock_us();
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        *waited_us += clock_us() - start;
        if (n > 0) {
            *got = p.revents;
            return WAITED_READY;
        }
    }
}

bool stream_wait_output(struct lease *l)
{
    uint64_t waited_us = 0; /* it is called anew after each progress */
    short got;
    const struct connector_options *o = &l->group->connector->options;
    if (wait_for(l->c, POLLOUT, &waited_us, o->send_timeout, &got) == WAITED_READY)
        return true;
    counter_add(COUNTER_timeouts, 1);
    lease_break(l, CLOSE_send_timeout);
    return false;
}

/* What the client may be waiting for leaves, as far as the socket takes it: it may be why nothing
 * comes. False: the lease is broken. */
static bool send_some(struct lease *l)
{
    struct buf *gather = &l->a->gather;
    while (buf_len(gather) > 0) {
        struct iovec iov = {.iov_base = buf_data(gather), .iov_len = buf_len(gather)};
        long sent = conn_sendv(l->c, &iov, 1, false);
        if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE)
            return true;
        if (sent < 0) {
            lease_break(l, CLOSE_reset);
            return false;
        }
        buf_consume(gather, (size_t)sent);
    }
    return true;
}

/* The body cannot be had: STATUS tells the client why, if the answer has not begun. */
static void give_up(struct lease *l, struct exchange *x, const struct proto_refusal *why)
{
    l->streams = false;
    x->body_failed = why->status;
    x->res.close = true;
    refusal_log(why->status, why->setting, why->why);
}

/* Until there may be something to read. False: nothing more will come. */
static bool wait_input(struct lease *l, struct exchange *x)
{
    static const struct proto_refusal late = {408, "bodyTimeout", "the body makes no progress"};
    struct conn *c = l->c;
    const struct connector_options *o = &l->group->connector->options;
    if (c->transport->pending && c->transport->pending(c) > 0) {
        lease_edge(&c->bits, true, false, false);
        return true;
    }
    short events = POLLIN, got;
    if (buf_len(&l->a->gather) > 0 || lease_wants_write(&c->bits))
        events |= POLLOUT;
    if (wait_for(c, events, &l->waited_us, o->body_timeout, &got) == WAITED_OVER) {
        counter_add(COUNTER_timeouts, 1);
        c->reason = CLOSE_body_timeout;
        give_up(l, x, &late);
        return false;
    }
    /* The poller gets these edges, too, and sets the same bits: once more is harmless. */
    lease_edge(&c->bits, got & ~POLLOUT, got & POLLOUT, false);
    return send_some(l);
}

/* ---- receiving ---- */

struct receiving {
    struct lease *lease;
    size_t before; /* bytes that the parser could not use */
};

static bool came(void *arg)
{
    const struct receiving *r = arg;
    return buf_len(&r->lease->a->in) > r->before;
}

static long receive(void *arg, size_t *room)
{
    const struct receiving *r = arg;
    struct lease *l = r->lease;
    struct buf *in = &l->a->in;
    if (!buf_reserve(in, READ_ROOM))
        return TRANSPORT_ERROR;
    *room = buf_room(in);
    long n = l->c->transport->recv(l->c, in->mem + in->tail, *room);
    if (n > 0)
        buf_produced(in, (size_t)n);
    return n;
}

/* More bytes into the input; waits for them. False: there will be none. */
static bool receive_more(struct lease *l, struct exchange *x)
{
    struct conn *c = l->c;
    const struct fill_ops ops = {.plain = c->transport->plain, .parse = came, .recv = receive};
    struct receiving r = {.lease = l, .before = buf_len(&l->a->in)};
    for (;;) {
        switch (lease_fill(&c->bits, &ops, &r, SIZE_MAX)) {
        case FILL_STOP:
            l->waited_us = 0;
            return true;
        case FILL_MORE:
        case FILL_AGAIN:
            if (!wait_input(l, x))
                return false;
            break;
        case FILL_EOF:
            lease_break(l, CLOSE_peer);
            return false;
        case FILL_ERROR:
            lease_break(l, CLOSE_reset);
            return false;
        }
    }
}

/* The client may wait for leave to send the body, or for what was written so far. */
static bool ask_client(struct lease *l, const struct exchange *x)
{
    struct span interim = x->wire.head_done ? SPAN_NONE : l->a->proto->interim(l->a->px);
    if (interim.n > 0 && !buf_append_span(&l->a->gather, interim)) {
        lease_break(l, CLOSE_memory);
        return false;
    }
    return send_some(l);
}

int64_t leased_read(struct exchange *x, void *p, size_t size)
{
    struct lease *l = x->channel_state;
    struct active *a = l->a;
    if (!l->streams)
        return body_read(x, p, size);
    while (!l->broken && size > 0) {
        struct proto_read got = a->proto->read_body(a->px, x, &a->in, p, size);
        switch (got.state) {
        case READ_DATA:
            x->body_read += got.n;
            l->streams = a->proto->unread(a->px) > 0;
            return (int64_t)got.n;
        case READ_END:
            l->streams = false;
            return 0;
        case READ_FAILED:
            give_up(l, x, &got.refusal);
            return body_failure(x);
        case READ_WAITS:
            if ((!ask_client(l, x) || !receive_more(l, x)) && x->body_failed)
                return body_failure(x);
            break;
        }
    }
    return l->broken ? CHANNEL_GONE : 0;
}

void stream_end(struct conn *c, const struct exchange *x)
{
    struct active *a = c->active;
    uint64_t rest = a->proto->unread(a->px);
    if (rest == 0)
        return;
    if (!a->closing) {
        a->in_body = true; /* the rest of it, which is dropped first */
        return;
    }
    a->untrusted = true;
    a->refused_body = rest;
    if (c->reason == CLOSE_none && x->keep_alive)
        c->reason = CLOSE_unread;
}
