/* SPDX-License-Identifier: Apache-2.0
 * The writer's side of the posted path: a worker, or whoever makes the answer, one thread at a time. Small
 * writes are gathered; what does not fit in memory goes to a file at once; when neither takes more, the
 * writer waits for the client. */
#include <unistd.h>

#include "connector/posted_priv.h"

static bool is_over(struct posted *p)
{
    lock_acquire(&p->lock);
    bool over = posted_over_locked(p);
    lock_release(&p->lock);
    return over;
}

/* Most of those that wait for long have nothing to say yet: they have no store. False: out of memory. */
static bool have_store(struct posted *p)
{
    const struct connector *c = p->group->connector;
    if (p->store) /* only the writer sets it */
        return true;
    struct store *s = store_new(c->accounts[p->x->route.queue], c->options.output_memory,
                                c->options.output_spool);
    if (!s)
        return false;
    lock_acquire(&p->lock);
    p->store = s;
    bool over = posted_over_locked(p);
    lock_release(&p->lock);
    if (over)
        store_end(s); /* who ended the answer found none */
    return true;
}

/* The writer waits until something has left since MARK. False: the answer is over. */
static bool wait_for_room(struct posted *p, uint64_t mark)
{
    uint32_t queue = p->x->route.queue;
    waiting_enter(p->group, queue, &p->waiter);
    store_wait(p->store, mark); /* the poller's deadline ends a client that takes nothing */
    waiting_leave(p->group, queue, &p->waiter);
    return !is_over(p);
}

/* What is written before the head is frozen are wire bytes of earlier answers. */
static void start_locked(struct posted *p)
{
    p->started = p->started || p->x->res.committed;
}

/* MORE goes behind what is there, or is dropped. False: the answer is over. */
static bool deliver(struct posted *p, struct chain *more)
{
    lock_acquire(&p->lock);
    bool over = posted_over_locked(p);
    start_locked(p);
    if (!over && p->seam)
        chain_move(&p->chain, more, SIZE_MAX);
    else if (!over)
        chain_join(&p->chain, more);
    p->seam = false;
    lock_release(&p->lock);
    chain_clear(more);
    if (!over)
        posted_notify(p);
    return !over;
}

static struct block *take_stage(struct posted *p)
{
    lock_acquire(&p->lock);
    struct block *b = p->stage;
    p->stage = NULL;
    lock_release(&p->lock);
    return b;
}

static void put_stage(struct posted *p, struct block *b)
{
    lock_acquire(&p->lock);
    bool over = posted_over_locked(p);
    if (!over)
        p->stage = b;
    lock_release(&p->lock);
    if (over)
        block_free(b);
}

/* *FULL: there is a stage, and it has no room. */
static size_t fill_stage(struct posted *p, const char *s, size_t n, bool *full)
{
    size_t k = 0;
    lock_acquire(&p->lock);
    struct block *b = p->stage;
    start_locked(p);
    if (b) {
        k = b->size - b->n < n ? b->size - b->n : n;
        memcpy(b->bytes + b->n, s, k);
        b->n += k;
    }
    *full = b && k == 0;
    lock_release(&p->lock);
    if (k > 0)
        posted_notify(p);
    return k;
}

enum step { STEP_DONE, STEP_OVER, STEP_NO_MEMORY };

/* What is in the stage goes to MORE, in memory or in a file; the stage goes on when it can. */
static enum step seal(struct posted *p, struct chain *more)
{
    struct block *b = take_stage(p);
    if (!b)
        return STEP_DONE;
    if (b->n > 0 && !store_has_room(p->store))
        block_spill(b, more);
    if (b->n == 0) {
        put_stage(p, b);
        return STEP_DONE;
    }
    if (block_append(b, more))
        return STEP_DONE;
    block_free(b);
    return STEP_NO_MEMORY;
}

static enum step seal_and_deliver(struct posted *p)
{
    struct chain more = CHAIN_EMPTY;
    enum step s = seal(p, &more);
    if (s == STEP_DONE)
        return deliver(p, &more) ? STEP_DONE : STEP_OVER;
    chain_clear(&more);
    return s;
}

/* The number of pieces is bounded, too. */
static bool is_long(struct posted *p)
{
    lock_acquire(&p->lock);
    bool yes = p->chain.held >= HELD_MAX;
    lock_release(&p->lock);
    return yes;
}

#define SMALL 16384u /* writes below this are gathered */

/* Some of N bytes, without a stage; *TAKEN 0: there is no room. */
static enum step put_some(struct posted *p, const char *s, size_t n, size_t *taken)
{
    struct chain more = CHAIN_EMPTY;
    bool failed = false;
    struct block *stage;
    *taken = 0;
    if (is_long(p))
        return STEP_DONE;
    if (n < SMALL && (stage = store_block(p->store)) != NULL) {
        put_stage(p, stage);
        bool full;
        *taken = fill_stage(p, s, n, &full);
        return *taken > 0 ? STEP_DONE : STEP_OVER;
    }
    *taken = store_put(p->store, &more, s, n, &failed);
    if (!deliver(p, &more))
        return STEP_OVER;
    return failed ? STEP_NO_MEMORY : STEP_DONE;
}

