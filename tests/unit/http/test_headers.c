/* SPDX-License-Identifier: Apache-2.0
 * http/headers.h: the names, the table of fields, list fields, and what bytes may stand where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "http/headers.h"

struct fixture {
    struct arena arena;
    struct headers headers;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.headers = {0}};
    arena_init(&f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    arena_destroy(&((struct fixture *)*state)->arena);
    return 0;
}

static void add(struct fixture *f, const char *name, const char *value)
{
    assert_true(headers_add(&f->headers, &f->arena, span_of(name), span_of(value)));
}

static void expect(const struct fixture *f, uint32_t i, const char *name, const char *value)
{
    assert_true(i < f->headers.n);
    assert_true(span_eq(f->headers.v[i].name, span_of(name)));
    assert_true(span_eq(f->headers.v[i].value, span_of(value)));
}

/* In capitals, in small letters, as it is; each with one byte changed is another name. */
static void check_name(enum http_field f, struct span text)
{
    char upper[64], lower[64], other[64];
    assert_true(text.n < sizeof(upper));
    for (size_t i = 0; i < text.n; i++) {
        lower[i] = ascii_lower(text.p[i]);
        upper[i] = (char)(lower[i] >= 'a' && lower[i] <= 'z' ? lower[i] - 32 : lower[i]);
    }
    assert_int_equal(field_find(text), f);
    assert_int_equal(field_find(span_make(upper, text.n)), f);
    assert_int_equal(field_find(span_make(lower, text.n)), f);
    assert_true(span_eq(field_text(f), text));
    for (size_t i = 0; i < text.n; i++) {
        memcpy(other, text.p, text.n);
        other[i] = (char)(other[i] ^ 0x20); /* '-' becomes CR, which is no '-' */
        bool letter = text.p[i] != '-';
        assert_int_equal(field_find(span_make(other, text.n)), letter ? f : FIELD_OTHER);
        other[i] = '_';
        assert_int_equal(field_find(span_make(other, text.n)), FIELD_OTHER);
    }
    assert_int_equal(field_find(span_cut(text, 0, text.n - 1)), FIELD_OTHER);
}

static void every_known_name_is_found_in_any_case(void **state)
{
    (void)state;
#define X(name, text) check_name(FIELD_##name, SPAN_LIT(text));
#include "http/fields.def"
#undef X
    assert_int_equal(field_find(SPAN_NONE), FIELD_OTHER);
    assert_int_equal(field_find(SPAN_LIT("User-Agent")), FIELD_OTHER);
    assert_int_equal(field_text(FIELD_OTHER).n, 0);
}

static void fields_keep_their_order_and_repeat(void **state)
{
    struct fixture *f = *state;
    add(f, "Host", "a");
    add(f, "x-one", "1");
    add(f, "HOST", "b");
    add(f, "X-One", "2");
    assert_int_equal(f->headers.n, 4);
    assert_int_equal(headers_count(&f->headers, FIELD_HOST), 2);
    assert_int_equal(headers_count(&f->headers, FIELD_COOKIE), 0);
    assert_true(span_eq(headers_get(&f->headers, FIELD_HOST, 1), SPAN_LIT("b")));
    assert_null(headers_get(&f->headers, FIELD_HOST, 2).p);
    assert_true(span_eq(headers_find(&f->headers, SPAN_LIT("X-ONE"), 0), SPAN_LIT("1")));
    assert_true(span_eq(headers_find(&f->headers, SPAN_LIT("x-one"), 1), SPAN_LIT("2")));
    assert_null(headers_find(&f->headers, SPAN_LIT("x-one"), 2).p);
    assert_null(headers_find(&f->headers, SPAN_LIT("x-two"), 0).p);
    assert_true(span_eq(headers_find(&f->headers, SPAN_LIT("host"), 0), SPAN_LIT("a")));
}

static void the_table_grows(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "x-%d", i);
        assert_true(headers_add_copy(&f->headers, &f->arena, span_of(name), SPAN_LIT("v")));
    }
    assert_int_equal(f->headers.n, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "x-%d", (int)i);
        expect(f, i, name, "v");
        assert_int_equal(f->headers.v[i].name.p[f->headers.v[i].name.n], 0);
    }
}

static void what_is_expected_has_room_and_more_fits(void **state)
{
    struct fixture *f = *state;
    assert_true(headers_expect(&f->headers, &f->arena, 0));
    assert_int_equal(f->headers.cap, 0);
    assert_true(headers_expect(&f->headers, &f->arena, 3));
    assert_int_equal(f->headers.cap, 3);
    const struct header *rows = f->headers.v;
    const char *names[] = {"A", "B", "C", "D"};
    for (uint32_t i = 0; i < 3; i++)
        add(f, names[i], "x");
    assert_ptr_equal(f->headers.v, rows);
    add(f, names[3], "x");
    assert_int_equal(f->headers.cap, 6);
    for (uint32_t i = 0; i < 4; i++)
        expect(f, i, names[i], "x");
}

