/* SPDX-License-Identifier: Apache-2.0
 * http/response.h: response.before_commit runs once, when the head is about to be frozen, however that
 * comes about, and what it changes counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/response.h"

static struct {
    size_t bytes;
    uint16_t status; /* as the channel saw it first; 0: it saw nothing */
} channel;
static struct {
    int runs;
    bool committed;
    uint16_t status; /* what it makes of the answer; 0: leaves it */
} before;
static struct exchange *x;
static char big[RESPONSE_BUFFER + 1];

static enum channel_result mock_write(struct exchange *e, struct span bytes,
                                      chain_release_fn *release, void *arg)
{
    assert_null(release);
    assert_null(arg);
    channel.bytes += bytes.n;
    channel.status = channel.status ? channel.status : e->res.status;
    return CHANNEL_OK;
}

static enum channel_result mock_flush(struct exchange *e)
{
    channel.status = channel.status ? channel.status : e->res.status;
    return CHANNEL_OK;
}

static void mock_abort(struct exchange *e)
{
    assert_true(e->res.ended);
}

static const struct channel_ops mock = {
    .write = mock_write, .flush = mock_flush, .finish = mock_flush, .abort = mock_abort};

static void run_before(void *arg)
{
    struct exchange *e = arg;
    before.runs++;
    before.committed = e->res.committed;
    if (before.status)
        e->res.status = before.status;
}

static int set_up(void **state)
{
    (void)state;
    channel.bytes = 0;
    channel.status = before.status = 0;
    before.runs = 0;
    x = exchange_new();
    if (!x)
        return -1;
    x->channel = &mock;
    x->req.method = METHOD_GET;
    x->res.before_commit = run_before;
    x->res.before_commit_arg = x;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_release(&x);
    return 0;
}

static void test_flush(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, SPAN_LIT("kept")), RESPONSE_OK);
    assert_int_equal(before.runs, 0);
    assert_int_equal(response_flush(x), RESPONSE_OK);
    assert_int_equal(before.runs, 1);
    assert_false(before.committed);
    assert_int_equal(response_write(x, SPAN_LIT("more")), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(before.runs, 1);
    assert_int_equal(channel.bytes, 8);
}

static void test_more_than_the_buffer(void **state)
{
    (void)state;
    before.status = 203;
    assert_int_equal(response_write(x, span_make(big, sizeof(big))), RESPONSE_OK);
    assert_int_equal(before.runs, 1);
    assert_int_equal(channel.status, 203);
    assert_int_equal(channel.bytes, sizeof(big));
}

static void test_what_has_no_body_then(void **state)
{
    (void)state;
    before.status = 304;
    assert_int_equal(response_write(x, SPAN_LIT("dropped")), RESPONSE_OK);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(before.runs, 1);
    assert_int_equal(channel.status, 304);
    assert_int_equal(channel.bytes, 0);
}

static void test_abort(void **state)
{
    (void)state;
    response_abort(x);
    assert_int_equal(before.runs, 0);
}

static void test_the_next_exchange_has_none(void **state)
{
    (void)state;
    exchange_reset(x);
    x->channel = &mock;
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(before.runs, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_flush), TEST(test_more_than_the_buffer),       TEST(test_what_has_no_body_then),
        TEST(test_abort), TEST(test_the_next_exchange_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
