/* SPDX-License-Identifier: Apache-2.0
 * When the records of a group's exchanges go to the valves that take them: as a task on a worker, in a
 * queue of their own whose cap is one, so that a group delivers once at a time. Nothing of this runs when
 * no valve takes records. */
#include "base/clock.h"
#include "connector/group_priv.h"

static uint32_t queue_of(const struct group *g)
{
    return engine_queue_count(g->connector->options.engine);
}

bool records_open(struct group *g, struct pool_options *pool)
{
    if (!engine_records_open(g->connector->options.engine, &g->records))
        return false;
    if (g->records)
        pool->queues = queue_of(g) + 1;
    return true;
}

void records_limits(struct group *g)
{
    const struct queue_limits limits = {.cap = 1, .max_length = 1};
    if (g->records)
        pool_limits(g->pool, queue_of(g), &limits);
}

void records_push(struct group *g)
{
    if (atomic_exchange(&g->records_queued, true))
        return; /* the task that waits will take these, too */
    g->records_job.kind = JOB_RECORDS;
    g->records_job.task = (struct task){.queue = queue_of(g)};
    struct task *refused = pool_push(g->pool, &g->records_job.task);
    CHECK(!refused); /* its queue is empty as long as records_queued is not set */
}

void records_tend(struct group *g)
{
    if (g->records && engine_records_due(g->records, poller_now_us(g->poller)))
        records_push(g);
}

void records_deliver(struct group *g)
{
    atomic_store(&g->records_queued, false); /* what ends from now on may need a further task */
    engine_records_deliver(g->records);
}

bool records_end(struct group *g, uint64_t limit_us)
{
    if (!g->records)
        return true;
    if (engine_records_wait(g->records))
        records_push(g);
    return pool_drain(g->pool, limit_us);
}
