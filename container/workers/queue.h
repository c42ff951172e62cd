/* SPDX-License-Identifier: Apache-2.0
 * Fair bounded queues: one per context, served in turn by deficit round robin, where a task costs what
 * its context's tasks lately took. Plain data: the caller (pool.c) holds a lock. */
#ifndef WORKERS_QUEUE_H
#define WORKERS_QUEUE_H
#include <stdint.h>
#include "base/list.h"

struct task { /* lives in what is to be done: a connection's active part, an exchange */
    struct task *next;
    uint64_t queued_us; /* set by queues_push */
    uint32_t queue;     /* number of its queue, set by the caller before the push */
};

struct task_queue {
    struct list ring; /* in queues.waiting while it has tasks */
    struct task *first, *last;
    uint32_t length, max_length;
    uint32_t running, cap; /* tasks on workers now, and how many may be */
    int64_t deficit_us;    /* what it may still spend in this round */
    uint32_t cost_us;      /* moving average of a task's time, at least 1 */
    bool in_ring;
    uint64_t taken, refused; /* for status */
    uint64_t max_wait_us;    /* longest wait seen since it was last read */
};

struct queues {
    struct task_queue *rows;
    uint32_t count;
    struct list waiting; /* the ring, front is served next */
    uint32_t length;     /* all waiting tasks */
    uint32_t blocked;    /* of them, those whose queue is at its cap */
};

bool queues_init(struct queues *q, uint32_t count, uint32_t cap, uint32_t max_length);
void queues_destroy(struct queues *q);
void queues_limit(struct queues *q, uint32_t number, uint32_t cap);
/* False: the queue is at max_length, the task was not taken. */
bool queues_push(struct queues *q, struct task *t, uint64_t now_us);
/* The next task whose queue is below its cap (counted as running from now on), or NULL. */
struct task *queues_take(struct queues *q, uint64_t now_us);
void queues_done(struct queues *q, uint32_t number, uint64_t took_us); /* one of its tasks ended */
bool queues_has_work(const struct queues *q); /* queues_take would return a task */
/* When the oldest task that may run was queued; 0: there is none. Looks at queue heads only. */
uint64_t queues_oldest(const struct queues *q);

#endif
