/* SPDX-License-Identifier: Apache-2.0
 * Sending on the poller: what a lease left over (SEND), and answers that are still being made (PARKED,
 * the drain behind a posted exchange). */
#include "connector/group_priv.h"
#include "observe/counters.h"

#define SEND_PIECES 64
#define WINDOW      (256u * 1024u) /* taken from a posted exchange at a time */
#define WINDOWS     4u             /* and so many in one turn */

long conn_sendv(struct conn *c, const struct iovec *iov, int n, bool more)
{
    long sent = c->transport->sendv(c, iov, n, more);
    /* It may have read what belongs to it, and more; the socket has no edge for that any more. */
    if (c->transport->pending && c->transport->pending(c) > 0)
        lease_edge(&c->bits, true, false, false);
    return sent;
}

static enum send_result send_memory(struct conn *c, const struct chain *out, size_t *sent)
{
    struct iovec iov[SEND_PIECES];
    int n = chain_iov(out, iov, SEND_PIECES);
    size_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += iov[i].iov_len;
    long k = conn_sendv(c, iov, n, bytes < out->len);
    if (k == TRANSPORT_WANT_READ || k == TRANSPORT_WANT_WRITE)
        return SEND_BLOCKED;
    *sent = k < 0 ? 0 : (size_t)k;
    return k < 0 ? SEND_FAILED : SEND_DONE;
}

enum send_result conn_send(struct conn *c)
{
    struct active *a = c->active;
    size_t turn = 0, sent;
    while (a->out.len > 0) {
        struct chain_range file;
        if (turn >= WINDOW * WINDOWS)
            return SEND_TURN;
        enum send_result r = chain_front_file(&a->out, &file) ? conn_send_file(c, &file, &sent)
                                                              : send_memory(c, &a->out, &sent);
        if (r != SEND_DONE)
            return r;
        chain_consume(&a->out, sent);
        a->sent += (int64_t)sent;
        turn += sent;
    }
    return SEND_DONE;
}

void conn_send_failed(struct group *g, struct conn *c, enum send_result sent)
{
    conn_die(g, c,
             sent == SEND_FILE        ? CLOSE_file
             : sent == SEND_NO_MEMORY ? CLOSE_memory
                                      : CLOSE_reset);
}

/* The answer is out and its exchange, if any, is finished: next request or end. */
void conn_after_answer(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    conn_wait_nothing(c);
    if (a->closing) {
        conn_linger(g, c);
        return;
    }
    conn_to(g, c, CONN_HEAD);
    if (a->x) /* complete, but its lease ended with output left */
        conn_ready(g, c);
    else
        conn_input(g, c); /* the next request may be complete already */
}

void conn_finish_exchange(struct conn *c)
{
    struct active *a = c->active;
    struct exchange *x = a->x;
    a->x = NULL;
    a->body_waits = false;
    if (!a->proto->keeps(a->px, x))
        a->closing = true;
    if (x->route.mode == ROUTE_STREAM)
        stream_end(c, x);
    exchange_record(a->group, x, false, CLOSE_none);
    a->proto->next(a->px, x);
}

void conn_output(struct group *g, struct conn *c)
{
    enum send_result sent = conn_send(c);
    switch (sent) {
    case SEND_DONE:
        conn_after_answer(g, c);
        break;
    case SEND_FAILED:
    case SEND_FILE:
    case SEND_NO_MEMORY:
        conn_send_failed(g, c, sent);
        break;
    case SEND_DISK:
        conn_wait_nothing(c); /* the disk is slow, not the client */
        conn_armed(g, c);
        break;
    case SEND_TURN:
        conn_again(g, c);
        /* fall through */
    case SEND_BLOCKED:
        conn_wait_output(g, c);
        conn_armed(g, c);
        break;
    }
}

/* ---- PARKED ---- */

