/* SPDX-License-Identifier: Apache-2.0
 * http1/chunked.h by itself: bodies in all cuts, the states between calls, sums and limits. What is
 * malformed is listed in h1_refusals.def. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "http1/chunked.h"

static const struct h1_config config = {.max_trailer_size = 64, .max_extension_size = 32};

struct decoder {
    struct chunked d;
    struct buf in, body;
    bool bounded; /* take takes at most `room` bytes */
    size_t room;
    enum refusal refusal; /* of take */
};

static void begin(struct decoder *t)
{
    *t = (struct decoder){.in = BUF_EMPTY};
    chunked_init(&t->d);
}

static void end(struct decoder *t)
{
    buf_free(&t->in);
    buf_free(&t->body);
}

static size_t take(void *arg, const char *p, size_t n, enum refusal *r)
{
    struct decoder *t = arg;
    size_t k = t->bounded && n > t->room ? t->room : n;
    t->room -= t->bounded ? k : 0;
    assert_true(n > 0);
    assert_int_equal(*r, REFUSE_NONE);
    assert_true(buf_append(&t->body, p, k));
    *r = t->refusal;
    return k;
}

static enum refusal feed(struct decoder *t, const char *p, size_t n, uint64_t max)
{
    assert_true(buf_append(&t->in, p, n));
    return chunked_feed(&t->d, &config, &t->in, take, t, max);
}

static enum refusal feed_text(const char *text, uint64_t max, struct decoder *t)
{
    begin(t);
    return feed(t, text, strlen(text), max);
}

static void expect(const char *text, uint64_t max, enum refusal want)
{
    struct decoder t;
    enum refusal got = feed_text(text, max, &t);
    if (got != want)
        fail_msg("%s: %s where %s was expected", text, got ? refusal_row(got)->name : "none",
                 want ? refusal_row(want)->name : "none");
    end(&t);
    begin(&t); /* the same verdict byte by byte; nothing is fed behind a refusal */
    got = REFUSE_NONE;
    for (size_t i = 0; text[i] && got == REFUSE_NONE; i++)
        got = feed(&t, text + i, 1, max);
    if (got != want)
        fail_msg("%s byte by byte: %s", text, got ? refusal_row(got)->name : "none");
    end(&t);
}

static void test_body_in_all_cuts(void **state)
{
    (void)state;
    static const char text[] = "5\r\nhello\r\n0002;a=\"\\\"\"\r\n\r\n\r\nA;b\r\n0123456789\r\n0\r\n"
                               "T: x\r\n\r\nGET /";
    const size_t size = sizeof(text) - 1, rest = 5;
    for (size_t a = 0; a <= size; a++) {
        for (size_t b = a; b <= size; b++) {
            struct decoder t;
            begin(&t);
            assert_int_equal(feed(&t, text, a, 100), REFUSE_NONE);
            if (t.d.state != CHUNKED_DONE)
                assert_int_equal(feed(&t, text + a, b - a, 100), REFUSE_NONE);
            else
                assert_true(buf_append(&t.in, text + a, b - a));
            if (t.d.state != CHUNKED_DONE)
                assert_int_equal(feed(&t, text + b, size - b, 100), REFUSE_NONE);
            else
                assert_true(buf_append(&t.in, text + b, size - b));
            assert_int_equal(t.d.state, CHUNKED_DONE);
            assert_true(span_eq(buf_span(&t.body), SPAN_LIT("hello\r\n0123456789")));
            assert_int_equal(t.d.total, 17);
            assert_int_equal(buf_len(&t.in), rest); /* the next request is left alone */
            end(&t);
        }
    }
}

static void test_truncated_is_never_done(void **state)
{
    (void)state;
    static const char text[] = "3\r\nabc\r\n0\r\nT: x\r\n\r\n";
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        struct decoder t;
        begin(&t);
        assert_int_equal(feed(&t, text, n, 100), REFUSE_NONE);
        assert_int_not_equal(t.d.state, CHUNKED_DONE);
        end(&t);
    }
}

static void test_dropped_body(void **state)
{
    (void)state;
    struct buf in = BUF_EMPTY;
    struct chunked d;
    chunked_init(&d);
    assert_true(buf_append_str(&in, "3\r\nabc\r\n0\r\n\r\n"));
    assert_int_equal(chunked_feed(&d, &config, &in, NULL, NULL, 3), REFUSE_NONE);
    assert_int_equal(d.state, CHUNKED_DONE);
    assert_int_equal(d.total, 3);
    buf_free(&in);
}

