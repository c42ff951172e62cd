/* SPDX-License-Identifier: Apache-2.0
 * When the next container is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "supervisor/backoff.h"

static void one_that_served_is_followed_at_once(void **state)
{
    (void)state;
    struct backoff b = {0};
    assert_int_equal(backoff_after(&b, true, 1000000), 0);
    assert_int_equal(backoff_after(&b, true, UINT64_MAX), 0);
}

static void the_wait_doubles_up_to_ten_seconds(void **state)
{
    (void)state;
    static const uint32_t expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000};
    struct backoff b = {0};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(backoff_after(&b, i % 2 == 0, 999999), expected[i]);
}

static void not_ready_waits_however_long_it_lived(void **state)
{
    (void)state;
    struct backoff b = {0};
    assert_int_equal(backoff_after(&b, false, UINT64_MAX), 100);
}

static void serving_forgets_former_failures(void **state)
{
    (void)state;
    struct backoff b = {0};
    for (int i = 0; i < 5; i++)
        (void)backoff_after(&b, false, 0);
    assert_int_equal(backoff_after(&b, true, 1000000), 0);
    assert_int_equal(backoff_after(&b, false, 0), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_served_is_followed_at_once),
        cmocka_unit_test(the_wait_doubles_up_to_ten_seconds),
        cmocka_unit_test(not_ready_waits_however_long_it_lived),
        cmocka_unit_test(serving_forgets_former_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
