/* SPDX-License-Identifier: Apache-2.0
 * http/multipart.h: what parts come out of a body, sent whole, in two pieces at every place, and byte by
 * byte; what is malformed or too much; where a sink stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "http/multipart.h"

#define BOUNDARY "bOuNdArY"
#define HEAD_MAX 64u

struct seen { /* "{name: value|content}" for each part */
    struct buf text;
    unsigned stop_at; /* the call, from 1 on, that wants no more; 0: none */
    unsigned calls;
};

static bool goes_on(struct seen *s)
{
    return ++s->calls != s->stop_at;
}

static bool on_begin(void *arg, const struct headers *fields)
{
    struct seen *s = arg;
    assert_true(buf_append_str(&s->text, "{"));
    for (uint32_t i = 0; i < fields->n; i++)
        assert_true(buf_printf(&s->text, "%s: %s;", fields->v[i].name.p, fields->v[i].value.p));
    assert_true(buf_append_str(&s->text, "|"));
    return goes_on(s);
}

static bool on_data(void *arg, struct span bytes)
{
    struct seen *s = arg;
    assert_true(bytes.n > 0);
    assert_true(buf_append_span(&s->text, bytes));
    return goes_on(s);
}

static bool on_end(void *arg)
{
    struct seen *s = arg;
    assert_true(buf_append_str(&s->text, "}"));
    return goes_on(s);
}

/* BODY in pieces that end at A and B. */
static enum multipart_verdict parse(struct span body, size_t a, size_t b, bool bytewise,
                                    struct seen *s)
{
    struct arena arena;
    struct multipart m;
    struct multipart_sink sink = {on_begin, on_data, on_end, s};
    arena_init(&arena);
    assert_true(multipart_init(&m, SPAN_LIT(BOUNDARY), &sink, &arena, 3, HEAD_MAX));
    for (size_t i = 0; bytewise && i < body.n; i++)
        multipart_feed(&m, span_cut(body, i, 1));
    if (!bytewise) {
        multipart_feed(&m, span_cut(body, 0, a));
        multipart_feed(&m, span_cut(body, a, b - a));
        multipart_feed(&m, span_from(body, b));
    }
    enum multipart_verdict v = multipart_finish(&m);
    assert_int_equal(multipart_feed(&m, SPAN_LIT("--")), v); /* the verdict stays */
    assert_non_null(multipart_why(&m));
    multipart_free(&m);
    arena_destroy(&arena);
    return v;
}

#define D "--" BOUNDARY
#define E D "--"
#define N "\r\n"

static const struct {
    const char *why;
    struct span body;
    enum multipart_verdict verdict;
    const char *seen; /* of a good one */
} rows[] = {
#define ROW(why, body, verdict, seen)                  \
    {                                                  \
        why, {(body), sizeof(body) - 1}, verdict, seen \
    }
#define OK(why, body, seen) ROW(why, body, MULTIPART_OK, seen)
#define BAD(why, body)      ROW(why, body, MULTIPART_MALFORMED, NULL)
    OK("one", D N "A: b" N N "content" N E N, "{A: b;|content}"),
    OK("two", D N "A: b" N N "1" N D N "C: d" N "E: f" N N "2" N E, "{A: b;|1}{C: d;E: f;|2}"),
    OK("none at all", E N, ""),
    OK("no fields", D N N "x" N E, "{|x}"),
    OK("empty content", D N "A: b" N N N E, "{A: b;|}"),
    OK("no content", D N "A: b" N N E, "{A: b;|}"),
    OK("neither fields nor content", D N N E, "{|}"),
    OK("preamble", "some text" N "--b" N "--" N D N "A: b" N N "x" N E, "{A: b;|x}"),
    OK("preamble of line ends", N N N D N N "x" N E, "{|x}"),
    OK("epilogue", D N N "x" N E N "more" N D N "A: b" N N "y" N, "{|x}"),
    OK("epilogue at once", D N N "x" N E "more", "{|x}"),
    OK("padding", D " \t " N N "x" N D "  " N N "y" N E, "{|x}{|y}"),
    OK("line ends in the content", D N N N "x" N N "y" N N E, "{|" N "x" N N "y" N "}"),
    OK("almost delimiters",
       D N N "\r\r\n\n" N "-" N "--" N "--bOuNdAr" N "--bOuNdArX" N "-" D N "\r" N E,
       "{|\r\r\n\n" N "-" N "--" N "--bOuNdAr" N "--bOuNdArX" N "-" D N "\r}"),
    OK("a delimiter without its line", D N N "x" D N E, "{|x" D "}"),
    OK("LF only before it", D N N "x\n" D N E, "{|x\n" D "}"),
    OK("NUL in the content", D N N "a\0b" N E, NULL),
    OK("blanks around a value", D N "A:  b\t" N N "x" N E, "{A: b;|x}"),
    OK("as many as allowed", D N N "1" N D N N "2" N D N N "3" N E, "{|1}{|2}{|3}"),
    OK("fields as large as allowed",
       D N "A: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" N N N E, NULL),
    ROW("one too many", D N N "1" N D N N "2" N D N N "3" N D N N "4" N E, MULTIPART_PARTS, NULL),
    ROW("larger fields",
        D N "A: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" N N N E,
        MULTIPART_HEADER_SIZE, NULL),
    BAD("nothing", ""),
    BAD("no boundary", "x"),
    BAD("cut before the line end", D),
    BAD("cut in the fields", D N "A: b" N),
    BAD("cut in the content", D N "A: b" N N "x"),
    BAD("cut in the last boundary", D N "A: b" N N "x" N D "-"),
    BAD("no last boundary", D N "A: b" N N "x" N D N),
    BAD("another boundary", "--other" N N "x" N "--other--"),
    BAD("text behind the boundary", D "x" N N "x" N E),
    BAD("one hyphen behind it", D N N "x" N D "-x"),
    BAD("padding before the hyphens", D N N "x" N D " --"),
    BAD("LF behind it", D "\n\n"
                          "x" N E),
    BAD("CR behind it", D "\r\r\n" N "x" N E),
    BAD("LF ends a field", D N "A: b\n" N "x" N E),
    BAD("CR in a field", D N "A: b\rc" N N "x" N E),
    BAD("LF ends the fields", D N "A: b" N "\nx" N E),
    BAD("no colon", D N "A" N N "x" N E),
    BAD("no name", D N ": b" N N "x" N E),
    BAD("name no token", D N "A b: c" N N "x" N E),
    BAD("blank before the colon", D N "A : c" N N "x" N E),
    BAD("folded", D N "A: b" N " c" N N "x" N E),
    BAD("control byte in a value", D N "A: b\x01" N N "x" N E),
    BAD("NUL in a value", D N "A: b\0" N N "x" N E),
};

