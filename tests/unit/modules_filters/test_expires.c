/* SPDX-License-Identifier: Apache-2.0
 * What the filter expires makes of a media type, of a status, and of a date it finds in an answer. */
#include "expires_settings.h"
#include "http_date.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define TYPES 5
static const char *const types[TYPES] = {"text/html", "text/html;charset=utf-8", "text", "image",
                                         "application/x-a"};

static struct expires_rule rules[TYPES];
static struct expires expires = {.rules = rules, .count = TYPES};

static const struct {
    const char *type;
    int rule; /* -1: the default */
} rows[] = {
    {"text/html", 0},
    {"TEXT/Html", 0},
    {"text/html; charset=UTF-8", 1},
    {"text/html;charset=utf-8", 1},
    {"text/html ; charset = utf-8", 1},
    {"text/html;charset=iso-8859-1", 0},
    {"text/html;charset=utf-8;x=y", 0},
    {"text/css", 2},
    {"text/css;charset=utf-8", 2},
    {"text/", 2},
    {"text", 2},
    {"text;charset=utf-8", 2},
    {"texts/css", -1},
    {"tex/css", -1},
    {"image/png", 3},
    {"image/svg+xml;charset=utf-8", 3},
    {"application/x-a", 4},
    {"application/x-ab", -1},
    {"application/x", -1},
    {"application", -1},
    {"", -1},
    {";charset=utf-8", -1},
    {"/text", -1},
    {"/", -1},
};

static int rule_of(const char *type)
{
    char form[EXPIRES_TYPE_MAX];
    const struct expiry *found = NULL;
    if (!expires_type(cs_str_of(type), form))
        form[0] = '\0';
    found = expires_find(&expires, form);
    for (int i = 0; i < TYPES; i++)
        if (found == &rules[i].expiry)
            return i;
    return found == &expires.otherwise ? -1 : -2;
}

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++)
        assert_true(expires_type(cs_str_of(types[i]), rules[i].type));
    expires.has_default = 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rule_of(rows[i].type) != rows[i].rule)
            fail_msg("'%s' is of rule %d", rows[i].type, rule_of(rows[i].type));
    expires.has_default = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rule_of(rows[i].type), rows[i].rule == -1 ? -2 : rows[i].rule);
}

static void test_long_types(void **state)
{
    (void)state;
    char type[EXPIRES_TYPE_MAX + 1], form[EXPIRES_TYPE_MAX];
    memset(type, 'a', sizeof(type));
    assert_true(expires_type((cs_str){type, EXPIRES_TYPE_MAX - 1}, form));
    assert_int_equal(strlen(form), EXPIRES_TYPE_MAX - 1);
    assert_false(expires_type((cs_str){type, EXPIRES_TYPE_MAX}, form));
    assert_false(expires_type((cs_str){"  \t ", 4}, form));
    assert_false(expires_type((cs_str){NULL, 0}, form));
}

static void test_statuses(void **state)
{
    (void)state;
    struct expires e = {.excluded = {304, 404}, .excluded_count = 2};
    assert_true(expires_excludes(&e, 304));
    assert_true(expires_excludes(&e, 404));
    assert_false(expires_excludes(&e, 200));
    e.excluded_count = 0;
    assert_false(expires_excludes(&e, 304));
}

static void test_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37 GM",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 anF 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
    };
    assert_int_equal(http_date(cs_str_of("Sun, 06 Nov 1994 08:49:37 GMT")), 784111777);
    assert_int_equal(http_date(cs_str_of("Thu, 01 Jan 1970 00:00:00 GMT")), 0);
    assert_int_equal(http_date(cs_str_of("Thu, 29 Feb 2024 12:00:00 GMT")), 1709208000);
    assert_int_equal(http_date(cs_str_of("Fri, 31 Dec 9999 23:59:59 GMT")), 253402300799);
    assert_int_equal(http_date((cs_str){NULL, 0}), -1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (http_date(cs_str_of(bad[i])) != -1)
            fail_msg("'%s' is taken for a date", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_long_types),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
