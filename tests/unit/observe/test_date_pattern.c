/* SPDX-License-Identifier: Apache-2.0
 * observe/date_pattern.h: every letter, zones with half hours, names that no locale changes, what is
 * refused, when a date changes next, and which names are read back as dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include "observe/date_pattern.h"

/* 2026-11-23 02:24:49.057 UTC, a Monday. */
#define MOMENT_US 1795400689057000

static void set_zone(const char *zone)
{
    struct date_time t;
    setenv("TZ", zone, 1);
    tzset();
    date_time_of(-1000000, &t); /* forgets what it kept */
}

static int set_up(void **state)
{
    (void)state;
    /* Whatever of these the machine has: nothing may change by them. */
    setlocale(LC_ALL, "de_DE.UTF-8");
    set_zone("Asia/Kolkata");
    return 0;
}

static void parse(const char *text, struct date_pattern *p)
{
    struct err err = ERR_INIT;
    if (!date_pattern_parse(span_of(text), p, &err))
        fail_msg("%s: %s", text, err.what);
}

static const char *print(const char *pattern, int64_t wall_us)
{
    static char out[DATE_TEXT_MAX + 1];
    struct date_pattern p;
    struct date_time t;
    parse(pattern, &p);
    date_time_of(wall_us, &t);
    out[date_pattern_print(&p, &t, out, DATE_TEXT_MAX)] = '\0';
    return out;
}

static void letters_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
    } rows[] = {
        {".yyyy-MM-dd", ".2026-11-23"},
        {"yy M d", "26 11 23"},
        {"y", "2026"},
        {"yyyyy", "02026"},
        {"MMM MMMM LL", "Nov November 11"},
        {"E EEE EEEE u", "Mon Mon Monday 1"},
        {"D DDDD", "327 0327"},
        {"H HH k K h hh a", "7 07 7 7 7 07 AM"},
        {"m mm s ss S SSS SSSS", "54 54 49 49 57 057 0057"},
        {"Z X XX X"
         "XX z",
         "+0530 +05 +0530 +05:30 IST"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-23T07:54:49.057+05:30"},
        {"'it''s' '' 'at' HH", "it's ' at 07"},
        {"''yy''", "'26'"},
        {"/#\xc3\xa9_", "/#\xc3\xa9_"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(print(rows[i].pattern, MOMENT_US), rows[i].text) != 0)
            fail_msg("%s: %s, not %s", rows[i].pattern, print(rows[i].pattern, MOMENT_US),
                     rows[i].text);
}

static void twelve_hours_are_twelve(void **state)
{
    (void)state;
    set_zone("UTC");
    const int64_t hour = 3600000000;
    assert_string_equal(print("H k K h a", 0), "0 24 0 12 AM");
    assert_string_equal(print("H k K h a", 11 * hour), "11 11 11 11 AM");
    assert_string_equal(print("H k K h a", 12 * hour), "12 12 0 12 PM");
    assert_string_equal(print("H k K h a", 23 * hour), "23 23 11 11 PM");
    assert_string_equal(print("Z X X"
                              "XX",
                              0),
                        "+0000 Z Z");
    set_zone("America/St_Johns");
    assert_string_equal(print("Z X X"
                              "XX",
                              0),
                        "-0330 -03 -03:30");
}

static void what_means_nothing_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *what;
    } rows[] = {
        {"yyyy-ww", "'ww' at character 6 of the date pattern means nothing"},
        {"b", "'b' at character 1 of the date pattern means nothing"},
        {"yyyyyyyyyyy", "'yyyyyyyyyyy' at character 1 of the date pattern means nothing"},
        {"yy'at", "the quote at character 3 of the date pattern has no end"},
        {"yy'at''", "the quote at character 3 of the date pattern has no end"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct date_pattern p;
        struct err err = ERR_INIT;
        assert_false(date_pattern_parse(span_of(rows[i].pattern), &p, &err));
        assert_string_equal(err.what, rows[i].what);
    }
    char longest[DATE_ITEMS_MAX + 2];
    memset(longest, '-', sizeof(longest));
    struct date_pattern p;
    struct err err = ERR_INIT;
    assert_true(date_pattern_parse(span_make(longest, DATE_ITEMS_MAX), &p, &err));
    assert_false(date_pattern_parse(span_make(longest, DATE_ITEMS_MAX + 1), &p, &err));
}

static void what_does_not_fit_is_nothing(void **state)
{
    (void)state;
    struct date_pattern p;
    struct date_time t;
    char out[16];
    parse("EEEE yyyy-MM", &p);
    date_time_of(MOMENT_US, &t);
    assert_int_equal(date_pattern_print(&p, &t, out, 14), 14);
    for (size_t size = 0; size < 14; size++) {
        memset(out, '#', sizeof(out));
        assert_int_equal(date_pattern_print(&p, &t, out, size), 0);
        assert_int_equal(out[size], '#');
    }
}

static int64_t next(const char *pattern, int64_t second)
{
    struct date_pattern p;
    struct date_time t;
    parse(pattern, &p);
    date_time_of(second * 1000000, &t);
    return date_pattern_next(&p, &t);
}

