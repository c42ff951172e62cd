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
    if (!l->streams)
        return;
    l->input_us = l->output_us = 1;
    pace_start(&l->input, l->input_us, l->a->received);
    pace_stop(&l->output);
}

/* ---- waiting ---- */

/* For EVENTS of the socket, as long as PACE, whose clock is *WAITED_US, is kept to. */
static enum pace_verdict wait_for(struct lease *l, short events, struct pace *pace,
                                  const struct pace_rule *rule, uint64_t *waited_us, short *got)
{
    struct pollfd p = {.fd = l->c->fd, .events = events};
    bool output = pace == &l->output;
    for (;;) {
        enum pace_verdict v =
            pace_look(pace, rule, *waited_us, output ? conn_taken(l->c) : l->a->received);
        int64_t left = pace_left(pace, rule, *waited_us);
        if (v != PACE_OK)
            return v;
        uint64_t start = clock_us();
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        *waited_us += clock_us() - start;
        *got = p.revents;
        if (n > 0)
            return PACE_OK;
    }
}

bool stream_wait_output(struct lease *l)
{
    const struct pace_rule rule = conn_output_rule(l->group, l->a);
    short got;
    if (!pace_runs(&l->output))
        pace_start(&l->output, l->output_us, conn_taken(l->c));
    enum pace_verdict v = wait_for(l, POLLOUT, &l->output, &rule, &l->output_us, &got);
    if (v == PACE_OK)
        return true;
    counter_add(COUNTER_timeouts, 1);
    lease_break(l, v == PACE_SLOW ? CLOSE_send_rate : CLOSE_send_timeout);
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
        l->a->sent += sent;
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

static void too_slow(struct lease *l, struct exchange *x, enum pace_verdict v)
{
    static const struct proto_refusal stalled = {408, "bodyTimeout", "the body makes no progress"},
                                      slow = {408, "bodyMinRate", "the body comes too slowly"};
    counter_add(COUNTER_timeouts, 1);
    l->c->reason = v == PACE_SLOW ? CLOSE_body_rate : CLOSE_body_timeout;
    give_up(l, x, v == PACE_SLOW ? &slow : &stalled);
}

/* Until there may be something to read. False: nothing more will come. */
static bool wait_input(struct lease *l, struct exchange *x)
{
    const struct pace_rule rule = conn_input_rule(l->group, l->a);
    struct conn *c = l->c;
    if (c->transport->pending && c->transport->pending(c) > 0) {
        lease_edge(&c->bits, true, false, false);
        return true;
    }
    short events = POLLIN, got;
    if (buf_len(&l->a->gather) > 0 || lease_wants_write(&c->bits))
        events |= POLLOUT;
    enum pace_verdict v = wait_for(l, events, &l->input, &rule, &l->input_us, &got);
    if (v != PACE_OK) {
        too_slow(l, x, v);
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
    if (n > 0) {
        buf_produced(in, (size_t)n);
        l->a->received += n;
    }
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
            pace_moved(&l->input, l->input_us);
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
        struct proto_read got = a->proto->read_body(a->px, &a->in, p, size);
        switch (got.state) {
        case READ_DATA:
            x->body_read += got.n;
            x->req.body_size += got.n;
            x->req.complete = got.complete;
            l->streams = a->proto->unread(a->px) > 0;
            return (int64_t)got.n;
        case READ_END:
            x->req.complete = true;
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

bool stream_leave(struct lease *l, const struct exchange *x)
{
    return ask_client(l, x);
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