static void copies_do_not_follow_their_source(void **state)
{
    struct fixture *f = *state;
    char name[] = "Date", value[] = "now";
    assert_true(headers_add_copy(&f->headers, &f->arena, span_of(name), span_of(value)));
    name[0] = value[0] = '!';
    expect(f, 0, "Date", "now");
    assert_int_equal(f->headers.v[0].field, FIELD_DATE);
    assert_int_equal(f->headers.v[0].value.p[3], 0);
}

static void set_leaves_one_at_the_first_place(void **state)
{
    struct fixture *f = *state;
    add(f, "a", "1");
    add(f, "Server", "x");
    add(f, "b", "2");
    add(f, "server", "y");
    add(f, "c", "3");
    add(f, "SERVER", "z");
    assert_true(headers_set_copy(&f->headers, &f->arena, SPAN_LIT("sErver"), SPAN_LIT("new")));
    assert_int_equal(f->headers.n, 4);
    expect(f, 0, "a", "1");
    expect(f, 1, "sErver", "new");
    expect(f, 2, "b", "2");
    expect(f, 3, "c", "3");
    assert_true(headers_set_copy(&f->headers, &f->arena, SPAN_LIT("d"), SPAN_LIT("")));
    expect(f, 4, "d", "");
    assert_true(headers_set_copy(&f->headers, &f->arena, SPAN_LIT("D"), SPAN_LIT("4")));
    assert_int_equal(f->headers.n, 5);
    expect(f, 4, "D", "4");
}

static void remove_takes_all_of_a_name(void **state)
{
    struct fixture *f = *state;
    headers_remove(&f->headers, SPAN_LIT("a"));
    add(f, "a", "1");
    add(f, "b", "2");
    add(f, "A", "3");
    add(f, "Host", "4");
    headers_remove(&f->headers, SPAN_LIT("a"));
    assert_int_equal(f->headers.n, 2);
    expect(f, 0, "b", "2");
    expect(f, 1, "Host", "4");
    headers_remove(&f->headers, SPAN_LIT("hos"));
    headers_remove(&f->headers, SPAN_LIT("host"));
    assert_int_equal(f->headers.n, 1);
}

static void lists_are_searched_over_all_lines(void **state)
{
    struct fixture *f = *state;
    add(f, "Connection", " ,Keep-Alive\t,, upgrade ");
    add(f, "X", "close");
    add(f, "connection", "x-close, TE");
    struct headers *h = &f->headers;
    assert_true(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("keep-alive")));
    assert_true(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("UPGRADE")));
    assert_true(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("te")));
    assert_false(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("close")));
    assert_false(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("")));
    assert_false(headers_list_has(h, FIELD_TE, SPAN_LIT("te")));
    add(f, "CONNECTION", "close");
    assert_true(headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("close")));
}

static void tokens_byte_by_byte(void **state)
{
    (void)state;
    assert_false(http_is_token(SPAN_LIT("")));
    for (int c = 0; c < 256; c++) {
        bool good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        char text[3] = {'a', (char)c, 'z'};
        assert_int_equal(http_is_token(span_make(text, 3)), good);
        assert_int_equal(http_is_token(span_make(text + 1, 1)), good);
    }
}

/* Every byte at every place of values of every length up to three words. */
static void values_byte_by_byte(void **state)
{
    (void)state;
    static const char fills[] = {'a', '\t', '\x80', '\xFF', ' ', '~'};
    char text[25];
    assert_true(http_is_field_value(SPAN_LIT("")));
    for (size_t k = 0; k < sizeof(fills); k++)
        for (size_t n = 1; n < sizeof(text); n++)
            for (size_t at = 0; at < n; at++)
                for (int c = 0; c < 256; c++) {
                    memset(text, fills[k], sizeof(text));
                    text[at] = (char)c;
                    bool good = c == '\t' || (c >= 0x20 && c != 0x7F);
                    if (http_is_field_value(span_make(text, n)) != good)
                        fail_msg("byte %02x at %zu of %zu among %02x", (unsigned)c, at, n,
                                 (unsigned)(unsigned char)fills[k]);
                }
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_name_is_found_in_any_case),
        WITH_ARENA(fields_keep_their_order_and_repeat),
        WITH_ARENA(the_table_grows),
        WITH_ARENA(what_is_expected_has_room_and_more_fits),
        WITH_ARENA(copies_do_not_follow_their_source),
        WITH_ARENA(set_leaves_one_at_the_first_place),
        WITH_ARENA(remove_takes_all_of_a_name),
        WITH_ARENA(lists_are_searched_over_all_lines),
        cmocka_unit_test(tokens_byte_by_byte),
        cmocka_unit_test(values_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
