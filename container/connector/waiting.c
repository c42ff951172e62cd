/* SPDX-License-Identifier: Apache-2.0
 * Writers that wait for their clients, past outputMemory and outputSpool: each holds a thread of its
 * webapp. At most a quarter of the webapp's threads may; beyond that the answer whose client has taken
 * nothing for longest is given up. On workers. */
#include <stdlib.h>

#include "connector/group_priv.h"
#include "observe/counters.h"
#include "observe/log_limit.h"

struct waiting {
    struct list writers; /* of struct waiter, by link */
    uint32_t count;
};

bool waiting_init(struct group *g)
{
    uint32_t n = engine_queue_count(g->connector->options.engine);
    lock_init(&g->waiting_lock, "waiting writers");
    g->waiting = calloc(n, sizeof(*g->waiting));
    for (uint32_t q = 0; g->waiting && q < n; q++)
        list_init(&g->waiting[q].writers);
    return g->waiting != NULL;
}

void waiting_destroy(struct group *g)
{
    free(g->waiting);
    lock_destroy(&g->waiting_lock);
}

static uint32_t most_waiting(struct group *g, uint32_t queue)
{
    struct queue_stats stats;
    pool_queue_stats(g->pool, queue, &stats);
    return stats.limits.cap / 4 > 0 ? stats.limits.cap / 4 : 1;
}

static struct waiter *stillest(const struct waiting *q)
{
    struct waiter *most = NULL;
    LIST_FOREACH (link, &q->writers) {
        struct waiter *w = CONTAINER_OF(link, struct waiter, link);
        if (!most || atomic_load(&w->moved_us) < atomic_load(&most->moved_us))
            most = w;
    }
    return most;
}

static void remove_locked(struct group *g, struct waiting *q, struct waiter *w)
{
    list_remove(&w->link);
    q->count--;
    atomic_fetch_sub(&g->writers_waiting, 1);
}

static void tell(struct group *g, uint32_t queue, uint32_t most)
{
    static struct log_limit limit;
    LOG_LIMITED(connector, LOG_WARN, &limit,
                "%s: more than %u requests of %s wait for clients that do not read, past "
                "outputMemory and outputSpool: the one that stood still for longest was given up. "
                "Raise outputSpool, or the webapp's maxThreads",
                g->connector->options.name, most,
                engine_queue_name(g->connector->options.engine, queue));
}

void waiting_enter(struct group *g, uint32_t queue, struct waiter *w)
{
    struct waiting *q = &g->waiting[queue];
    uint32_t most = most_waiting(g, queue);
    bool over;
    counter_add(COUNTER_writers_waited, 1);
    lock_acquire(&g->waiting_lock);
    list_add_tail(&q->writers, &w->link);
    q->count++;
    atomic_fetch_add(&g->writers_waiting, 1);
    over = q->count > most;
    if (over) {
        struct waiter *still = stillest(q);
        remove_locked(g, q, still);
        posted_give_up(still->posted,
                       CLOSE_output_full); /* it cannot leave before the lock is free */
    }
    lock_release(&g->waiting_lock);
    if (!over)
        return;
    counter_add(COUNTER_answers_given_up, 1);
    tell(g, queue, most);
}

void waiting_leave(struct group *g, uint32_t queue, struct waiter *w)
{
    lock_acquire(&g->waiting_lock);
    if (!list_empty(&w->link))
        remove_locked(g, &g->waiting[queue], w);
    lock_release(&g->waiting_lock);
}
