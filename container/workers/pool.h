/* SPDX-License-Identifier: Apache-2.0
 * The workers of one group: threads that take tasks from the group's queues. One lock; a worker is woken
 * only when one is idle and none is searching; the pool grows by at most one thread per millisecond and
 * only when nobody is idle or searching and the oldest task has waited 1 ms. Used by the connector. */
#ifndef WORKERS_POOL_H
#define WORKERS_POOL_H
#include "base/err.h"
#include "workers/queue.h"

struct pool;
struct worker; /* one thread of the pool */

struct pool_ops { /* on the worker's thread */
    /* Runs T; T may be freed or queued again by it. */
    void (*run)(void *arg, struct worker *w, struct task *t);
    void (*begin)(void *arg, struct worker *w); /* before its first task; may be NULL */
    void (*end)(void *arg, struct worker *w);   /* after its last; may be NULL */
};
struct pool_options {
    const char *name; /* threads are NAME-1, NAME-2 ... */
    uint32_t min_threads, max_threads;
    uint64_t idle_us;           /* a thread above min_threads ends after this without work */
    uint32_t queues;            /* how many queues */
    struct queue_limits limits; /* of each, until pool_limits */
    uint32_t processors; /* that tasks can run on at the same time; 0: as many as there are */
    uint32_t kept;       /* threads that only reserved queues may use; below max_threads */
    uint64_t
        patience_us; /* without a task taken for so long those that run are long ones; 0: 4 ms */
    const struct pool_ops *ops;
    void *arg;
};
struct pool_stats {
    uint32_t threads, idle, searching, busy, queued;
    uint64_t oldest_us; /* age of the oldest waiting task that may run */
};
struct queue_stats {
    uint32_t queued, running;
    struct queue_limits limits;
    uint64_t taken, refused, late;
    uint64_t oldest_us;             /* age of the oldest waiting task */
    uint64_t waited_us, longest_us; /* of all that were taken: together, the longest */
    uint64_t waits[QUEUE_WAITS];
};

struct pool *pool_new(const struct pool_options *options, struct err *err);
bool pool_start(struct pool *p, struct err *err); /* starts min_threads */
/* Queues a list of tasks (linked by next) under one lock, and wakes a worker if the rule says so.
 * Returns the tasks whose queue was full, as a list. Any thread. */
struct task *pool_push(struct pool *p, struct task *first);
/* The same for the poller, which calls pool_tend before it waits: while every processor has a worker, tasks
 * that only compute wake no further one. */
struct task *pool_push_tended(struct pool *p, struct task *first);
/* The tasks that have waited for longer than they may, as a list: they are the caller's again. Any
 * thread; the poller asks some times a second. */
struct task *pool_late(struct pool *p);
/* Before the first task; afterwards only the cap may change. */
void pool_limits(struct pool *p, uint32_t queue, const struct queue_limits *limits);
/* Asked by the poller each turn: grows the pool or wakes a worker if the rules say so. Returns after how many us to ask
 * again (the oldest task waits and nobody comes for it), 0: no need. */
uint64_t pool_tend(struct pool *p);
/* Of a task that may run: false lets a lease go on with the connection's next request. */
bool pool_queue_waits(struct pool *p);
/* No more tasks will come: waits until all are done, at most LIMIT_US; false: some still run. */
bool pool_drain(struct pool *p, uint64_t limit_us);
void pool_stop(struct pool *p); /* ends and joins all threads; queues must be empty */
void pool_destroy(struct pool **p);
void pool_stats(struct pool *p, struct pool_stats *out);
void pool_queue_stats(struct pool *p, uint32_t queue, struct queue_stats *out);

uint32_t worker_number(const struct worker *w); /* 0 .. max_threads - 1, unique while it lives */
void *worker_data(const struct worker *w);      /* the user's, set in begin */
void worker_set_data(struct worker *w, void *data);

#endif