/* What is not taken is offered again, and nothing behind it is looked at meanwhile. */
static void test_bounded_taker(void **state)
{
    (void)state;
    static const char text[] = "5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\nNEXT";
    struct decoder t;
    begin(&t);
    t.bounded = true;
    t.room = 3;
    assert_int_equal(feed(&t, text, sizeof(text) - 1, 100), REFUSE_NONE);
    assert_int_equal(t.d.state, CHUNKED_DATA);
    assert_int_equal(t.d.left, 2);
    assert_memory_equal(buf_data(&t.in), "de\r\n", 4);
    assert_int_equal(feed(&t, "", 0, 100), REFUSE_NONE); /* still no room */
    assert_int_equal(t.d.left, 2);
    t.room = 2;
    assert_int_equal(feed(&t, "", 0, 100), REFUSE_NONE); /* ends a chunk, not the room's size */
    assert_int_equal(t.d.left, 2);
    assert_memory_equal(buf_data(&t.in), "fg\r\n", 4);
    t.room = 9;
    assert_int_equal(feed(&t, "", 0, 100), REFUSE_NONE);
    assert_int_equal(t.d.state, CHUNKED_DONE);
    assert_memory_equal(buf_data(&t.body), "abcdefg", 7);
    assert_int_equal(buf_len(&t.body), 7);
    assert_int_equal(buf_len(&t.in), 4);
    end(&t);
    begin(&t);
    t.refusal = REFUSE_PLAN;
    assert_int_equal(feed(&t, text, sizeof(text) - 1, 100), REFUSE_PLAN);
    end(&t);
}

static void test_limit_of_the_body(void **state)
{
    (void)state;
    expect("3\r\nabc\r\n0\r\n\r\n", 3, REFUSE_NONE);
    expect("3\r\n", 2, REFUSE_BODY_SIZE);
    expect("2\r\nab\r\n1\r\n", 2, REFUSE_BODY_SIZE);
    expect("0\r\n\r\n", 0, REFUSE_NONE);
    expect("1\r\n", 0, REFUSE_BODY_SIZE);
    expect("7fffffffffffffff\r\n", INT64_MAX, REFUSE_NONE);
    expect("8000000000000000\r\n", UINT64_MAX, REFUSE_CHUNK);
    expect("1\r\na\r\n7fffffffffffffff\r\n", INT64_MAX, REFUSE_BODY_SIZE);
}

static void test_size_line(void **state)
{
    (void)state;
    static const struct {
        struct span line;
        enum refusal why;
        uint64_t size;
        size_t extension;
    } rows[] = {
#define ROW(text, why, size, extension) {{text, sizeof(text) - 1}, why, size, extension}
        ROW("0", REFUSE_NONE, 0, 0),
        ROW("fF", REFUSE_NONE, 255, 0),
        ROW("0000000000000010", REFUSE_NONE, 16, 0),
        ROW("00000000000000010", REFUSE_CHUNK, 0, 0),
        ROW("7fffffffffffffff", REFUSE_NONE, INT64_MAX, 0),
        ROW("8000000000000000", REFUSE_CHUNK, 0, 0),
        ROW("", REFUSE_CHUNK, 0, 0),
        ROW(";a", REFUSE_CHUNK, 0, 0),
        ROW("5;a", REFUSE_NONE, 5, 2),
        ROW("5;a=b;c;d=\"\"", REFUSE_NONE, 5, 11),
        ROW("5;a=\"\\\"\\\\\t \xff;=\"", REFUSE_NONE, 5, 14),
        ROW("5;a=\"\\", REFUSE_CHUNK, 0, 0),
        ROW("5;a=\"\\\"", REFUSE_CHUNK, 0, 0),
        ROW("5;a=\"\x7f\"", REFUSE_CHUNK, 0, 0),
        ROW("5;a=\"\\\r\"", REFUSE_CHUNK, 0, 0),
        ROW("5;a=\"\"x", REFUSE_CHUNK, 0, 0),
        ROW("5;a==b", REFUSE_CHUNK, 0, 0),
        ROW("5;;a", REFUSE_CHUNK, 0, 0),
        ROW("5;=b", REFUSE_CHUNK, 0, 0),
        ROW("5=b", REFUSE_CHUNK, 0, 0),
        ROW("5 ", REFUSE_CHUNK, 0, 0),
        ROW("5\r", REFUSE_CHUNK, 0, 0),
#undef ROW
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint64_t size = 99;
        size_t extension = 99;
        enum refusal got = policy_chunk_line(rows[i].line, &size, &extension);
        if (got != rows[i].why)
            fail_msg("\"%.*s\": %d", SPAN_ARG(rows[i].line), got);
        if (got == REFUSE_NONE) {
            assert_int_equal(size, rows[i].size);
            assert_int_equal(extension, rows[i].extension);
        }
    }
}

