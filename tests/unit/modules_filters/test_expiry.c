/* SPDX-License-Identifier: Apache-2.0
 * The grammar of expiration, a row per rule, and its calendar compared with the system's. */
#include "expiry.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <time.h>

#define BEGIN 1700000000 /* Tuesday, 2023-11-14 22:13:20 UTC */
#define DAY   86400

static const struct {
    const char *text;
    int of_modification; /* -1: malformed */
    int64_t later;       /* than BEGIN, in seconds */
} rows[] = {
    {"access plus 1 second", 0, 1},
    {"access plus 2 seconds", 0, 2},
    {"access 90 minutes", 0, 5400},
    {"access plus 1 minute", 0, 60},
    {"now plus 1 hour", 0, 3600},
    {"now plus 24 hours", 0, DAY},
    {"access plus 1 day", 0, DAY},
    {"access plus 15 days", 0, 15 * DAY},
    {"access plus 1 week", 0, 7 * DAY},
    {"access plus 2 weeks", 0, 14 * DAY},
    {"access plus 1 month", 0, 30 * DAY},
    {"access plus 3 months", 0, 92 * DAY},
    {"access plus 1 year", 0, 366 * DAY},
    {"access plus 2 years", 0, 731 * DAY},
    {"access plus 1 month 15 days 2 hours", 0, 45 * DAY + 7200},
    {"modification plus 5 hours 3 minutes", 1, 5 * 3600 + 180},
    {"modification 1 day", 1, DAY},
    {"MODIFICATION Plus 1 DAY", 1, DAY},
    {"  access\tplus  1   day ", 0, DAY},
    {"access plus 0 seconds", 0, 0},
    {"access plus -1 day", 0, -DAY},
    {"access plus +1 day", 0, DAY},
    {"A3600", 0, 3600},
    {"a0", 0, 0},
    {"M604800", 1, 604800},
    {" m1 ", 1, 1},
    {"access plus 2147483647 seconds", 0, 2147483647},
    {"", -1, 0},
    {"  ", -1, 0},
    {"access", -1, 0},
    {"access plus", -1, 0},
    {"plus 1 day", -1, 0},
    {"1 day", -1, 0},
    {"later plus 1 day", -1, 0},
    {"access plus 1", -1, 0},
    {"access plus day", -1, 0},
    {"access plus one day", -1, 0},
    {"access plus 1 fortnight", -1, 0},
    {"access plus 1 day 2", -1, 0},
    {"access plus 1 day and 2 hours", -1, 0},
    {"access plus plus 1 day", -1, 0},
    {"access plus 1day", -1, 0},
    {"access plus 1.5 days", -1, 0},
    {"access plus - days", -1, 0},
    {"access plus 2147483648 seconds", -1, 0},
    {"access plus 99999999999999999999 seconds", -1, 0},
    {"access plus 0x10 days", -1, 0},
    {"A", -1, 0},
    {"M", -1, 0},
    {"Aday", -1, 0},
    {"A3600 1 day", -1, 0},
    {"A3600 seconds", -1, 0},
    {"B3600", -1, 0},
    {"accessplus 1 day", -1, 0},
    {"a 1 s 1 s", -1, 0},
    {"now 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 "
     "day 1 day",
     0, 16 * DAY},
    {"now 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 "
     "day 1 day 1 day",
     -1, 0},
};

static void test_grammar(void **state)
{
    (void)state;
    struct expiry e;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int good = expiry_parse(rows[i].text, &e);
        if (good != (rows[i].of_modification >= 0))
            fail_msg("'%s': %d", rows[i].text, good);
        if (!good)
            continue;
        assert_int_equal(e.of_modification, rows[i].of_modification);
        if (expiry_after(&e, BEGIN) != BEGIN + rows[i].later)
            fail_msg("'%s' is %lld later", rows[i].text,
                     (long long)(expiry_after(&e, BEGIN) - BEGIN));
    }
}

static int64_t at(int year, int month, int day)
{
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12};
    return timegm(&t);
}

static int64_t later(const char *text, int64_t begin)
{
    struct expiry e;
    assert_true(expiry_parse(text, &e));
    return expiry_after(&e, begin);
}

static void test_calendar(void **state)
{
    (void)state;
    assert_int_equal(later("now 1 month", at(2023, 1, 31)), at(2023, 2, 28));
    assert_int_equal(later("now 1 month", at(2024, 1, 31)), at(2024, 2, 29));
    assert_int_equal(later("now 1 year", at(2024, 2, 29)), at(2025, 2, 28));
    assert_int_equal(later("now 4 years", at(2024, 2, 29)), at(2028, 2, 29));
    assert_int_equal(later("now 1 month", at(2023, 12, 31)), at(2024, 1, 31));
    assert_int_equal(later("now 1 month 1 day", at(2023, 1, 31)), at(2023, 3, 1));
    assert_int_equal(later("now 1 day 1 month", at(2023, 1, 31)), at(2023, 3, 1));
    assert_int_equal(later("now -1 month", at(2024, 3, 31)), at(2024, 2, 29));
    assert_int_equal(later("now 12 months", at(1999, 12, 31)), at(2000, 12, 31));
    assert_int_equal(later("now 1 month", at(2100, 1, 30)), at(2100, 2, 28));
    assert_int_equal(later("now 1 month", 0), 31 * DAY);
    /* As far as HTTP's dates go. */
    assert_int_equal(later("now -1 second", 0), 0);
    assert_int_equal(later("now -1 month", 0), 0);
    assert_int_equal(later("now 2147483647 years", BEGIN), 253402300799);
    assert_int_equal(later("now -2147483648 years", BEGIN), 0);
    assert_int_equal(later("now 2147483647 weeks", BEGIN), 253402300799);
    assert_int_equal(later("now 1 year", 253402300799), 253402300799);
    /* A year before or later: days of four centuries. */
    for (int64_t t = at(1970, 1, 1); t < at(2400, 1, 1); t += DAY) {
        time_t when = t;
        struct tm tm;
        gmtime_r(&when, &tm);
        int expected = tm.tm_mon == 1 && tm.tm_mday == 29 ? 28 : tm.tm_mday;
        if (later("now 1 year", t) != at(tm.tm_year + 1901, tm.tm_mon + 1, expected))
            fail_msg("a year after %lld", (long long)t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
