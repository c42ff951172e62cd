/* SPDX-License-Identifier: Apache-2.0
 * http/media.h: parameters found, quoted and not, taken out; what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "http/media.h"

static const struct {
    const char *value, *name;
    enum media_found found;
    const char *param, *without;
} rows[] = {
    {"text/html", "charset", MEDIA_ABSENT, NULL, "text/html"},
    {"text/html; charset=utf-8", "charset", MEDIA_FOUND, "utf-8", "text/html"},
    {" text/html ;CharSet = utf-8 ; a=b", "charset", MEDIA_FOUND, "utf-8", "text/html; a=b"},
    {"a/b; charset=\"x y\"", "charset", MEDIA_FOUND, "x y", "a/b"},
    {"a/b; charset=\"\"", "charset", MEDIA_FOUND, "", "a/b"},
    {"a/b; charset=", "charset", MEDIA_FOUND, "", "a/b"},
    {"a/b; charset", "charset", MEDIA_FOUND, "", "a/b"},
    {"a/b; charset=x; charset=y", "charset", MEDIA_FOUND, "x", "a/b"},
    {"a/b; charsets=x", "charset", MEDIA_ABSENT, NULL, "a/b; charsets=x"},
    {"a/b; x=\"; charset=no\"; charset=yes", "charset", MEDIA_FOUND, "yes",
     "a/b; x=\"; charset=no\""},
    {"form-data; name=\"a\\\"b\"", "name", MEDIA_FOUND, "a\"b", "form-data"},
    {"form-data; name=\"C:\\dir\\f\"", "name", MEDIA_FOUND, "C:\\dir\\f", "form-data"},
    {"form-data; name=\"a\\\\b\"", "name", MEDIA_FOUND, "a\\b", "form-data"},
    {"form-data; name=\"a\\", "name", MEDIA_BAD, NULL, "form-data"},
    {"form-data; name=\"", "name", MEDIA_BAD, NULL, "form-data"},
    {"form-data; name=\"a\\\"", "name", MEDIA_BAD, NULL, "form-data"},
    {"form-data; name=\"a\"b; x=y", "name", MEDIA_BAD, NULL, "form-data"},
    {"form-data; name=\"a\"b; x=y", "x", MEDIA_BAD, NULL, "form-data"},
    {"form-data; name=\"a;b\" ; x=y", "x", MEDIA_FOUND, "y", "form-data; name=\"a;b\" "},
    {";;; charset=x;;", "charset", MEDIA_FOUND, "x", ""},
    {"", "charset", MEDIA_ABSENT, NULL, ""},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arena a;
        struct span got;
        arena_init(&a);
        struct span value = span_of(rows[i].value), name = span_of(rows[i].name);
        enum media_found found = media_param(value, name, &a, &got);
        struct span without = media_without(value, name, &a);
        if (found != rows[i].found || !span_eq(got, span_of(rows[i].param)) ||
            !span_eq(without, span_of(rows[i].without)))
            fail_msg("'%s' %s: %d '%.*s' '%.*s'", rows[i].value, rows[i].name, (int)found,
                     SPAN_ARG(got), SPAN_ARG(without));
        arena_destroy(&a);
    }
}

static void test_type(void **state)
{
    (void)state;
    assert_true(span_eq(media_type(span_of(" a/b ; x")), SPAN_LIT("a/b")));
    assert_true(span_eq(media_type(span_of("a/b")), SPAN_LIT("a/b")));
    assert_true(span_eq(media_type(span_of("")), SPAN_LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_type)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
