/* SPDX-License-Identifier: Apache-2.0
 * Counting by client: windows, who is one client, a full table, and exact counts from many threads. */
#include "buckets.h" /* before cmocka.h, whose macro fail() is a member's name there */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static struct client of(const char *address, unsigned bits)
{
    return client_of(cs_str_of(address), bits);
}

static int same(const char *a, const char *b, unsigned bits)
{
    struct client x = of(a, bits), y = of(b, bits);
    return x.high == y.high && x.low == y.low;
}

static void test_clients(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.1", 64));
    assert_false(same("192.0.2.1", "192.0.2.2", 64));
    assert_false(same("192.0.2.1", "192.0.2.2", 16));
    assert_true(same("192.0.2.1", "::ffff:192.0.2.1", 16));
    assert_true(same("2001:db8::1", "2001:db8::ffff:1", 64));
    assert_false(same("2001:db8::1", "2001:db8:0:1::1", 64));
    assert_false(same("2001:db8::1", "2001:db8::2", 128));
    assert_true(same("2001:db8::1", "2001:db8:0:ffff::1", 48));
    assert_false(same("2001:db8::1", "2001:db8:1::1", 48));
    assert_true(same("2001:db8::8000:0:0:1", "2001:db8::8000:0:0:2", 65));
    assert_false(same("2001:db8::8000:0:0:1", "2001:db8::1", 65));
    assert_true(same("nobody", "", 64));
    assert_true(same("1.2.3", NULL, 64));
    assert_false(same("nobody", "192.0.2.1", 64));
}

static void check_view(struct bucket_view view, uint32_t count, uint32_t left)
{
    assert_int_equal(view.count, count);
    assert_int_equal(view.left, left);
}

static void test_windows(void **state)
{
    (void)state;
    struct buckets *b = buckets_new(60);
    struct client a = of("192.0.2.1", 64), c = of("192.0.2.2", 64);
    assert_non_null(b);
    check_view(buckets_count(b, a, 1000), 1, 60);
    check_view(buckets_count(b, a, 1001), 2, 60);
    check_view(buckets_count(b, c, 31000), 1, 60); /* its own window, its own count */
    check_view(buckets_count(b, a, 31000), 3, 30);
    check_view(buckets_count(b, a, 60999), 4, 1);
    check_view(buckets_count(b, a, 900), 5, 60); /* a thread that was late */
    check_view(buckets_count(b, a, 61000), 1, 60);
    check_view(buckets_count(b, c, 61000), 2, 30);
    check_view(buckets_count(b, a, 1000000), 1, 60);
    buckets_free(b);
    buckets_free(NULL);
}

/* Who asks most keeps its count while a million others pass. */
static void test_full(void **state)
{
    (void)state;
    struct buckets *b = buckets_new(60);
    struct client loud = of("192.0.2.1", 64);
    for (uint32_t i = 1; i <= 500; i++)
        assert_int_equal(buckets_count(b, loud, 5000).count, i);
    for (uint64_t i = 0; i < 1000000; i++) {
        struct client other = {i << 16, 7};
        buckets_count(b, other, 5000);
    }
    assert_int_equal(buckets_count(b, loud, 5000).count, 501);
    /* After the window all places are free again. */
    unsigned known = 0;
    for (uint64_t i = 0; i < 2 * 1000; i++)
        known += buckets_count(b, (struct client){i % 1000, 9}, 65000).count == 2;
    assert_int_equal(known, 1000);
    buckets_free(b);
}

/* ---- threads ---- */

#define THREADS 8
#define ROUNDS  20000u
#define LIMIT   50000u
static struct buckets *shared;
static atomic_uint passed, own_wrong;

static void *ask(void *arg)
{
    struct client own = {*(const unsigned *)arg, 1}, all = {0, 2};
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        if (buckets_count(shared, all, 1000 + i % 50).count <= LIMIT)
            atomic_fetch_add(&passed, 1);
        if (buckets_count(shared, own, 2000).count != i)
            atomic_fetch_add(&own_wrong, 1);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    shared = buckets_new(3600);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(passed, LIMIT);
    assert_int_equal(own_wrong, 0);
    assert_int_equal(buckets_count(shared, (struct client){0, 2}, 1000).count,
                     THREADS * ROUNDS + 1);
    buckets_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
