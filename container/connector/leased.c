/* SPDX-License-Identifier: Apache-2.0
 * The direct path: a worker that holds the lease of a connection encodes and sends for itself. Answers
 * are gathered; what the socket does not take at once ends the lease for good, and the rest of the
 * answer goes through posted.c. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

#define GATHER_FLUSH 32768u /* send when so much is gathered */
#define GATHER_COPY  16384u /* bodies up to this are copied into the gathered output */
#define FRAME_MAX    65536u /* what is copied and framed at a time */

void lease_break(struct lease *l, enum close_reason reason)
{
    l->broken = true;
    l->c->reason = (uint8_t)reason;
    buf_clear(&l->a->gather);
}

void lease_give_back(struct group *g, struct conn *c, enum conn_state verdict)
{
    c->verdict = (uint8_t)verdict;
    const struct active *a = c->active;
    bool waits = a->x || a->parsed == PROTO_PAUSE; /* for a file of its body */
    bool now = (verdict != CONN_IDLE && verdict != CONN_HEAD) || waits || !c->armed;
    if (inbox_give(&g->inbox, &c->node, &c->bits, now))
        poller_wake(g->poller);
}

enum send_result lease_flush(struct lease *l, bool more)
{
    struct buf *gather = &l->a->gather;
    while (buf_len(gather) > 0) {
        struct iovec iov = {.iov_base = buf_data(gather), .iov_len = buf_len(gather)};
        long sent = conn_sendv(l->c, &iov, 1, more);
        if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE) {
            if (!l->streams)
                return SEND_BLOCKED;
            if (!stream_wait_output(l))
                return SEND_FAILED;
            continue;
        }
        if (sent < 0) {
            lease_break(l, CLOSE_reset);
            return SEND_FAILED;
        }
        l->a->sent += sent;
        buf_consume(gather, (size_t)sent);
    }
    return SEND_DONE;
}

bool lease_send(struct lease *l)
{
    const struct connector_options *o = &l->group->connector->options;
    struct buf *gather = &l->a->gather;
    if (lease_flush(l, false) != SEND_BLOCKED)
        return !l->broken;
    if (!l->store)
        l->store = store_new(l->account, o->output_memory, o->output_spool);
    if (!l->store || !store_keep(l->store, &l->a->out, buf_data(gather), buf_len(gather)))
        lease_break(l, l->store ? CLOSE_output_full : CLOSE_memory);
    buf_clear(gather);
    return false;
}

enum channel_result lease_end_early(struct lease *l, struct exchange *x, size_t raw)
{
    struct buf gathered = l->a->gather; /* the active is the poller's, soon */
    struct posted *p = posted_new(l->group, l->c, x, buf_len(&gathered) + raw);
    if (!p || (l->streams && !posted_takes_body(p, l->a))) {
        lease_break(l, CLOSE_memory);
        return CHANNEL_NO_MEMORY;
    }
    l->a->gather = BUF_EMPTY;
    exchange_hold(x); /* the worker's; the connection keeps its own */
    counter_add(COUNTER_leases_ended_early, 1);
    l->ended = true;
    lease_give_back(l->group, l->c, CONN_PARKED);
    enum channel_result r = CHANNEL_OK;
    if (buf_len(&gathered) > 0)
        r = posted_raw(x, buf_data(&gathered), buf_len(&gathered));
    buf_free(&gathered);
    return r == CHANNEL_OK && raw == 0 ? posted_raw_end(x) : r;
}

enum channel_result lease_push(struct lease *l, struct exchange *x)
{
    switch (lease_flush(l, false)) {
    case SEND_DONE:
        return CHANNEL_OK;
    case SEND_BLOCKED:
        return lease_end_early(l, x, 0);
    default:
        return CHANNEL_GONE;
    }
}

bool lease_have_head(struct lease *l, struct exchange *x)
{
    if (x->wire.head_done)
        return true;
    x->at.committed = x->at.served ? x->at.served : clock_us();
    if (l->a->proto->encode_head(l->a->px, x, &l->a->gather))
        return true;
    lease_break(l, CLOSE_memory);
    return false;
}

