/* SPDX-License-Identifier: Apache-2.0
 * What workers do for an asynchronous request: the end of the run that started it, and each task after
 * channel->wake. One worker at a time, as its owner; it goes on until nothing is left to do and then leaves
 * without waiting. Called by serve.c and, through engine_resume, by the connector. */
#include "engine/async.h"

#include <stdlib.h>

#include "base/clock.h"
#include "engine/wrap_priv.h"
#include "observe/log.h"

/* ---- listeners ---- */

struct telling {
    struct guarded guarded;
    struct async *async;
    const struct async_listener *to;
    enum listen_event what;
};

static int tell_body(void *guarded)
{
    struct telling *t = guarded;
    const cs_async_listener *row = &t->to->row;
    cs_async *pub = &t->async->pub;
    if (t->what == LISTEN_ERROR) {
        if (row->on_error)
            row->on_error(pub, t->async->error, t->to->self);
        return CS_OK;
    }
    void (*fn)(cs_async *, void *) = t->what == LISTEN_COMPLETE  ? row->on_complete
                                     : t->what == LISTEN_TIMEOUT ? row->on_timeout
                                     : t->what == LISTEN_START   ? row->on_start
                                                                 : row->on_stop;
    if (fn)
        fn(pub, t->to->self);
    return CS_OK;
}

/* The next of them; new ones may be added meanwhile, at the end. */
static struct async_listener *next_listener(struct async *a, struct async_listener *l)
{
    lock_acquire(&a->lock);
    struct async_listener *next = l ? l->next : a->listeners;
    lock_release(&a->lock);
    return next;
}

void async_tell(struct async *a, enum listen_event what)
{
    struct async_listener *l = NULL;
    while ((l = next_listener(a, l))) {
        struct telling t = {.async = a, .to = l, .what = what};
        module_invoke(l->module, tell_body, &t.guarded);
        if (t.guarded.failure[0])
            LOG(engine, LOG_ERROR, "%s: a listener of an asynchronous request failed: %s",
                call_name(a->call), t.guarded.failure);
    }
}

/* ---- what is to be done ---- */

void async_want_locked(struct async *a)
{
    a->wanted = true;
    if (a->owner == 0 && a->detached && a->state != ASYNC_ENDED) {
        a->wanted = false;
        a->x->channel->wake(a->x);
    }
}

void async_set_alarm_locked(struct async *a)
{
    a->deadline_us = a->timeout_ms < 0 ? 0 : clock_us() + (uint64_t)a->timeout_ms * 1000;
    if (a->detached)
        a->x->channel->alarm(a->x, a->timeout_ms);
}

enum step {
    STEP_NONE,
    STEP_END,
    STEP_DISPATCH,
    STEP_TIMEOUT,
    STEP_ERROR,
    STEP_IO, /* a callback of cs_async_on_readable or _writable */
    STEP_ASK /* to end, when the webapp stops */
};

static enum step fail_locked(struct async *a, int error)
{
    CHECK(async_go(&a->state, ASYNC_ON_FAIL));
    a->error = error;
    return STEP_ERROR;
}

static enum step started_step_locked(struct async *a, bool rang)
{
    if (a->gone && !a->told_gone) {
        a->told_gone = true;
        return fail_locked(a, CS_EGONE);
    }
    if (a->end) {
        a->status = 503;
        a->message = "The webapp is stopping.";
        return fail_locked(a, CS_EGONE);
    }
    if (a->run_error != CS_OK) {
        int error = a->run_error;
        a->run_error = CS_OK;
        if (a->run_failure)
            a->call->detail = span_of(arena_strdup(&a->x->arena, a->run_failure));
        return fail_locked(a, error);
    }
    uint64_t now = rang ? clock_us() : 0;
    if (rang && a->deadline_us > 0 && now >= a->deadline_us) {
        CHECK(async_go(&a->state, ASYNC_ON_TIMEOUT));
        return STEP_TIMEOUT;
    }
    if (rang && a->deadline_us > 0) /* set anew meanwhile */
        a->x->channel->alarm(a->x, (int64_t)((a->deadline_us - now + 999) / 1000));
    if (a->ask && !a->asked) {
        a->asked = true;
        CHECK(async_go(&a->state, ASYNC_ON_OP));
        return STEP_ASK;
    }
    return async_io_begins_locked(a) ? STEP_IO : STEP_NONE;
}

static enum step next_step_locked(struct async *a)
{
    uint32_t events = atomic_exchange(&a->x->events, 0);
    a->wanted = false;
    a->gone = a->gone || (events & EXCHANGE_GONE);
    switch (a->state) {
    case ASYNC_COMPLETING:
        return STEP_END;
    case ASYNC_DISPATCHING:
        CHECK(async_go(&a->state, ASYNC_ON_RUN));
        return STEP_DISPATCH;
    case ASYNC_ERROR:
        return STEP_ERROR;
    case ASYNC_STARTED:
        return started_step_locked(a, events & EXCHANGE_ALARM);
    default: /* those of a running owner, which is this thread */
        UNREACHABLE();
    }
}

/* ---- doing it ---- */

static void go(struct async *a, enum async_event e)
{
    lock_acquire(&a->lock);
    CHECK(async_go(&a->state, e));
    lock_release(&a->lock);
}

/* True: the listeners have left it as it was, and it goes on by itself. */
static bool go_if_still(struct async *a, enum async_state s)
{
    lock_acquire(&a->lock);
    bool still = a->state == s;
    if (still)
        CHECK(async_go(&a->state, ASYNC_ON_RETURN));
    lock_release(&a->lock);
    return still;
}

bool async_takes_failure(struct call *c, int rc)
{
    struct async *a = c->async;
    if (rc == CS_OK)
        return false;
    lock_acquire(&a->lock);
    bool takes = async_go(&a->state, ASYNC_ON_FAIL);
    lock_release(&a->lock);
    if (takes)
        a->error = rc;
    return takes;
}

