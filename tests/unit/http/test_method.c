/* SPDX-License-Identifier: Apache-2.0
 * http/method.h: every method of the table there and back, and near misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "http/method.h"

static void every_method_is_found_by_its_text(void **state)
{
    (void)state;
    unsigned seen = 1; /* METHOD_UNKNOWN */
#define X(name, text)                                                 \
    assert_int_equal(method_find(SPAN_LIT(text)), METHOD_##name);     \
    assert_true(span_eq(method_text(METHOD_##name), SPAN_LIT(text))); \
    seen++;
#include "http/methods.def"
#undef X
    assert_int_equal(seen, METHOD_COUNT);
}

static void other_tokens_are_unknown(void **state)
{
    (void)state;
    static const char *const tokens[] = {"",      "get",  "Get", "GE",      "GETT",     "POSTS",
                                         "HEAD ", "BREW", "PRI", "MSEARCH", "OPTIONS*", "TRACK"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        assert_int_equal(method_find(span_of(tokens[i])), METHOD_UNKNOWN);
    assert_int_equal(method_find(SPAN_NONE), METHOD_UNKNOWN);
    assert_int_equal(method_text(METHOD_UNKNOWN).n, 0);
    assert_non_null(method_text(METHOD_UNKNOWN).p);
}

static void only_the_span_is_looked_at(void **state)
{
    (void)state;
    assert_int_equal(method_find(span_make("GETX", 3)), METHOD_GET);
    assert_int_equal(method_find(span_make("PUT", 2)), METHOD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_is_found_by_its_text),
        cmocka_unit_test(other_tokens_are_unknown),
        cmocka_unit_test(only_the_span_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
