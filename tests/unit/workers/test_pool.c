/* SPDX-License-Identifier: Apache-2.0
 * The pool's rules: who is woken and when, when it grows and shrinks, what a full queue gives back, what
 * drain and stop wait for. Tasks are gates that the test opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <semaphore.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"
#include "observe/counters.h"
#include "workers/pool.h"

#define SILENCE_US 3000000u

struct gate {
    struct task task;
    sem_t *open; /* waits for it; NULL: nothing */
};

static _Atomic bool spin, spin_on; /* tasks with &no_gate, &no_gate_on compute while it is set */
static sem_t no_gate, no_gate_on;
static uint64_t
    patience_us; /* of the next pool: a slow machine must not look like long tasks; 0: as served */

static _Atomic uint32_t begun, ended, run_count, at_once, most_at_once;
static _Atomic bool hold_ends; /* threads stay at their end until told */
static sem_t gates, ends;

#define await(condition)                                     \
    do {                                                     \
        uint64_t await_limit = clock_us() + SILENCE_US;      \
        while (!(condition)) {                               \
            if (clock_us() > await_limit)                    \
                fail_msg("never came true: %s", #condition); \
            poll(NULL, 0, 1);                                \
        }                                                    \
    } while (0)

static void run(void *arg, struct worker *w, struct task *t)
{
    struct gate *g = CONTAINER_OF(t, struct gate, task);
    (void)arg;
    CHECK(worker_data(w) == w && worker_number(w) < 64);
    uint32_t now = atomic_fetch_add(&at_once, 1) + 1, most = atomic_load(&most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    sem_t *open = g->open;
    while ((open == &no_gate && atomic_load(&spin)) ||
           (open == &no_gate_on && atomic_load(&spin_on)))
        ;
    if (open && open != &no_gate && open != &no_gate_on)
        while (sem_wait(open) != 0)
            ;
    atomic_fetch_sub(&at_once, 1);
    atomic_fetch_add(&run_count, 1); /* from here on the test may reuse the task */
}

static void begin(void *arg, struct worker *w)
{
    (void)arg;
    worker_set_data(w, w);
    atomic_fetch_add(&begun, 1);
}

static void end(void *arg, struct worker *w)
{
    (void)arg;
    CHECK(worker_data(w) == w);
    atomic_fetch_add(&ended, 1);
    while (atomic_load(&hold_ends) && sem_wait(&ends) != 0)
        ;
}

static const struct pool_ops ops = {.run = run, .begin = begin, .end = end};

static struct pool *make(uint32_t least, uint32_t most, uint64_t idle_us, uint32_t cap,
                         uint32_t max_queued)
{
    struct err err;
    struct pool_options o = {.name = "test",
                             .min_threads = least,
                             .max_threads = most,
                             .idle_us = idle_us,
                             .processors = 2,
                             .queues = 2,
                             .limits = {.cap = cap, .max_length = max_queued},
                             .patience_us = patience_us,
                             .ops = &ops};
    struct pool *p = pool_new(&o, &err);
    assert_non_null(p);
    assert_true(pool_start(p, &err));
    await(atomic_load(&begun) == least);
    return p;
}

static struct pool_stats stats_of(struct pool *p)
{
    struct pool_stats s;
    pool_stats(p, &s);
    return s;
}

static void finish(struct pool *p)
{
    assert_true(pool_drain(p, SILENCE_US));
    pool_stop(p);
    assert_int_equal(begun, ended);
    pool_destroy(&p);
}

static int set_up(void **state)
{
    (void)state;
    begun = ended = run_count = at_once = most_at_once = 0;
    atomic_store(&hold_ends, false);
    patience_us = 0;
    return sem_init(&gates, 0, 0) | sem_init(&ends, 0, 0);
}
static int tear_down(void **state)
{
    (void)state;
    return sem_destroy(&gates) | sem_destroy(&ends);
}

/* COUNT tasks in ROWS, as one list for QUEUE. */
static struct task *list_of(struct gate *rows, uint32_t count, uint32_t queue, sem_t *open)
{
    for (uint32_t i = 0; i < count; i++) {
        rows[i].open = open;
        rows[i].task = (struct task){.queue = queue};
        rows[i].task.next = i + 1 < count ? &rows[i + 1].task : NULL;
    }
    return &rows[0].task;
}

static void one_push_wakes_one(void **unused)
{
    (void)unused;
    struct gate rows[4];
    struct pool *p = make(4, 4, SILENCE_US, 4, 100);
    await(stats_of(p).idle == 4);
    for (uint32_t i = 0; i < 20; i++) {
        uint64_t woken = counter_read(COUNTER_worker_wakeups);
        assert_null(pool_push(p, list_of(rows, 1, 0, NULL)));
        await(atomic_load(&run_count) == i + 1);
        await(stats_of(p).idle == 4);
        assert_int_equal(counter_read(COUNTER_worker_wakeups) - woken, 1);
    }
    finish(p);
}

/* A batch wakes one, and each that leaves work behind the next: all four run at once. */
static void a_batch_wakes_one_after_the_other(void **unused)
{
    (void)unused;
    struct gate rows[4];
    struct pool *p = make(4, 4, SILENCE_US, 4, 100);
    await(stats_of(p).idle == 4);
    uint64_t woken = counter_read(COUNTER_worker_wakeups);
    assert_null(pool_push(p, list_of(rows, 4, 0, &gates)));
    await(atomic_load(&at_once) == 4);
    assert_int_equal(counter_read(COUNTER_worker_wakeups) - woken, 4);
    for (int i = 0; i < 4; i++)
        sem_post(&gates);
    finish(p);
}

static void a_capped_queue_leaves_threads_to_the_other(void **unused)
{
    (void)unused;
    struct gate rows[6], other;
    struct pool *p = make(4, 4, SILENCE_US, 2, 100);
    await(stats_of(p).idle == 4);
    assert_null(pool_push(p, list_of(rows, 6, 0, &gates)));
    await(atomic_load(&at_once) == 2);
    uint64_t woken = counter_read(COUNTER_worker_wakeups);
    assert_false(pool_queue_waits(p)); /* four wait, none of them may run */
    assert_null(pool_push(p, list_of(&other, 1, 1, NULL)));
    await(atomic_load(&run_count) == 1);
    assert_int_equal(counter_read(COUNTER_worker_wakeups) - woken, 1);
    assert_int_equal(most_at_once, 3);
    struct queue_stats q;
    pool_queue_stats(p, 0, &q);
    assert_int_equal(q.running, 2);
    assert_int_equal(q.queued, 4);
    /* regression 109: a higher cap woke nobody */
    pool_limits(p, 0, &(struct queue_limits){.cap = 4, .max_length = 1000});
    await(atomic_load(&at_once) == 4);
    for (int i = 0; i < 6; i++)
        sem_post(&gates);
    finish(p);
    assert_int_equal(run_count, 7);
}

static struct pool *make_computing(struct gate *row)
{
    struct pool *p = make(4, 4, SILENCE_US, 8, 100);
    for (uint32_t i = 0; i < 40; i++) { /* it is seen that queue 0 only computes */
        assert_null(pool_push(p, list_of(row, 1, 0, NULL)));
        await(atomic_load(&run_count) == i + 1);
    }
    await(stats_of(p).idle == 4);
    atomic_store(&spin, true);
    return p;
}

/* No more threads than processors compute, but as soon as those that do take long. */
static void computing_tasks_share_the_processors(void **unused)
{
    (void)unused;
    struct gate rows[4];
    patience_us = 200000;
    struct pool *p = make_computing(rows);
    assert_null(pool_push_tended(p, list_of(rows, 4, 0, &no_gate)));
    await(atomic_load(&at_once) == 2 && stats_of(p).searching == 0);
    assert_int_equal(stats_of(p).idle, 2);
    assert_int_equal(stats_of(p).queued, 2);
    await((pool_tend(p), atomic_load(&at_once) == 4));
    atomic_store(&spin, false);
    finish(p);
}

/* Regression 143: the poller looked while the woken one was still on its way, and took its promise back. */
static void a_look_while_one_searches_keeps_the_promise(void **unused)
{
    (void)unused;
    struct gate rows[4];
    patience_us = SILENCE_US;
    struct pool *p = make_computing(rows);
    assert_null(pool_push_tended(p, list_of(rows, 4, 0, &no_gate)));
    assert_true(pool_tend(p) > 0);
    await(atomic_load(&at_once) >= 2 && stats_of(p).searching == 0);
    assert_int_equal(stats_of(p).idle, 2);
    atomic_store(&spin, false);
    await(stats_of(p).queued == 0);
    finish(p);
}

/* In one look: a task that has run is counted as running until its worker says otherwise. */
static bool two_go_on(struct pool *p)
{
    struct pool_stats s = stats_of(p);
    return s.busy == 2 && s.idle == 2 && s.queued == 6;
}

/* Regression 224: once more threads computed than there are processors they did so as long as work came. */
static void who_computes_beyond_the_processors_goes(void **unused)
{
    (void)unused;
    struct gate rows[4], later[8];
    patience_us = SILENCE_US;
    struct pool *p = make_computing(rows);
    assert_null(pool_push(p, list_of(rows, 4, 0, &no_gate))); /* without a promise: all are woken */
    await(atomic_load(&at_once) == 4);
    atomic_store(&spin_on, true);
    assert_null(pool_push_tended(p, list_of(later, 8, 0, &no_gate_on)));
    atomic_store(&spin, false);
    await(atomic_load(&run_count) == 44 && two_go_on(p));
    atomic_store(&spin_on, false);
    await(atomic_load(&run_count) == 52);
    finish(p);
}

/* A task that waits, or of which it is not known, gets a thread at once. */
static void a_task_that_may_wait_gets_a_thread(void **unused)
{
    (void)unused;
    struct gate rows[2], other;
    struct pool *p = make_computing(rows);
    assert_null(pool_push_tended(p, list_of(rows, 2, 0, &no_gate)));
    await(atomic_load(&at_once) == 2 && stats_of(p).searching == 0);
    assert_null(pool_push_tended(p, list_of(&other, 1, 1, &gates)));
    await(atomic_load(&at_once) == 3);
    atomic_store(&spin, false);
    sem_post(&gates);
    finish(p);
}

/* Who promises nothing wakes a worker in any case: nobody would look at the queue again. */
static void without_a_promise_one_is_woken(void **unused)
{
    (void)unused;
    struct gate rows[3];
    struct pool *p = make_computing(rows);
    assert_null(pool_push_tended(p, list_of(rows, 2, 0, &no_gate)));
    await(atomic_load(&at_once) == 2 && stats_of(p).searching == 0);
    assert_null(pool_push(p, list_of(&rows[2], 1, 0, &no_gate)));
    await(atomic_load(&at_once) == 3);
    atomic_store(&spin, false);
    finish(p);
}

/* By one in a millisecond, asked by the poller, while the oldest task waits for a millisecond; not above
 * the maximum. */
static void grows_by_age(void **unused)
{
    (void)unused;
    struct gate rows[8];
    struct pool *p = make(1, 4, SILENCE_US, 8, 100);
    await(stats_of(p).idle == 1);
    assert_int_equal(pool_tend(p), 0); /* nothing waits */
    uint64_t from = clock_us();
    assert_null(pool_push(p, list_of(rows, 8, 0, &gates)));
    await(atomic_load(&at_once) >= 1);
    for (uint32_t threads = 1; threads < 4;) { /* workers that take a task ask, too */
        uint64_t again = pool_tend(p);
        threads = stats_of(p).threads;
        assert_true(again > 0 || threads == 4);
        assert_true(threads - 1 <= (clock_us() - from) / 1000);
        if (clock_us() - from > SILENCE_US)
            fail_msg("only %u threads", threads);
    }
    await(atomic_load(&at_once) == 4);
    assert_int_equal(pool_tend(p), 0); /* the maximum: no need to ask again */
    assert_int_equal(stats_of(p).threads, 4);
    assert_true(stats_of(p).oldest_us > 0);
    for (int i = 0; i < 8; i++)
        sem_post(&gates);
    finish(p);
    assert_int_equal(begun, 4);
}

static void does_not_grow_while_one_is_idle(void **unused)
{
    (void)unused;
    struct gate rows[1];
    struct pool *p = make(2, 4, SILENCE_US, 8, 100);
    await(stats_of(p).idle == 2);
    for (uint32_t i = 0; i < 200; i++) {
        assert_null(pool_push(p, list_of(rows, 1, 0, NULL)));
        pool_tend(p);
        await(atomic_load(&run_count) == i + 1);
    }
    assert_int_equal(begun, 2);
    finish(p);
}

/* regression 110: threads that came to the end of their idle time together all ended, also those below
 * minSpareThreads: one that ends was counted until its last act. */
static void idle_threads_end_but_the_spare_ones(void **unused)
{
    (void)unused;
    struct gate rows[8];
    struct pool *p = make(2, 8, 20000, 8, 100);
    for (unsigned round = 0; round < 3; round++) {
        atomic_store(&hold_ends, true);
        assert_null(pool_push(p, list_of(rows, 8, 0, &gates)));
        await((pool_tend(p), atomic_load(&at_once) == 8)); /* rows are used again */
        for (int i = 0; i < 8; i++)
            sem_post(&gates);
        await(atomic_load(&ended) >= 6 * (round + 1));
        uint64_t until =
            clock_us() + 50000; /* some idle times later the other two are still there */
        while (clock_us() < until)
            assert_int_equal(ended, 6 * (round + 1));
        atomic_store(&hold_ends, false);
        for (int i = 0; i < 6; i++)
            sem_post(&ends);
        await(stats_of(p).threads == 2);
    }
    assert_int_equal(begun, 20);
    finish(p);
}

static void a_full_queue_gives_back(void **unused)
{
    (void)unused;
    struct gate rows[10], other[2];
    struct pool *p = make(1, 1, SILENCE_US, 1, 3);
    await(stats_of(p).idle == 1);
    assert_null(pool_push(p, list_of(other, 1, 0, &gates)));
    await(atomic_load(&at_once) == 1);
    struct task *refused = pool_push(p, list_of(rows, 10, 0, &gates));
    uint32_t n = 0;
    for (; refused; refused = refused->next) {
        struct gate *g = CONTAINER_OF(refused, struct gate, task);
        assert_true(g >= &rows[3] && g < &rows[10]); /* not the first three */
        n++;
    }
    assert_int_equal(n, 7);
    struct queue_stats q;
    pool_queue_stats(p, 0, &q);
    assert_int_equal(q.refused, 7);
    assert_int_equal(q.queued, 3);
    assert_null(pool_push(p, list_of(&other[1], 1, 1, &gates)));
    for (int i = 0; i < 5; i++)
        sem_post(&gates);
    finish(p);
    assert_int_equal(run_count, 5);
}

static void drain_has_a_limit(void **unused)
{
    (void)unused;
    struct gate rows[2];
    struct pool *p = make(1, 1, SILENCE_US, 1, 10);
    assert_true(pool_drain(p, 0));
    assert_null(pool_push(p, list_of(rows, 2, 0, &gates)));
    uint64_t from = clock_us();
    assert_false(pool_drain(p, 20000));
    assert_true(clock_us() - from >= 20000);
    sem_post(&gates);
    await(atomic_load(&run_count) == 1);
    assert_false(pool_drain(p, 0));
    sem_post(&gates);
    finish(p);
}

/* Tasks from several threads at once, with threads coming and going: none is lost, none runs twice. */
static struct pool *storm;
static void *push_many(void *arg)
{
    struct gate rows[8];
    _Atomic bool *stop = arg;
    for (uint64_t n = 0; n < 300 && !atomic_load(stop); n++) {
        struct task *refused = pool_push(storm, list_of(rows, 8, n % 2, NULL));
        CHECK(!refused);
        pool_tend(storm);
        CHECK(pool_drain(storm, SILENCE_US));
        if (n % 30 == 0)
            poll(NULL, 0, 3); /* longer than the idle time */
    }
    return NULL;
}

static void storms(void **unused)
{
    (void)unused;
    struct thread threads[3];
    _Atomic bool stop = false;
    storm = make(1, 8, 1000, 6, 1000);
    for (int i = 0; i < 3; i++)
        assert_true(thread_start(&threads[i], "pusher", push_many, &stop));
    for (int i = 0; i < 3; i++)
        thread_join(&threads[i]);
    assert_int_equal(run_count, 3 * 300 * 8);
    finish(storm);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_push_wakes_one),
        TEST(a_batch_wakes_one_after_the_other),
        TEST(a_capped_queue_leaves_threads_to_the_other),
        TEST(computing_tasks_share_the_processors),
        TEST(a_look_while_one_searches_keeps_the_promise),
        TEST(who_computes_beyond_the_processors_goes),
        TEST(a_task_that_may_wait_gets_a_thread),
        TEST(without_a_promise_one_is_woken),
        TEST(grows_by_age),
        TEST(does_not_grow_while_one_is_idle),
        TEST(idle_threads_end_but_the_spare_ones),
        TEST(a_full_queue_gives_back),
        TEST(drain_has_a_limit),
        TEST(storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
