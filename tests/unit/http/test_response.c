/* SPDX-License-Identifier: Apache-2.0
 * http/response.h over a mock channel that writes down what it is asked: buffering until commit, the
 * announced length, references, the two ends, and what a failing channel leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/response.h"

static struct {
    struct buf body;
    unsigned writes, flushes, finishes, aborts, hints;
    enum channel_result result; /* of write, flush and finish */
    int64_t length_seen;        /* x->res.length when the first call came */
    bool committed_seen;
} channel;

static void note(struct exchange *x)
{
    if (channel.writes + channel.flushes + channel.finishes == 0) {
        channel.length_seen = x->res.length;
        channel.committed_seen = x->res.committed;
    }
}

static enum channel_result mock_write(struct exchange *x, struct span bytes,
                                      chain_release_fn *release, void *arg)
{
    note(x);
    channel.writes++;
    if (channel.result == CHANNEL_OK)
        assert_true(buf_append_span(&channel.body, bytes));
    if (release)
        release(arg);
    return channel.result;
}

static enum channel_result mock_flush(struct exchange *x)
{
    note(x);
    channel.flushes++;
    return channel.result;
}

static enum channel_result mock_finish(struct exchange *x)
{
    note(x);
    channel.finishes++;
    return channel.result;
}

static enum channel_result mock_hint(struct exchange *e)
{
    (void)e;
    channel.hints++;
    return channel.result;
}

static void mock_abort(struct exchange *x)
{
    (void)x;
    channel.aborts++;
}

static bool mock_writable(struct exchange *x)
{
    (void)x;
    return true;
}

static const struct channel_ops mock = {
    .write = mock_write,
    .flush = mock_flush,
    .read = exchange_read_body,
    .finish = mock_finish,
    .abort = mock_abort,
    .writable = mock_writable,
    .hint = mock_hint,
};

static struct exchange *x;
static char big[3 * RESPONSE_BUFFER];

static int set_up(void **state)
{
    (void)state;
    memset(&channel, 0, sizeof(channel));
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)('a' + i % 26);
    x = exchange_new();
    if (!x)
        return -1;
    x->channel = &mock;
    x->req.method = METHOD_GET;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_release(&x);
    buf_free(&channel.body);
    return 0;
}

static void expect_body(const char *bytes, size_t n)
{
    assert_int_equal(buf_len(&channel.body), n);
    if (n > 0)
        assert_memory_equal(buf_data(&channel.body), bytes, n);
}

static void released(void *arg)
{
    ++*(int *)arg;
}

static void test_small_gets_its_length(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, SPAN_LIT("Hello, ")), RESPONSE_OK);
    assert_int_equal(response_write(x, SPAN_LIT("World!")), RESPONSE_OK);
    assert_int_equal(channel.writes, 0);
    assert_false(x->res.committed);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("Hello, World!", 13);
    assert_int_equal(channel.writes, 1);
    assert_int_equal(channel.finishes, 1);
    assert_int_equal(channel.length_seen, 13);
    assert_true(channel.committed_seen);
    assert_int_equal(x->res.written, 13);
}

static void test_nothing_written(void **state)
{
    (void)state;
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(channel.length_seen, 0);
    assert_int_equal(channel.writes, 0);
    assert_int_equal(channel.finishes, 1);
}

static void test_buffer_holds_exactly_its_size(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, span_make(big, RESPONSE_BUFFER)), RESPONSE_OK);
    assert_int_equal(channel.writes, 0);
    assert_int_equal(response_write(x, span_make(big + RESPONSE_BUFFER, 1)), RESPONSE_OK);
    assert_int_equal(channel.length_seen, -1); /* committed before its length was known */
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(x->res.length, -1);
    expect_body(big, RESPONSE_BUFFER + 1);
}

static void test_large_writes_go_through(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, span_make(big, 10)), RESPONSE_OK);
    assert_int_equal(response_write(x, span_make(big + 10, sizeof(big) - 10)), RESPONSE_OK);
    assert_int_equal(channel.writes, 2);
    expect_body(big, sizeof(big));
    assert_int_equal(response_write(x, SPAN_LIT("")), RESPONSE_OK);
    assert_int_equal(channel.writes, 2);
    assert_int_equal(response_finish(x), RESPONSE_OK);
}

