/* SPDX-License-Identifier: Apache-2.0
 * A connector's snapshot: see status.h. */
#include "connector/status.h"

#include "connector/group_priv.h"

void connector_status(struct connector *c, struct connector_status *out)
{
    *out = (struct connector_status){
        .name = c->name,
        .connections = atomic_load(&c->connections),
        .max_connections = c->options.max_connections,
        .groups = c->group_count,
        .threads_max = c->options.max_threads,
    };
    _Static_assert(CONN_STATE_COUNT < ARRAY_COUNT(out->states), "room for the end mark");
    _Static_assert(CLOSE_REASON_COUNT < ARRAY_COUNT(out->closed), "room for the end mark");
    for (uint32_t s = 0; s < CONN_STATE_COUNT; s++)
        out->states[s].name = conn_state_name((enum conn_state)s);
    for (uint32_t r = 0; r < CLOSE_REASON_COUNT; r++)
        out->closed[r].name = close_reason_name((enum close_reason)r);
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        struct pool_stats stats;
        pool_stats(g->pool, &stats);
        out->threads += stats.threads;
        out->threads_busy += stats.busy;
        out->queued += stats.queued;
        if (stats.oldest_us > out->oldest_us)
            out->oldest_us = stats.oldest_us;
        for (uint32_t s = 0; s < CONN_STATE_COUNT; s++)
            out->states[s].value += atomic_load_explicit(&g->states[s], memory_order_relaxed);
        for (uint32_t r = 0; r < CLOSE_REASON_COUNT; r++)
            out->closed[r].value += atomic_load_explicit(&g->closed[r], memory_order_relaxed);
    }
}

void connector_queue_status(struct connector *c, uint32_t queue, struct connector_queue_status *out)
{
    *out = (struct connector_queue_status){.name = engine_queue_name(c->options.engine, queue)};
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct queue_stats stats;
        pool_queue_stats(c->groups[i].pool, queue, &stats);
        out->queued += stats.queued;
        out->running += stats.running;
        out->cap += stats.cap;
        out->taken += stats.taken;
        out->refused += stats.refused;
        if (stats.max_wait_us > out->max_wait_us)
            out->max_wait_us = stats.max_wait_us;
    }
    struct spool_stats spool;
    spool_account_stats(c->accounts[queue], &spool);
    out->buffered = spool.memory;
    out->spooled = spool.bytes;
    out->spool_files = spool.files;
}

void connector_spool_status(struct connector *c, struct connector_spool_status *out)
{
    struct spool_stats s;
    spool_stats(c->options.spool, &s);
    *out = (struct connector_spool_status){.buffered = s.memory,
                                           .max_buffered = s.max_memory,
                                           .spooled = s.bytes,
                                           .max_spooled = s.max_bytes,
                                           .files = s.files,
                                           .max_files = s.max_files,
                                           .jobs = s.jobs};
    _Static_assert(SPOOL_RESULT_COUNT <= ARRAY_COUNT(out->refused), "room for the end mark");
    for (int r = SPOOL_OK + 1; r < SPOOL_RESULT_COUNT; r++)
        out->refused[r - 1] =
            (struct connector_status_row){spool_result_name((enum spool_result)r), s.refused[r]};
}
