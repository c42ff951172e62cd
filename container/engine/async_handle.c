/* SPDX-License-Identifier: Apache-2.0
 * What a handle of an asynchronous request answers: cs_async_*, on any thread, until its last reference is
 * released. Nothing here runs code of a webapp, and only entering waits. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/async.h"

static struct async *async_of(cs_async *pub)
{
    return CONTAINER_OF(pub, struct async, pub);
}

/* ---- references ---- */

void async_hold(struct async *a)
{
    uint32_t before = atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
    CHECK(before > 0);
}

static void free_listeners(struct async_listener *l)
{
    while (l) {
        struct async_listener *next = l->next;
        free(l);
        l = next;
    }
}

void async_drop(void *async)
{
    struct async *a = async;
    if (atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) > 1)
        return;
    free_listeners(a->listeners);
    free_listeners(a->old_listeners);
    free(a->path);
    free(a->run_failure);
    free(a->io);
    cond_destroy(&a->free);
    lock_destroy(&a->lock);
    free(a);
}

static cs_async *handle_retain(cs_async *pub)
{
    async_hold(async_of(pub));
    return pub;
}

static int handle_release(cs_async *pub)
{
    async_drop(async_of(pub));
    return CS_OK;
}

/* ---- inside ---- */

static int handle_enter(cs_async *pub, cs_request **req, cs_response **res)
{
    struct async *a = async_of(pub);
    uint32_t self = thread_self_id();
    int rc = CS_OK;
    lock_acquire(&a->lock);
    bool inside = a->owner == self && a->state != ASYNC_ENDED;
    while (!inside && (rc = async_entering(a->state)) == CS_OK && a->owner != 0)
        cond_wait(&a->free, &a->lock);
    if (rc == CS_OK) {
        a->owner = self;
        a->depth++;
        *req = a->req;
        *res = a->res;
    }
    lock_release(&a->lock);
    return rc;
}

void async_leave_locked(struct async *a)
{
    if (--a->depth > 0 || a->worker)
        return;
    a->owner = 0;
    cond_signal(&a->free);
    if (a->wanted)
        async_want_locked(a);
}

static int handle_leave(cs_async *pub)
{
    struct async *a = async_of(pub);
    int rc = CS_OK;
    lock_acquire(&a->lock);
    if (a->owner != thread_self_id() || a->depth == 0) {
        rc = CS_ESTATE;
    } else {
        async_leave_locked(a);
    }
    lock_release(&a->lock);
    return rc;
}

/* On the way of the request that is what runs: a filter, too. Of a thread it is not known. */
struct app_module *async_caller_locked(const struct async *a)
{
    return a->worker && a->owner == thread_self_id() ? a->call->module : a->module;
}

/* ---- what becomes of it ---- */

/* E, by the webapp. The answer to an illegal edge says what it is now. */
static int go_locked(struct async *a, enum async_event e)
{
    if (!async_go(&a->state, e))
        return async_entering(a->state) == CS_EGONE ? CS_EGONE : CS_ESTATE;
    async_want_locked(a);
    return CS_OK;
}

static int handle_complete(cs_async *pub)
{
    struct async *a = async_of(pub);
    lock_acquire(&a->lock);
    int rc = go_locked(a, ASYNC_ON_COMPLETE);
    lock_release(&a->lock);
    return rc;
}

static int handle_dispatch(cs_async *pub, cs_str path)
{
    struct async *a = async_of(pub);
    char *copy = NULL;
    if (path.ptr && (path.len == 0 || path.ptr[0] != '/'))
        return CS_EINVAL;
    if (path.ptr && !(copy = strndup(path.ptr, path.len)))
        return CS_ENOMEM;
    lock_acquire(&a->lock);
    int rc = go_locked(a, ASYNC_ON_DISPATCH);
    if (rc == CS_OK) {
        char *former = a->path;
        a->path = copy;
        copy = former;
    }
    lock_release(&a->lock);
    free(copy);
    return rc;
}

static int handle_set_timeout(cs_async *pub, int64_t timeout_ms)
{
    struct async *a = async_of(pub);
    lock_acquire(&a->lock);
    int rc = async_entering(a->state);
    if (rc == CS_OK) {
        a->timeout_ms = timeout_ms == 0 ? CS_ASYNC_TIMEOUT : timeout_ms;
        if (a->state == ASYNC_STARTED || a->state == ASYNC_READ_WRITE_OP)
            async_set_alarm_locked(a);
    }
    lock_release(&a->lock);
    return rc;
}

static int64_t handle_timeout(cs_async *pub)
{
    struct async *a = async_of(pub);
    lock_acquire(&a->lock);
    int64_t ms = a->timeout_ms;
    lock_release(&a->lock);
    return ms;
}

static bool listener_ok(const cs_async_listener *l)
{
    const char *bytes = (const char *)l;
    if (!l || l->size < sizeof(*l) || l->size > 4096 || l->reserved)
        return false;
    for (uint32_t i = sizeof(*l); i < l->size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

static int handle_listen(cs_async *pub, const cs_async_listener *row, void *self)
{
    struct async *a = async_of(pub);
    if (!listener_ok(row))
        return CS_EINVAL;
    struct async_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return CS_ENOMEM;
    l->row = *row;
    l->self = self;
    lock_acquire(&a->lock);
    int rc = async_entering(a->state) == CS_EGONE ? CS_EGONE : CS_OK;
    if (rc == CS_OK) {
        l->module = async_caller_locked(a);
        *a->listeners_end = l;
        a->listeners_end = &l->next;
    }
    lock_release(&a->lock);
    if (rc != CS_OK)
        free(l);
    return rc;
}

const struct cs_async_ops async_ops = {
    .size = sizeof(struct cs_async_ops),
    .minor = CS_ABI_MINOR_MAX,
    .enter = handle_enter,
    .leave = handle_leave,
    .complete = handle_complete,
    .dispatch = handle_dispatch,
    .set_timeout = handle_set_timeout,
    .timeout = handle_timeout,
    .listen = handle_listen,
    .retain = handle_retain,
    .release = handle_release,
    .on_writable = async_on_writable,
    .ready_to_write = async_ready_to_write,
    .on_readable = async_on_readable,
    .ready_to_read = async_ready_to_read,
    .run = async_run,
};
