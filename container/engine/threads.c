/* SPDX-License-Identifier: Apache-2.0
 * Threads of webapps (cs_ctx_thread): started for their code, told and joined at its end, so that none is left
 * inside of a module that goes away. Called through ctx_ops, thread_ops and app_end_background. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/background.h"
#include "observe/log.h"

#define JOIN_US 1000000u /* from the return of its function to the end of a thread */

/* ---- running ---- */

struct thread_run {
    struct guarded guarded;
    struct webapp_thread *thread;
};

static int thread_body(void *guarded)
{
    struct webapp_thread *t = ((struct thread_run *)guarded)->thread;
    t->fn(&t->pub, t->self);
    return CS_OK;
}

static void *webapp_thread_main(void *arg)
{
    struct webapp_thread *t = arg;
    struct background *b = t->background;
    struct thread_run r = {.thread = t};
    module_invoke(t->module, thread_body, &r.guarded);
    if (r.guarded.failure[0])
        LOG(engine, LOG_ERROR, "%s: the thread %s failed and has ended: %s",
            t->module->app->context->queue_name, t->name, r.guarded.failure);
    lock_acquire(&b->lock);
    t->ended = true;
    cond_broadcast(&b->less);
    lock_release(&b->lock);
    return NULL;
}

/* ---- starting ---- */

/* Its handle answers on for a while. */
static void keep_old(struct background *b, struct webapp_thread *t)
{
    lock_acquire(&b->lock);
    struct webapp_thread *oldest = b->old_threads[b->next_old];
    b->old_threads[b->next_old] = t;
    b->next_old = (b->next_old + 1) % THREADS_KEPT;
    lock_release(&b->lock);
    free(oldest);
}

/* One that has ended, out of the list; NULL: there is none. */
static struct webapp_thread *take_ended(struct background *b)
{
    struct webapp_thread *found = NULL;
    lock_acquire(&b->lock);
    LIST_FOREACH (link, &b->threads) {
        struct webapp_thread *t = CONTAINER_OF(link, struct webapp_thread, link);
        if (t->started && t->ended) {
            found = t;
            list_remove(link);
            break;
        }
    }
    lock_release(&b->lock);
    return found;
}

/* The stacks of those that have ended go back. */
static void join_ended(struct background *b)
{
    struct webapp_thread *t;
    while ((t = take_ended(b))) {
        thread_join(&t->thread);
        keep_old(b, t);
    }
}

static cs_thread *refuse(const struct app_module *m, cs_str name, const char *why)
{
    LOG(engine, LOG_ERROR, "%s: the thread %.*s is not started: %s", m->app->context->queue_name,
        name.ptr ? (int)(name.len < 64 ? name.len : 64) : 9, name.ptr ? name.ptr : "(no name)",
        why);
    return NULL;
}

static struct webapp_thread *make(struct app_module *m, cs_str name,
                                  void (*fn)(cs_thread *thread, void *self), void *self)
{
    struct webapp_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->pub.ops = &thread_ops;
    t->background = m->app->background;
    t->module = m;
    t->fn = fn;
    t->self = self;
    list_init(&t->link);
    for (size_t i = 0; i < name.len; i++) /* it stands in every line that the thread logs */
        t->name[i] = name.ptr[i] > ' ' && name.ptr[i] < 0x7f ? name.ptr[i] : '_';
    return t;
}

/* False: nothing begins any more. */
static bool enlist(struct background *b, struct webapp_thread *t)
{
    lock_acquire(&b->lock);
    bool taken = !b->ending;
    if (taken)
        list_add_tail(&b->threads, &t->link);
    lock_release(&b->lock);
    return taken;
}

static bool start(struct background *b, struct webapp_thread *t)
{
    struct thread made = {0}; /* the thread itself may be over before this one goes on */
    bool started = thread_start(&made, t->name, webapp_thread_main, t);
    int cause = errno;
    lock_acquire(&b->lock);
    t->thread = made;
    t->started = started;
    if (!started)
        list_remove(&t->link);
    cond_broadcast(&b->less);
    lock_release(&b->lock);
    errno = cause;
    return started;
}