/* Before the head is frozen they wait with the rest; behind it they leave together, but what is large by itself. */
static void test_pieces_are_one_write(void **state)
{
    static char large[RESPONSE_BUFFER + 1];
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(response_gather(x, SPAN_LIT("abc")), RESPONSE_OK);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 0);
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(response_gather(x, SPAN_LIT("def")), RESPONSE_OK);
    assert_int_equal(channel.writes, 1);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 2);
    expect_body("abcabcabcdefdefdef", 18);
    assert_int_equal(response_gather(x, SPAN_LIT("g")), RESPONSE_OK);
    assert_int_equal(response_gather(x, span_make(large, sizeof(large))), RESPONSE_OK);
    assert_int_equal(channel.writes, 4);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 4);
    assert_int_equal(x->res.written, 19 + sizeof(large));
    channel.result = CHANNEL_NO_MEMORY; /* what is taken is kept, and counted */
    assert_int_equal(response_gather(x, SPAN_LIT("h")), RESPONSE_OK);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
    channel.result = CHANNEL_OK;
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(buf_len(&channel.body), 20 + sizeof(large));
}

static void test_pieces_within_the_length(void **state)
{
    (void)state;
    x->res.length = 4;
    assert_int_equal(response_gather(x, SPAN_LIT("abc")), RESPONSE_OK);
    assert_int_equal(response_gather(x, SPAN_LIT("def")), RESPONSE_TOO_LONG);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("abcd", 4);
    assert_int_equal(response_gather(x, SPAN_LIT("e")), RESPONSE_GONE);
    assert_int_equal(response_gathered(x), RESPONSE_OK);
}

static void test_flush_commits(void **state)
{
    (void)state;
    assert_int_equal(response_flush(x), RESPONSE_OK); /* the head alone */
    assert_true(x->res.committed);
    assert_int_equal(channel.writes, 0);
    assert_int_equal(channel.flushes, 1);
    assert_int_equal(response_write(x, SPAN_LIT("a")), RESPONSE_OK);
    assert_int_equal(channel.writes, 1); /* nothing is held back behind a commit */
    assert_int_equal(response_reset(x), RESPONSE_COMMITTED);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(x->res.length, -1);
    expect_body("a", 1);
}

/* ---- the announced length ---- */

static void test_exact_length(void **state)
{
    (void)state;
    x->res.length = 5;
    assert_int_equal(response_write(x, SPAN_LIT("hello")), RESPONSE_OK);
    assert_false(response_is_short(x));
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("hello", 5);
    assert_int_equal(channel.length_seen, 5);
}

static void test_too_long_is_cut(void **state)
{
    (void)state;
    x->res.length = 5;
    assert_int_equal(response_write(x, SPAN_LIT("hello, world")), RESPONSE_TOO_LONG);
    assert_int_equal(response_write(x, SPAN_LIT("more")), RESPONSE_TOO_LONG);
    assert_int_equal(response_write(x, SPAN_LIT("")), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("hello", 5);
    assert_int_equal(x->res.written, 5);
}

static void test_too_long_behind_a_commit(void **state)
{
    (void)state;
    x->res.length = 4;
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(response_write(x, SPAN_LIT("abc")), RESPONSE_OK);
    assert_int_equal(response_write(x, SPAN_LIT("def")), RESPONSE_TOO_LONG);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("abcd", 4);
}

static void test_too_short_is_aborted(void **state)
{
    (void)state;
    x->res.length = 6;
    assert_int_equal(response_write(x, SPAN_LIT("hello")), RESPONSE_OK);
    assert_true(response_is_short(x));
    assert_int_equal(response_finish(x), RESPONSE_GONE);
    assert_int_equal(channel.finishes, 0);
    assert_int_equal(channel.aborts, 1);
    assert_true(x->res.close);
    assert_true(x->res.ended);
    assert_int_equal(response_finish(x), RESPONSE_OK); /* idempotent: not once more */
    assert_int_equal(channel.aborts, 1);
}

/* ---- answers without a body ---- */

static void expect_bodyless(enum method method, uint16_t status, int64_t announced, int64_t length)
{
    channel.writes = channel.flushes = channel.finishes = 0;
    exchange_reset(x);
    x->channel = &mock;
    x->req.method = method;
    x->res.status = status;
    x->res.length = announced;
    int gone = 0;
    assert_int_equal(response_write(x, SPAN_LIT("hello")), RESPONSE_OK);
    assert_int_equal(response_write_ref(x, span_make(big, 10), released, &gone), RESPONSE_OK);
    assert_int_equal(gone, 1);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 0);
    assert_int_equal(channel.finishes, 1);
    assert_int_equal(x->res.length, length);
}