static enum step put_copies(struct posted *p, const char *s, size_t n)
{
    if (n > 0 && !have_store(p))
        return STEP_NO_MEMORY;
    while (n > 0) {
        uint64_t mark = store_mark(p->store);
        bool full;
        size_t k = fill_stage(p, s, n, &full);
        enum step step = STEP_DONE;
        if (full)
            step = seal_and_deliver(p);
        else if (k == 0)
            step = put_some(p, s, n, &k);
        if (step == STEP_DONE && k == 0 && !full && !wait_for_room(p, mark))
            step = STEP_OVER;
        if (step != STEP_DONE)
            return step;
        s += k;
        n -= k;
    }
    return is_over(p) ? STEP_OVER : STEP_DONE;
}

/* ONE piece that is not a copy, behind everything. */
static enum step put_piece(struct posted *p, struct chain *one)
{
    struct chain more = CHAIN_EMPTY;
    if (!have_store(p))
        return STEP_NO_MEMORY;
    uint64_t mark = store_mark(p->store);
    while (is_long(p)) {
        if (!wait_for_room(p, mark))
            return STEP_OVER;
        mark = store_mark(p->store);
    }
    struct block *b = take_stage(p);
    if (b && b->n > 0 && !block_append(b, &more)) {
        block_free(b);
        return STEP_NO_MEMORY;
    }
    if (b && b->n == 0)
        block_free(b);
    chain_move(&more, one, SIZE_MAX);
    return deliver(p, &more) ? STEP_DONE : STEP_OVER;
}

/* A part may have been taken when memory got short: the answer cannot go on. */
static enum channel_result result_of(struct posted *p, enum step step)
{
    if (step == STEP_NO_MEMORY)
        posted_give_up(p, CLOSE_memory);
    return step == STEP_DONE ? CHANNEL_OK : CHANNEL_GONE;
}

enum channel_result posted_raw(struct exchange *x, const void *p, size_t n)
{
    struct posted *to = x->channel_state;
    return result_of(to, put_copies(to, p, n));
}

enum channel_result posted_raw_piece(struct exchange *x, struct chain *piece)
{
    struct posted *p = x->channel_state;
    enum step step = put_piece(p, piece);
    chain_clear(piece);
    return result_of(p, step);
}

enum channel_result posted_raw_end(struct exchange *x)
{
    struct posted *p = x->channel_state;
    struct chain none = CHAIN_EMPTY;
    struct block *b = take_stage(p);
    enum step step = STEP_DONE;
    if (b && (b->n == 0 || !block_append(b, &none))) {
        step = b->n == 0 ? STEP_DONE : STEP_NO_MEMORY;
        block_free(b);
    }
    if (step == STEP_DONE && !deliver(p, &none))
        step = STEP_OVER;
    lock_acquire(&p->lock);
    p->seam = true;
    lock_release(&p->lock);
    return result_of(p, step);
}

static enum channel_result posted_write(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    struct posted *p = x->channel_state;
    struct chain one = CHAIN_EMPTY;
    if (!release)
        return result_of(p, put_copies(p, bytes.p, bytes.n));
    if (!chain_ref(&one, bytes.p, bytes.n, release, arg)) {
        release(arg);
        return CHANNEL_NO_MEMORY;
    }
    enum step step = put_piece(p, &one);
    chain_clear(&one);
    return result_of(p, step);
}

static enum channel_result posted_send_file(struct exchange *x, int fd, uint64_t offset,
                                            uint64_t length)
{
    struct posted *p = x->channel_state;
    struct chain one = CHAIN_EMPTY;
    if (!chain_file(&one, fd, offset, length, chain_close_fd, CHAIN_FD(fd))) {
        close(fd);
        return CHANNEL_NO_MEMORY;
    }
    enum step step = put_piece(p, &one);
    chain_clear(&one);
    return result_of(p, step);
}

static enum channel_result posted_flush(struct exchange *x)
{
    struct posted *p = x->channel_state;
    lock_acquire(&p->lock);
    p->started = true;
    bool over = posted_over_locked(p);
    lock_release(&p->lock);
    if (over)
        return CHANNEL_GONE;
    posted_notify(p);
    return CHANNEL_OK;
}

static enum channel_result posted_finish(struct exchange *x)
{
    struct posted *p = x->channel_state;
    atomic_store(&p->wants_room, false);
    lock_acquire(&p->lock);
    p->started = p->ended = true;
    bool gone = p->gone, over = posted_over_locked(p);
    lock_release(&p->lock);
    if (gone) {
        posted_record(x);
        return CHANNEL_GONE;
    }
    posted_notify(p);
    return over ? CHANNEL_GONE : CHANNEL_OK;
}

static void posted_abort(struct exchange *x)
{
    struct posted *p = x->channel_state;
    atomic_store(&p->wants_room, false);
    lock_acquire(&p->lock);
    bool gone = p->gone;
    if (p->reason == CLOSE_none)
        p->reason = CLOSE_aborted;
    p->aborted = true;
    lock_release(&p->lock);
    if (gone)
        posted_record(x);
    else
        posted_notify(p);
}

static bool posted_writable(struct exchange *x)
{
    struct posted *p = x->channel_state;
    return !is_over(p) && !is_long(p) && (!p->store || store_takes(p->store));
}

const struct channel_ops posted_channel = {
    .write = posted_write,
    .send_file = posted_send_file,
    .flush = posted_flush,
    .read = posted_read,
    .readable = posted_readable,
    .finish = posted_finish,
    .abort = posted_abort,
    .writable = posted_writable,
    .room = posted_room,
    .detach = posted_detach,
    .wake = posted_wake,
    .alarm = posted_alarm,
};
