/* SPDX-License-Identifier: Apache-2.0
 * What a client accepts, RFC 9110 12.5.1 and 12.4.2: a row per rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/accept.h"

static const struct row {
    const char *accept, *second; /* NULL: no (second) field */
    unsigned html, json;
    const char *why;
} rows[] = {
    {NULL, NULL, 1000, 1000, "without the field everything is welcome"},
    {"*/*", NULL, 1000, 1000, "everything"},
    {"application/json", NULL, 0, 1000, "what is not named is not wanted"},
    {"text/html, application/json;q=0.9", NULL, 1000, 900, "weights"},
    {"text/*;q=0.3, */*;q=0.5", NULL, 300, 500, "the more specific range counts"},
    {"*/*, text/html;q=0", NULL, 0, 1000, "0 excludes, wherever it stands"},
    {"APPLICATION/JSON;Q=0.25", NULL, 0, 250, "names in any case"},
    {"application/json;charset=utf-8;q=0.5", NULL, 0, 500, "a weight behind other parameters"},
    {"text/html;q=1.000", NULL, 1000, 0, "three digits"},
    {"text/html;q=1.5", NULL, 0, 0, "over one is malformed"},
    {"text/html;q=abc", NULL, 0, 0, "a malformed weight"},
    {"text/html;q=0.1234", NULL, 0, 0, "more than three digits are malformed"},
    {"text/html", "application/json;q=0.4", 1000, 400, "two fields are one list"},
    {"", NULL, 0, 0, "an empty list names nothing"},
    {"text", NULL, 0, 0, "no range"},
    {"*/html", NULL, 0, 0, "no range either"},
    {" , ,text/html ;q=0.7,", NULL, 700, 0, "blanks and empty elements"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena;
        struct headers h = {.v = NULL};
        arena_init(&arena);
        const char *fields[] = {rows[i].accept, rows[i].second};
        for (size_t k = 0; k < 2; k++) {
            if (fields[k])
                assert_true(headers_add(&h, &arena, SPAN_LIT("Accept"), span_of(fields[k])));
        }
        unsigned html = accept_quality(&h, SPAN_LIT("text"), SPAN_LIT("html"));
        unsigned json = accept_quality(&h, SPAN_LIT("application"), SPAN_LIT("json"));
        if (html != rows[i].html || json != rows[i].json)
            fail_msg("%s: %u and %u", rows[i].why, html, json);
        arena_destroy(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
