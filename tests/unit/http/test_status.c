/* SPDX-License-Identifier: Apache-2.0
 * http/status.h: the table against the registry's list of codes, its edges, its texts' form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "http/headers.h"
#include "http/status.h"

static const unsigned registered[] = {
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301,
    302, 303, 304, 305, 306, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
    409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426,
    428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
};

static void every_registered_code_and_no_other_has_words(void **state)
{
    (void)state;
    size_t next = 0, count = sizeof(registered) / sizeof(registered[0]);
    for (unsigned code = 0; code < 1100; code++) {
        bool known = next < count && registered[next] == code;
        next += known;
        assert_int_equal(!span_eq(status_reason(code), SPAN_LIT("Unknown")), known);
        assert_int_equal(status_sentence(code).n > 0, known);
        assert_non_null(status_sentence(code).p);
    }
    assert_int_equal(next, count);
    assert_true(span_eq(status_reason(UINT32_MAX), SPAN_LIT("Unknown")));
}

static void texts_are_fit_for_the_wire_and_for_people(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
        struct span sentence = status_sentence(registered[i]);
        assert_true(http_is_field_value(status_reason(registered[i])));
        assert_int_equal(sentence.p[sentence.n - 1], '.');
        for (size_t k = 0; k < sentence.n; k++) /* goes into HTML as it is */
            assert_null(strchr("<>&\"", sentence.p[k]));
    }
}

static void some_phrases(void **state)
{
    (void)state;
    assert_true(span_eq(status_reason(200), SPAN_LIT("OK")));
    assert_true(span_eq(status_reason(404), SPAN_LIT("Not Found")));
    assert_true(span_eq(status_reason(413), SPAN_LIT("Content Too Large")));
    assert_true(span_eq(status_reason(431), SPAN_LIT("Request Header Fields Too Large")));
    assert_true(span_eq(status_reason(511), SPAN_LIT("Network Authentication Required")));
}

static void which_have_no_body(void **state)
{
    (void)state;
    for (unsigned code = 100; code < 600; code++)
        assert_int_equal(status_has_no_body(code), code < 200 || code == 204 || code == 304);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_registered_code_and_no_other_has_words),
        cmocka_unit_test(texts_are_fit_for_the_wire_and_for_people),
        cmocka_unit_test(some_phrases),
        cmocka_unit_test(which_have_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
