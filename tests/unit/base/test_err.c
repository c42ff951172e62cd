/* SPDX-License-Identifier: Apache-2.0
 * Errors for people: which parts appear, in which order, and that nothing overflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/err.h"
#include <errno.h>
#include <string.h>

static void assert_text(const struct err *e, const char *expected)
{
    char text[2200];
    assert_ptr_equal(err_text(e, text, sizeof(text)), text);
    assert_string_equal(text, expected);
}

static void test_parts_appear_in_order(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    assert_text(&e, "");
    assert_false(err_set(&e, "bad value '%s'", "x"));
    assert_text(&e, "bad value 'x'");
    assert_false(err_hint(&e, "Use %d", 8080));
    assert_text(&e, "bad value 'x'. Use 8080");
    assert_false(err_why(&e, "not a number"));
    assert_text(&e, "bad value 'x': not a number. Use 8080");
    assert_false(err_at(&e, "server.xml", 12));
    assert_text(&e, "server.xml:12: bad value 'x': not a number. Use 8080");
    err_at(&e, "server.xml", 0);
    assert_text(&e, "server.xml: bad value 'x': not a number. Use 8080");
}

static void test_set_clears_the_rest(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_set(&e, "first");
    err_why(&e, "why");
    err_hint(&e, "hint");
    err_at(&e, "file", 3);
    err_set(&e, "second");
    assert_text(&e, "second");
    assert_int_equal(e.line, 0);
}

static void test_system_error(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_hint(&e, "old");
    assert_false(err_sys(&e, ENOENT, "cannot open '%s'", "/x"));
    assert_string_equal(e.what, "cannot open '/x'");
    assert_string_equal(e.why, "No such file or directory (errno 2)");
    assert_string_equal(e.hint, "");
    err_sys(&e, EACCES, "cannot open '/x'");
    assert_non_null(strstr(e.hint, "run it as another user"));
    err_hint(&e, "mine");
    assert_string_equal(e.hint, "mine");
    err_sys(&e, EROFS, "cannot write '/x'");
    assert_non_null(strstr(e.hint, "read-only"));
    err_sys(&e, ENOSPC, "cannot write '/x'");
    assert_non_null(strstr(e.hint, "Make room"));
    err_sys(&e, EMFILE, "cannot open '/x'");
    assert_non_null(strstr(e.hint, "ulimit -n"));
    err_sys(&e, 99999, "odd");
    assert_non_null(strstr(e.why, "(errno 99999)"));
}

static void test_arguments_from_the_error_itself(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_set(&e, "inner");
    err_why(&e, "cause");
    err_set(&e, "outer: %s: %s", e.what, e.why);
    assert_text(&e, "outer: inner: cause");
    err_why(&e, "because");
    err_why(&e, "%s, %s", e.why, e.what);
    assert_string_equal(e.why, "because, outer: inner: cause");
    err_at(&e, "path/file", 1);
    err_at(&e, e.file + 5, 2);
    assert_string_equal(e.file, "file");
}

static void test_long_parts_are_cut(void **state)
{
    (void)state;
    char longer[1000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    struct err e = ERR_INIT;
    err_set(&e, "%s", longer);
    err_why(&e, "%s", longer);
    err_hint(&e, "%s", longer);
    err_at(&e, longer, 2147483647);
    assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
    assert_int_equal(strlen(e.why), sizeof(e.why) - 1);
    assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
    assert_int_equal(strlen(e.file), sizeof(e.file) - 1);
    char text[4096];
    assert_int_equal(strlen(err_text(&e, text, sizeof(text))), 4 * 511 + 11 + 2 + 2 + 2);
}

static void test_text_is_cut_to_any_size(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_set(&e, "what");
    err_why(&e, "why");
    err_hint(&e, "hint");
    err_at(&e, "file", 7);
    char whole[100];
    err_text(&e, whole, sizeof(whole));
    assert_string_equal(whole, "file:7: what: why. hint");
    for (size_t size = 1; size <= strlen(whole) + 2; size++) {
        char text[100];
        memset(text, '#', sizeof(text));
        err_text(&e, text, size);
        size_t n = size - 1 < strlen(whole) ? size - 1 : strlen(whole);
        assert_int_equal(strlen(text), n);
        assert_memory_equal(text, whole, n);
        assert_int_equal(text[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_appear_in_order),
        cmocka_unit_test(test_set_clears_the_rest),
        cmocka_unit_test(test_system_error),
        cmocka_unit_test(test_arguments_from_the_error_itself),
        cmocka_unit_test(test_long_parts_are_cut),
        cmocka_unit_test(test_text_is_cut_to_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
