/* SPDX-License-Identifier: Apache-2.0
 * Callbacks of asynchronous requests in the test kit: a body of several pieces is read as it comes, a long answer
 * is written as its client takes it, each callback once for every time that it had to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cserv/test.h>

static unsigned calls;
static char got[100];

static int take(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    int64_t n;
    assert_ptr_equal(self, &calls);
    assert_int_equal(cs_async_ready_to_read(a), 1);
    calls++;
    while ((n = cs_req_read(q, got + strlen(got), 4)) > 0)
        continue;
    if (n == CS_EAGAIN)
        return CS_OK;
    return n < 0 ? (int)n : cs_res_puts(s, got) == CS_OK ? cs_async_complete(a) : CS_EFAIL;
}
static int read_post(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    assert_non_null(a);
    calls = 0;
    memset(got, 0, sizeof(got));
    int rc = cs_async_on_readable(a, take, &calls);
    assert_int_equal(cs_async_on_readable(a, take, &calls), CS_ESTATE);
    assert_int_equal(cs_async_release(a), CS_OK);
    return rc;
}

static int more(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    static const char piece[10000];
    int *left = self;
    (void)q;
    calls++;
    while (cs_async_ready_to_write(a) == 1) {
        int rc = cs_res_write(s, piece, sizeof(piece));
        if (rc != CS_OK)
            return rc;
        if (--*left == 0)
            return cs_async_complete(a);
    }
    return CS_OK;
}
static int write_get(cs_request *q, cs_response *s)
{
    static int left;
    cs_async *a = cs_req_async_start(q, s, 0);
    assert_non_null(a);
    calls = 0;
    left = 20;
    int rc = cs_async_on_writable(a, more, &left);
    assert_int_equal(cs_async_release(a), CS_OK);
    return rc;
}

static const cs_servlet servlets[] = {
    {.name = "read", .url_patterns = "/read", .flags = CS_ASYNC | CS_STREAMING, .post = read_post},
    {.name = "whole", .url_patterns = "/whole", .flags = CS_ASYNC, .post = read_post},
    {.name = "write", .url_patterns = "/write", .flags = CS_ASYNC, .get = write_get},
};

static int set_up(void **state)
{
    cs_test_options options = {.servlets = CS_ROWS(servlets)};
    *state = cs_test_app_new(&options);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    return cs_test_app_free(*state);
}

static cs_test_request *post(void **state, const char *path)
{
    cs_test_request *q = cs_test_request_new(*state, "POST", path);
    assert_int_equal(cs_test_request_body(q, "first ", 6), CS_OK);
    assert_int_equal(cs_test_request_body(q, "second ", 7), CS_OK);
    assert_int_equal(cs_test_request_body(q, "third", 5), CS_OK);
    assert_int_equal(cs_test_run(q), CS_OK);
    return q;
}

static void pieces_come_one_by_one(void **state)
{
    cs_test_request *q = post(state, "/read");
    assert_string_equal(cs_test_text(q), "first second third");
    assert_int_equal(calls, 4); /* one for each piece, one for the end */
}

static void a_complete_body_is_read_at_once(void **state)
{
    cs_test_request *q = post(state, "/whole");
    assert_string_equal(cs_test_text(q), "first second third");
    assert_int_equal(calls, 1);
}

static void a_client_that_leaves_ends_it(void **state)
{
    cs_test_request *q = cs_test_request_new(*state, "POST", "/read");
    assert_int_equal(cs_test_request_body(q, "first", 5), CS_OK);
    assert_int_equal(cs_test_request_body_fails(q, CS_EGONE), CS_OK);
    assert_int_equal(cs_test_run(q), CS_OK);
    assert_string_equal(got, "first");
    assert_int_equal(cs_test_complete(q), 0);
}

static void an_answer_is_written_as_it_is_taken(void **state)
{
    cs_test_request *q = cs_test_get(*state, "/write");
    assert_int_equal(cs_test_body(q).len, 200000);
    assert_int_equal(calls, 5); /* 40000 bytes are more than may wait */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_one_by_one),
        cmocka_unit_test(a_complete_body_is_read_at_once),
        cmocka_unit_test(a_client_that_leaves_ends_it),
        cmocka_unit_test(an_answer_is_written_as_it_is_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
