/* SPDX-License-Identifier: Apache-2.0
 * The clocks: they agree with each other and with the system's, in the right units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include <time.h>

static void test_monotonic_never_goes_back(void **state)
{
    (void)state;
    uint64_t last = clock_ns();
    for (int i = 0; i < 100000; i++) {
        uint64_t now = clock_ns();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_ns() > 0);
}

static void test_microseconds_and_nanoseconds_are_one_clock(void **state)
{
    (void)state;
    uint64_t before = clock_ns();
    uint64_t us = clock_us();
    uint64_t after = clock_ns();
    assert_in_range(us, before / 1000, after / 1000);
}

static void test_monotonic_is_the_systems(void **state)
{
    (void)state;
    struct timespec t;
    uint64_t before = clock_us();
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t after = clock_us();
    assert_in_range((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000, before, after);
}

static void test_wall_is_unix_time(void **state)
{
    (void)state;
    struct timespec t;
    int64_t before = clock_wall_us();
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t after = clock_wall_us();
    int64_t system = (int64_t)t.tv_sec * 1000000 + (int64_t)t.tv_nsec / 1000;
    assert_true(before <= system && system <= after);
}

static void test_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(MS_TO_US(1500), 1500000);
    assert_int_equal(MS_TO_US(4000000000u), UINT64_C(4000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_never_goes_back),
        cmocka_unit_test(test_microseconds_and_nanoseconds_are_one_clock),
        cmocka_unit_test(test_monotonic_is_the_systems),
        cmocka_unit_test(test_wall_is_unix_time),
        cmocka_unit_test(test_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
