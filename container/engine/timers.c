/* SPDX-License-Identifier: Apache-2.0
 * The thread that waits for timers, and workers that run them: see timers.h. */
#include "engine/timers.h"

#include <stdlib.h>

#include "base/clock.h"
#include "observe/log.h"

#define BATCH 256u /* so many are taken under the lock at a time */

static void *timers_main(void *arg);

/* ---- the whole ---- */

struct timers *timers_new(void)
{
    struct timers *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    lock_init(&all->lock, "timers");
    cond_init(&all->wake);
    cond_init(&all->less);
    list_init(&all->workers);
    return all;
}

void timers_free(struct timers **ap)
{
    struct timers *all = *ap;
    *ap = NULL;
    lock_acquire(&all->lock);
    all->stop = true;
    cond_signal(&all->wake);
    lock_release(&all->lock);
    thread_join(&all->thread);
    CHECK(list_empty(&all->workers) && all->heap.count == 0);
    for (uint32_t i = 0; i < TIMERS_KEPT; i++)
        free(all->old[i]);
    timer_heap_free(&all->heap);
    cond_destroy(&all->wake);
    cond_destroy(&all->less);
    lock_destroy(&all->lock);
    free(all);
}

bool timers_reserve_locked(struct timers *all)
{
    lock_assert_held(&all->lock);
    if (!timer_heap_reserve(&all->heap, all->count + 1) ||
        (!all->thread.started && !thread_start(&all->thread, "timers", timers_main, all)))
        return false;
    all->count++;
    return true;
}

/* ---- one timer ---- */

static void put_locked(struct timer *t, uint64_t due_us)
{
    struct timers *all = t->timers;
    timer_heap_put(&all->heap, &t->entry, due_us);
    if (timer_heap_first(&all->heap) == &t->entry)
        cond_signal(&all->wake);
}

void timer_disarm_locked(struct timer *t)
{
    lock_assert_held(&t->timers->lock);
    timer_heap_remove(&t->timers->heap, &t->entry);
    t->fire = t->parked = false;
}

void timer_arm_locked(struct timer *t, uint64_t after_us)
{
    timer_disarm_locked(t);
    if (t->module->app->background->timers_serve) {
        put_locked(t, clock_us() + after_us);
    } else {
        t->parked = true;
        t->after_us = after_us;
    }
}

void timer_settle_locked(struct timer *t)
{
    struct timers *all = t->timers;
    if (!t->cancelled || t->queued || t->runner != 0 || t->waiters > 0)
        return;
    free(all->old[all->next_old]);
    all->old[all->next_old] = t;
    all->next_old = (all->next_old + 1) % TIMERS_KEPT;
}

/* ---- to workers ---- */

/* Those whose turn it is; NULL: there are none. */
static struct engine_workers *next_workers_locked(struct timers *all)
{
    struct list *first = list_first(&all->workers);
    if (!first)
        return NULL;
    list_remove(first);
    list_add_tail(&all->workers, first);
    return CONTAINER_OF(first, struct engine_workers, link);
}

/* False: there are none. */
static bool send_locked(struct timer *t)
{
    t->to = next_workers_locked(t->timers);
    t->queued = t->to != NULL;
    return t->queued;
}

/* Those that are due and not on their way, as a list. */
static struct timer *take_due_locked(struct timers *all, uint64_t now)
{
    struct timer *due = NULL, **end = &due;
    struct timer_entry *e;
    for (uint32_t n = 0; n < BATCH && (e = timer_heap_first(&all->heap)) && e->due_us <= now; n++) {
        struct timer *t = CONTAINER_OF(e, struct timer, entry);
        timer_heap_remove(&all->heap, e);
        t->fire = true;
        if (t->queued || t->runner != 0)
            continue; /* the worker that has it sees this */
        CHECK(send_locked(t));
        t->next = NULL;
        *end = t;
        end = &t->next;
    }
    return due;
}

/* Without the lock in between: workers of others take locks of their own. */
static void push_locked(struct timers *all, struct timer *list)
{
    all->pushing++;
    lock_release(&all->lock);
    while (list) {
        struct timer *t = list; /* gone as soon as it is pushed */
        list = t->next;
        t->to->push(t->to, &t->work);
    }
    lock_acquire(&all->lock);
    if (--all->pushing == 0)
        cond_broadcast(&all->less);
}

