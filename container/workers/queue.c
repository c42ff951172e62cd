/* SPDX-License-Identifier: Apache-2.0
 * Deficit round robin over the queues of a group: see queue.h. */
#include "workers/queue.h"

#include <stdlib.h>

/* What a queue may spend when its turn comes: a context of quick servlets gets several tasks in a row,
 * one of slow servlets waits several rounds for each. */
#define QUANTUM_US 1000
/* A task never counts for more than this, or a sleeping servlet would stop its context for minutes. */
#define COST_MAX_US 20000u
#define LOOK_AT \
    8u /* queues whose tasks are asked for; with more of them a thread is worth its cost */

bool queues_init(struct queues *q, uint32_t count, const struct queue_limits *limits)
{
    *q = (struct queues){.count = count};
    q->ordinary.max_running = q->reserved.max_running = UINT32_MAX;
    list_init(&q->waiting);
    q->rows = calloc(count, sizeof(*q->rows));
    if (!q->rows)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        q->rows[i].limits = *limits;
        q->rows[i].cost_us = 1;
        q->rows[i].waits_share = QUEUE_SHARE;
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

static struct queue_class *class_of(struct queues *q, const struct task_queue *row)
{
    return row->limits.reserved ? &q->reserved : &q->ordinary;
}

/* ROW's tasks and those of its part. */
static uint32_t inside(const struct queues *q, const struct task_queue *row)
{
    return row->running + (row->part > 0 ? q->rows[row->part - 1].running : 0);
}

static const struct task_queue *whole_of(const struct queues *q, const struct task_queue *row)
{
    return row->limits.is_part ? &q->rows[row->limits.whole] : row;
}

static bool at_cap(const struct queues *q, const struct task_queue *row)
{
    const struct task_queue *whole = whole_of(q, row);
    return row->running >= row->limits.cap || inside(q, whole) >= whole->limits.cap;
}

/* What blocks ROW, or its whole or part, is about to change, or has changed: takes their waiting tasks out
 * of the class's sum, or puts them in. */
static void sum_blocked(struct queues *q, const struct task_queue *row, bool in)
{
    const struct task_queue *whole = whole_of(q, row);
    const struct task_queue *rows[] = {whole, whole->part > 0 ? &q->rows[whole->part - 1] : NULL};
    for (size_t i = 0; i < ARRAY_COUNT(rows) && rows[i]; i++) {
        if (!at_cap(q, rows[i]))
            continue;
        struct queue_class *class = class_of(q, rows[i]);
        class->blocked = in ? class->blocked + rows[i]->length : class->blocked - rows[i]->length;
    }
}

void queues_limit(struct queues *q, uint32_t number, const struct queue_limits *limits)
{
    CHECK(number < q->count && limits->cap > 0);
    struct task_queue *row = &q->rows[number];
    CHECK((limits->reserved == row->limits.reserved && limits->is_part == row->limits.is_part &&
           limits->whole == row->limits.whole) ||
          row->length + row->running == 0);
    sum_blocked(q, row, false);
    row->limits = *limits;
    if (limits->is_part) {
        CHECK(limits->whole < q->count && limits->whole != number);
        struct task_queue *whole = &q->rows[limits->whole];
        CHECK(!whole->limits.is_part && (whole->part == 0 || whole->part == number + 1));
        whole->part = number + 1;
    }
    sum_blocked(q, row, true);
}

void queues_keep(struct queues *q, uint32_t max)
{
    CHECK(max > 0);
    q->ordinary.max_running = max;
}

static bool class_full(const struct queue_class *class)
{
    return class->running >= class->max_running;
}

bool queues_push(struct queues *q, struct task *t, uint64_t now_us)
{
    CHECK(t->queue < q->count);
    struct task_queue *row = &q->rows[t->queue];
    struct queue_class *class = class_of(q, row);
    if (row->length >= row->limits.max_length && !t->admitted) {
        row->refused++;
        return false;
    }
    struct task_lane *lane = &row->lanes[t->quick];
    t->next = NULL;
    t->before = lane->last;
    t->queued_us = now_us;
    if (lane->last)
        lane->last->next = t;
    else
        lane->first = t;
    lane->last = t;
    row->length++;
    q->length++;
    class->waiting++;
    if (at_cap(q, row))
        class->blocked++;
    if (!row->in_ring) {
        row->in_ring = true;
        row->deficit_us = 0;
        list_add_tail(&q->waiting, &row->ring);
    }
    return true;
}

/* T does not wait any more. */
static void unlink_task(struct queues *q, struct task_queue *row, struct task *t)
{
    struct queue_class *class = class_of(q, row);
    struct task_lane *lane = &row->lanes[t->quick];
    if (t->before)
        t->before->next = t->next;
    else
        lane->first = t->next;
    if (t->next)
        t->next->before = t->before;
    else
        lane->last = t->before;
    t->next = t->before = NULL;
    row->length--;
    q->length--;
    class->waiting--;
    if (at_cap(q, row))
        class->blocked--;
    if (row->length == 0) {
        row->in_ring = false;
        list_remove(&row->ring);
    }
}

static uint64_t waited(const struct task *t, uint64_t now_us)
{
    return now_us > t->queued_us ? now_us - t->queued_us : 0;
}

static void count_wait(struct task_queue *row, uint64_t us)
{
    uint32_t i = 0;
    for (uint64_t end = 1000; i < QUEUE_WAITS - 1 && us >= end; end *= 10)
        i++;
    row->waits[i]++;
    row->waited_us += us;
    if (us > row->longest_us)
        row->longest_us = us;
}

/* The lane whose turn it is; one of them has tasks. */
static struct task_lane *next_lane(struct task_queue *row)
{
    struct task_lane *slow = &row->lanes[LANE_SLOW], *quick = &row->lanes[LANE_QUICK];
    if (quick->first && (!slow->first || row->quick_run < QUICK_RUN)) {
        row->quick_run += slow->first != NULL;
        return quick;
    }
    row->quick_run = 0;
    return slow;
}

static struct task *pop(struct queues *q, struct task_queue *row, uint64_t now_us)
{
    struct queue_class *class = class_of(q, row);
    uint64_t limit = row->limits.max_wait_us;
    const struct task_lane *lane = next_lane(row);
    bool crowded = limit > 0 && waited(lane->first, now_us) > limit / 2 && !lane->first->admitted;
    struct task *t = crowded ? lane->last : lane->first;
    count_wait(row, waited(t, now_us));
    unlink_task(q, row, t);
    sum_blocked(q, row, false);
    row->running++;
    class->running++;
    row->taken++;
    sum_blocked(q, row, true);
    row->deficit_us -= row->cost_us;
    return t;
}

static void to_back(struct queues *q, struct task_queue *row)
{
    list_remove(&row->ring);
    list_add_tail(&q->waiting, &row->ring);
}

static bool may_run(const struct queues *q, const struct task_queue *row)
{
    return !at_cap(q, row) && !class_full(row->limits.reserved ? &q->reserved : &q->ordinary);
}

struct task *queues_take(struct queues *q, uint64_t now_us)
{
    if (!queues_has_work(q))
        return NULL;
    /* Ends: a queue that may run has tasks, and its deficit grows with each round. */
    for (;;) {
        struct task_queue *row = CONTAINER_OF(list_first(&q->waiting), struct task_queue, ring);
        if (!may_run(q, row)) {
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

/* Those from FIRST on that have waited for too long go to *END; returns the new end. */
static struct task **late_of(struct queues *q, struct task_queue *row, struct task *first,
                             uint64_t now_us, struct task **end)
{
    for (struct task *t = first, *behind; t && waited(t, now_us) > row->limits.max_wait_us;
         t = behind) {
        behind = t->next;
        if (t->admitted)
            continue;
        unlink_task(q, row, t);
        row->late++;
        *end = t;
        end = &t->next;
    }
    return end;
}

struct task *queues_late(struct queues *q, uint64_t now_us)
{
    struct task *late = NULL, **end = &late;
    LIST_FOREACH_SAFE (link, next, &q->waiting) {
        struct task_queue *row = CONTAINER_OF(link, struct task_queue, ring);
        for (unsigned i = 0; i < LANES && row->limits.max_wait_us > 0; i++)
            end = late_of(q, row, row->lanes[i].first, now_us, end);
    }
    return late;
}

void queues_done(struct queues *q, uint32_t number, uint64_t took_us, bool waited)
{
    CHECK(number < q->count && q->rows[number].running > 0);
    struct task_queue *row = &q->rows[number];
    struct queue_class *class = class_of(q, row);
    sum_blocked(q, row, false);
    row->running--;
    class->running--;
    sum_blocked(q, row, true);
    uint32_t took = took_us > COST_MAX_US ? COST_MAX_US : (uint32_t)took_us;
    uint32_t average = (row->cost_us * 7 + took) / 8;
    row->cost_us = average > 0 ? average : 1;
    row->waits_share = (row->waits_share * 15 + (waited ? QUEUE_SHARE : 0)) / 16;
}

static bool class_has_work(const struct queue_class *class)
{
    return class->waiting > class->blocked && !class_full(class);
}

bool queues_has_work(const struct queues *q)
{
    return class_has_work(&q->ordinary) || class_has_work(&q->reserved);
}

static bool row_waits(const struct task_queue *row)
{
    return row->waits_share > QUEUE_SHARE / 4;
}

bool queues_waits(const struct queues *q, uint32_t number)
{
    CHECK(number < q->count);
    return row_waits(&q->rows[number]);
}

bool queues_may_wait(const struct queues *q)
{
    uint32_t looked_at = 0;
    LIST_FOREACH (link, &q->waiting) {
        const struct task_queue *row = CONTAINER_OF(link, struct task_queue, ring);
        if (looked_at++ == LOOK_AT || (may_run(q, row) && row_waits(row)))
            return true;
    }
    return false;
}

uint64_t queues_oldest_of(const struct queues *q, uint32_t number)
{
    const struct task_lane *lanes = q->rows[number].lanes;
    uint64_t oldest = 0;
    for (unsigned i = 0; i < LANES; i++)
        if (lanes[i].first && (oldest == 0 || lanes[i].first->queued_us < oldest))
            oldest = lanes[i].first->queued_us;
    return oldest;
}

uint64_t queues_oldest(const struct queues *q)
{
    uint64_t oldest = 0;
    LIST_FOREACH (link, &q->waiting) {
        const struct task_queue *row = CONTAINER_OF(link, struct task_queue, ring);
        uint64_t its = queues_oldest_of(q, (uint32_t)(row - q->rows));
        if (may_run(q, row) && (oldest == 0 || its < oldest))
            oldest = its;
    }
    return oldest;
}
