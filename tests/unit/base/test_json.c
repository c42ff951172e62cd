/* SPDX-License-Identifier: Apache-2.0
 * JSON that every reader takes, whatever the bytes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/json.h"

static void check_string(struct span value, const char *expected)
{
    struct buf out = BUF_EMPTY;
    struct json j = json_begin(&out);
    json_string(&j, NULL, value);
    assert_true(j.ok);
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    check_string(SPAN_LIT(""), "\"\"");
    check_string(SPAN_NONE, "\"\"");
    check_string(SPAN_LIT("plain /path"), "\"plain /path\"");
    check_string(SPAN_LIT("a\"b\\c"), "\"a\\\"b\\\\c\"");
    check_string(SPAN_LIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    check_string(SPAN_LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"");
}

static void utf8_passes_and_other_bytes_are_replaced(void **state)
{
    (void)state;
#define BAD "\xef\xbf\xbd"
    check_string(SPAN_LIT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
                 "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
    check_string(SPAN_LIT("\xff"), "\"" BAD "\"");
    check_string(SPAN_LIT("a\xc3"), "\"a" BAD "\"");               /* cut */
    check_string(SPAN_LIT("\xc3\"x"), "\"" BAD "\\\"x\"");         /* must not eat the quote */
    check_string(SPAN_LIT("\xc0\xaf"), "\"" BAD BAD "\"");         /* overlong */
    check_string(SPAN_LIT("\xe0\x80\xaf"), "\"" BAD BAD BAD "\""); /* overlong */
    check_string(SPAN_LIT("\xed\xa0\x80"), "\"" BAD BAD BAD "\""); /* surrogate */
    check_string(SPAN_LIT("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\"");
    check_string(SPAN_LIT("\x80"), "\"" BAD "\"");
}

static void nested_values_have_their_commas(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct json j = json_begin(&out);
    json_group(&j, NULL, '{');
    json_string(&j, "a\n", SPAN_LIT("x"));
    json_group(&j, "list", '[');
    json_int(&j, NULL, INT64_MIN);
    json_int(&j, NULL, 2);
    json_group(&j, NULL, '{');
    json_group_end(&j, '}');
    json_group_end(&j, ']');
    json_raw(&j, "raw", SPAN_LIT("[]"));
    json_group_end(&j, '}');
    assert_true(j.ok);
    assert_string_equal(buf_cstr(&out), "{\"a\\n\":\"x\",\"list\":[-9223372036854775808,2,{}],"
                                        "\"raw\":[]}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(utf8_passes_and_other_bytes_are_replaced),
        cmocka_unit_test(nested_values_have_their_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
