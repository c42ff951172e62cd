/* SPDX-License-Identifier: Apache-2.0
 * The posted path: a locked, bounded queue between whoever makes an answer and the poller that sends it.
 * The writer never touches the connection; the poller never waits for the writer. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "connector/group_priv.h"

struct posted {
    struct inbox_node node;
    _Atomic uint32_t queued; /* the node is in the inbox, which holds the exchange */
    struct group *group;
    struct exchange *x;
    struct conn *c; /* poller; NULL: the connection is gone */
    size_t limit;   /* bytes waiting before a writer waits */
    struct lock lock;
    struct cond room;
    /* under the lock */
    struct chain chain;
    bool started, ended, aborted, gone;
    bool recorded;
};

static void posted_free(struct exchange *x)
{
    struct posted *p = x->channel_state;
    chain_clear(&p->chain);
    cond_destroy(&p->room);
    lock_destroy(&p->lock);
    free(p);
    x->channel_state = NULL;
    x->channel_free = NULL;
}

struct posted *posted_new(struct group *g, struct conn *c, struct exchange *x)
{
    struct posted *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->node.kind = NODE_POSTED;
    p->group = g;
    p->c = c;
    p->x = x;
    p->limit = g->connector->options.output_memory;
    lock_init(&p->lock, "posted");
    cond_init(&p->room);
    x->channel = &posted_channel;
    x->channel_state = p;
    x->channel_free = posted_free;
    return p;
}

/* ---- writer ---- */

/* Tells the poller, unless it has not looked since the last time. */
static void notify(struct posted *p)
{
    if (atomic_exchange(&p->queued, 1) != 0)
        return;
    exchange_hold(p->x); /* the inbox's */
    if (inbox_give(&p->group->inbox, &p->node, NULL, true))
        poller_wake(p->group->poller);
}

static enum channel_result posted_write(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    struct posted *p = x->channel_state;
    enum channel_result r = CHANNEL_OK;
    lock_acquire(&p->lock);
    /* The poller's sendTimeout ends a client that takes nothing: it sets gone. */
    while (p->chain.held >= p->limit && !p->gone)
        cond_wait(&p->room, &p->lock);
    p->started = true;
    if (p->gone)
        r = CHANNEL_GONE;
    else if (!(release ? chain_ref(&p->chain, bytes.p, bytes.n, release, arg)
                       : chain_copy(&p->chain, bytes.p, bytes.n)))
        r = CHANNEL_NO_MEMORY;
    lock_release(&p->lock);
    if (r != CHANNEL_OK && release)
        release(arg);
    if (r == CHANNEL_OK)
        notify(p);
    return r;
}

static enum channel_result posted_send_file(struct exchange *x, int fd, uint64_t offset,
                                            uint64_t length)
{
    struct posted *p = x->channel_state;
    enum channel_result r = CHANNEL_OK;
    lock_acquire(&p->lock);
    while (p->chain.held >= p->limit && !p->gone)
        cond_wait(&p->room, &p->lock);
    p->started = true;
    if (p->gone)
        r = CHANNEL_GONE;
    else if (!chain_file(&p->chain, fd, offset, length, chain_close_fd, CHAIN_FD(fd)))
        r = CHANNEL_NO_MEMORY;
    lock_release(&p->lock);
    if (r == CHANNEL_OK)
        notify(p);
    else
        close(fd);
    return r;
}

static enum channel_result posted_flush(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    p->started = true;
    bool gone = p->gone;
    lock_release(&p->lock);
    if (gone)
        return CHANNEL_GONE;
    notify(p);
    return CHANNEL_OK;
}

void posted_record(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    bool due = (p->ended || p->aborted) && !p->recorded;
    bool cut_off = p->aborted || p->gone;
    p->recorded |= due;
    lock_release(&p->lock);
    if (due) /* nobody writes to X any more */
        exchange_record(p->group, x, cut_off);
}

static enum channel_result posted_finish(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    p->started = p->ended = true;
    bool gone = p->gone;
    lock_release(&p->lock);
    if (gone) {
        posted_record(x);
        return CHANNEL_GONE;
    }
    notify(p);
    return CHANNEL_OK;
}

static void posted_abort(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    p->aborted = true;
    bool gone = p->gone;
    lock_release(&p->lock);
    if (gone)
        posted_record(x);
    else
        notify(p);
}

static bool posted_writable(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    bool yes = !p->gone && p->chain.held < p->limit;
    lock_release(&p->lock);
    return yes;
}

const struct channel_ops posted_channel = {
    .write = posted_write,
    .send_file = posted_send_file,
    .flush = posted_flush,
    .read = body_read,
    .finish = posted_finish,
    .abort = posted_abort,
    .writable = posted_writable,
};

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
    p->c = NULL;
    lock_acquire(&p->lock);
    p->gone = true;
    chain_clear(&p->chain);
    cond_broadcast(&p->room);
    lock_release(&p->lock);
}

bool posted_aborted(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    bool aborted = p->aborted;
    lock_release(&p->lock);
    return aborted;
}

struct pulled posted_pull(struct exchange *x, struct chain *into, size_t max)
{
    struct posted *p = x->channel_state;
    struct pulled got;
    lock_acquire(&p->lock);
    bool was_full = p->chain.held >= p->limit;
    got.bytes = chain_move(into, &p->chain, max);
    got.started = p->started;
    got.ended = p->ended && p->chain.len == 0;
    got.aborted = p->aborted;
    if (was_full && p->chain.held < p->limit)
        cond_broadcast(&p->room);
    lock_release(&p->lock);
    return got;
}
