/* SPDX-License-Identifier: Apache-2.0
 * Conditional requests (RFC 9110 section 13) as tables: each condition alone, their order of precedence, and
 * If-Range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include "conditions.h"

#define NONE     CONDITIONS_NO_DATE
#define MODIFIED 1000
#define PERFORM  CONDITIONS_PERFORM
#define SAME     CONDITIONS_NOT_MODIFIED
#define FAILED   CONDITIONS_FAILED

static cs_str text(const char *s)
{
    return (cs_str){s, s ? strlen(s) : 0};
}

static const struct {
    const char *etag; /* NULL: nothing is there */
    const char *match, *none_match;
    int64_t unmodified, modified;
    enum conditions_verdict reads, writes; /* GET, HEAD; other methods */
} table[] = {
    {"\"a\"", NULL, NULL, NONE, NONE, PERFORM, PERFORM},
    {NULL, NULL, NULL, NONE, NONE, PERFORM, PERFORM},

    /* 13.1.1 If-Match: strong comparison */
    {"\"a\"", "\"a\"", NULL, NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", "\"b\"", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "\"b\", \"c\" ,\"a\"", NULL, NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", ",, \"a\",", NULL, NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", "W/\"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"W/\"a\"", "\"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"W/\"a\"", "W/\"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "*", NULL, NONE, NONE, PERFORM, PERFORM},
    {"W/\"a\"", "*", NULL, NONE, NONE, PERFORM, PERFORM},
    {NULL, "*", NULL, NONE, NONE, FAILED, FAILED},
    {NULL, "\"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "a", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "\"a", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a\"", "w/\"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"\"a,b\"", "\"a,b\"", NULL, NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", "\"a b\", \"a\"", NULL, NONE, NONE, FAILED, FAILED},
    {"\"\"", "\"\"", NULL, NONE, NONE, PERFORM, PERFORM},

    /* 13.1.2 If-None-Match: weak comparison */
    {"\"a\"", NULL, "\"a\"", NONE, NONE, SAME, FAILED},
    {"\"a\"", NULL, "W/\"a\"", NONE, NONE, SAME, FAILED},
    {"W/\"a\"", NULL, "\"a\"", NONE, NONE, SAME, FAILED},
    {"W/\"a\"", NULL, "W/\"a\"", NONE, NONE, SAME, FAILED},
    {"\"a\"", NULL, "\"b\", W/\"a\"", NONE, NONE, SAME, FAILED},
    {"\"a\"", NULL, "\"b\"", NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, "*", NONE, NONE, SAME, FAILED},
    {NULL, NULL, "*", NONE, NONE, PERFORM, PERFORM},
    {NULL, NULL, "\"a\"", NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, "a", NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, "", NONE, NONE, PERFORM, PERFORM},

    /* 13.1.3 If-Modified-Since: GET and HEAD only */
    {"\"a\"", NULL, NULL, NONE, MODIFIED, SAME, PERFORM},
    {"\"a\"", NULL, NULL, NONE, MODIFIED + 1, SAME, PERFORM},
    {"\"a\"", NULL, NULL, NONE, MODIFIED - 1, PERFORM, PERFORM},
    {NULL, NULL, NULL, NONE, MODIFIED, PERFORM, PERFORM},

    /* 13.1.4 If-Unmodified-Since */
    {"\"a\"", NULL, NULL, MODIFIED, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, NULL, MODIFIED + 1, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, NULL, MODIFIED - 1, NONE, FAILED, FAILED},
    {"\"a\"", NULL, NULL, 0, NONE, FAILED, FAILED},
    {NULL, NULL, NULL, MODIFIED, NONE, FAILED, FAILED},

    /* 13.2.2: If-Match before If-Unmodified-Since, If-None-Match before If-Modified-Since, the first
     * pair before the second */
    {"\"a\"", "\"a\"", NULL, MODIFIED - 1, NONE, PERFORM, PERFORM},
    {"\"a\"", "\"b\"", NULL, MODIFIED + 1, NONE, FAILED, FAILED},
    {"\"a\"", NULL, "\"a\"", NONE, MODIFIED - 1, SAME, FAILED},
    {"\"a\"", NULL, "\"b\"", NONE, MODIFIED + 1, PERFORM, PERFORM},
    {"\"a\"", "\"b\"", "\"a\"", NONE, NONE, FAILED, FAILED},
    {"\"a\"", "\"a\"", "\"a\"", NONE, NONE, SAME, FAILED},
    {"\"a\"", "\"a\"", "\"b\"", NONE, NONE, PERFORM, PERFORM},
    {"\"a\"", NULL, "\"a\"", MODIFIED - 1, NONE, FAILED, FAILED},
    {"\"a\"", NULL, NULL, MODIFIED - 1, MODIFIED, FAILED, FAILED},
    {"\"a\"", NULL, NULL, MODIFIED, MODIFIED, SAME, PERFORM},
    {"\"a\"", "\"a\"", NULL, NONE, MODIFIED, SAME, PERFORM},
    {"\"a\"", "\"a\"", "\"b\"", MODIFIED - 1, MODIFIED + 1, PERFORM, PERFORM},
};

static void conditions_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conditions c = {.if_match = text(table[i].match),
                               .if_none_match = text(table[i].none_match),
                               .if_unmodified_since = table[i].unmodified,
                               .if_modified_since = table[i].modified,
                               .if_range_date = NONE};
        struct validators v = {text(table[i].etag), table[i].etag ? MODIFIED : 0};
        enum conditions_verdict reads = conditions_judge(&c, &v, true);
        enum conditions_verdict writes = conditions_judge(&c, &v, false);
        if (reads != table[i].reads || writes != table[i].writes)
            fail_msg("row %zu: %d and %d, not %d and %d", i, reads, writes, table[i].reads,
                     table[i].writes);
    }
}