static void test_bodyless(void **state)
{
    (void)state;
    expect_bodyless(METHOD_HEAD, 200, -1, 15); /* the length GET would have */
    expect_bodyless(METHOD_HEAD, 200, 99, 99); /* and is not short for it */
    expect_bodyless(METHOD_GET, 204, -1, 15);
    expect_bodyless(METHOD_GET, 304, 99, 99);
}

static void test_large_head_answer(void **state)
{
    (void)state;
    int gone = 0;
    x->req.method = METHOD_HEAD;
    assert_int_equal(response_write_ref(x, span_make(big, sizeof(big)), released, &gone),
                     RESPONSE_OK);
    assert_int_equal(gone, 1);
    assert_int_equal(x->res.written, sizeof(big));
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(channel.writes, 0);
}

/* ---- references ---- */

static void test_references_are_released_once(void **state)
{
    (void)state;
    int gone = 0;
    x->res.length = sizeof(big);
    assert_int_equal(response_write_ref(x, span_make(big, 10), released, &gone), RESPONSE_OK);
    assert_int_equal(gone, 1); /* small: copied */
    assert_int_equal(response_write_ref(x, span_make(big + 10, sizeof(big) - 10), released, &gone),
                     RESPONSE_OK);
    assert_int_equal(gone, 2);
    assert_int_equal(response_write_ref(x, SPAN_LIT("more"), released, &gone), RESPONSE_TOO_LONG);
    assert_int_equal(gone, 3);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(response_write_ref(x, SPAN_LIT("late"), released, &gone), RESPONSE_GONE);
    assert_int_equal(gone, 4);
    expect_body(big, sizeof(big));
}

static void test_reference_to_a_channel_that_is_gone(void **state)
{
    (void)state;
    int gone = 0;
    channel.result = CHANNEL_GONE;
    assert_int_equal(response_write(x, SPAN_LIT("held back")), RESPONSE_OK);
    assert_int_equal(response_write_ref(x, span_make(big, sizeof(big)), released, &gone),
                     RESPONSE_GONE);
    assert_int_equal(gone, 1);
    assert_int_equal(channel.writes, 1); /* the second was not tried */
}

/* ---- ends ---- */

static void test_abort(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, SPAN_LIT("a")), RESPONSE_OK);
    response_abort(x);
    response_abort(x);
    assert_int_equal(channel.aborts, 1);
    assert_int_equal(channel.writes, 0);
    assert_true(x->res.close);
    assert_int_equal(response_write(x, SPAN_LIT("b")), RESPONSE_GONE);
    assert_int_equal(response_flush(x), RESPONSE_GONE);
    assert_int_equal(response_reset(x), RESPONSE_COMMITTED);
    assert_int_equal(channel.flushes, 0);
}

static void test_abort_after_finish(void **state)
{
    (void)state;
    assert_int_equal(response_finish(x), RESPONSE_OK);
    response_abort(x);
    assert_int_equal(channel.aborts, 0);
    assert_false(x->res.close);
}

static void test_client_gone(void **state)
{
    (void)state;
    channel.result = CHANNEL_GONE;
    assert_int_equal(response_write(x, SPAN_LIT("a")),
                     RESPONSE_OK); /* held back: nobody knows yet */
    assert_int_equal(response_flush(x), RESPONSE_GONE);
    assert_int_equal(response_write(x, SPAN_LIT("b")), RESPONSE_GONE);
    assert_int_equal(response_finish(x), RESPONSE_GONE);
    assert_true(x->res.ended);
}

static void test_no_memory_at_the_end_is_told(void **state)
{
    (void)state;
    channel.result = CHANNEL_NO_MEMORY;
    assert_int_equal(response_write(x, SPAN_LIT("a")), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_NO_MEMORY);
    assert_int_equal(channel.aborts, 1); /* or the client would take it for complete */
    assert_int_equal(channel.finishes, 0);
}

