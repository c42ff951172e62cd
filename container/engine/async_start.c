/* SPDX-License-Identifier: Apache-2.0
 * The beginning of asynchronous requests, on the worker that runs their servlet; the list of a context's
 * asynchronous requests; and asking them to end, when the server stops or a webapp is taken down. */
#include <stdlib.h>

#include "base/clock.h"
#include "engine/async.h"
#include "engine/dispatch_priv.h"
#include "observe/log.h"

/* ---- the list ---- */

/* A's container reference is the list's, too: who finds it there may lock it. */
static void enter_list(struct async *a)
{
    struct context *context = a->call->context;
    lock_acquire(&context->async_lock);
    list_add_tail(&context->asyncs, &a->link);
    context->async_count++;
    lock_release(&context->async_lock);
    a->ask = atomic_load(&context->engine->ending); /* nobody else knows A yet */
}

void async_leave_list(struct async *a)
{
    struct context *context = a->call->context;
    lock_acquire(&context->async_lock);
    list_remove(&a->link);
    context->async_count--;
    cond_broadcast(&context->async_less);
    lock_release(&context->async_lock);
}

static void ask_all(struct context *context, const struct app *app, bool end)
{
    lock_acquire(&context->async_lock);
    LIST_FOREACH (link, &context->asyncs) {
        struct async *a = CONTAINER_OF(link, struct async, link);
        if (app && a->call->app != app)
            continue;
        lock_acquire(&a->lock);
        a->ask = true;
        a->end = a->end || end;
        async_want_locked(a);
        lock_release(&a->lock);
    }
    lock_release(&context->async_lock);
}

void engine_ask_to_end(struct engine *e)
{
    atomic_store(&e->ending, true); /* those that begin now hear it, too */
    for (uint32_t i = 0; i < e->context_count; i++)
        ask_all(e->contexts[i], NULL, false);
}

static uint32_t count_locked(const struct context *context, const struct app *app)
{
    uint32_t n = 0;
    LIST_FOREACH (link, &context->asyncs)
        n += CONTAINER_OF(link, struct async, link)->call->app == app;
    return n;
}

static uint32_t wait_for_all(struct context *context, const struct app *app, uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&context->async_lock);
    uint32_t left = count_locked(context, app);
    while (left > 0 && clock_us() < deadline) {
        cond_wait_until(&context->async_less, &context->async_lock, deadline);
        left = count_locked(context, app);
    }
    lock_release(&context->async_lock);
    return left;
}

#define END_US 2000000u /* what ending those takes that did not end by themselves */

bool app_end_asyncs(struct app *a, uint64_t limit_us)
{
    struct context *context = a->context;
    ask_all(context, a, false);
    uint32_t left = wait_for_all(context, a, limit_us);
    if (left == 0)
        return true;
    LOG(engine, LOG_WARN, "%s: %u asynchronous requests do not come to an end: they are ended",
        context->queue_name, left);
    ask_all(context, a, true);
    left = wait_for_all(context, a, END_US);
    if (left > 0)
        LOG(engine, LOG_ERROR,
            "%s: threads of the webapp are inside of %u requests (cs_async_enter) and do not leave",
            context->queue_name, left);
    return left == 0;
}

/* ---- starting ---- */

void call_passes(struct call *c, const struct registration *r)
{
    if (!r->async_supported && !c->sync_only)
        c->sync_only = r->name;
}

static bool is_error_page(cs_request *req)
{
    return frame_failure(request_frame(req)) != NULL;
}

int request_async_supported(cs_request *req)
{
    const struct call *c = request_call(req);
    return c->app && !c->in_valve && !c->sync_only && !is_error_page(req);
}

static cs_async *refuse_start(struct call *c, const char *why)
{
    c->detail = span_of(arena_strdup(&c->x->arena, why));
    return NULL;
}

static struct async *make(struct call *c)
{
    struct async *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    if (!call_keep(c->engine, c->slot, c)) {
        free(a);
        return NULL;
    }
    a->pub.ops = &async_ops;
    atomic_init(&a->refs, 1); /* the exchange's */
    lock_init(&a->lock, "asynchronous request");
    cond_init(&a->free);
    a->state = ASYNC_DISPATCHED;
    a->owner = thread_self_id();
    a->worker = true;
    a->listeners_end = &a->listeners;
    a->call = c;
    a->x = c->x;
    exchange_hold(a->x); /* until it ends */
    list_init(&a->link);
    c->async = a;
    c->x->async = a;
    c->x->async_free = async_drop;
    generation_hold(c->app->generation);
    enter_list(a);
    return a;
}

/* Started again: the listeners so far hear it, and nothing after it. */
static void forget_listeners(struct async *a)
{
    async_tell(a, LISTEN_START);
    lock_acquire(&a->lock);
    *a->listeners_end = a->old_listeners;
    a->old_listeners = a->listeners;
    a->listeners = NULL;
    a->listeners_end = &a->listeners;
    async_io_forget_locked(a);
    lock_release(&a->lock);
}

cs_async *async_start(struct call *c, cs_request *req, cs_response *res, int64_t timeout_ms)
{
    if (!c->app || c->in_valve || is_error_page(req))
        return refuse_start(c, "A valve or an error page cannot start an asynchronous request.");
    if (c->sync_only)
        return refuse_start(c, arena_printf(&c->x->arena,
                                            "%s is on the way of this request and does not "
                                            "support asynchronous requests (CS_ASYNC).",
                                            c->sync_only));
    bool again = c->async != NULL;
    struct async *a = again ? c->async : make(c);
    if (!a)
        return refuse_start(c, "Memory is short.");
    lock_acquire(&a->lock);
    bool legal = a->owner == thread_self_id() && async_go(&a->state, ASYNC_ON_START);
    if (legal) {
        a->timeout_ms = timeout_ms == 0 ? CS_ASYNC_TIMEOUT : timeout_ms;
        a->told_gone = false;
        a->start++;
        a->run_error = CS_OK;
        a->req = req;
        a->res = res;
        a->self = c->self;
        a->module = c->module;
    }
    lock_release(&a->lock);
    if (!legal)
        return refuse_start(c, "The request is asynchronous already.");
    if (again)
        forget_listeners(a);
    async_hold(a);
    return &a->pub;
}

cs_async *request_async_start(cs_request *req, cs_response *res, int64_t timeout_ms)
{
    struct call *c = request_call(req);
    if (!res || response_call(res) != c)
        return refuse_start(c, "Request and response do not belong together.");
    return async_start(c, req, res, timeout_ms);
}

/* ---- for those on its way ---- */

int request_async_started(cs_request *req)
{
    struct async *a = request_call(req)->async;
    if (!a)
        return 0;
    lock_acquire(&a->lock);
    bool open = async_entering(a->state) == CS_OK;
    lock_release(&a->lock);
    return open ? 1 : 0;
}

cs_async *request_async(cs_request *req)
{
    if (!request_async_started(req))
        return NULL;
    struct async *a = request_call(req)->async;
    async_hold(a);
    return &a->pub;
}
