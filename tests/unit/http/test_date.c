/* SPDX-License-Identifier: Apache-2.0
 * http/date.h: against libc's calendar over all years, the three forms, and what is no date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/clock.h"
#include "http/date.h"

#define FIRST INT64_C(-62167219200)
#define LAST  INT64_C(253402300799)

static void agrees_with_libc(int64_t seconds)
{
    char ours[HTTP_DATE_SIZE], theirs[96], day[32], hours[32];
    struct tm tm;
    time_t t = (time_t)seconds;
    assert_non_null(gmtime_r(&t, &tm));
    assert_true(strftime(day, sizeof(day), "%a, %d %b", &tm) > 0);
    assert_true(strftime(hours, sizeof(hours), "%H:%M:%S GMT", &tm) > 0);
    snprintf(theirs, sizeof(theirs), "%s %04d %s", day, tm.tm_year + 1900, hours);
    http_date_format(seconds, ours);
    assert_string_equal(ours, theirs);
    int64_t back;
    assert_true(http_date_parse(span_of(ours), &back));
    assert_int_equal(back, seconds);
}

static void the_whole_calendar_there_and_back(void **state)
{
    (void)state;
    for (int64_t s = FIRST; s <= LAST; s += INT64_C(86400) * 13 + 3607)
        agrees_with_libc(s);
    static const int64_t edges[] = {
        FIRST, LAST, -1, 0, 1, 951782399, 951782400, 951868800, 4107542399, 4107542400, 784111777};
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
        agrees_with_libc(edges[i]);
}

static void years_outside_are_clamped(void **state)
{
    (void)state;
    char text[HTTP_DATE_SIZE];
    http_date_format(INT64_MIN, text);
    assert_string_equal(text, "Sat, 01 Jan 0000 00:00:00 GMT");
    http_date_format(FIRST - 1, text);
    assert_string_equal(text, "Sat, 01 Jan 0000 00:00:00 GMT");
    http_date_format(LAST + 1, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
    http_date_format(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void three_forms_are_read(void **state)
{
    (void)state;
    static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < 3; i++) {
        int64_t seconds = 0;
        assert_true(http_date_parse(span_of(forms[i]), &seconds));
        assert_int_equal(seconds, 784111777);
    }
    int64_t seconds;
    assert_true(http_date_parse(SPAN_LIT("Thu Nov 16 08:49:37 1995"), &seconds));
    assert_int_equal(seconds, 816511777);
    assert_true(http_date_parse(SPAN_LIT("Sat, 31 Dec 2016 23:59:60 GMT"), &seconds));
    assert_int_equal(seconds, 1483228800); /* a leap second is the next day's first */
    assert_true(http_date_parse(SPAN_LIT("Tue, 29 Feb 2000 00:00:00 GMT"), &seconds));
    assert_int_equal(seconds, 951782400);
}

/* What RFC 9110 says of two digits: at most 50 years ahead of today, else the past. */
static void two_digit_years_follow_today(void **state)
{
    (void)state;
    time_t now = (time_t)(clock_wall_us() / 1000000);
    struct tm tm;
    assert_non_null(gmtime_r(&now, &tm));
    int this_year = tm.tm_year + 1900;
    for (int two = 0; two < 100; two++) {
        char text[64], full[HTTP_DATE_SIZE];
        int64_t seconds;
        snprintf(text, sizeof(text), "Monday, 15-Jun-%02d 00:00:00 GMT", two);
        assert_true(http_date_parse(span_of(text), &seconds));
        http_date_format(seconds, full);
        int year = atoi(full + 12);
        assert_int_equal(year % 100, two);
        assert_true(year <= this_year + 50);
        assert_true(year >= this_year - this_year % 100 - 100);
        if (two == this_year % 100)
            assert_int_equal(year, this_year);
        if (two == (this_year + 51) % 100 && this_year % 100 < 49)
            assert_int_equal(year, this_year - 49);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 01994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Tue, 29 Feb 1900 00:00:00 GMT",
        "Thu, 29 Feb 2001 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sunday Nov  6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t seconds = 42;
        if (http_date_parse(span_of(bad[i]), &seconds))
            fail_msg("taken for a date: \"%s\"", bad[i]);
        assert_int_equal(seconds, 42);
    }
    const char good[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    int64_t seconds;
    for (size_t n = 0; n < sizeof(good) - 1; n++)
        assert_false(http_date_parse(span_make(good, n), &seconds));
}

static void now_is_now(void **state)
{
    (void)state;
    int64_t before = clock_wall_us() / 1000000, seconds;
    struct span text = http_date_now();
    assert_int_equal(text.n, HTTP_DATE_SIZE - 1);
    assert_true(http_date_parse(text, &seconds));
    assert_in_range(seconds, before, clock_wall_us() / 1000000);
}

int main(void)
{
    setenv("TZ", "Pacific/Kiritimati", 1); /* 14 hours off: must not matter */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_calendar_there_and_back),
        cmocka_unit_test(years_outside_are_clamped),
        cmocka_unit_test(three_forms_are_read),
        cmocka_unit_test(two_digit_years_follow_today),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(now_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
