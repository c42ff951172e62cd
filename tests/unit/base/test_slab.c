/* SPDX-License-Identifier: Apache-2.0
 * The slab: numbers, limits, stable addresses, content that survives giving back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/slab.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Huge requests must come back as NULL under the sanitizers, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_numbers_and_limit(void **state)
{
    (void)state;
    struct slab *s = slab_new(24, 5);
    uint32_t index = 99;
    for (uint32_t i = 0; i < 5; i++) {
        assert_non_null(slab_take(s, &index));
        assert_int_equal(index, i);
    }
    index = 99;
    assert_null(slab_take(s, &index));
    assert_int_equal(index, 99);
    assert_int_equal(slab_used(s), 5);
    assert_int_equal(slab_high(s), 5);
    slab_give(s, 2);
    assert_int_equal(slab_used(s), 4);
    assert_non_null(slab_take(s, &index));
    assert_int_equal(index, 2);
    assert_null(slab_take(s, &index));
    assert_int_equal(slab_high(s), 5);
    slab_destroy(&s);
    assert_null(s);
    slab_destroy(&s);
}

static void fill_and_check(size_t size, uint32_t count)
{
    struct slab *s = slab_new(size, count);
    unsigned char **at = calloc(count, sizeof(*at));
    assert_non_null(at);
    uint32_t index;
    for (uint32_t i = 0; i < count; i++) {
        at[i] = slab_take(s, &index);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % (size >= 64 ? 64 : 16), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(at[i][j], 0);
        memset(at[i], (int)(i % 251) + 1, size);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_ptr_equal(slab_at(s, i), at[i]);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(at[i][j], i % 251 + 1);
    }
    assert_null(slab_take(s, &index));
    free(at);
    slab_destroy(&s);
}

static void test_slots_are_zeroed_apart_and_stay(void **state)
{
    (void)state;
    fill_and_check(1, 10000);
    fill_and_check(40, 3000);
    fill_and_check(300, 1000);
    fill_and_check(65536, 5);
    fill_and_check(100000, 4);
}

static void test_given_slot_keeps_its_content(void **state)
{
    (void)state;
    struct slab *s = slab_new(32, 100);
    uint32_t index, other;
    char *p = slab_take(s, &index);
    memset(p, 'k', 32);
    assert_non_null(slab_take(s, &other));
    slab_give(s, index);
    slab_give(s, other);
    const char *stale = slab_at(s, index);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(stale[i], 'k');
    slab_destroy(&s);
}

/* Random taking and giving against a plain table of what is in use. */
static void test_random_use_never_gives_a_slot_twice(void **state)
{
    (void)state;
    static bool in_use[500];
    memset(in_use, 0, sizeof(in_use));
    struct slab *s = slab_new(200, 500);
    uint32_t used = 0, seed = 1;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t i = (seed >> 8) % 500;
        if (in_use[i]) {
            slab_give(s, i);
            in_use[i] = false;
            used--;
        } else if (slab_take(s, &i)) {
            assert_in_range(i, 0, 499);
            assert_false(in_use[i]);
            in_use[i] = true;
            used++;
        }
        assert_int_equal(slab_used(s), used);
        assert_in_range(slab_high(s), used, 500);
    }
    slab_destroy(&s);
}

static void test_out_of_range_sizes(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX;
    assert_null(slab_new(huge, 1));
    struct slab *s = slab_new(huge / 4, UINT32_MAX); /* no memory for the first page */
    uint32_t index;
    if (s)
        assert_null(slab_take(s, &index));
    slab_destroy(&s);
    s = slab_new(16, UINT32_MAX);
    assert_non_null(s);
    assert_non_null(slab_take(s, &index));
    slab_destroy(&s);
}

/* Runs FN in a child whose stderr is dropped, and tells whether it aborted. */
static bool aborts(void (*fn)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void give_twice(void)
{
    struct slab *s = slab_new(8, 8);
    uint32_t index;
    slab_take(s, &index);
    slab_give(s, index);
    slab_give(s, index);
}

static void give_unknown(void)
{
    struct slab *s = slab_new(8, 8);
    slab_give(s, 0);
}

static void test_misuse_is_checked(void **state)
{
    (void)state;
    assert_true(aborts(give_twice));
    assert_true(aborts(give_unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_limit),
        cmocka_unit_test(test_slots_are_zeroed_apart_and_stay),
        cmocka_unit_test(test_given_slot_keeps_its_content),
        cmocka_unit_test(test_random_use_never_gives_a_slot_twice),
        cmocka_unit_test(test_out_of_range_sizes),
        cmocka_unit_test(test_misuse_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