static enum channel_result write_small(struct lease *l, struct exchange *x, struct span bytes,
                                       const struct proto_frame *frame)
{
    struct buf *gather = &l->a->gather;
    if (!buf_reserve(gather, bytes.n + frame->before_n + frame->after_n))
        return CHANNEL_NO_MEMORY;
    buf_append(gather, frame->before, frame->before_n);
    buf_append_span(gather, bytes);
    buf_append(gather, frame->after, frame->after_n);
    return buf_len(gather) > GATHER_FLUSH ? lease_push(l, x) : CHANNEL_OK;
}

enum { IOV_GATHER, IOV_BEFORE, IOV_BODY, IOV_AFTER, IOV_COUNT };

/* Of IOV without what was SENT. */
static void cut_sent(struct iovec *iov, size_t sent)
{
    for (int i = 0; i < IOV_COUNT; i++) {
        size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;
        iov[i].iov_base = (char *)iov[i].iov_base + skip;
        iov[i].iov_len -= skip;
        sent -= skip;
    }
}

/* The socket did not take all of IOV: the rest, and all that is written from now on, goes to the poller.
 * Without frames the rest of the body is written as any other; a frame says what comes behind it. */
static enum channel_result keep_rest(struct lease *l, struct exchange *x, const struct iovec *iov,
                                     bool framed, chain_release_fn **release, void *arg)
{
    const struct iovec *body = &iov[IOV_BODY];
    struct chain one = CHAIN_EMPTY;
    size_t raw = framed ? iov[IOV_BEFORE].iov_len + body->iov_len + iov[IOV_AFTER].iov_len : 0;
    enum channel_result r = lease_end_early(l, x, raw);
    if (r != CHANNEL_OK || body->iov_len + raw == 0)
        return r;
    if (!framed) {
        chain_release_fn *theirs = *release;
        *release = NULL;
        return x->channel->write(x, span_make(body->iov_base, body->iov_len), theirs, arg);
    }
    r = posted_raw(x, iov[IOV_BEFORE].iov_base, iov[IOV_BEFORE].iov_len);
    if (r == CHANNEL_OK && *release && body->iov_len > 0) {
        if (!chain_ref(&one, body->iov_base, body->iov_len, *release, arg)) {
            posted_give_up(x->channel_state, CLOSE_memory);
            return CHANNEL_GONE;
        }
        *release = NULL;
        r = posted_raw_piece(x, &one);
    } else if (r == CHANNEL_OK) {
        r = posted_raw(x, body->iov_base, body->iov_len);
    }
    if (r == CHANNEL_OK)
        r = posted_raw(x, iov[IOV_AFTER].iov_base, iov[IOV_AFTER].iov_len);
    return r == CHANNEL_OK ? posted_raw_end(x) : r;
}

static enum channel_result write_big(struct lease *l, struct exchange *x, struct span bytes,
                                     chain_release_fn *release, void *arg)
{
    struct buf *gather = &l->a->gather;
    struct proto_frame frame;
    l->a->proto->encode_frame(x, bytes.n, &frame);
    struct iovec iov[IOV_COUNT] = {
        [IOV_GATHER] = {.iov_base = buf_data(gather), .iov_len = buf_len(gather)},
        [IOV_BEFORE] = {.iov_base = frame.before, .iov_len = frame.before_n},
        [IOV_BODY] = {.iov_base = (void *)(uintptr_t)bytes.p, .iov_len = bytes.n},
        [IOV_AFTER] = {.iov_base = frame.after, .iov_len = frame.after_n},
    };
    size_t all = 0;
    for (int i = 0; i < IOV_COUNT; i++)
        all += iov[i].iov_len;
    enum channel_result r = CHANNEL_OK;
    long sent = conn_sendv(l->c, iov, IOV_COUNT, false);
    if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE)
        sent = 0;
    if (sent < 0) {
        lease_break(l, CLOSE_reset);
        r = CHANNEL_GONE;
    } else if ((size_t)sent < all) {
        size_t of_gather = (size_t)sent < buf_len(gather) ? (size_t)sent : buf_len(gather);
        buf_consume(gather, of_gather);
        cut_sent(iov, (size_t)sent);
        r = keep_rest(l, x, iov, frame.before_n > 0, &release, arg);
    } else {
        buf_clear(gather);
    }
    if (release)
        release(arg);
    return r;
}

