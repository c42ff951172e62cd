/* SPDX-License-Identifier: Apache-2.0
 * Windows of a client's pace, with a clock of the test's own: the rate counts per window and only per
 * window, the first window is grace, the timeout counts from the last progress, and the search for slow
 * clients never picks one that was not seen for half a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "connector/pace.h"

#define S     1000000u
#define START (7u * (uint64_t)S)

static const struct pace_rule rule = {.rate = 240, .window_ms = 10000, .timeout_ms = 20000};

static void nothing_is_asked_in_the_first_window(void **unused)
{
    (void)unused;
    struct pace p = {0};
    assert_false(pace_runs(&p));
    pace_start(&p, START, 1000);
    assert_true(pace_runs(&p));
    assert_int_equal(pace_left(&p, &rule, START), 10000);
    assert_int_equal(pace_left(&p, &rule, START + 1), 10000); /* rounded up: never early */
    assert_int_equal(pace_look(&p, &rule, START + 10 * S - 1, 1000), PACE_OK);
    assert_int_equal(pace_look(&p, &rule, START + 10 * S, 1000), PACE_SLOW);
    pace_stop(&p);
    assert_false(pace_runs(&p));
}

static void each_window_counts_alone(void **unused)
{
    (void)unused;
    struct pace p;
    pace_start(&p, START, 0);
    /* Much in the first window does not help in the second. */
    assert_int_equal(pace_look(&p, &rule, START + 10 * S, 1000000), PACE_OK);
    assert_int_equal(pace_left(&p, &rule, START + 10 * S), 10000);
    assert_int_equal(pace_look(&p, &rule, START + 15 * S, 1000000), PACE_OK);
    assert_int_equal(pace_look(&p, &rule, START + 20 * S, 1000000 + 2399), PACE_SLOW);
    /* Just enough. */
    pace_start(&p, START, 0);
    for (unsigned i = 1; i < 100; i++)
        assert_int_equal(pace_look(&p, &rule, START + 10 * (uint64_t)i * S, 2400 * i), PACE_OK);
    /* Looked at late, the rate is that of the longer time. */
    pace_start(&p, START, 0);
    assert_int_equal(pace_look(&p, &rule, START + 20 * S, 4800), PACE_OK);
    assert_int_equal(pace_look(&p, &rule, START + 40 * S, 4800 + 4799), PACE_SLOW);
}

static void silence_ends_it_without_a_rate(void **unused)
{
    (void)unused;
    const struct pace_rule no_rate = {.rate = 0, .window_ms = 10000, .timeout_ms = 20000};
    const struct pace_rule no_window = {.rate = 240, .window_ms = 0, .timeout_ms = 20000};
    const struct pace_rule nothing = {.rate = 0, .window_ms = 0, .timeout_ms = -1};
    struct pace p;
    pace_start(&p, START, 0);
    assert_int_equal(pace_look(&p, &no_rate, START + 10 * S, 0), PACE_OK);
    pace_moved(&p, START + 12 * S);
    assert_int_equal(pace_look(&p, &no_rate, START + 20 * S, 0), PACE_OK);
    assert_int_equal(pace_look(&p, &no_rate, START + 32 * S - 1, 0), PACE_OK);
    assert_int_equal(pace_look(&p, &no_rate, START + 32 * S, 0), PACE_STALLED);

    pace_start(&p, START, 0);
    assert_int_equal(pace_left(&p, &no_window, START), 20000);
    /* Nobody told of progress, but the look sees it. */
    assert_int_equal(pace_look(&p, &no_window, START + 19 * S, 1), PACE_OK);
    assert_int_equal(pace_left(&p, &no_window, START + 19 * S), 20000);
    assert_int_equal(pace_look(&p, &no_window, START + 39 * S, 1), PACE_STALLED);

    pace_start(&p, START, 0);
    assert_int_equal(pace_left(&p, &nothing, START), -1);
    assert_int_equal(pace_look(&p, &nothing, START + 1000000 * (uint64_t)S, 0), PACE_OK);
}

static void what_is_left_is_never_negative(void **unused)
{
    (void)unused;
    struct pace p;
    pace_start(&p, START, 0);
    assert_int_equal(pace_left(&p, &rule, START + 100 * S), 0);
    assert_int_equal(pace_left(&p, &rule, START - S), 11000); /* a clock read before the other */
}

static void rate_of_late(void **unused)
{
    (void)unused;
    struct pace p = {0};
    assert_true(pace_rate(&p, START, 5) == PACE_YOUNG);
    pace_start(&p, START, 100);
    assert_true(pace_rate(&p, START + S / 2 - 1, 5000) == PACE_YOUNG);
    assert_int_equal(pace_rate(&p, START + S / 2, 2600), 5000);
    assert_int_equal(pace_rate(&p, START + S, 5100), 5000);
    assert_int_equal(pace_rate(&p, START + 2 * S, 100), 0);
    assert_int_equal(pace_look(&p, &rule, START + 10 * S, 100 + 3000), PACE_OK);
    assert_int_equal(pace_rate(&p, START + 10 * S + 1, 3100), 300); /* that of the window before */
    assert_int_equal(pace_rate(&p, START + 12 * S, 3100), 0);
    assert_int_equal(pace_rate(&p, START + 12 * S, 0),
                     0); /* a total that went back counts as none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_in_the_first_window),
        cmocka_unit_test(each_window_counts_alone),
        cmocka_unit_test(silence_ends_it_without_a_rate),
        cmocka_unit_test(what_is_left_is_never_negative),
        cmocka_unit_test(rate_of_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
