/* SPDX-License-Identifier: Apache-2.0
 * Threads over the queues: see pool.h. */
#include "workers/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include "observe/counters.h"
#include "observe/log.h"

#define GROW_AGE_US 1000u /* a task waits so long before a thread is made for it, and between two */
#define PATIENCE_US 4000u /* pool_options.patience_us unless told */

struct worker {
    struct pool *pool;
    struct thread thread;
    struct cond wake;
    struct list link; /* in pool.idle */
    uint32_t number;
    bool used;     /* the row has a thread; joined when the row is used again */
    bool starting; /* somebody is starting its thread, without the lock */
    bool idle, woken;
    void *data;
};

struct pool {
    struct lock lock;
    struct cond quiet; /* nothing queued, nothing running; or no thread is being started any more */
    struct queues queues;
    struct pool_options options;
    struct worker *workers; /* max_threads rows */
    struct list idle;       /* last in, first woken: the others may end */
    uint32_t threads, idle_count, running;
    uint32_t ending;    /* of the threads: those that take no more tasks */
    uint32_t starting;  /* rows whose thread is being started */
    uint32_t searching; /* woken or started, and has no task yet: 0 or 1 but for new threads */
    uint32_t computing; /* of those that run: tasks of queues whose tasks do not wait */
    uint64_t grown_us, taken_us; /* when the last thread was made, the last task taken */
    bool tended;                 /* the poller will call pool_tend within patience_us */
    bool stopping;
    bool told_full; /* the log was told that max_threads is reached */
};

static void *worker_main(void *arg);

struct pool *pool_new(const struct pool_options *options, struct err *err)
{
    struct pool *p = calloc(1, sizeof(*p));
    if (p)
        p->workers = calloc(options->max_threads, sizeof(*p->workers));
    if (!p || !p->workers || !queues_init(&p->queues, options->queues, &options->limits)) {
        err_set(err, "out of memory for %u workers", options->max_threads);
        if (p)
            free(p->workers);
        free(p);
        return NULL;
    }
    p->options = *options;
    if (p->options.processors == 0)
        p->options.processors = thread_processors();
    if (p->options.patience_us == 0)
        p->options.patience_us = PATIENCE_US;
    CHECK(options->kept < options->max_threads);
    if (options->kept > 0)
        queues_keep(&p->queues, options->max_threads - options->kept);
    lock_init(&p->lock, "workers");
    cond_init(&p->quiet);
    list_init(&p->idle);
    for (uint32_t i = 0; i < options->max_threads; i++) {
        p->workers[i].pool = p;
        p->workers[i].number = i;
        list_init(&p->workers[i].link);
        cond_init(&p->workers[i].wake);
    }
    return p;
}

/* ---- threads ---- */

static void wake_one_locked(struct pool *p, uint64_t now);

/* Takes a free row for a thread that searches from its start; NULL: none is free at the moment. */
static struct worker *reserve_locked(struct pool *p)
{
    lock_assert_held(&p->lock);
    for (uint32_t i = 0; i < p->options.max_threads; i++) {
        struct worker *w = &p->workers[i];
        if (!w->used && !w->starting) {
            w->used = w->starting = true;
            p->starting++;
            p->threads++;
            p->searching++;
            return w;
        }
    }
    return NULL;
}

/* Called with the lock, which is dropped for the start: nobody waits for the kernel. */
static bool start_worker_locked(struct pool *p, struct worker *w)
{
    char name[32];
    snprintf(name, sizeof(name), "%s-%u", p->options.name, w->number + 1);
    lock_release(&p->lock);
    thread_join(&w->thread); /* of the thread that had this row before */
    bool started = thread_start(&w->thread, name, worker_main, w);
    int cause = errno;
    lock_acquire(&p->lock);
    w->starting = false;
    if (--p->starting == 0)
        cond_broadcast(&p->quiet);
    if (started) {
        counter_add(COUNTER_threads_started, 1);
        return true;
    }
    w->used = false;
    p->threads--;
    p->searching--;
    wake_one_locked(
        p, clock_us()); /* who came idle meanwhile was not woken: one seemed to be searching */
    LOG(workers, LOG_ERROR, "cannot start worker %s: %s", name, strerror(cause));
    return false;
}

static bool should_grow_locked(struct pool *p, uint64_t now)
{
    if (p->idle_count > 0 || p->searching > 0 || p->stopping || !queues_has_work(&p->queues))
        return false;
    if (p->threads >= p->options.max_threads) {
        if (!p->told_full)
            LOG(workers, LOG_WARN,
                "%s: all %u threads are busy and requests wait; maxThreads limits them",
                p->options.name, p->threads);
        p->told_full = true;
        return false;
    }
    return now - p->grown_us >= GROW_AGE_US && now - queues_oldest(&p->queues) >= GROW_AGE_US;
}

