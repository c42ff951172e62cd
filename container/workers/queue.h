/* SPDX-License-Identifier: Apache-2.0
 * Fair bounded queues: one per context, served in turn by deficit round robin, where a task costs what
 * its context's tasks lately took. Within a queue those that are over at once need not wait behind those
 * that take long: there are two lanes, and of the slow one a task is taken when the quick one is empty or
 * QUICK_RUN of it were. A lane is first come, first served, until its oldest task has waited half of what
 * one may wait: from then on it is last come, first served, so that those who can still be answered in time
 * are; who waits longer than that is given up (queues_late). Plain data: the caller (pool.c) holds a lock. */
#ifndef WORKERS_QUEUE_H
#define WORKERS_QUEUE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/list.h"

/* How long tasks waited, by powers of ten from 1 ms on; the last row has no end. */
#define QUEUE_WAITS 6u

#define QUEUE_SHARE 1024u

/* Quick tasks that may overtake a slow one: at less than 200 us each it waits 6 ms more at most. */
#define QUICK_RUN 32u

struct task { /* lives in what is to be done: a connection's active part, an exchange */
    struct task *next;
    struct task *before; /* the queue's own */
    uint64_t queued_us;  /* set by queues_push */
    uint32_t queue;      /* number of its queue, set by the caller before the push */
    bool admitted; /* goes on with what was admitted before: never refused, late, or overtaken */
    bool quick;    /* what it runs was lately over at once; set by the caller before the push */
};

enum { LANE_SLOW, LANE_QUICK, LANES };

struct task_lane {
    struct task *first, *last;
};

struct queue_limits {
    uint32_t cap;         /* tasks that may run at the same time, at least 1 */
    uint32_t max_length;  /* that may wait */
    uint64_t max_wait_us; /* how long; 0: for ever */
    bool reserved;        /* may use the threads that are kept from all other queues */
    bool is_part;         /* its tasks also count for the cap of another queue, */
    uint32_t whole; /* this one, which is no part itself; of one whole at most one is a part */
};
struct task_queue {
    struct list ring; /* in queues.waiting while it has tasks */
    struct task_lane lanes[LANES];
    struct queue_limits limits;
    uint32_t quick_run;       /* tasks taken from the quick lane while the slow one waited */
    uint32_t length, running; /* waiting, and on workers now */
    uint32_t part;            /* plus 1: the queue that is a part of this one; 0: none */
    int64_t deficit_us;       /* what it may still spend in this round */
    uint32_t cost_us;         /* moving average of a task's time, at least 1 */
    uint32_t waits_share; /* moving share of its tasks that waited for something, of QUEUE_SHARE */
    bool in_ring;
    /* for status */
    uint64_t taken, refused, late; /* refused: it was full; late: they had waited too long */
    uint64_t waited_us;            /* of all that were taken, together */
    uint64_t longest_us;           /* the longest of these waits */
    uint64_t waits[QUEUE_WAITS];
};
/* The queues that share the threads, and those that may use the kept ones, too. */
struct queue_class {
    uint32_t waiting; /* tasks */
    uint32_t blocked; /* of them, those whose queue is at its cap */
    uint32_t running, max_running;
};

struct queues {
    struct task_queue *rows;
    uint32_t count;
    struct list waiting; /* the ring, front is served next */
    uint32_t length;     /* all waiting tasks */
    struct queue_class ordinary, reserved;
};

bool queues_init(struct queues *q, uint32_t count, const struct queue_limits *limits);
void queues_destroy(struct queues *q);
/* Before the first task, or CAP alone at any time. A part's whole is not reserved with it. */
void queues_limit(struct queues *q, uint32_t number, const struct queue_limits *limits);
/* All queues that are not reserved run at most MAX tasks together. Before the first task. */
void queues_keep(struct queues *q, uint32_t max);
/* False: the queue is full, the task was not taken. */
bool queues_push(struct queues *q, struct task *t, uint64_t now_us);
/* The next task whose queue is below its cap (counted as running from now on), or NULL. */
struct task *queues_take(struct queues *q, uint64_t now_us);
/* All tasks that have waited for longer than their queue's limit, as a list; they do not wait any more. */
struct task *queues_late(struct queues *q, uint64_t now_us);
/* One of its tasks ended; WAITED: it did not only compute. */
void queues_done(struct queues *q, uint32_t number, uint64_t took_us, bool waited);
bool queues_waits(const struct queues *q,
                  uint32_t number); /* its tasks lately waited, or it is new */
/* Among the tasks that may run are some of such a queue: a further thread serves them sooner. False: all
 * only compute, and gain nothing by more threads than processors. */
bool queues_may_wait(const struct queues *q);
bool queues_has_work(const struct queues *q); /* queues_take would return a task */
/* When the oldest task that may run was queued; 0: there is none. Looks at queue heads only. */
uint64_t queues_oldest(const struct queues *q);
uint64_t queues_oldest_of(const struct queues *q,
                          uint32_t number); /* of this queue's, may it run or not */

#endif
