/* SPDX-License-Identifier: Apache-2.0
 * Bodies and answers that go on when their client has sent or taken something: cs_async_on_readable,
 * cs_async_on_writable and what tells whether it is time. Callbacks run on a worker in state READ_WRITE_OP, as
 * async.c does whatever is due; the channel wakes the request. */
#include <stdlib.h>

#include "engine/async.h"

static struct async *async_of(cs_async *pub)
{
    return CONTAINER_OF(pub, struct async, pub);
}

/* What the channel says of the side of reading, or else of writing. */
static enum channel_result look(struct async *a, bool reads, bool tell)
{
    const struct call *c = a->call;
    if (reads && c->ahead.at < c->ahead.n) /* of a line */
        return CHANNEL_OK;
    return reads ? a->x->channel->readable(a->x, tell) : a->x->channel->room(a->x, tell);
}

/* ---- calls of the webapp ---- */

/* CS_OK: the calling thread is inside of A, which may go on. */
static int inside_locked(const struct async *a)
{
    int rc = async_entering(a->state);
    return rc == CS_OK && a->owner != thread_self_id() ? CS_ESTATE : rc;
}

static int reg(cs_async *pub, bool reads, async_io_fn *fn, void *self)
{
    struct async *a = async_of(pub);
    if (!fn)
        return CS_EINVAL;
    lock_acquire(&a->lock);
    int rc = inside_locked(a);
    if (rc == CS_OK && !async_goes_on(a->state))
        rc = CS_ESTATE;
    if (rc == CS_OK && !a->io && !(a->io = calloc(1, sizeof(*a->io))))
        rc = CS_ENOMEM;
    struct async_side *side = !a->io ? NULL : reads ? &a->io->read : &a->io->write;
    if (rc == CS_OK && side->fn)
        rc = CS_ESTATE;
    if (rc == CS_OK) {
        *side = (struct async_side){.fn = fn, .self = self, .due = true};
        async_want_locked(a);
    }
    lock_release(&a->lock);
    return rc;
}

static int ready(cs_async *pub, bool reads)
{
    struct async *a = async_of(pub);
    lock_acquire(&a->lock);
    int rc = inside_locked(a);
    struct async_side *side = !a->io ? NULL : reads ? &a->io->read : &a->io->write;
    bool tell = rc == CS_OK && side && side->fn && async_goes_on(a->state);
    if (rc == CS_OK) {
        enum channel_result r = look(a, reads, tell && a->detached);
        rc = r == CHANNEL_OK ? 1 : r == CHANNEL_WAITS ? 0 : CS_EGONE;
    }
    if (tell && rc == 0)
        side->due = true;
    if (tell && rc == 1 && side->due) /* it was told to wait before: nobody will wake it now */
        async_want_locked(a);
    lock_release(&a->lock);
    return rc;
}

int async_on_writable(cs_async *pub, async_io_fn *fn, void *self)
{
    return reg(pub, false, fn, self);
}

int async_ready_to_write(cs_async *pub)
{
    return ready(pub, false);
}

int async_on_readable(cs_async *pub, async_io_fn *fn, void *self)
{
    return reg(pub, true, fn, self);
}

int async_ready_to_read(cs_async *pub)
{
    return ready(pub, true);
}

void async_body_waits(struct async *a)
{
    lock_acquire(&a->lock);
    if (a->io && a->io->read.fn)
        a->io->read.due = true;
    lock_release(&a->lock);
}

/* ---- the worker ---- */

void async_io_fresh_locked(struct async *a)
{
    if (a->io)
        a->io->read.ran = a->io->write.ran = false;
}

static bool begins_locked(struct async *a, struct async_side *side)
{
    if (!side->due || look(a, side == &a->io->read, true) != CHANNEL_OK)
        return false; /* it will be woken; or the client is gone, which is told as an event */
    if (side->ran) {
        a->x->channel->wake(a->x);
        return false;
    }
    side->due = false;
    side->ran = true;
    a->io->runs = side;
    return true;
}

bool async_io_begins_locked(struct async *a)
{
    struct async_io *io = a->io;
    if (!io || !a->detached || (!begins_locked(a, &io->read) && !begins_locked(a, &io->write)))
        return false;
    CHECK(async_go(&a->state, ASYNC_ON_OP));
    return true;
}

struct io_run {
    struct guarded guarded;
    struct async *async;
};

static int io_body(void *guarded)
{
    struct async *a = ((struct io_run *)guarded)->async;
    const struct async_side *side = a->io->runs;
    return side->fn(&a->pub, a->req, a->res, side->self);
}

int async_io_call(struct async *a)
{
    struct call *c = a->call;
    struct io_run r = {.async = a};
    int rc = module_invoke(a->module, io_body, &r.guarded);
    if (r.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, r.guarded.failure));
    return rc;
}

void async_io_forget_locked(struct async *a)
{
    if (a->io)
        *a->io = (struct async_io){.runs = NULL};
}