cs_thread *ctx_thread(cs_ctx *ctx, cs_str name, void (*fn)(cs_thread *thread, void *self),
                      void *self)
{
    struct app_module *m = ctx_module(ctx);
    struct background *b = m->app->background;
    if (!fn || !name.ptr || name.len == 0 || name.len >= sizeof(((struct webapp_thread *)0)->name))
        return refuse(m, name, "it needs a function, and a name of 1 to 31 bytes");
    join_ended(b);
    struct webapp_thread *t = make(m, name, fn, self);
    if (!t)
        return refuse(m, name, "out of memory");
    if (!enlist(b, t)) {
        free(t);
        return refuse(m, name, "the webapp ends");
    }
    if (start(b, t))
        return &t->pub;
    const char *why = strerror(errno);
    free(t);
    return refuse(m, name, why);
}

/* ---- the handle ---- */

static int thread_should_stop(cs_thread *thread)
{
    struct webapp_thread *t = CONTAINER_OF(thread, struct webapp_thread, pub);
    lock_acquire(&t->background->lock);
    bool told = t->told || t->ended;
    lock_release(&t->background->lock);
    return told;
}

/* clock_us at the end; UINT64_MAX: never. */
static uint64_t end_of(int64_t ms)
{
    uint64_t now = clock_us();
    if (ms < 0 || (uint64_t)ms > (UINT64_MAX - now) / 1000)
        return UINT64_MAX;
    return now + MS_TO_US(ms);
}

static int thread_wait(cs_thread *thread, int64_t ms)
{
    struct webapp_thread *t = CONTAINER_OF(thread, struct webapp_thread, pub);
    struct background *b = t->background;
    uint64_t end = end_of(ms);
    lock_acquire(&b->lock);
    while (!t->told && !t->ended && clock_us() < end) {
        if (end == UINT64_MAX)
            cond_wait(&b->told, &b->lock);
        else
            cond_wait_until(&b->told, &b->lock, end);
    }
    bool told = t->told || t->ended;
    lock_release(&b->lock);
    return told;
}

const struct cs_thread_ops thread_ops = {.size = sizeof(struct cs_thread_ops),
                                         .minor = CS_ABI_MINOR_MAX,
                                         .should_stop = thread_should_stop,
                                         .wait = thread_wait};

/* ---- the end ---- */

static bool any_runs_locked(const struct background *b)
{
    LIST_FOREACH (link, &b->threads) {
        const struct webapp_thread *t = CONTAINER_OF(link, struct webapp_thread, link);
        if (!t->started || !t->ended)
            return true;
    }
    return false;
}

/* Who does not end; a name for each. */
static void tell_hanging(const struct app *a)
{
    struct background *b = a->background;
    lock_acquire(&b->lock);
    LIST_FOREACH (link, &b->threads) {
        const struct webapp_thread *t = CONTAINER_OF(link, struct webapp_thread, link);
        LOG(engine, LOG_ERROR,
            "%s: its thread %s does not end within stopTimeout. Its function has to return when "
            "cs_thread_should_stop says 1; sleep with cs_thread_wait",
            a->context->queue_name, t->name);
    }
    lock_release(&b->lock);
}

static bool join_all(struct background *b)
{
    struct webapp_thread *t;
    while ((t = take_ended(b))) {
        if (!thread_join_until(&t->thread, JOIN_US)) {
            lock_acquire(&b->lock);
            list_add_tail(&b->threads, &t->link);
            lock_release(&b->lock);
            return false;
        }
        keep_old(b, t);
    }
    return true;
}

bool threads_end(struct app *a, uint64_t deadline_us)
{
    struct background *b = a->background;
    lock_acquire(&b->lock);
    LIST_FOREACH (link, &b->threads)
        CONTAINER_OF(link, struct webapp_thread, link)->told = true;
    cond_broadcast(&b->told);
    while (any_runs_locked(b) && clock_us() < deadline_us)
        cond_wait_until(&b->less, &b->lock, deadline_us);
    bool runs = any_runs_locked(b);
    lock_release(&b->lock);
    bool joined = join_all(b) && !runs;
    if (!joined)
        tell_hanging(a);
    return joined;
}

void threads_free(struct background *b)
{
    CHECK(list_empty(&b->threads));
    for (uint32_t i = 0; i < THREADS_KEPT; i++)
        free(b->old_threads[i]);
}
