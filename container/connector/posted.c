/* SPDX-License-Identifier: Apache-2.0
 * The posted path: a locked, bounded queue between whoever makes an answer (posted_write.c) and the poller
 * that sends it. The writer never touches the connection; the poller never waits for the writer. */
#include <stdlib.h>

#include "base/clock.h"
#include "connector/posted_priv.h"

static void posted_free(struct exchange *x)
{
    struct posted *p = x->channel_state;
    chain_clear(&p->chain);
    if (p->stage)
        block_free(p->stage);
    posted_body_free(p);
    store_release(&p->store);
    lock_destroy(&p->lock);
    free(p);
    x->channel_state = NULL;
    x->channel_free = NULL;
}

struct posted *posted_new(struct group *g, struct conn *c, struct exchange *x, uint64_t raw)
{
    struct posted *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->raw = raw;
    p->node.kind = NODE_POSTED;
    p->group = g;
    p->c = c;
    p->x = x;
    list_init(&p->waiter.link);
    p->waiter.posted = p;
    atomic_init(&p->waiter.moved_us, clock_us());
    wheel_entry_init(&p->alarm);
    lock_init(&p->lock, "posted");
    x->channel = &posted_channel;
    x->channel_state = p;
    x->channel_free = posted_free;
    return p;
}

/* ---- any thread ---- */

void posted_notify(struct posted *p)
{
    if (atomic_exchange(&p->queued, 1) != 0)
        return;
    exchange_hold(p->x); /* the inbox's */
    if (inbox_give(&p->group->inbox, &p->node, NULL, true))
        poller_wake(p->group->poller);
}

void posted_give_up(struct posted *p, enum close_reason reason)
{
    lock_acquire(&p->lock);
    bool gone = p->gone;
    if (p->reason == CLOSE_none)
        p->reason = reason;
    p->given_up = true;
    struct store *store = p->store;
    lock_release(&p->lock);
    if (store)
        store_end(store);
    if (!gone)
        posted_notify(p);
}

void posted_record(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    bool due = (p->ended || p->aborted) && !p->recorded;
    bool cut_off = posted_over_locked(p);
    enum close_reason reason = p->reason;
    p->recorded |= due;
    lock_release(&p->lock);
    if (due) /* nobody writes to X any more */
        exchange_record(p->group, x, cut_off, reason);
}

/* ---- poller ---- */

struct exchange *posted_exchange(struct inbox_node *node)
{
    return CONTAINER_OF(node, struct posted, node)->x;
}

struct conn *posted_conn(struct exchange *x)
{
    return ((struct posted *)x->channel_state)->c;
}

void posted_taken(struct exchange *x)
{
    atomic_store(&((struct posted *)x->channel_state)->queued, 0);
}

void posted_disconnect(struct exchange *x)
{
    struct posted *p = x->channel_state;
    struct chain rest = CHAIN_EMPTY;
    enum close_reason reason = p->c ? p->c->reason : CLOSE_none;
    p->c = NULL;
    lock_acquire(&p->lock);
    p->gone = true;
    if (p->reason == CLOSE_none)
        p->reason = reason;
    bool tell = p->detached && !p->ended && !p->aborted;
    chain_move(&rest, &p->chain, SIZE_MAX);
    struct block *stage = p->stage;
    p->stage = NULL;
    struct store *store = p->store;
    lock_release(&p->lock);
    chain_clear(&rest);
    if (stage)
        block_free(stage);
    if (store)
        store_end(store);
    resume_posted(p->group, x);
    if (tell)
        resume_gone(x);
}

void posted_progress(struct exchange *x)
{
    struct posted *p = x->channel_state;
    atomic_store_explicit(&p->waiter.moved_us, poller_now_us(p->group->poller),
                          memory_order_relaxed);
    posted_room_made(p);
}

enum close_reason posted_aborted(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    enum close_reason reason = p->aborted || p->given_up ? p->reason : CLOSE_none;
    lock_release(&p->lock);
    return reason;
}

#define STAGE_COPY 2048u /* so little is copied, and the stage goes on */

/* *IDLE: a stage that goes back, as nothing may be written for long. False: out of memory. */
static bool pull_stage_locked(struct posted *p, struct chain *into, size_t *bytes,
                              struct block **idle)
{
    struct block *b = p->stage;
    size_t n = b ? b->n : 0;
    bool copied = n <= STAGE_COPY;
    if (n == 0)
        return true;
    if (copied ? !chain_copy(into, b->bytes, n) : !block_append(b, into))
        return false;
    if (!copied || p->detached)
        p->stage = NULL;
    if (copied) {
        b->n = 0;
        *idle = p->detached ? b : NULL;
    }
    *bytes += n;
    return true;
}

struct pulled posted_pull(struct exchange *x, struct chain *into, size_t max)
{
    struct posted *p = x->channel_state;
    struct pulled got;
    struct block *idle = NULL;
    lock_acquire(&p->lock);
    got.raw = p->raw > 0;
    if (got.raw && p->raw < max)
        max = (size_t)p->raw; /* no piece lies on the border */
    got.bytes = chain_move(into, &p->chain, max);
    if (p->chain.len == 0 && got.bytes < max && !pull_stage_locked(p, into, &got.bytes, &idle)) {
        p->given_up = true;
        p->reason = CLOSE_memory;
    }
    if (got.raw) {
        CHECK(got.bytes <= p->raw);
        p->raw -= got.bytes;
    }
    got.started = p->started;
    got.ended = p->ended && p->chain.len == 0 && (!p->stage || p->stage->n == 0);
    got.aborted = p->aborted || p->given_up;
    struct store *store = p->store;
    lock_release(&p->lock);
    if (idle)
        block_free(idle);
    if (got.bytes > 0) {
        posted_progress(x);
        if (store)
            store_moved(store); /* the number of pieces is bounded, too */
    }
    return got;
}
