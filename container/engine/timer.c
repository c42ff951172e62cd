/* SPDX-License-Identifier: Apache-2.0
 * What webapps do with their timers, and the timers of one webapp over its life: see timers.h. */
#include <stdlib.h>

#include "base/clock.h"
#include "engine/timers.h"
#include "observe/log.h"

/* Longer than any server runs, and far from the end of the clock. */
#define LONGEST_MS ((int64_t)1000 * 60 * 60 * 24 * 365 * 1000)

static uint64_t to_us(int64_t ms)
{
    return (uint64_t)(ms < LONGEST_MS ? ms : LONGEST_MS) * 1000;
}

static void set_locked(struct timer *t, int64_t after_ms, int64_t period_ms)
{
    t->period_us = to_us(period_ms);
    t->set_anew = true;
    if (after_ms < 0)
        timer_disarm_locked(t);
    else
        timer_arm_locked(t, to_us(after_ms));
}

/* NULL: it takes its place. */
static const char *add(struct timer *t, int64_t after_ms, int64_t period_ms)
{
    struct timers *all = t->timers;
    struct background *b = t->module->app->background;
    const char *why = NULL;
    lock_acquire(&all->lock);
    if (b->timers_ended)
        why = "the webapp ends";
    else if (!timers_reserve_locked(all))
        why = "out of memory or threads";
    if (!why) {
        list_add_tail(&b->timers, &t->link);
        set_locked(t, after_ms, period_ms);
    }
    lock_release(&all->lock);
    return why;
}

cs_timer *ctx_timer(cs_ctx *ctx, int64_t after_ms, int64_t period_ms,
                    void (*fn)(cs_timer *timer, void *self), void *self)
{
    struct app_module *m = ctx_module(ctx);
    struct context *context = m->app->context;
    struct timer *t = NULL;
    const char *why = "out of memory";
    if (!fn || period_ms < 0)
        why = "it needs a function, and a period that is not negative";
    else if ((t = calloc(1, sizeof(*t)))) {
        *t = (struct timer){.pub = {.ops = &timer_ops},
                            .work = {.run = timer_work_run, .queue = context->queue},
                            .timers = context->engine->timers,
                            .context = context,
                            .module = m,
                            .fn = fn,
                            .self = self};
        why = add(t, after_ms, period_ms);
    }
    if (!why)
        return &t->pub;
    LOG(engine, LOG_ERROR, "%s: a timer is not set: %s", context->queue_name, why);
    free(t);
    return NULL;
}

/* ---- the handle ---- */

static int timer_set(cs_timer *timer, int64_t after_ms, int64_t period_ms)
{
    struct timer *t = CONTAINER_OF(timer, struct timer, pub);
    if (period_ms < 0)
        return CS_EINVAL;
    lock_acquire(&t->timers->lock);
    bool dead = t->dead;
    if (!dead)
        set_locked(t, after_ms, period_ms);
    lock_release(&t->timers->lock);
    return dead ? CS_EGONE : CS_OK;
}

static void kill_locked(struct timer *t)
{
    timer_disarm_locked(t);
    t->dead = true;
    t->timers->count--;
}

/* The run of T waits, over others, for the one that the calling thread is in. */
static bool waits_for_us(const struct timer *t)
{
    const struct timer *here = timer_running_here();
    for (; here && t; t = t->waits_for) {
        if (t == here)
            return true;
    }
    return false;
}

static int wait_for_run_locked(struct timer *t)
{
    struct timer *here = timer_running_here();
    if (t->runner == 0 || t == here)
        return CS_OK;
    if (waits_for_us(t))
        return CS_ESTATE;
    if (here)
        here->waits_for = t;
    t->waiters++;
    while (t->runner != 0)
        cond_wait(&t->timers->less, &t->timers->lock);
    t->waiters--;
    if (here)
        here->waits_for = NULL;
    return CS_OK;
}

static int timer_cancel(cs_timer *timer)
{
    struct timer *t = CONTAINER_OF(timer, struct timer, pub);
    struct timers *all = t->timers;
    int rc = CS_EGONE;
    lock_acquire(&all->lock);
    if (!t->dead) {
        kill_locked(t);
        list_remove(&t->link);
        rc = wait_for_run_locked(t);
        t->cancelled = true;
        timer_settle_locked(t);
    }
    lock_release(&all->lock);
    return rc;
}

const struct cs_timer_ops timer_ops = {.size = sizeof(struct cs_timer_ops),
                                       .minor = CS_ABI_MINOR_MAX,
                                       .set = timer_set,
                                       .cancel = timer_cancel};

/* ---- the timers of one webapp ---- */

static struct timers *timers_of(const struct app *a)
{
    return a->context->engine->timers;
}

void timers_begin(struct app *a)
{
    struct timers *all = timers_of(a);
    lock_acquire(&all->lock);
    a->background->timers_serve = true;
    LIST_FOREACH (link, &a->background->timers) {
        struct timer *t = CONTAINER_OF(link, struct timer, link);
        if (t->parked)
            timer_arm_locked(t, t->after_us);
    }
    lock_release(&all->lock);
}

void timers_pause(struct app *a)
{
    struct timers *all = timers_of(a);
    uint64_t now = clock_us();
    lock_acquire(&all->lock);
    a->background->timers_serve = false;
    LIST_FOREACH (link, &a->background->timers) {
        struct timer *t = CONTAINER_OF(link, struct timer, link);
        if (t->entry.place > 0)
            timer_arm_locked(t, t->entry.due_us > now ? t->entry.due_us - now : 0);
    }
    lock_release(&all->lock);
}

bool timers_end(struct app *a, uint64_t deadline_us)
{
    struct timers *all = timers_of(a);
    struct background *b = a->background;
    lock_acquire(&all->lock);
    b->timers_ended = true;
    LIST_FOREACH (link, &b->timers) {
        struct timer *t = CONTAINER_OF(link, struct timer, link);
        if (!t->dead)
            kill_locked(t);
    }
    while (b->timers_running > 0 && clock_us() < deadline_us)
        cond_wait_until(&all->less, &all->lock, deadline_us);
    uint32_t running = b->timers_running;
    lock_release(&all->lock);
    if (running > 0)
        LOG(engine, LOG_ERROR,
            "%s: %u of its timers still run after stopTimeout; what takes long "
            "belongs into a thread (cs_ctx_thread)",
            a->context->queue_name, running);
    return running == 0;
}

void app_timers_free(struct background *b)
{
    struct list *link;
    while ((link = list_first(&b->timers))) {
        struct timer *t = CONTAINER_OF(link, struct timer, link);
        struct timers *all = t->timers;
        lock_acquire(&all->lock);
        CHECK(t->dead && t->runner == 0);
        list_remove(link);
        bool queued = t->queued;
        t->orphan = queued;
        lock_release(&all->lock);
        if (!queued)
            free(t);
    }
}
