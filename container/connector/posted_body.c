/* SPDX-License-Identifier: Apache-2.0
 * Bodies of ROUTE_STREAM that still come when the worker of their exchange has left (cs_async_on_readable): the
 * poller, which alone touches parser and socket, receives a little ahead into memory of the exchange; whoever
 * makes the answer takes it from there, and is woken when there is something. Nothing more is received
 * than is taken, so a client that sends faster waits; one that is too slow is told of as the end of the
 * body. A few KiB are any connection's; more counts in maxBufferedMemory, and nothing is held for a body of which
 * nothing waits. */
#include <stdlib.h>

#include "base/clock.h"
#include "connector/posted_priv.h"

#define AHEAD 16384u /* bytes that wait to be taken, and as many that wait to be parsed */
#define LEAST 4096u  /* the same without the budget's leave */
#define PIECE 8192u
#define TURN  (256u * 1024u)

enum intake_state { BODY_COMES, BODY_ENDED, BODY_FAILED };

struct intake {
    /* under posted.lock */
    struct buf ready;
    size_t ahead; /* LEAST or AHEAD */
    enum intake_state state;
    uint16_t status; /* BODY_FAILED: what tells the client why */
    bool wanted;     /* its reader was told to wait */
    bool told;       /* the reader knows of the end */
    struct spool_account *account;
    size_t counted; /* poller: bytes of the budget */
    /* poller, until BODY_ENDED */
    struct headers trailers;
    struct arena arena; /* theirs: that of the exchange is its worker's */
};

bool posted_takes_body(struct posted *p, struct active *a)
{
    struct intake *in = calloc(1, sizeof(*in));
    if (!in)
        return false;
    arena_init(&in->arena);
    in->ahead = LEAST;
    in->account = p->group->connector->accounts[p->x->route.queue];
    p->intake = in;
    a->proto->trailers_to(a->px, &in->trailers, &in->arena);
    a->body_waits = false;
    pace_stop(&a->input);
    return true;
}

void posted_body_free(struct posted *p)
{
    struct intake *in = p->intake;
    p->intake = NULL;
    if (!in)
        return;
    spool_memory_give(in->account, in->counted);
    buf_free(&in->ready);
    arena_destroy(&in->arena);
    free(in);
}

/* ---- whoever reads ---- */

/* The end of the body, as its reader hears it. */
static int64_t tell_end_locked(struct intake *in, struct exchange *x)
{
    for (uint32_t i = 0; in->state == BODY_ENDED && !in->told && i < in->trailers.n; i++) {
        const struct header *h = &in->trailers.v[i];
        if (!headers_add_copy(&x->req.trailers, &x->arena, h->name, h->value))
            return CHANNEL_NO_MEMORY;
    }
    in->told = true;
    x->req.complete = in->state == BODY_ENDED;
    if (in->state == BODY_ENDED)
        return 0;
    x->body_failed = in->status;
    if (!x->res.committed)
        x->res.close = true;
    return body_failure(x);
}

int64_t posted_read(struct exchange *x, void *p, size_t size)
{
    struct posted *post = x->channel_state;
    struct intake *in = post->intake;
    int64_t n = 0;
    bool more = false;
    if (!in || size == 0)
        return in ? 0 : body_read(x, p, size);
    lock_acquire(&post->lock);
    size_t have = buf_len(&in->ready);
    if (have > 0) {
        n = (int64_t)(have < size ? have : size);
        memcpy(p, buf_data(&in->ready), (size_t)n);
        buf_consume(&in->ready, (size_t)n);
        more = in->state == BODY_COMES;
        x->body_read += (uint64_t)n;
        x->req.body_size += (uint64_t)n;
    } else if (in->state != BODY_COMES) {
        n = tell_end_locked(in, x);
    } else if (posted_over_locked(post)) {
        n = CHANNEL_GONE;
    } else {
        in->wanted = true;
        n = CHANNEL_WAITS;
    }
    lock_release(&post->lock);
    if (more && have >= LEAST / 2) /* the poller may have stopped */
        posted_notify(post);
    return n;
}

enum channel_result posted_readable(struct exchange *x, bool tell)
{
    struct posted *p = x->channel_state;
    struct intake *in = p->intake;
    enum channel_result r = CHANNEL_OK;
    lock_acquire(&p->lock);
    if (in && buf_len(&in->ready) == 0 && in->state == BODY_COMES) {
        r = posted_over_locked(p) ? CHANNEL_GONE : CHANNEL_WAITS;
        in->wanted = in->wanted || (tell && r == CHANNEL_WAITS);
    }
    lock_release(&p->lock);
    return r;
}

/* ---- poller ---- */

/* Room for more; 0: none now, or none is wanted any more. */
static size_t room_for(struct posted *p, const struct intake *in)
{
    lock_acquire(&p->lock);
    size_t have = buf_len(&in->ready);
    bool shut = in->state != BODY_COMES || p->ended || posted_over_locked(p);
    lock_release(&p->lock);
    return shut || have >= in->ahead ? 0 : in->ahead - have;
}

