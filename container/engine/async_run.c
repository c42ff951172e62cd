/* SPDX-License-Identifier: Apache-2.0
 * cs_async_run: functions of a webapp on workers, for an asynchronous request but not inside of it: they enter when
 * they need it, and its time-out, its end and other threads go on beside them. Each runs once whatever becomes of the
 * request, because SELF is theirs; so the webapp ends only when they have returned (app_end_background). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/async.h"
#include "engine/timers.h"
#include "observe/log.h"

struct async_run {
    struct guarded guarded;
    struct engine_work work;
    struct async *async; /* a reference */
    struct app_module *module;
    struct app *app;
    uint64_t start; /* which one of the request's it belongs to */
    async_run_fn *fn;
    void *self;
};

/* ---- counted, for the end of the webapp ---- */

static void count(struct app *app)
{
    struct background *b = app->background;
    lock_acquire(&b->lock);
    b->runs++;
    lock_release(&b->lock);
}

/* APP may be gone afterwards. */
static void uncount(struct app *app)
{
    struct background *b = app->background;
    lock_acquire(&b->lock);
    if (--b->runs == 0)
        cond_broadcast(&b->less);
    lock_release(&b->lock);
}

bool runs_end(struct app *app, uint64_t deadline_us)
{
    struct background *b = app->background;
    lock_acquire(&b->lock);
    while (b->runs > 0 && clock_us() < deadline_us)
        cond_wait_until(&b->less, &b->lock, deadline_us);
    uint32_t left = b->runs;
    lock_release(&b->lock);
    if (left > 0)
        LOG(engine, LOG_ERROR,
            "%s: %u functions that cs_async_run runs do not return within stopTimeout; what takes "
            "long belongs into a thread (cs_ctx_thread)",
            app->context->queue_name, left);
    return left == 0;
}

/* ---- a run ---- */

static int run_body(void *guarded)
{
    struct async_run *r = guarded;
    return r->fn(&r->async->pub, r->self);
}

/* What threw inside has not left: the worker's next run must not find itself inside. */
static void leave_all(struct async *a)
{
    lock_acquire(&a->lock);
    if (a->owner == thread_self_id() && a->depth > 0) {
        a->depth = 1;
        async_leave_locked(a);
    }
    lock_release(&a->lock);
}

/* True: its listeners will hear it, as soon as nobody is inside. */
static bool fails_request(struct async_run *r, int rc)
{
    struct async *a = r->async;
    lock_acquire(&a->lock);
    bool open = a->start == r->start && async_goes_on(a->state) && a->run_error == CS_OK;
    if (open) {
        a->run_error = rc;
        free(a->run_failure);
        a->run_failure = r->guarded.failure[0] ? strdup(r->guarded.failure) : NULL;
        async_want_locked(a);
    }
    lock_release(&a->lock);
    return open;
}

static void log_late(const struct app *app, int rc, const char *failure)
{
    LOG(engine, LOG_ERROR,
        "%s: a function of cs_async_run failed with %d, after its request was completed or "
        "dispatched%s%s",
        app->context->queue_name, rc, failure ? ": " : "", failure ? failure : "");
}

void async_run_too_late(struct async *a)
{
    lock_acquire(&a->lock);
    int rc = a->run_error;
    a->run_error = CS_OK;
    if (rc != CS_OK && rc != CS_EGONE)
        log_late(a->call->app, rc, a->run_failure);
    lock_release(&a->lock);
}

static void run(struct engine *e, uint32_t slot, struct engine_work *work)
{
    struct async_run *r = CONTAINER_OF(work, struct async_run, work);
    (void)e;
    (void)slot;
    int rc = module_invoke(r->module, run_body, &r->guarded);
    leave_all(r->async);
    if (rc != CS_OK && !fails_request(r, rc) && rc != CS_EGONE)
        log_late(r->app, rc, r->guarded.failure[0] ? r->guarded.failure : NULL);
    async_drop(r->async);
    uncount(r->app);
    free(r);
}

/* ---- asking for it ---- */

int async_run(cs_async *pub, async_run_fn *fn, void *self)
{
    struct async *a = CONTAINER_OF(pub, struct async, pub);
    if (!fn)
        return CS_EINVAL;
    struct async_run *r = calloc(1, sizeof(*r));
    if (!r)
        return CS_ENOMEM;
    *r = (struct async_run){.work = {.run = run}, .async = a, .fn = fn, .self = self};
    lock_acquire(&a->lock);
    int rc = async_entering(a->state);
    if (rc == CS_OK && !async_goes_on(a->state))
        rc = CS_ESTATE;
    if (rc == CS_OK) { /* so the app is there: A is of its list */
        r->module = async_caller_locked(a);
        r->app = a->call->app;
        r->start = a->start;
        r->work.queue = r->app->context->queue;
        count(r->app);
    }
    lock_release(&a->lock);
    if (rc != CS_OK) {
        free(r);
        return rc;
    }
    async_hold(a);
    if (work_push(r->app->context->engine, &r->work))
        return CS_OK;
    async_drop(a);
    uncount(r->app);
    free(r);
    return CS_ESTATE;
}