/* Grows by one if the rule says so. Called with the lock, which is dropped for the start. */
static void grow_locked(struct pool *p, uint64_t now)
{
    if (!should_grow_locked(p, now))
        return;
    struct worker *w = reserve_locked(p);
    if (!w)
        return;
    p->grown_us = now;
    start_worker_locked(p, w);
}

bool pool_start(struct pool *p, struct err *err)
{
    bool ok = true;
    lock_acquire(&p->lock);
    for (uint32_t i = 0; ok && i < p->options.min_threads; i++) {
        struct worker *w = reserve_locked(p);
        ok = w && start_worker_locked(p, w);
    }
    lock_release(&p->lock);
    return ok || err_set(err, "cannot start %u worker threads", p->options.min_threads);
}

/* ---- waking and taking ---- */

/* Every processor has a worker, and what is queued only computes: a further thread would but share the
 * processors with those that run, and each of them would take longer. That holds while tasks end and the
 * next are taken; when none was for a while, those that run are long, and the short ones shall not wait. */
static bool enough_run_locked(const struct pool *p, uint64_t now)
{
    return p->tended && p->computing >= p->options.processors &&
           now - p->taken_us < p->options.patience_us && !queues_may_wait(&p->queues);
}

/* The rule: wake one iff one is idle, none is searching and there is work it could take with gain. */
static void wake_one_locked(struct pool *p, uint64_t now)
{
    if (p->idle_count == 0 || p->searching > 0 || !queues_has_work(&p->queues) ||
        enough_run_locked(p, now))
        return;
    struct worker *w = CONTAINER_OF(list_first(&p->idle), struct worker, link);
    list_remove(&w->link);
    w->idle = false;
    w->woken = true;
    p->idle_count--;
    p->searching++;
    counter_add(COUNTER_worker_wakeups, 1);
    cond_signal(&w->wake);
}

static struct task *push(struct pool *p, struct task *first, bool tended)
{
    struct task *refused = NULL;
    uint64_t now = clock_us();
    lock_acquire(&p->lock);
    p->tended = tended;
    while (first) {
        struct task *t = first;
        first = t->next;
        if (!queues_push(&p->queues, t, now)) {
            t->next = refused;
            refused = t;
        }
    }
    wake_one_locked(p, now);
    lock_release(&p->lock);
    return refused;
}

struct task *pool_push(struct pool *p, struct task *first)
{
    return push(p, first, false);
}

struct task *pool_push_tended(struct pool *p, struct task *first)
{
    return push(p, first, true);
}

uint64_t pool_tend(struct pool *p)
{
    uint64_t again = 0;
    lock_acquire(&p->lock);
    p->tended = true;
    if (queues_has_work(&p->queues)) {
        uint64_t now = clock_us();
        grow_locked(p, now);
        wake_one_locked(p, now);
        if (p->idle_count == 0 && (p->threads < p->options.max_threads || p->ending > 0))
            again = GROW_AGE_US;
        else if (p->idle_count > 0)
            again = p->options.patience_us;
    }
    p->tended = again > 0;
    lock_release(&p->lock);
    return again;
}

struct task *pool_late(struct pool *p)
{
    lock_acquire(&p->lock);
    struct task *late = p->queues.length > 0 ? queues_late(&p->queues, clock_us()) : NULL;
    if (late && p->running == 0 && p->queues.length == 0)
        cond_broadcast(&p->quiet);
    lock_release(&p->lock);
    return late;
}

bool pool_queue_waits(struct pool *p)
{
    lock_acquire(&p->lock);
    bool waits = queues_has_work(&p->queues);
    lock_release(&p->lock);
    return waits;
}

/* Waits for work; false: this thread ends (idle too long, or stopping). *searching: was woken. */
static bool wait_for_work_locked(struct pool *p, struct worker *w)
{
    uint64_t deadline = clock_us() + p->options.idle_us;
    w->idle = true;
    w->woken = false;
    list_add_head(&p->idle, &w->link);
    p->idle_count++;
    while (!w->woken && !p->stopping) {
        if (cond_wait_until(&w->wake, &p->lock, deadline) || w->woken)
            continue;
        if (p->threads - p->ending > p->options.min_threads && clock_us() >= deadline)
            break;
        deadline = clock_us() + p->options.idle_us;
    }
    if (w->idle) { /* nobody took it off the list */
        list_remove(&w->link);
        w->idle = false;
        p->idle_count--;
    }
    return w->woken;
}

