/* SPDX-License-Identifier: Apache-2.0
 * Deficit round robin over the queues of a group: see queue.h. */
#include "workers/queue.h"

#include <stdlib.h>

/* What a queue may spend when its turn comes: a context of quick servlets gets several tasks in a row,
 * one of slow servlets waits several rounds for each. */
#define QUANTUM_US 1000
/* A task never counts for more than this, or a sleeping servlet would stop its context for minutes. */
#define COST_MAX_US 20000u

bool queues_init(struct queues *q, uint32_t count, uint32_t cap, uint32_t max_length)
{
    *q = (struct queues){.count = count};
    list_init(&q->waiting);
    q->rows = calloc(count, sizeof(*q->rows));
    if (!q->rows)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        q->rows[i].cap = cap;
        q->rows[i].max_length = max_length;
        q->rows[i].cost_us = 1;
        list_init(&q->rows[i].ring);
    }
    return true;
}

void queues_destroy(struct queues *q)
{
    CHECK(q->length == 0);
    free(q->rows);
    q->rows = NULL;
}

void queues_limit(struct queues *q, uint32_t number, uint32_t cap)
{
    CHECK(number < q->count && cap > 0);
    struct task_queue *row = &q->rows[number];
    if (row->running >= row->cap && row->running < cap)
        q->blocked -= row->length;
    else if (row->running < row->cap && row->running >= cap)
        q->blocked += row->length;
    row->cap = cap;
}

static bool at_cap(const struct task_queue *row)
{
    return row->running >= row->cap;
}

bool queues_push(struct queues *q, struct task *t, uint64_t now_us)
{
    CHECK(t->queue < q->count);
    struct task_queue *row = &q->rows[t->queue];
    if (row->length >= row->max_length) {
        row->refused++;
        return false;
    }
    t->next = NULL;
    t->queued_us = now_us;
    if (row->last)
        row->last->next = t;
    else
        row->first = t;
    row->last = t;
    row->length++;
    q->length++;
    if (at_cap(row))
        q->blocked++;
    if (!row->in_ring) {
        row->in_ring = true;
        row->deficit_us = 0;
        list_add_tail(&q->waiting, &row->ring);
    }
    return true;
}

static struct task *pop(struct queues *q, struct task_queue *row, uint64_t now_us)
{
    struct task *t = row->first;
    row->first = t->next;
    if (!row->first)
        row->last = NULL;
    t->next = NULL;
    row->length--;
    q->length--;
    row->running++;
    row->taken++;
    if (at_cap(row))
        q->blocked += row->length;
    if (now_us - t->queued_us > row->max_wait_us)
        row->max_wait_us = now_us - t->queued_us;
    row->deficit_us -= row->cost_us;
    if (row->length == 0) {
        row->in_ring = false;
        list_remove(&row->ring);
    }
    return t;
}

static void to_back(struct queues *q, struct task_queue *row)
{
    list_remove(&row->ring);
    list_add_tail(&q->waiting, &row->ring);
}

struct task *queues_take(struct queues *q, uint64_t now_us)
{
    if (!queues_has_work(q))
        return NULL;
    /* Ends: a queue below its cap has tasks, and its deficit grows with each round. */
    for (;;) {
        struct task_queue *row = CONTAINER_OF(list_first(&q->waiting), struct task_queue, ring);
        if (at_cap(row)) {
            to_back(q, row);
            continue;
        }
        if (row->deficit_us < row->cost_us) {
            row->deficit_us += QUANTUM_US;
            if (row->deficit_us < row->cost_us) {
                to_back(q, row);
                continue;
            }
        }
        struct task *t = pop(q, row, now_us);
        if (row->in_ring && row->deficit_us < row->cost_us)
            to_back(q, row);
        return t;
    }
}

void queues_done(struct queues *q, uint32_t number, uint64_t took_us)
{
    CHECK(number < q->count && q->rows[number].running > 0);
    struct task_queue *row = &q->rows[number];
    if (at_cap(row) && row->running - 1 < row->cap)
        q->blocked -= row->length;
    row->running--;
    uint32_t took = took_us > COST_MAX_US ? COST_MAX_US : (uint32_t)took_us;
    uint32_t average = (row->cost_us * 7 + took) / 8;
    row->cost_us = average > 0 ? average : 1;
}

bool queues_has_work(const struct queues *q)
{
    return q->length > q->blocked;
}

uint64_t queues_oldest(const struct queues *q)
{
    uint64_t oldest = 0;
    LIST_FOREACH (link, &q->waiting) {
        const struct task_queue *row = CONTAINER_OF(link, struct task_queue, ring);
        if (!at_cap(row) && (oldest == 0 || row->first->queued_us < oldest))
            oldest = row->first->queued_us;
    }
    return oldest;
}