static void test_limit_of_extensions(void **state)
{
    (void)state;
    expect("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n0\r\n\r\n", 9, REFUSE_NONE); /* 32 */
    expect("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n0\r\n\r\n", 9, REFUSE_EXTENSION_SIZE);
    expect("1;aaaaaaaaaaaaaaa\r\nx\r\n0;aaaaaaaaaaaaaaa\r\n\r\n", 9, REFUSE_NONE);
    expect("1;aaaaaaaaaaaaaaa\r\nx\r\n0;aaaaaaaaaaaaaaaa\r\n\r\n", 9, REFUSE_EXTENSION_SIZE);
    /* no end of the line in sight */
    expect("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 9, REFUSE_EXTENSION_SIZE);
}

static void test_limit_of_trailers(void **state)
{
    (void)state;
    /* 64 bytes with their line ends, in one and in two lines */
    expect("0\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", 0,
           REFUSE_NONE);
    expect("0\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", 0,
           REFUSE_TRAILER_SIZE);
    expect("0\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", 0,
           REFUSE_NONE);
    expect("0\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nT: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", 0,
           REFUSE_TRAILER_SIZE);
    expect("0\r\nT\r\n", 0, REFUSE_TRAILER);
    expect("0\r\n T: x\r\n", 0, REFUSE_TRAILER);
    expect("0\r\nT: x\n", 0, REFUSE_TRAILER);
}

static void test_kept_trailers(void **state)
{
    (void)state;
    static const char text[] = "0\r\na:  1\r\nContent-Length: 9\r\nb: 2\r\nC: 3\r\nhost: x\r\n\r\n";
    struct h1_config cfg = config;
    cfg.allowed_trailers = SPAN_LIT("A , c,Content-Length,Host,");
    for (int kept = 0; kept < 2; kept++) {
        struct arena arena;
        struct headers found = {.v = NULL};
        struct decoder t;
        arena_init(&arena);
        begin(&t);
        if (kept) {
            t.d.kept = &found;
            t.d.arena = &arena;
        }
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            assert_true(buf_append(&t.in, text + i, 1));
            assert_int_equal(chunked_feed(&t.d, &cfg, &t.in, take, &t, 0), REFUSE_NONE);
        }
        assert_int_equal(t.d.state, CHUNKED_DONE);
        assert_int_equal(found.n, kept ? 2 : 0);
        for (uint32_t i = 0; i < found.n; i++) {
            assert_string_equal(found.v[i].name.p, i ? "C" : "a");
            assert_string_equal(found.v[i].value.p, i ? "3" : "1");
        }
        end(&t);
        arena_destroy(&arena);
    }
}

/* What changes the message, its way or its sender is never kept (RFC 9110 6.5.1). */
static void test_trailers_that_are_never_kept(void **state)
{
    (void)state;
    static const char *const never[] = {"Content-Type",    "content-md5",   "Host",       "HOST",
                                        "Authorization",   "Cookie",        "Set-Cookie", "Trailer",
                                        "If-Match",        "Proxy-Connect", "TE",         "Upgrade",
                                        "X-Forwarded-For", "Connection",    "Expect",     "Range"};
    struct h1_config cfg = config;
    for (size_t i = 0; i < ARRAY_COUNT(never); i++) {
        cfg.allowed_trailers = span_of(never[i]);
        if (policy_trailer_kept(&cfg, span_of(never[i])))
            fail_msg("%s", never[i]);
    }
    cfg.allowed_trailers = SPAN_LIT("ETag,X");
    assert_true(policy_trailer_kept(&cfg, SPAN_LIT("etag")));
    assert_false(policy_trailer_kept(&cfg, SPAN_LIT("")));
    cfg.allowed_trailers = SPAN_LIT("");
    assert_false(policy_trailer_kept(&cfg, SPAN_LIT("X")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_in_all_cuts),
        cmocka_unit_test(test_truncated_is_never_done),
        cmocka_unit_test(test_dropped_body),
        cmocka_unit_test(test_bounded_taker),
        cmocka_unit_test(test_limit_of_the_body),
        cmocka_unit_test(test_size_line),
        cmocka_unit_test(test_limit_of_extensions),
        cmocka_unit_test(test_limit_of_trailers),
        cmocka_unit_test(test_kept_trailers),
        cmocka_unit_test(test_trailers_that_are_never_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