static const struct {
    const char *etag, *if_range;
    int64_t date; /* what If-Range is as a date */
    int64_t now;
    bool allowed;
} if_ranges[] = {
    {"\"a\"", NULL, NONE, 5000, true},
    {"\"a\"", "\"a\"", NONE, 5000, true},
    {"\"a\"", "\"b\"", NONE, 5000, false},
    {"\"a\"", "W/\"a\"", NONE, 5000, false},
    {"W/\"a\"", "W/\"a\"", NONE, 5000, false},
    {"W/\"a\"", "\"a\"", NONE, 5000, false},
    {"\"a\"", "\"a\", \"b\"", NONE, 5000, false}, /* one tag, no list */
    {"\"a\"", "*", NONE, 5000, false},
    {"\"a\"", "", NONE, 5000, false},
    {"\"a\"", "a date", MODIFIED, 5000, true},
    {"W/\"a\"", "a date", MODIFIED, 5000, true},
    {"\"a\"", "a date", MODIFIED + 1, 5000, false}, /* exactly, not "since" */
    {"\"a\"", "a date", MODIFIED - 1, 5000, false},
    {"\"a\"", "no date", NONE, 5000, false},
    {"\"a\"", "a date", MODIFIED, MODIFIED, false}, /* it may still change within that second */
    {"\"a\"", "a date", MODIFIED, MODIFIED + 1, true},
};

static void if_range_is_strong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(if_ranges) / sizeof(if_ranges[0]); i++) {
        struct conditions c = {.range = text("bytes=0-1"),
                               .if_range = text(if_ranges[i].if_range),
                               .if_range_date = if_ranges[i].date};
        struct validators v = {text(if_ranges[i].etag), MODIFIED};
        if (conditions_allow_range(&c, &v, if_ranges[i].now) != if_ranges[i].allowed)
            fail_msg("row %zu", i);
    }
    struct conditions without = {.if_range = text("\"a\"")};
    struct validators v = {text("\"a\""), MODIFIED};
    assert_false(conditions_allow_range(&without, &v, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_in_order),
        cmocka_unit_test(if_range_is_strong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