bool async_waits(struct async *a)
{
    lock_acquire(&a->lock);
    enum async_state s = a->state;
    lock_release(&a->lock);
    return s == ASYNC_STARTING || s == ASYNC_STARTED || s == ASYNC_READ_WRITE_OP ||
           s == ASYNC_TIMING_OUT || s == ASYNC_MUST_ERROR || s == ASYNC_MUST_DISPATCH;
}

/* A worker has run servlet or callback of A; AFRESH: its time begins now. */
static void returned(struct async *a, bool afresh)
{
    a->call->self = a->self; /* filters on the way back had theirs */
    a->call->module = a->module;
    lock_acquire(&a->lock);
    if (a->call->concluded) /* cs_res_error: the page is the answer */
        (void)async_go(&a->state, ASYNC_ON_COMPLETE);
    CHECK(async_go(&a->state, ASYNC_ON_RETURN));
    if (afresh && a->state == ASYNC_STARTED)
        async_set_alarm_locked(a);
    lock_release(&a->lock);
}

static void run_dispatch(struct async *a)
{
    struct call *c = a->call;
    lock_acquire(&a->lock);
    char *path = a->path;
    a->path = NULL;
    lock_release(&a->lock);
    async_run_too_late(a);
    if (!call_is_over(c)) /* else the answer stands */
        conclude(c, async_dispatch(a, path));
    free(path);
    returned(a, true);
}

static void run_io(struct async *a)
{
    conclude(a->call, async_io_call(a));
    returned(a, false);
}

static void run_timeout(struct async *a)
{
    async_tell(a, LISTEN_TIMEOUT);
    a->error = CS_ELIMIT;
    a->status = 500;
    a->message = "The asynchronous request timed out.";
    (void)go_if_still(a, ASYNC_TIMING_OUT);
}

static void run_error(struct async *a)
{
    struct call *c = a->call;
    async_tell(a, LISTEN_ERROR);
    unsigned status = a->status;
    a->status = 0;
    if (!go_if_still(a, ASYNC_ERROR))
        return;
    if (status && !c->error_status) {
        c->error_status = status;
        c->error_message = span_of(a->message);
    }
    conclude(c, status ? CS_OK : a->error);
}

static void run_ask(struct async *a)
{
    async_tell(a, LISTEN_STOP);
    go(a, ASYNC_ON_RETURN);
}

static void run_end(struct async *a)
{
    struct call *c = a->call;
    struct exchange *x = a->x;
    struct engine *e = c->engine;
    async_run_too_late(a);
    async_tell(a, LISTEN_COMPLETE);
    if (a->detached)
        x->channel->alarm(x, -1);
    int rc = wraps_end_all(c);
    if (!x->res.ended) /* else it was given up: the poller may be recording it (regression 240) */
        x->at.served = clock_us();
    conclude(c, rc);
    call_finish(c);
    go(a, ASYNC_ON_RUN);
    generation_release(c->app->generation);
    async_leave_list(a); /* from here on the webapp may go */
    call_retire(e, c);
    lock_acquire(&a->lock);
    a->owner = a->depth = 0;
    cond_broadcast(&a->free); /* those who wait to enter hear that it is over */
    lock_release(&a->lock);
    exchange_release(&x);
}

static void run_step(struct async *a, enum step step)
{
    switch (step) {
    case STEP_DISPATCH:
        run_dispatch(a);
        break;
    case STEP_TIMEOUT:
        run_timeout(a);
        break;
    case STEP_ERROR:
        run_error(a);
        break;
    case STEP_IO:
        run_io(a);
        break;
    case STEP_ASK:
        run_ask(a);
        break;
    case STEP_END:
        run_end(a);
        break;
    case STEP_NONE:
        UNREACHABLE();
    }
}

/* ---- the worker ---- */

/* Nothing is left to do for now, and the worker is still the one of the request: others will go on. */
static void detach(struct async *a)
{
    enum channel_result r = a->x->channel->detach(a->x);
    lock_acquire(&a->lock);
    if (r == CHANNEL_OK) {
        a->detached = true;
        if (a->deadline_us > 0)
            a->x->channel->alarm(a->x, a->timeout_ms);
    } else {
        a->gone = r == CHANNEL_GONE;
        a->told_gone = true;
        (void)fail_locked(a, a->gone ? CS_EGONE : CS_ENOMEM);
    }
    lock_release(&a->lock);
}

/* As its owner. True: it has ended. False: somebody else may be its owner by now. */
static bool work(struct async *a)
{
    for (;;) {
        lock_acquire(&a->lock);
        enum step step = next_step_locked(a);
        bool leaves = step == STEP_NONE && a->detached;
        if (leaves) {
            a->owner = a->depth = 0;
            a->worker = false;
            cond_signal(&a->free);
        }
        lock_release(&a->lock);
        if (leaves)
            return false;
        if (step == STEP_NONE)
            detach(a);
        else
            run_step(a, step);
        if (step == STEP_END)
            return true;
    }
}

bool async_returned(struct async *a)
{
    returned(a, true);
    return work(a);
}

bool engine_resume(struct engine *e, uint32_t slot, struct exchange *x)
{
    struct async *a = x->async;
    (void)e;
    lock_acquire(&a->lock);
    bool mine = a->owner == 0 && a->state != ASYNC_ENDED;
    if (mine) {
        a->owner = thread_self_id();
        a->worker = true;
        a->call->slot = slot;
        async_io_fresh_locked(a);
    } else {
        a->wanted = true; /* who leaves asks again; a worker looks again before it leaves */
    }
    lock_release(&a->lock);
    return mine && work(a);
}
