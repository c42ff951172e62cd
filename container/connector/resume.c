/* SPDX-License-Identifier: Apache-2.0
 * Exchanges that go on when their worker has left: their connection is PARKED (or multiplexed), their
 * answer is posted, no thread is held. What happens to them (an alarm, the client's end, a call of whoever
 * makes the answer) becomes one task at a time for a worker, which asks the engine. */
#include "base/clock.h"
#include "connector/posted_priv.h"

/* ---- tasks ---- */

/* Holding X. */
static void push(struct posted *p)
{
    struct group *g = p->group;
    p->job.kind = JOB_RESUME;
    p->job.x = p->x;
    p->job.task = (struct task){.queue = p->x->route.queue, .admitted = true};
    CHECK(!pool_push(g->pool, &p->job.task));
    /* The poller looks whether there are enough workers. */
    if (atomic_exchange(&g->inbox.sleeping, 0) == 1)
        poller_wake(g->poller);
}

/* Any thread that holds X, or knows that it is not over. */
static void wake(struct posted *p)
{
    if (atomic_fetch_add(&p->wakes, 1) != 0)
        return;          /* the task that waits, or runs, sees it */
    exchange_hold(p->x); /* the task's */
    push(p);
}

static void raise_event(struct posted *p, uint32_t event)
{
    atomic_fetch_or(&p->x->events, event);
    wake(p);
}

/* Worker. Wakes that come while it runs are served by the same task, but behind those that wait: answers whose
 * clients are fast leave room again at once, and are not the only ones. */
void resume_run(struct group *g, uint32_t slot, struct exchange *x)
{
    struct engine *e = g->connector->options.engine;
    struct posted *p = x->channel_state;
    uint32_t seen = atomic_load(&p->wakes);
    bool over = engine_resume(e, slot, x);
    if (over) /* `wakes` stays: there will be no other task, which might come after the pool's end */
        resume_over(g);
    else if (atomic_fetch_sub(&p->wakes, seen) != seen) {
        push(p);
        return;
    }
    exchange_release(&x);
}

void resume_over(struct group *g)
{
    struct connector *c = g->connector;
    if (atomic_fetch_sub(&c->detached, 1) != 1 || !atomic_load(&c->draining))
        return;
    lock_acquire(&c->lock);
    cond_broadcast(&c->empty);
    lock_release(&c->lock);
}

bool resume_detached(const struct exchange *x)
{
    struct posted *p = x->channel == &posted_channel ? x->channel_state : NULL;
    return p && p->detached; /* set by this thread, if by anybody */
}

/* ---- the alarm: a wheel of the group's, so that one connection may have many ---- */

/* Poller. */
static void alarm_file(struct group *g, struct posted *p)
{
    uint64_t at = atomic_load(&p->alarm_us), now = clock_us();
    bool wanted = at > 0 && p->c;
    p->alarm_filed_us = at;
    if (!wanted && p->alarm.filed == 0 && p->alarm.deadline == 0)
        return;
    if (!wanted) {
        struct exchange *x = p->x;
        wheel_clear(&p->alarm);
        exchange_release(&x); /* the wheel's */
        return;
    }
    if (p->alarm.filed == 0 && p->alarm.deadline == 0)
        exchange_hold(p->x);
    uint64_t left = at > now ? at - now : 0;
    wheel_clock(&g->alarms, now);
    wheel_set(&g->alarms, &p->alarm, (int64_t)((left + 999) / 1000));
}

static void alarm_fire(struct wheel_entry *e, void *arg)
{
    struct posted *p = CONTAINER_OF(e, struct posted, alarm);
    struct exchange *x = p->x;
    uint64_t this_one = p->alarm_filed_us;
    (void)arg;
    atomic_compare_exchange_strong(&p->alarm_us, &this_one, 0); /* a newer one will be filed */
    raise_event(p, EXCHANGE_ALARM);
    exchange_release(&x); /* the wheel's */
}

#define ALARMS_PER_TURN 1000u

bool resume_tend(struct group *g)
{
    return wheel_advance(&g->alarms, poller_now_us(g->poller), ALARMS_PER_TURN, alarm_fire, g);
}

void resume_posted(struct group *g, struct exchange *x)
{
    alarm_file(g, x->channel_state);
}

void resume_gone(struct exchange *x)
{
    raise_event(x->channel_state, EXCHANGE_GONE);
}

/* ---- the channel's calls ---- */

enum channel_result posted_detach(struct exchange *x)
{
    struct posted *p = x->channel_state;
    atomic_fetch_add(&p->group->connector->detached, 1);
    lock_acquire(&p->lock);
    p->detached = true;
    bool gone = p->gone;
    lock_release(&p->lock);
    if (gone)
        raise_event(p, EXCHANGE_GONE);
    return CHANNEL_OK;
}

enum channel_result leased_detach(struct exchange *x)
{
    struct lease *l = x->channel_state;
    if (l->broken)
        return CHANNEL_GONE;
    if (l->streams && !stream_leave(l, x))
        return CHANNEL_GONE;
    if (lease_end_early(l, x, 0) != CHANNEL_OK && !l->ended)
        return CHANNEL_NO_MEMORY;
    return posted_detach(x); /* what was given up meanwhile is told as the client's end */
}

void posted_wake(struct exchange *x)
{
    wake(x->channel_state);
}

void posted_alarm(struct exchange *x, int64_t ms)
{
    struct posted *p = x->channel_state;
    atomic_store(&p->alarm_us, ms < 0 ? 0 : clock_us() + (uint64_t)ms * 1000);
    posted_notify(p);
}
