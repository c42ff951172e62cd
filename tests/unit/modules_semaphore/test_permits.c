/* SPDX-License-Identifier: Apache-2.0
 * Permits: how many, in which order, how long the waiting lasts, and none lost or made by many threads. */
#include "permits.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

static struct permits permits;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_count(void **state)
{
    (void)state;
    permits_init(&permits, 2);
    assert_true(permits_take(&permits, 0));
    assert_true(permits_take(&permits, 1000));
    assert_false(permits_take(&permits, 0));
    int64_t began = now_ms();
    assert_false(permits_take(&permits, 30));
    assert_true(now_ms() - began >= 29);
    permits_give(&permits);
    assert_true(permits_take(&permits, 0));
    assert_false(permits_take(&permits, 0));
    permits_give(&permits);
    permits_give(&permits);
    permits_destroy(&permits);
}

/* ---- order ---- */

#define WAITERS 6
static atomic_uint served;
static unsigned order[WAITERS];

static void *wait_once(void *arg)
{
    unsigned number = *(const unsigned *)arg;
    if (number == 2) { /* gives up: the others stay in order */
        assert_false(permits_take(&permits, 1));
        order[number] = 0;
        return NULL;
    }
    assert_true(permits_take(&permits, 60000));
    order[number] = atomic_fetch_add(&served, 1) + 1;
    permits_give(&permits);
    return NULL;
}

static void until_it_waits(const void *last_before)
{
    const void *last = last_before;
    while (last == last_before) {
        sched_yield();
        pthread_mutex_lock(&permits.lock);
        last = permits.last;
        pthread_mutex_unlock(&permits.lock);
    }
}

static void test_order(void **state)
{
    (void)state;
    pthread_t threads[WAITERS];
    unsigned numbers[WAITERS], expected[WAITERS] = {1, 2, 0, 3, 4, 5};
    permits_init(&permits, 1);
    assert_true(permits_take(&permits, 0));
    for (unsigned i = 0; i < WAITERS; i++) {
        pthread_mutex_lock(&permits.lock);
        const void *last = permits.last;
        pthread_mutex_unlock(&permits.lock);
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, wait_once, &numbers[i]), 0);
        if (i == 2)
            pthread_join(threads[i], NULL);
        else
            until_it_waits(last);
    }
    permits_give(&permits);
    for (unsigned i = 0; i < WAITERS; i++)
        if (i != 2)
            pthread_join(threads[i], NULL);
    assert_memory_equal(order, expected, sizeof(order));
    assert_int_equal(permits.free, 1);
    permits_destroy(&permits);
}

/* ---- many threads ---- */

#define THREADS 8
#define ROUNDS  20000
static atomic_int inside, most;

static void *come_and_go(void *arg)
{
    uint32_t wait_ms = *(const unsigned *)arg % 2 ? 60000 : 1;
    for (int i = 0; i < ROUNDS; i++) {
        if (!permits_take(&permits, wait_ms))
            continue;
        int n = atomic_fetch_add(&inside, 1) + 1, seen = atomic_load(&most);
        while (n > seen && !atomic_compare_exchange_weak(&most, &seen, n))
            ;
        atomic_fetch_sub(&inside, 1);
        permits_give(&permits);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    permits_init(&permits, 3);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(most <= 3);
    assert_int_equal(permits.free, 3);
    assert_null(permits.first);
    assert_null(permits.last);
    permits_destroy(&permits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