static void check_row(size_t i, size_t a, size_t b, bool bytewise, const struct buf *whole)
{
    struct seen s = {.text = BUF_EMPTY};
    enum multipart_verdict v = parse(rows[i].body, a, b, bytewise, &s);
    if (v != rows[i].verdict)
        fail_msg("%s (%zu, %zu): %d", rows[i].why, a, b, (int)v);
    if (rows[i].seen && !span_eq(buf_span(&s.text), span_of(rows[i].seen)))
        fail_msg("%s (%zu, %zu): %s", rows[i].why, a, b, buf_cstr(&s.text));
    if (!span_eq(buf_span(&s.text), buf_span(whole)))
        fail_msg("%s (%zu, %zu): not as whole", rows[i].why, a, b);
    buf_free(&s.text);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct seen whole = {.text = BUF_EMPTY};
        size_t n = rows[i].body.n;
        parse(rows[i].body, n, n, false, &whole);
        check_row(i, n, n, false, &whole.text);
        check_row(i, 0, 0, true, &whole.text);
        for (size_t a = 0; a <= n; a++)
            for (size_t b = a; b <= n; b++)
                check_row(i, a, b, false, &whole.text);
        buf_free(&whole.text);
    }
}

/* The sink's no ends it at that call, and nothing follows. */
static void test_stops(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 3; at++) {
        struct seen s = {.text = BUF_EMPTY, .stop_at = at};
        struct span body = SPAN_LIT(D N "A: b" N N "x" N D N N "y" N E);
        assert_int_equal(parse(body, body.n, body.n, false, &s), MULTIPART_STOPPED);
        assert_int_equal(s.calls, at);
        buf_free(&s.text);
    }
}

/* A whole piece of content is given at once, however many line ends it has. */
static void test_large_pieces(void **state)
{
    (void)state;
    static const char head[] = D N N, tail[] = N E;
    struct buf body = BUF_EMPTY;
    struct seen s = {.text = BUF_EMPTY};
    assert_true(buf_append_str(&body, head));
    for (int i = 0; i < 10000; i++)
        assert_true(buf_append_str(&body, "\r\n--x\r\r\n"));
    assert_true(buf_append_str(&body, tail));
    assert_int_equal(parse(buf_span(&body), buf_len(&body), buf_len(&body), false, &s),
                     MULTIPART_OK);
    assert_int_equal(s.calls, 3);
    assert_int_equal(buf_len(&s.text), 80000 + 3);
    buf_free(&s.text);
    buf_free(&body);
}

static void test_boundaries(void **state)
{
    (void)state;
    struct multipart m;
    struct multipart_sink sink = {on_begin, on_data, on_end, NULL};
    static const struct {
        struct span text;
        bool ok;
    } all[] = {
        {{"a", 1}, true},
        {{"----WebKitFormBoundary7MA4YWxkTrZu0gW", 37}, true},
        {{"a b:c'()+_,-./=?", 16}, true},
        {{"0123456789012345678901234567890123456789012345678901234567890123456789", 70}, true},
        {{"01234567890123456789012345678901234567890123456789012345678901234567890", 71}, false},
        {{"", 0}, false},
        {{"a ", 2}, false},
        {{"a\r\nb", 4}, false},
        {{"a\0b", 3}, false},
        {{"\xc3\xa9", 2}, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        if (multipart_init(&m, all[i].text, &sink, NULL, 1, 1) != all[i].ok)
            fail_msg("boundary %zu", i);
        multipart_free(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_large_pieces),
        cmocka_unit_test(test_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
