/* SPDX-License-Identifier: Apache-2.0
 * The growable buffer: what is appended comes out, growth, sliding to the front, overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"
#include <stdlib.h>

/* Huge requests must come back as NULL under the sanitizers, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_content(const struct buf *b, const char *text)
{
    assert_int_equal(buf_len(b), strlen(text));
    assert_memory_equal(buf_span(b).p, text, strlen(text));
}

static void test_empty(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_int_equal(buf_len(&b), 0);
    assert_non_null(buf_span(&b).p);
    assert_true(buf_reserve(&b, 0));
    assert_null(b.mem);
    assert_true(buf_append(&b, NULL, 0));
    buf_consume(&b, 0);
    assert_string_equal(buf_cstr(&b), "");
    assert_int_equal(buf_len(&b), 0);
    buf_free(&b);
    assert_true(buf_append_str(&b, "again"));
    assert_content(&b, "again");
    buf_free(&b);
    buf_free(&b);
}

/* A stream through the buffer in uneven portions comes out as it went in. */
static void test_bytes_come_out_in_order(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    unsigned char in = 0, out = 0;
    for (size_t round = 1; round < 500; round++) {
        for (size_t i = 0; i < round % 97; i++, in++)
            assert_true(buf_append(&b, &in, 1));
        size_t take = buf_len(&b) * 2 / 3;
        for (size_t i = 0; i < take; i++, out++)
            assert_int_equal((unsigned char)buf_data(&b)[i], out);
        buf_consume(&b, take);
    }
    size_t left = buf_len(&b);
    assert_in_range(left, 1, 400);
    buf_consume(&b, left);
    assert_int_equal(b.head, 0);
    assert_int_equal(b.tail, 0);
    buf_free(&b);
}

static void test_reserve_slides_before_it_grows(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_true(buf_reserve(&b, 100));
    size_t cap = b.cap;
    const char *mem = b.mem;
    while (buf_room(&b) > 0)
        assert_true(buf_append_str(&b, "x"));
    buf_consume(&b, cap - 3);
    assert_true(buf_reserve(&b, cap - 3));
    assert_ptr_equal(b.mem, mem);
    assert_int_equal(b.cap, cap);
    assert_content(&b, "xxx");

    assert_true(buf_reserve(&b, cap - 2));
    assert_true(b.cap >= 2 * cap);
    assert_content(&b, "xxx");
    buf_free(&b);
}

static void test_growing_with_consumed_front_keeps_the_rest(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_true(buf_append_str(&b, "0123456789"));
    buf_consume(&b, 4);
    assert_true(buf_reserve(&b, 100000));
    assert_content(&b, "456789");
    assert_true(buf_room(&b) >= 100000);
    memset(b.mem + b.tail, 'z', 100000);
    buf_produced(&b, 100000);
    assert_int_equal(buf_len(&b), 100006);
    buf_free(&b);
}

static void test_overflow_and_no_memory_leave_the_content(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    volatile size_t huge = SIZE_MAX;
    assert_false(buf_reserve(&b, huge / 2));
    assert_true(buf_append_str(&b, "__kept"));
    buf_consume(&b, 2);
    struct buf before = b;
    assert_false(buf_reserve(&b, huge));
    assert_false(buf_reserve(&b, huge - buf_len(&b)));
    assert_false(buf_reserve(&b, huge / 2));
    assert_false(buf_append(&b, "", huge));
    assert_memory_equal(&b, &before, sizeof(b));
    assert_content(&b, "kept");
    buf_free(&b);
}

static void test_printf(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_true(buf_printf(&b, "%s", ""));
    assert_int_equal(buf_len(&b), 0);
    assert_true(buf_printf(&b, "%d-%s", 42, "x"));
    assert_content(&b, "42-x");
    assert_true(buf_printf(&b, "%0*d", 1000, 7));
    assert_int_equal(buf_len(&b), 1004);
    assert_int_equal(b.mem[b.tail - 1], '7');
    buf_clear(&b);
    for (int n = 0; n < 300; n++) { /* some end exactly at the room that is left */
        size_t before = buf_len(&b);
        assert_true(buf_printf(&b, "%0*d", 10, n));
        assert_int_equal(buf_len(&b), before + 10);
        char *end;
        assert_int_equal(strtol(buf_cstr(&b) + before, &end, 10), n);
        assert_int_equal(*end, 0);
    }
    buf_free(&b);
}

static void test_cstr_and_clear(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_true(buf_append_span(&b, SPAN_LIT("abc")));
    while (buf_room(&b) > 0)
        assert_true(buf_append_str(&b, "d"));
    size_t len = buf_len(&b);
    assert_int_equal(strlen(buf_cstr(&b)), len); /* had to grow for the NUL */
    assert_int_equal(buf_len(&b), len);
    size_t cap = b.cap;
    buf_clear(&b);
    assert_int_equal(buf_len(&b), 0);
    assert_int_equal(b.cap, cap);
    assert_string_equal(buf_cstr(&b), "");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_bytes_come_out_in_order),
        cmocka_unit_test(test_reserve_slides_before_it_grows),
        cmocka_unit_test(test_growing_with_consumed_front_keeps_the_rest),
        cmocka_unit_test(test_overflow_and_no_memory_leave_the_content),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_cstr_and_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
