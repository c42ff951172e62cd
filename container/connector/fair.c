/* SPDX-License-Identifier: Apache-2.0
 * What of a group's workers each webapp may use, and who is turned away when too many wait. Limits come
 * from the Connector, or from the webapp's <Context>. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

#define LATE_US 50000u /* between two looks for requests that waited too long */
#define KEPT    2u     /* threads for reserved webapps, as long as there are some more */

static uint32_t part(uint32_t all, uint32_t groups)
{
    return all / groups + (all % groups > 0);
}

/* Of CAP workers, those that may wait for clients; at least 1. WANTED 0: a quarter. */
static uint32_t streaming_cap(uint32_t cap, uint32_t wanted)
{
    uint32_t n = wanted > 0 ? wanted : cap / 4;
    n = n < cap ? n : cap;
    return n > 0 ? n : 1;
}

static struct queue_limits limits_of(const struct connector *c, uint32_t queue, uint32_t threads)
{
    const struct connector_options *o = &c->options;
    const struct engine_share *s = engine_queue_share(o->engine, queue);
    uint64_t ms = s->max_queue_time > 0 ? s->max_queue_time : (uint64_t)o->max_queue_time;
    uint32_t cap = threads - threads / 4;
    if (s->max_threads > 0)
        cap = part(s->max_threads, o->groups);
    cap = cap < threads ? cap : threads;
    bool streams = engine_queue_streams(o->engine, queue);
    if (streams)
        cap = streaming_cap(cap, part(s->max_streaming, o->groups));
    return (struct queue_limits){
        .cap = cap,
        .max_length = s->max_queue_size > 0 ? s->max_queue_size : o->max_queue_size,
        .max_wait_us = ms * 1000,
        .reserved = s->reserved && !streams, /* who waits for clients gets none of those */
        .is_part = streams,
        .whole = streams ? engine_queue_whole(o->engine, queue) : 0,
    };
}

uint32_t fair_kept(const struct connector *c, uint32_t threads)
{
    uint32_t kept = part(KEPT, c->options.groups);
    bool any = false;
    for (uint32_t q = 0; q < engine_queue_count(c->options.engine); q++)
        any = any || engine_queue_share(c->options.engine, q)->reserved;
    if (!any || threads < 2)
        return 0;
    return threads >= 2 * kept ? kept : 1;
}

void fair_set_limits(struct group *g, uint32_t threads)
{
    for (uint32_t q = 0; q < engine_queue_count(g->connector->options.engine); q++) {
        const struct queue_limits limits = limits_of(g->connector, q, threads);
        pool_limits(g->pool, q, &limits);
    }
}

/* Streaming servlets may wait for their client, however quick they were. SLOT: the calling thread's. */
void fair_task(struct active *a, uint32_t slot)
{
    const struct exchange *x = a->x;
    a->job.task =
        (struct task){.queue = route_task_queue(&x->route),
                      .quick = x->route.mode != ROUTE_STREAM &&
                               engine_route.quick(a->group->connector->options.engine, slot, x)};
}

/* A task that no worker will take: 503, in its place. */
static void refuse_task(struct group *g, struct task *t, enum proto_busy why)
{
    struct job *job = CONTAINER_OF(t, struct job, task);
    if (job->kind == JOB_LEASE) {
        conn_busy(g, CONTAINER_OF(job, struct active, job)->c, why);
        return;
    }
    struct exchange *x = job->x;
    struct conn *c = posted_conn(x);
    struct active *a = c ? c->active : NULL;
    if (a) {
        a->under_way--;
        a->proto->busy(a->px, x, why);
        conn_run(g, c);
    }
    exchange_release(&x); /* the worker's */
}

static void refuse_tasks(struct group *g, struct task *t, enum proto_busy why)
{
    while (t) {
        struct task *next = t->next;
        counter_add(why == BUSY_LATE ? COUNTER_queue_late : COUNTER_queue_full, 1);
        refuse_task(g, t, why);
        t = next;
    }
}

/* Refusals may make the next requests complete: those are pushed in the next turn. */
void fair_push(struct group *g, struct task *first)
{
    refuse_tasks(g, pool_push_tended(g->pool, first), BUSY_FULL);
}

void fair_refuse_late(struct group *g)
{
    uint64_t now = poller_now_us(g->poller);
    if (now - g->late_us < LATE_US)
        return;
    g->late_us = now;
    refuse_tasks(g, pool_late(g->pool), BUSY_LATE);
}

void fair_count(struct group *g, uint32_t queue, bool inlined, uint32_t served)
{
    struct queue_counts *counts = &g->counts[queue];
    uint32_t followed = served;
    if (inlined)
        atomic_fetch_add_explicit(&counts->inlined, 1, memory_order_relaxed);
    if (served > 0)
        followed--;
    if (followed > 0)
        atomic_fetch_add_explicit(&counts->followed, followed, memory_order_relaxed);
}
