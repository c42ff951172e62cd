/* SPDX-License-Identifier: Apache-2.0
 * Answers that go on when their client has taken what was written: cs_async_on_writable and
 * cs_async_ready_to_write. The callback runs on a worker in state READ_WRITE_OP, as async.c does whatever is
 * due; the channel wakes the request when there is room. */
#include <stdlib.h>

#include "engine/async.h"

/* ---- calls of the webapp ---- */

/* CS_OK: the calling thread is inside of A, which may go on. */
static int inside_locked(const struct async *a)
{
    int rc = async_entering(a->state);
    return rc == CS_OK && a->owner != thread_self_id() ? CS_ESTATE : rc;
}

static bool goes_on(enum async_state s)
{
    return s == ASYNC_STARTING || s == ASYNC_STARTED || s == ASYNC_READ_WRITE_OP;
}

int async_on_writable(cs_async *pub,
                      int (*fn)(cs_async *async, cs_request *req, cs_response *res, void *self),
                      void *self)
{
    struct async *a = CONTAINER_OF(pub, struct async, pub);
    if (!fn)
        return CS_EINVAL;
    lock_acquire(&a->lock);
    int rc = inside_locked(a);
    if (rc == CS_OK && (!goes_on(a->state) || (a->io && a->io->fn)))
        rc = CS_ESTATE;
    if (rc == CS_OK && !a->io && !(a->io = calloc(1, sizeof(*a->io))))
        rc = CS_ENOMEM;
    if (rc == CS_OK) {
        *a->io = (struct async_io){.fn = fn, .self = self, .due = true};
        async_want_locked(a);
    }
    lock_release(&a->lock);
    return rc;
}

int async_ready_to_write(cs_async *pub)
{
    struct async *a = CONTAINER_OF(pub, struct async, pub);
    lock_acquire(&a->lock);
    int rc = inside_locked(a);
    bool tell = rc == CS_OK && a->io && a->io->fn && goes_on(a->state);
    if (rc == CS_OK) {
        enum channel_result r = a->x->channel->room(a->x, tell && a->detached);
        rc = r == CHANNEL_OK ? 1 : r == CHANNEL_WAITS ? 0 : CS_EGONE;
    }
    if (tell && rc == 0)
        a->io->due = true;
    if (tell && rc == 1 && a->io->due) /* it was told to wait before: nobody will wake it now */
        async_want_locked(a);
    lock_release(&a->lock);
    return rc;
}

/* ---- the worker ---- */

bool async_io_begins_locked(struct async *a)
{
    struct async_io *io = a->io;
    if (!io || !io->due || !a->detached)
        return false;
    if (a->x->channel->room(a->x, true) != CHANNEL_OK)
        return false; /* it will be woken; or the client is gone, which is told as an event */
    if (io->ran) {
        a->x->channel->wake(a->x);
        return false;
    }
    io->due = false;
    io->ran = true;
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
    return a->io->fn(&a->pub, a->req, a->res, a->io->self);
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
        *a->io = (struct async_io){.fn = NULL};
}
