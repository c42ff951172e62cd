/* SPDX-License-Identifier: Apache-2.0
 * The direct path: a worker that holds the lease of a connection encodes and sends for itself. Answers
 * are gathered; what the socket does not take at once ends the lease for good, and the rest of the
 * answer goes through posted.c. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

#define GATHER_FLUSH 32768u /* send when so much is gathered */
#define GATHER_COPY  16384u /* bodies up to this are copied into the gathered output */

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

bool lease_send_more(struct lease *l, bool more)
{
    struct buf *gather = &l->a->gather;
    while (buf_len(gather) > 0) {
        struct iovec iov = {.iov_base = buf_data(gather), .iov_len = buf_len(gather)};
        long sent = conn_sendv(l->c, &iov, 1, more);
        if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE) {
            bool kept = chain_copy(&l->a->out, buf_data(gather), buf_len(gather));
            buf_clear(gather);
            if (!kept)
                lease_break(l, CLOSE_memory);
            return false;
        }
        if (sent < 0) {
            lease_break(l, CLOSE_reset);
            return false;
        }
        buf_consume(gather, (size_t)sent);
    }
    return true;
}

bool lease_send(struct lease *l)
{
    return lease_send_more(l, false);
}

enum channel_result lease_end_early(struct lease *l, struct exchange *x)
{
    if (!posted_new(l->group, l->c, x)) {
        lease_break(l, CLOSE_memory);
        return CHANNEL_NO_MEMORY;
    }
    exchange_hold(x); /* the worker's; the connection keeps its own */
    counter_add(COUNTER_leases_ended_early, 1);
    l->ended = true;
    lease_give_back(l->group, l->c, CONN_PARKED);
    return CHANNEL_OK;
}

enum channel_result lease_push(struct lease *l, struct exchange *x)
{
    if (lease_send(l))
        return CHANNEL_OK;
    return l->broken ? CHANNEL_GONE : lease_end_early(l, x);
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

/* What is left of IOV after SENT bytes goes to the poller's chain. */
static bool keep_rest(struct chain *out, const struct iovec *iov, int n, size_t sent,
                      chain_release_fn *release, void *arg)
{
    for (int i = 0; i < n; i++) {
        size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;
        const char *p = (const char *)iov[i].iov_base + skip;
        size_t left = iov[i].iov_len - skip;
        sent -= skip;
        bool body = i == 2; /* see write_big */
        bool ok = body && release && left > 0 ? chain_ref(out, p, left, release, arg)
                                              : left == 0 || chain_copy(out, p, left);
        if (release && (body ? left == 0 || !ok : i < 2 && !ok))
            release(arg);
        if (!ok)
            return false;
    }
    return true;
}

static enum channel_result write_big(struct lease *l, struct exchange *x, struct span bytes,
                                     struct proto_frame *frame, chain_release_fn *release,
                                     void *arg)
{
    struct buf *gather = &l->a->gather;
    struct iovec iov[4] = {
        {.iov_base = buf_data(gather), .iov_len = buf_len(gather)},
        {.iov_base = frame->before, .iov_len = frame->before_n},
        {.iov_base = (void *)(uintptr_t)bytes.p, .iov_len = bytes.n},
        {.iov_base = frame->after, .iov_len = frame->after_n},
    };
    size_t all = iov[0].iov_len + iov[1].iov_len + iov[2].iov_len + iov[3].iov_len;
    long sent = conn_sendv(l->c, iov, 4, false);
    if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE)
        sent = 0;
    if (sent < 0) {
        lease_break(l, CLOSE_reset);
        if (release)
            release(arg);
        return CHANNEL_GONE;
    }
    bool kept = keep_rest(&l->a->out, iov, 4, (size_t)sent, release, arg);
    buf_clear(gather);
    if (!kept) {
        lease_break(l, CLOSE_memory);
        return CHANNEL_NO_MEMORY;
    }
    return (size_t)sent == all ? CHANNEL_OK : lease_end_early(l, x);
}

static enum channel_result leased_write(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    struct lease *l = x->channel_state;
    enum channel_result r = CHANNEL_GONE;
    if (!l->broken && lease_have_head(l, x) && bytes.n == 0) {
        r = CHANNEL_OK; /* and no frame: an empty chunk would end the body */
    } else if (!l->broken && x->wire.head_done) {
        struct proto_frame frame;
        l->a->proto->encode_frame(x, bytes.n, &frame);
        if (bytes.n > GATHER_COPY)
            return write_big(l, x, bytes, &frame, release, arg);
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
    lease_send(l); /* what was written before belongs to the client */
    if (!l->broken)
        lease_break(l, CLOSE_aborted);
}

static bool leased_writable(struct exchange *x)
{
    return !((struct lease *)x->channel_state)->broken;
}

const struct channel_ops leased_channel = {
    .write = leased_write,
    .send_file = leased_send_file,
    .flush = leased_flush,
    .read = body_read,
    .finish = leased_finish,
    .abort = leased_abort,
    .writable = leased_writable,
};