/* Its client sends as fast as it is let. */
static void hold_more(struct posted *p, struct intake *in)
{
    if (in->counted > 0 || spool_memory_take(in->account, (size_t)2 * AHEAD) != SPOOL_OK)
        return;
    in->counted = (size_t)2 * AHEAD;
    lock_acquire(&p->lock);
    in->ahead = AHEAD;
    lock_release(&p->lock);
}

/* When nothing waits, neither to be parsed nor to be taken, no memory is held. */
static void hold_less(struct active *a, struct posted *p, struct intake *in)
{
    if (buf_len(&a->in) > 0)
        return;
    buf_free(&a->in);
    lock_acquire(&p->lock);
    bool empty = buf_len(&in->ready) == 0;
    if (empty) {
        buf_free(&in->ready);
        in->ahead = LEAST;
    }
    lock_release(&p->lock);
    if (!empty)
        return;
    spool_memory_give(in->account, in->counted);
    in->counted = 0;
}

/* N bytes, and what STATE it is in now. */
static void put(struct posted *p, const char *bytes, size_t n, enum intake_state state,
                uint16_t status)
{
    struct intake *in = p->intake;
    lock_acquire(&p->lock);
    if (!buf_append(&in->ready, bytes, n)) {
        state = BODY_FAILED;
        status = 503;
    }
    in->state = state;
    in->status = status;
    bool wake = in->wanted && p->detached && !p->ended && !posted_over_locked(p);
    in->wanted = in->wanted && !wake;
    lock_release(&p->lock);
    if (wake)
        posted_wake(p->x);
}

struct receiving {
    struct conn *c;
    struct posted *p;
    size_t before, turn;
};

static bool came(void *arg)
{
    const struct receiving *r = arg;
    return buf_len(&((struct active *)r->c->active)->in) > r->before;
}

static long receive(void *arg, size_t *room)
{
    struct receiving *r = arg;
    struct active *a = r->c->active;
    *room = r->p->intake->ahead;
    if (!buf_reserve(&a->in, *room))
        return TRANSPORT_ERROR;
    long n = r->c->transport->recv(r->c, a->in.mem + a->in.tail, *room);
    if (n > 0) {
        buf_produced(&a->in, (size_t)n);
        a->received += n;
        r->turn += (size_t)n;
        if ((size_t)n == *room)
            hold_more(r->p, r->p->intake);
    }
    return n;
}

/* Nothing is there: for more, whose pace counts from when nothing else held it up. */
static void wait_for_body(struct active *a, bool moved)
{
    uint64_t now = clock_us();
    if (!pace_runs(&a->input))
        pace_start(&a->input, now, a->received);
    else if (moved)
        pace_moved(&a->input, now);
    a->body_waits = true;
}

static void stop_waiting(struct active *a)
{
    a->body_waits = false;
    pace_stop(&a->input);
}

/* What was received goes to the exchange. True: it takes more, which has to be received. */
static bool parse_body(struct active *a, struct posted *p)
{
    char piece[PIECE];
    size_t room;
    while ((room = room_for(p, p->intake)) > 0) {
        struct proto_read got =
            a->proto->read_body(a->px, &a->in, piece, room < PIECE ? room : PIECE);
        switch (got.state) {
        case READ_DATA:
            put(p, piece, got.n, got.complete ? BODY_ENDED : BODY_COMES, 0);
            break;
        case READ_END:
            put(p, NULL, 0, BODY_ENDED, 0);
            break;
        case READ_FAILED:
            refusal_log(got.refusal.status, got.refusal.setting, got.refusal.why);
            put(p, NULL, 0, BODY_FAILED, got.refusal.status);
            break;
        case READ_WAITS:
            return true;
        }
    }
    return false;
}

bool conn_body_in(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    struct posted *p = a->x->channel_state;
    const struct fill_ops ops = {.plain = c->transport->plain, .parse = came, .recv = receive};
    struct receiving r = {.c = c, .p = p};
    if (!p->intake)
        return true;
    for (;;) {
        if (!parse_body(a, p)) {
            stop_waiting(a);
            return true;
        }
        if (r.turn >= TURN) {
            conn_again(g, c);
            wait_for_body(a, true);
            return true;
        }
        r.before = buf_len(&a->in);
        switch (lease_fill(&c->bits, &ops, &r, SIZE_MAX)) {
        case FILL_STOP:
            break;
        case FILL_MORE:
        case FILL_AGAIN:
            hold_less(a, p, p->intake);
            wait_for_body(a, r.turn > 0);
            return true;
        case FILL_EOF:
            conn_die(g, c, CLOSE_peer);
            return false;
        case FILL_ERROR:
            conn_die(g, c, CLOSE_reset);
            return false;
        }
    }
}

void conn_body_late(struct conn *c, bool stalled)
{
    struct active *a = c->active;
    refusal_log(408, stalled ? "bodyTimeout" : "bodyMinRate",
                stalled ? "the body makes no progress" : "the body comes too slowly");
    stop_waiting(a);
    put(a->x->channel_state, NULL, 0, BODY_FAILED, 408);
}