bool work_push(struct engine *e, struct engine_work *work)
{
    struct timers *all = e->timers;
    lock_acquire(&all->lock);
    struct engine_workers *to = next_workers_locked(all);
    all->pushing += to != NULL;
    lock_release(&all->lock);
    if (!to)
        return false;
    to->push(to, work); /* gone with that */
    lock_acquire(&all->lock);
    if (--all->pushing == 0)
        cond_broadcast(&all->less);
    lock_release(&all->lock);
    return true;
}

static void *timers_main(void *arg)
{
    struct timers *all = arg;
    lock_acquire(&all->lock);
    while (!all->stop) {
        struct timer_entry *first = timer_heap_first(&all->heap);
        if (!first || list_empty(&all->workers))
            cond_wait(&all->wake, &all->lock);
        else if (first->due_us > clock_us())
            cond_wait_until(&all->wake, &all->lock, first->due_us);
        else
            push_locked(all, take_due_locked(all, clock_us()));
    }
    lock_release(&all->lock);
    return NULL;
}

void engine_offer_workers(struct engine *e, struct engine_workers *w)
{
    struct timers *all = e->timers;
    lock_acquire(&all->lock);
    list_add_tail(&all->workers, &w->link);
    cond_signal(&all->wake);
    lock_release(&all->lock);
}

void engine_withdraw_workers(struct engine *e, struct engine_workers *w)
{
    struct timers *all = e->timers;
    lock_acquire(&all->lock);
    list_remove(&w->link);
    while (all->pushing > 0)
        cond_wait(&all->less, &all->lock);
    lock_release(&all->lock);
}

/* ---- a run ---- */

static _Thread_local struct timer *running_here;

struct timer *timer_running_here(void)
{
    return running_here;
}

struct timer_run {
    struct guarded guarded;
    struct timer *timer;
};

static int timer_body(void *guarded)
{
    struct timer *t = ((struct timer_run *)guarded)->timer;
    t->fn(&t->pub, t->self);
    return CS_OK;
}

/* CURRENT: the app that the calling thread holds. False: T is not to run; it may be gone. */
static bool begin_run(struct timer *t, const struct app *current)
{
    struct timers *all = t->timers;
    lock_acquire(&all->lock);
    t->queued = false;
    bool wanted = t->fire && !t->dead;
    bool runs = wanted && current == t->module->app;
    bool orphan = t->orphan;
    t->fire = false;
    if (runs) {
        t->runner = thread_self_id();
        t->set_anew = false;
        t->module->app->background->timers_running++;
    } else if (wanted) { /* its webapp is paused, or begins again just now */
        timer_arm_locked(t, 0);
    } else {
        timer_settle_locked(t);
    }
    lock_release(&all->lock);
    if (orphan)
        free(t);
    return runs;
}

/* The beat of a periodic timer: not how long its runs take, or wait. What was missed is left out. */
static void next_beat_locked(struct timer *t)
{
    uint64_t now = clock_us(), due = t->entry.due_us + t->period_us;
    if (due <= now)
        due += ((now - due) / t->period_us + 1) * t->period_us;
    if (t->module->app->background->timers_serve)
        put_locked(t, due);
    else
        timer_arm_locked(t, due - now);
}

static void end_run(struct timer *t)
{
    struct timers *all = t->timers;
    struct background *b = t->module->app->background;
    lock_acquire(&all->lock);
    t->runner = 0;
    b->timers_running--;
    if (t->waiters > 0 || b->timers_ended)
        cond_broadcast(&all->less);
    if (!t->dead && !t->set_anew && t->period_us > 0)
        next_beat_locked(t);
    if (t->fire && !t->dead && send_locked(t)) {
        t->next = NULL;
        push_locked(all, t);
    } else {
        timer_settle_locked(t);
    }
    lock_release(&all->lock);
}

static void run(struct timer *t)
{
    struct timer_run r = {.timer = t};
    running_here = t;
    module_invoke(t->module, timer_body, &r.guarded);
    running_here = NULL;
    if (r.guarded.failure[0])
        LOG(engine, LOG_ERROR, "%s: a timer failed: %s", t->context->queue_name, r.guarded.failure);
    end_run(t);
}

void timer_work_run(struct engine *e, uint32_t slot, struct engine_work *work)
{
    struct timer *t = CONTAINER_OF(work, struct timer, work);
    struct hazard *hazard = &e->hazards[slot];
    struct app *current = hazard_take(hazard, &t->context->current);
    if (begin_run(t, current))
        run(t);
    if (current)
        hazard_clear(hazard);
}

void engine_run_work(struct engine *e, uint32_t slot, struct engine_work *work)
{
    work->run(e, slot, work);
}