static void the_next_change_is_known(void **state)
{
    (void)state;
    const int64_t at = MOMENT_US / 1000000; /* 07:54:49 +0530 */
    assert_int_equal(next("ss", at), at + 1);
    assert_int_equal(next("HH.mm", at), at + 11);
    assert_int_equal(next("yyyy-HH", at), at + 5 * 60 + 11);
    int64_t midnight = at + 16 * 3600 + 5 * 60 + 11;
    assert_int_equal(next(".yyyy-MM-dd", at), midnight);
    assert_int_equal(next("yyyy", at), midnight); /* asked again then */
    assert_int_equal(next("", at), midnight);
    assert_int_equal(next("yyyy-MM-dd", midnight), midnight + 86400);
    assert_int_equal(next("yyyy-MM-dd", midnight - 1), midnight);
}

static void a_day_of_another_length_ends_at_its_midnight(void **state)
{
    (void)state;
    set_zone("Europe/Berlin");
    /* 2026-03-29 has 23 hours, 2026-10-25 has 25. */
    const int64_t spring = 1774738800, autumn = 1792879200;
    assert_string_equal(print("yyyy-MM-dd HH:mm", spring * 1000000), "2026-03-29 00:00");
    assert_int_equal(next("dd", spring), spring + 23 * 3600);
    assert_string_equal(print("yyyy-MM-dd HH:mm", autumn * 1000000), "2026-10-25 00:00");
    assert_int_equal(next("dd", autumn), autumn + 25 * 3600);
    /* In Santiago the 6th of September 2026 begins at one o'clock. */
    set_zone("America/Santiago");
    struct date_pattern p;
    struct date_time t;
    parse("dd", &p);
    date_time_of((int64_t)1788667200 * 1000000, &t);
    int64_t then = date_pattern_next(&p, &t);
    assert_true(then > t.second && then <= t.second + 25 * 3600);
}

static bool matches(const char *pattern, const char *text, int64_t *day)
{
    struct date_pattern p;
    parse(pattern, &p);
    return date_pattern_match(&p, span_of(text), day);
}

static void dates_are_read_back(void **state)
{
    (void)state;
    int64_t day;
    struct date_time t;
    date_time_of(MOMENT_US, &t);
    assert_int_equal(date_day(&t), 20780);
    assert_true(matches(".yyyy-MM-dd", ".2026-11-23", &day));
    assert_int_equal(day, 20780);
    assert_true(matches("yyMMdd", "700101", &day));
    assert_int_equal(day, 36525); /* two digits are of this century */
    assert_true(matches("yyyy-MM-dd", "1970-01-01", &day));
    assert_int_equal(day, 0);
    assert_true(matches("yyyy-MM-dd", "2024-02-29", &day));
    assert_int_equal(day, 19782);
    assert_true(matches("d. MMMM yyyy", "3. March 2026", &day));
    assert_int_equal(day, 20515);
    assert_true(matches("yyyy-MM", "2026-11", &day));
    assert_int_equal(day, INT64_MIN);
    /* What a pattern prints, it reads. */
    static const char *const patterns[] = {
        ".yyyy-MM-dd",       "yyyyMMdd-HHmmss.SSS",      "EEE dd MMM yyyy",
        "EEEE, d MMMM yyyy", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd Z X XX",
        "yyyy.MM.dd-z",      "yyyy-MM-dd h:mm a",        "dd.MM.yyyy D u k K"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        for (int64_t at = 0; at < 400; at += 7) {
            int64_t wall_us = MOMENT_US + at * 86400 * 1000000;
            char text[DATE_TEXT_MAX + 1];
            snprintf(text, sizeof(text), "%s", print(patterns[i], wall_us));
            date_time_of(wall_us, &t);
            if (!matches(patterns[i], text, &day) || day != date_day(&t))
                fail_msg("%s is not read back by %s", text, patterns[i]);
        }
    }
}

static void other_names_are_no_dates(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        ".2026-11-2",
                                        ".2026-11-234",
                                        ".2026-11-23x",
                                        "2026-11-23",
                                        ".2026-1-23",
                                        ".26-11-23",
                                        ".2026/11/23",
                                        ".2026-00-23",
                                        ".2026-13-23",
                                        ".2026-11-00",
                                        ".2026-11-32",
                                        ".20x6-11-23",
                                        "..2026-11-23",
                                        ".2026-11-23.gz"};
    int64_t day;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (matches(".yyyy-MM-dd", texts[i], &day))
            fail_msg("%s was read as a date", texts[i]);
    assert_false(matches("MMM", "Nix", &day));
    assert_false(matches("a", "XM", &day));
    assert_false(matches("Z", "0530", &day));
    assert_false(matches("X"
                         "XX",
                         "+0530", &day));
    assert_false(matches("z", "", &day));
}

#define ROW(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(letters_have_their_meaning),
        ROW(twelve_hours_are_twelve),
        ROW(what_means_nothing_is_refused_with_its_place),
        ROW(what_does_not_fit_is_nothing),
        ROW(the_next_change_is_known),
        ROW(a_day_of_another_length_ends_at_its_midnight),
        ROW(dates_are_read_back),
        ROW(other_names_are_no_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
