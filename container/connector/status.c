/* SPDX-License-Identifier: Apache-2.0
 * A connector's snapshot: see status.h. */
#include "connector/status.h"

#include "connector/group_priv.h"

static uint64_t look(_Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void name_rows(struct connector *c, struct connector_status *out)
{
    _Static_assert(CONN_STATE_COUNT < ARRAY_COUNT(out->states), "room for the end mark");
    _Static_assert(CLOSE_REASON_COUNT < ARRAY_COUNT(out->closed), "room for the end mark");
    _Static_assert(REFUSALS_MAX < ARRAY_COUNT(out->refused), "room for the end mark");
    for (uint32_t s = 0; s < CONN_STATE_COUNT; s++)
        out->states[s].name = conn_state_name((enum conn_state)s);
    for (uint32_t r = 1; r < CLOSE_REASON_COUNT; r++)
        out->closed[r - 1].name = close_reason_name((enum close_reason)r);
    for (uint32_t r = 1; c->proto->refusal_name && r < REFUSALS_MAX; r++)
        if (!(out->refused[r - 1].name = c->proto->refusal_name(r)))
            break;
}

static void add_pool(struct group *g, struct connector_status *out)
{
    struct pool_stats stats;
    pool_stats(g->pool, &stats);
    out->threads += stats.threads;
    out->threads_busy += stats.busy;
    out->threads_searching += stats.searching;
    out->threads_idle += stats.idle;
    out->threads_kept += g->kept;
    out->queued += stats.queued;
    if (stats.oldest_us > out->oldest_us)
        out->oldest_us = stats.oldest_us;
}

void connector_status(struct connector *c, struct connector_status *out)
{
    *out = (struct connector_status){
        .name = c->name,
        .connections = atomic_load(&c->connections),
        .max_connections = c->options.max_connections,
        .groups = c->group_count,
        .threads_max = c->options.max_threads,
        .accept_paused = atomic_load(&c->accept_paused),
    };
    name_rows(c, out);
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        add_pool(g, out);
        out->writers_waiting += atomic_load_explicit(&g->writers_waiting, memory_order_relaxed);
        for (uint32_t s = 0; s < CONN_STATE_COUNT; s++)
            out->states[s].value += atomic_load_explicit(&g->states[s], memory_order_relaxed);
        for (uint32_t r = 1; r < CLOSE_REASON_COUNT; r++)
            out->closed[r - 1].value += look(&g->closed[r]);
        for (uint32_t r = 1; r < REFUSALS_MAX; r++)
            out->refused[r - 1].value += look(&g->refused[r]);
    }
    for (uint32_t q = 0; q < engine_queue_count(c->options.engine); q++) {
        struct connector_queue_status queue;
        connector_queue_status(c, q, &queue);
        out->requests += queue.requests;
    }
}

void connector_queue_status(struct connector *c, uint32_t queue, struct connector_queue_status *out)
{
    uint64_t waited_us = 0;
    *out = (struct connector_queue_status){.name = engine_queue_name(c->options.engine, queue)};
    _Static_assert(CONNECTOR_WAITS == QUEUE_WAITS, "the same rows");
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        struct queue_stats stats;
        pool_queue_stats(g->pool, queue, &stats);
        out->reserved = stats.limits.reserved;
        out->queued += stats.queued;
        out->running += stats.running;
        out->cap += stats.limits.cap;
        out->max_queued += stats.limits.max_length;
        out->max_wait_us = stats.limits.max_wait_us;
        out->taken += stats.taken;
        out->followed += look(&g->counts[queue].followed);
        out->inlined += look(&g->counts[queue].inlined);
        out->refused += stats.refused;
        out->late += stats.late;
        waited_us += stats.waited_us;
        if (stats.oldest_us > out->oldest_us)
            out->oldest_us = stats.oldest_us;
        if (stats.longest_us > out->longest_us)
            out->longest_us = stats.longest_us;
        for (uint32_t w = 0; w < CONNECTOR_WAITS; w++)
            out->waits[w] += stats.waits[w];
    }
    out->requests = out->taken + out->followed + out->inlined;
    out->average_us = out->taken > 0 ? waited_us / out->taken : 0;
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

size_t connector_listener_count(const struct connector *c)
{
    return c->listener_count;
}

void connector_listener_status(struct connector *c, size_t listener,
                               struct connector_listener_status *out)
{
    struct net_listener_stats s;
    net_listener_stats(c->listeners[listener], &s);
    *out = (struct connector_listener_status){s.accepted, s.refused, s.paused};
}
