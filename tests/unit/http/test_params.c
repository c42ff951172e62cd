/* SPDX-License-Identifier: Apache-2.0
 * http/params.h: decoding, order, what is skipped, limits and bad escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "http/params.h"

struct fixture {
    struct arena arena;
    struct params params;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.params = {0}};
    arena_init(&f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    arena_destroy(&((struct fixture *)*state)->arena);
    return 0;
}

static void expect(const struct params *p, uint32_t i, const char *name, struct span value)
{
    assert_true(i < p->n);
    assert_string_equal(p->v[i].name.p, name); /* terminated */
    assert_true(span_eq(p->v[i].value, value));
    assert_non_null(p->v[i].value.p);
    assert_int_equal(p->v[i].name.p[p->v[i].name.n], 0);
    assert_int_equal(p->v[i].value.p[p->v[i].value.n], 0);
}

static void pairs_are_decoded_in_order(void **state)
{
    struct fixture *f = *state;
    struct span text =
        SPAN_LIT("a=1&b=x+y%20z&a=%E2%82%AC&flag&e=&=v&q=a=b;c&%3d=%26&n=%00z&r=%ff");
    assert_int_equal(params_parse(&f->params, text, 100, &f->arena), PARAMS_OK);
    assert_int_equal(f->params.n, 10);
    expect(&f->params, 0, "a", SPAN_LIT("1"));
    expect(&f->params, 1, "b", SPAN_LIT("x y z"));
    expect(&f->params, 2, "a", SPAN_LIT("\xE2\x82\xAC"));
    expect(&f->params, 3, "flag", SPAN_LIT(""));
    expect(&f->params, 4, "e", SPAN_LIT(""));
    expect(&f->params, 5, "", SPAN_LIT("v"));
    expect(&f->params, 6, "q", SPAN_LIT("a=b;c"));
    expect(&f->params, 7, "=", SPAN_LIT("&"));
    expect(&f->params, 8, "n", SPAN_LIT("\0z"));
    expect(&f->params, 9, "r", SPAN_LIT("\xff"));
}

static void values_are_got_by_name_and_place(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(params_parse(&f->params, SPAN_LIT("a=1&A=2&a=3"), 9, &f->arena), PARAMS_OK);
    assert_true(span_eq(params_get(&f->params, SPAN_LIT("a"), 0), SPAN_LIT("1")));
    assert_true(span_eq(params_get(&f->params, SPAN_LIT("a"), 1), SPAN_LIT("3")));
    assert_null(params_get(&f->params, SPAN_LIT("a"), 2).p);
    assert_null(params_get(&f->params, SPAN_LIT("b"), 0).p);
    assert_true(span_eq(params_get(&f->params, SPAN_LIT("A"), 0), SPAN_LIT("2")));
}

static void empty_pieces_are_skipped(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(params_parse(&f->params, SPAN_LIT(""), 0, &f->arena), PARAMS_OK);
    assert_int_equal(params_parse(&f->params, SPAN_NONE, 0, &f->arena), PARAMS_OK);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("&&&"), 0, &f->arena), PARAMS_OK);
    assert_int_equal(f->params.n, 0);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("&a&&b=&"), 2, &f->arena), PARAMS_OK);
    assert_int_equal(f->params.n, 2);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("="), 3, &f->arena), PARAMS_OK);
    expect(&f->params, 2, "", SPAN_LIT(""));
}

static void a_form_is_appended_and_the_limit_is_for_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(params_parse(&f->params, SPAN_LIT("a=1&b=2"), 3, &f->arena), PARAMS_OK);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("c=3"), 3, &f->arena), PARAMS_OK);
    expect(&f->params, 2, "c", SPAN_LIT("3"));
    assert_int_equal(params_parse(&f->params, SPAN_LIT("&"), 3, &f->arena), PARAMS_OK);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("d"), 3, &f->arena), PARAMS_TOO_MANY);
    assert_int_equal(f->params.n, 3);
}

static void many_parameters_fill_several_tables(void **state)
{
    struct fixture *f = *state;
    char text[3 * 1001];
    for (size_t i = 0; i < 1001; i++)
        memcpy(text + i * 3, "k=&", 3);
    struct span all = span_make(text, sizeof(text));
    assert_int_equal(params_parse(&f->params, span_cut(all, 0, 3000), 1000, &f->arena), PARAMS_OK);
    assert_int_equal(f->params.n, 1000);
    expect(&f->params, 999, "k", SPAN_LIT(""));
    f->params.n = 0;
    assert_int_equal(params_parse(&f->params, all, 1000, &f->arena), PARAMS_TOO_MANY);
}

static void bad_escapes_are_told(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"%",      "a=%",      "a=%4",       "%4=b", "a=%G1", "a=%1G",
                                      "a=%%41", "a=%4&b=1", "ok=1&b=%zz", "a%=1", "a=% 1", "a=%+1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f->params.n = 0;
        assert_int_equal(params_parse(&f->params, span_of(bad[i]), 9, &f->arena),
                         PARAMS_BAD_ESCAPE);
    }
    assert_int_equal(params_parse(&f->params, span_make("a=%41", 4), 9, &f->arena),
                     PARAMS_BAD_ESCAPE);
}

static void latin1_becomes_utf8(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(params_parse(&f->params, SPAN_LIT("q=%E9"), 9, &f->arena), PARAMS_OK);
    assert_int_equal(params_parse(&f->params, SPAN_LIT("a%FF=%80b%e9&c=d"), 9, &f->arena),
                     PARAMS_OK);
    assert_true(params_from_latin1(&f->params, 1, &f->arena));
    assert_string_equal(f->params.v[0].value.p, "\xe9"); /* as it was */
    assert_string_equal(f->params.v[1].name.p, "a\xc3\xbf");
    assert_string_equal(f->params.v[1].value.p, "\xc2\x80"
                                                "b\xc3\xa9");
    assert_int_equal(f->params.v[1].value.n, 5);
    assert_string_equal(f->params.v[2].value.p, "d");
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(pairs_are_decoded_in_order),
        WITH_ARENA(values_are_got_by_name_and_place),
        WITH_ARENA(empty_pieces_are_skipped),
        WITH_ARENA(a_form_is_appended_and_the_limit_is_for_all),
        WITH_ARENA(many_parameters_fill_several_tables),
        WITH_ARENA(bad_escapes_are_told),
        WITH_ARENA(latin1_becomes_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