static bool encode_head(struct active *a, struct exchange *x)
{
    if (x->wire.head_done)
        return true;
    struct buf head = BUF_EMPTY;
    x->at.committed = poller_now_us(a->group->poller);
    bool ok = a->proto->encode_head(a->px, x, &head) &&
              chain_copy(&a->out, buf_data(&head), buf_len(&head));
    buf_free(&head);
    return ok;
}

static bool encode_body(struct active *a, struct exchange *x, struct chain *body)
{
    struct proto_frame frame;
    a->proto->encode_frame(x, body->len, &frame);
    if (frame.before_n > 0 && !chain_copy(&a->out, frame.before, frame.before_n))
        return false;
    chain_move(&a->out, body, SIZE_MAX);
    return frame.after_n == 0 || chain_copy(&a->out, frame.after, frame.after_n);
}

static bool encode_end(struct active *a, struct exchange *x)
{
    char end[12];
    size_t n = a->proto->encode_end(x, end);
    return n == 0 || chain_copy(&a->out, end, n);
}

enum pumped { PUMP_MORE, PUMP_EMPTY, PUMP_ENDED, PUMP_ABORTED, PUMP_NO_MEMORY };

/* Moves the next window of a->x from its queue to the connection, as wire bytes. */
static enum pumped pump_window(struct active *a)
{
    struct exchange *x = a->x;
    struct chain body = CHAIN_EMPTY;
    struct pulled got = posted_pull(x, &body, WINDOW);
    if (got.aborted) {
        chain_clear(&body);
        return PUMP_ABORTED;
    }
    if (got.bytes == 0 && !got.ended && (x->wire.head_done || !got.started))
        return PUMP_EMPTY;
    bool ok = true;
    if (got.raw) /* has X's head in it, or is before it */
        chain_move(&a->out, &body, SIZE_MAX);
    if (!got.raw || got.ended)
        ok = encode_head(a, x);
    if (ok && got.bytes > 0 && !got.raw)
        ok = encode_body(a, x, &body);
    if (ok && got.ended)
        ok = encode_end(a, x);
    chain_clear(&body);
    if (!ok)
        return PUMP_NO_MEMORY;
    return got.ended ? PUMP_ENDED : PUMP_MORE;
}

static void pump_ended(struct group *g, struct conn *c)
{
    conn_finish_exchange(c);
    conn_to(g, c, CONN_SEND);
    conn_output(g, c);
}

void conn_pump(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    enum close_reason aborted = posted_aborted(a->x);
    if (aborted != CLOSE_none) { /* perhaps in the middle of a long file: not after its last byte */
        conn_die(g, c, aborted);
        return;
    }
    for (unsigned windows = 0;; windows++) {
        size_t waits = a->out.len;
        enum send_result sent = conn_send(c);
        if (a->out.len < waits)
            posted_progress(a->x);
        if (sent >= SEND_FAILED) {
            conn_send_failed(g, c, sent);
            return;
        }
        if (sent == SEND_DISK) {
            conn_wait_nothing(c); /* the disk is slow, not the client */
            conn_armed(g, c);
            return;
        }
        if (sent == SEND_TURN || (sent == SEND_DONE && windows >= WINDOWS)) {
            /* client and writer are fast: others, too */
            conn_again(g, c);
            return;
        }
        if (sent == SEND_BLOCKED) {
            conn_wait_output(g, c);
            conn_armed(g, c);
            return;
        }
        switch (pump_window(a)) {
        case PUMP_MORE:
            continue;
        case PUMP_EMPTY:
            conn_wait_nothing(c); /* nothing to send: the client is not slow */
            conn_armed(g, c);
            return;
        case PUMP_ENDED:
            pump_ended(g, c);
            return;
        case PUMP_ABORTED:
            conn_die(g, c, posted_aborted(a->x));
            return;
        case PUMP_NO_MEMORY:
            conn_die(g, c, CLOSE_memory);
            return;
        }
    }
}

void conn_parked(struct group *g, struct conn *c)
{
    if (conn_body_in(g, c))
        conn_pump(g, c); /* last: it says how long is waited */
}