static void test_reset(void **state)
{
    (void)state;
    x->res.status = 500;
    x->res.length = 3;
    assert_true(headers_add(&x->res.headers, &x->arena, SPAN_LIT("A"), SPAN_LIT("b")));
    assert_int_equal(response_write(x, SPAN_LIT("abc")), RESPONSE_OK);
    assert_int_equal(response_reset(x), RESPONSE_OK);
    assert_int_equal(x->res.status, 200);
    assert_int_equal(x->res.headers.n, 0);
    assert_int_equal(response_write(x, SPAN_LIT("new one")), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(channel.length_seen, 7);
    expect_body("new one", 7);
}

static void test_reset_body(void **state)
{
    (void)state;
    x->res.status = 201;
    x->res.length = 3;
    assert_true(headers_add(&x->res.headers, &x->arena, SPAN_LIT("A"), SPAN_LIT("b")));
    assert_int_equal(response_write(x, SPAN_LIT("abc")), RESPONSE_OK);
    assert_int_equal(response_reset_body(x), RESPONSE_OK);
    assert_int_equal(x->res.status, 201);
    assert_int_equal(x->res.headers.n, 1);
    assert_int_equal(response_write(x, SPAN_LIT("longer")), RESPONSE_OK);
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(response_reset_body(x), RESPONSE_COMMITTED);
    assert_int_equal(response_reset(x), RESPONSE_COMMITTED);
    expect_body("longer", 6);
}

static void test_a_larger_buffer(void **state)
{
    (void)state;
    assert_int_equal(response_set_buffer(x, RESPONSE_BUFFER_MAX + 1), RESPONSE_INVALID);
    assert_int_equal(response_set_buffer(x, 1), RESPONSE_OK);
    assert_int_equal(x->res.buffer, RESPONSE_BUFFER);
    assert_int_equal(response_set_buffer(x, sizeof(big)), RESPONSE_OK);
    assert_int_equal(response_write(x, span_make(big, sizeof(big))), RESPONSE_OK);
    assert_false(x->res.committed);
    assert_int_equal(response_set_buffer(x, sizeof(big) * 2), RESPONSE_COMMITTED);
    assert_int_equal(response_write(x, SPAN_LIT("!")), RESPONSE_OK);
    assert_true(x->res.committed);
    exchange_reset(x);
    assert_int_equal(x->res.buffer, RESPONSE_BUFFER);
}

static void test_hints(void **state)
{
    (void)state;
    assert_int_equal(response_hint(x), RESPONSE_OK);
    assert_int_equal(channel.hints, 0); /* nothing to tell */
    assert_true(headers_add(&x->res.headers, &x->arena, SPAN_LIT("link"), SPAN_LIT("<a>")));
    assert_int_equal(response_hint(x), RESPONSE_OK);
    assert_int_equal(channel.hints, 1);
    assert_false(x->res.committed);
    channel.result = CHANNEL_GONE;
    assert_int_equal(response_hint(x), RESPONSE_GONE);
    channel.result = CHANNEL_OK;
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(response_hint(x), RESPONSE_COMMITTED);
    assert_int_equal(channel.hints, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_small_gets_its_length),
        TEST(test_nothing_written),
        TEST(test_buffer_holds_exactly_its_size),
        TEST(test_large_writes_go_through),
        TEST(test_pieces_are_one_write),
        TEST(test_pieces_within_the_length),
        TEST(test_flush_commits),
        TEST(test_exact_length),
        TEST(test_too_long_is_cut),
        TEST(test_too_long_behind_a_commit),
        TEST(test_too_short_is_aborted),
        TEST(test_bodyless),
        TEST(test_large_head_answer),
        TEST(test_references_are_released_once),
        TEST(test_reference_to_a_channel_that_is_gone),
        TEST(test_abort),
        TEST(test_abort_after_finish),
        TEST(test_client_gone),
        TEST(test_no_memory_at_the_end_is_told),
        TEST(test_reset),
        TEST(test_reset_body),
        TEST(test_a_larger_buffer),
        TEST(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