/* Returns the time at its end. */
static uint64_t run_task(struct pool *p, struct worker *w, struct task *t, uint64_t now)
{
    uint32_t queue = t->queue;
    bool computes = !queues_waits(&p->queues, queue);
    p->computing += computes;
    wake_one_locked(p, now); /* who leaves work behind wakes one under the same rule */
    grow_locked(p, now);
    lock_release(&p->lock);
    uint64_t waits = thread_self_waits();
    p->options.ops->run(p->options.arg, w, t);
    bool waited = thread_self_waits() != waits;
    uint64_t end = clock_us();
    lock_acquire(&p->lock);
    p->running--;
    p->computing -= computes;
    queues_done(&p->queues, queue, end - now, waited);
    if (p->running == 0 && p->queues.length == 0)
        cond_broadcast(&p->quiet);
    return end;
}

static void work_locked(struct pool *p, struct worker *w)
{
    bool searching = true; /* a new thread is counted as searching */
    uint64_t now = clock_us();
    for (;;) {
        /* Who was one too many goes, or as many as there once were would share the processors for as long
         * as work comes. */
        bool leaves = !searching && enough_run_locked(p, now);
        struct task *t = leaves ? NULL : queues_take(&p->queues, now);
        if (searching)
            p->searching--;
        searching = false;
        if (t) {
            p->running++;
            p->taken_us = now;
            now = run_task(p, w, t, now);
        } else if (p->stopping || !wait_for_work_locked(p, w)) {
            return;
        } else {
            searching = true;
            now = clock_us();
        }
    }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    if (p->options.ops->begin)
        p->options.ops->begin(p->options.arg, w);
    lock_acquire(&p->lock);
    work_locked(p, w);
    p->ending++; /* at once: the next one to look must not think that it may end as well */
    lock_release(&p->lock);
    if (p->options.ops->end)
        p->options.ops->end(p->options.arg, w);
    counter_add(COUNTER_threads_ended, 1);
    lock_acquire(&p->lock);
    p->threads--;
    p->ending--;
    w->used = p->stopping; /* pool_stop joins it; else the next thread of this row does */
    lock_release(&p->lock);
    return NULL;
}

/* ---- end ---- */

bool pool_drain(struct pool *p, uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&p->lock);
    while (p->running > 0 || p->queues.length > 0) {
        if (!cond_wait_until(&p->quiet, &p->lock, deadline) && clock_us() >= deadline)
            break;
    }
    bool done = p->running == 0 && p->queues.length == 0;
    lock_release(&p->lock);
    return done;
}

void pool_stop(struct pool *p)
{
    lock_acquire(&p->lock);
    p->stopping = true;
    for (uint32_t i = 0; i < p->options.max_threads; i++)
        cond_signal(&p->workers[i].wake);
    while (p->starting > 0) /* its thread is not known to be joined yet */
        cond_wait(&p->quiet, &p->lock);
    lock_release(&p->lock);
    for (uint32_t i = 0; i < p->options.max_threads; i++)
        thread_join(&p->workers[i].thread);
}

void pool_destroy(struct pool **pp)
{
    struct pool *p = *pp;
    *pp = NULL;
    for (uint32_t i = 0; i < p->options.max_threads; i++)
        cond_destroy(&p->workers[i].wake);
    queues_destroy(&p->queues);
    cond_destroy(&p->quiet);
    lock_destroy(&p->lock);
    free(p->workers);
    free(p);
}

/* ---- looking at it ---- */

void pool_limits(struct pool *p, uint32_t queue, const struct queue_limits *limits)
{
    lock_acquire(&p->lock);
    queues_limit(&p->queues, queue, limits);
    wake_one_locked(p, clock_us()); /* a higher cap is work that may be taken */
    lock_release(&p->lock);
}

static uint64_t age(uint64_t since_us)
{
    uint64_t now = clock_us();
    return since_us > 0 && now > since_us ? now - since_us : 0;
}

void pool_stats(struct pool *p, struct pool_stats *out)
{
    lock_acquire(&p->lock);
    *out = (struct pool_stats){.threads = p->threads,
                               .idle = p->idle_count,
                               .searching = p->searching,
                               .busy = p->running,
                               .queued = p->queues.length,
                               .oldest_us = age(queues_oldest(&p->queues))};
    lock_release(&p->lock);
}

void pool_queue_stats(struct pool *p, uint32_t queue, struct queue_stats *out)
{
    lock_acquire(&p->lock);
    struct task_queue *row = &p->queues.rows[queue];
    *out = (struct queue_stats){.queued = row->length,
                                .running = row->running,
                                .limits = row->limits,
                                .taken = row->taken,
                                .refused = row->refused,
                                .late = row->late,
                                .oldest_us = age(queues_oldest_of(&p->queues, queue)),
                                .waited_us = row->waited_us,
                                .longest_us = row->longest_us};
    for (uint32_t i = 0; i < QUEUE_WAITS; i++)
        out->waits[i] = row->waits[i];
    lock_release(&p->lock);
}

uint32_t worker_number(const struct worker *w)
{
    return w->number;
}

void *worker_data(const struct worker *w)
{
    return w->data;
}

void worker_set_data(struct worker *w, void *data)
{
    w->data = data;
}
