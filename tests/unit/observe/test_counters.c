/* SPDX-License-Identifier: Apache-2.0
 * observe/counters.h: sums over living and ended threads, names. Also run under the thread sanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "observe/counters.h"

enum { THREADS = 8, ROUNDS = 20000 };

static pthread_barrier_t counted, may_end;

static void *count(void *arg)
{
    uint64_t step = (uint64_t)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++)
        counter_add(COUNTER_recv_calls, step);
    pthread_barrier_wait(&counted);
    pthread_barrier_wait(&may_end);
    counter_add(COUNTER_send_calls, 1);
    return NULL;
}

static void sums_hold_while_threads_live_and_after(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    uint64_t before = counter_read(COUNTER_recv_calls), expected = before;
    uint64_t sends = counter_read(COUNTER_send_calls);
    pthread_barrier_init(&counted, NULL, THREADS + 1);
    pthread_barrier_init(&may_end, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, (void *)(i + 1)), 0);
        expected += ROUNDS * (i + 1);
    }
    uint64_t last = before;
    for (int i = 0; i < 100; i++) { /* read while they count: it only grows */
        uint64_t now = counter_read(COUNTER_recv_calls);
        assert_true(now >= last && now <= expected);
        last = now;
    }
    pthread_barrier_wait(&counted);
    assert_int_equal(counter_read(COUNTER_recv_calls), expected);
    pthread_barrier_wait(&may_end);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter_read(COUNTER_recv_calls), expected);
    assert_int_equal(counter_read(COUNTER_send_calls), sends + THREADS);
    pthread_barrier_destroy(&counted);
    pthread_barrier_destroy(&may_end);
}

static void own_block_is_kept(void **state)
{
    (void)state;
    struct counter_block *mine = counters_self();
    uint64_t before = counter_read(COUNTER_accepts);
    counter_add(COUNTER_accepts, 3);
    counter_add(COUNTER_accepts, 0);
    assert_ptr_equal(counters_self(), mine);
    assert_ptr_equal(counters_mine, mine);
    assert_int_equal(counter_read(COUNTER_accepts), before + 3);
    assert_int_equal((uintptr_t)mine % 64, 0);
}

static pthread_key_t late_key;

static void count_late(void *arg)
{
    (void)arg;
    counter_add(COUNTER_closes, 1);
}

static void *use_late_key(void *arg)
{
    counter_add(COUNTER_closes, 1);
    pthread_setspecific(late_key, arg);
    return NULL;
}

/* A destructor of somebody else's may count after this thread's block was folded. */
static void counting_while_a_thread_ends_is_not_lost(void **state)
{
    (void)state;
    pthread_t thread;
    uint64_t before = counter_read(COUNTER_closes);
    assert_int_equal(pthread_key_create(&late_key, count_late), 0);
    assert_int_equal(pthread_create(&thread, NULL, use_late_key, &late_key), 0);
    pthread_join(thread, NULL);
    assert_int_equal(counter_read(COUNTER_closes), before + 2);
    pthread_key_delete(late_key);
}

static void each_has_a_name_and_a_text(void **state)
{
    (void)state;
    assert_string_equal(counter_name(COUNTER_accepts), "accepts");
    assert_string_equal(counter_name(COUNTER_responses_4xx), "responses_4xx");
    assert_string_equal(counter_text(COUNTER_closes), "connections closed");
    for (enum counter a = 0; a < COUNTER_COUNT; a++) {
        assert_true(strlen(counter_text(a)) > 0);
        for (enum counter b = 0; b < a; b++)
            assert_string_not_equal(counter_name(a), counter_name(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_hold_while_threads_live_and_after),
        cmocka_unit_test(own_block_is_kept),
        cmocka_unit_test(counting_while_a_thread_ends_is_not_lost),
        cmocka_unit_test(each_has_a_name_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