/* What is copied and framed goes in parts, so that no frame is longer than what may have to be kept. */
static enum channel_result write_parts(struct lease *l, struct exchange *x, struct span bytes)
{
    enum channel_result r = CHANNEL_OK;
    while (bytes.n > FRAME_MAX && r == CHANNEL_OK && !l->ended) {
        r = write_big(l, x, span_make(bytes.p, FRAME_MAX), NULL, NULL);
        bytes = span_from(bytes, FRAME_MAX);
    }
    if (r != CHANNEL_OK)
        return r;
    return l->ended ? x->channel->write(x, bytes, NULL, NULL) : write_big(l, x, bytes, NULL, NULL);
}

/* Nothing of a streaming exchange becomes the poller's: as the socket takes it, in pieces of their own. */
static enum channel_result write_pieces(struct lease *l, struct exchange *x, struct span bytes)
{
    enum channel_result r = CHANNEL_OK;
    while (bytes.n > 0 && r == CHANNEL_OK) {
        struct proto_frame frame;
        struct span piece = span_cut(bytes, 0, GATHER_COPY);
        bytes = span_from(bytes, piece.n);
        l->a->proto->encode_frame(x, piece.n, &frame);
        r = write_small(l, x, piece, &frame);
    }
    return r;
}

static enum channel_result leased_write(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    struct lease *l = x->channel_state;
    enum channel_result r = CHANNEL_GONE;
    if (!l->broken && lease_have_head(l, x) && bytes.n == 0) {
        r = CHANNEL_OK; /* and no frame: an empty chunk would end the body */
    } else if (!l->broken && x->wire.head_done && l->streams) {
        r = write_pieces(l, x, bytes);
    } else if (!l->broken && x->wire.head_done) {
        if (bytes.n > GATHER_COPY)
            return release || !x->wire.chunked ? write_big(l, x, bytes, release, arg)
                                               : write_parts(l, x, bytes);
        struct proto_frame frame;
        l->a->proto->encode_frame(x, bytes.n, &frame);
        r = write_small(l, x, bytes, &frame);
    }
    if (release)
        release(arg);
    return r;
}

static enum channel_result leased_flush(struct exchange *x)
{
    struct lease *l = x->channel_state;
    if (l->broken || !lease_have_head(l, x))
        return CHANNEL_GONE;
    return lease_push(l, x);
}

static enum channel_result leased_finish(struct exchange *x)
{
    struct lease *l = x->channel_state;
    char end[12];
    if (l->broken || !lease_have_head(l, x))
        return CHANNEL_GONE;
    size_t n = l->a->proto->encode_end(x, end);
    if (n > 0 && !buf_append(&l->a->gather, end, n)) {
        lease_break(l, CLOSE_memory);
        return CHANNEL_NO_MEMORY;
    }
    return CHANNEL_OK; /* the lease sends it, perhaps together with the next answer */
}

static void leased_abort(struct exchange *x)
{
    struct lease *l = x->channel_state;
    if (l->broken)
        return;
    l->streams = false;
    lease_flush(l, false); /* what was written before belongs to the client */
    if (!l->broken)
        lease_break(l, CLOSE_aborted);
}

static bool leased_writable(struct exchange *x)
{
    return !((struct lease *)x->channel_state)->broken;
}

static enum channel_result leased_readable(struct exchange *x, bool tell)
{
    const struct lease *l = x->channel_state;
    (void)tell;
    return l->broken ? CHANNEL_GONE : l->streams ? CHANNEL_WAITS : CHANNEL_OK;
}

static enum channel_result leased_room(struct exchange *x, bool tell)
{
    (void)tell; /* it is not detached */
    return leased_writable(x) ? CHANNEL_OK : CHANNEL_GONE;
}

const struct channel_ops leased_channel = {
    .write = leased_write,
    .send_file = leased_send_file,
    .flush = leased_flush,
    .read = leased_read,
    .readable = leased_readable,
    .finish = leased_finish,
    .abort = leased_abort,
    .writable = leased_writable,
    .room = leased_room,
    .hint = leased_hint,
    .detach = leased_detach, /* from then on it is posted */
};
