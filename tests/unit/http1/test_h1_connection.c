/* SPDX-License-Identifier: Apache-2.0
 * The life of a connection around its requests, as the connector drives it: refusals that it plans,
 * busy, the next request in the same exchange, idle, timeout, drain. Bug cases are numbered. */
#include "h1_harness.h"

#include "http1/h1_priv.h"

/* ---- what the connector decides ---- */

static void test_plan_refuses(void **state)
{
    (void)state;
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    /* regression 006: always 413 without a setting, whatever the plan said */
    p.plan = (struct body_plan){.mode = BODY_REFUSE,
                                .refusal = {.status = 503, .setting = "maxSomething"}};
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    struct span out = buf_span(&p.out);
    assert_true(answer_take(&out, false, &a));
    assert_int_equal(a.status, 503);
    assert_true(answer_has(&a, "Retry-After: 1"));
    assert_int_equal(p.refused.status, 503);
    assert_string_equal(p.refused.setting, "maxSomething");
    assert_int_equal(p.heads, 1);
    assert_int_equal(p.exchanges, 0);
    assert_true(p.closed);
    peer_close(&p);
}

static void test_plan_names_its_setting(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.plan =
        (struct body_plan){.mode = BODY_COLLECT, .max = 4, .refusal = {.setting = "maxBodySize"}};
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n");
    assert_int_equal(p.refused.status, 413);
    assert_string_equal(p.refused.setting, "maxBodySize");
    assert_true(p.closed);
    peer_close(&p);
}

static void test_busy(void **state)
{
    (void)state;
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                      "HEAD /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 2; i++) { /* POST, then HEAD: without a body */
        struct exchange *x = p.up_now;
        assert_non_null(x);
        p.up_now = NULL;
        buf_clear(&p.out);
        assert_int_equal(h1_proto.busy(p.px, x, i == 0 ? BUSY_FULL : BUSY_LATE), PROTO_WROTE);
        assert_true(peer_produce(&p));
        struct span out = buf_span(&p.out);
        assert_true(answer_take(&out, i == 1, &a));
        assert_int_equal(out.n, 0);
        assert_int_equal(a.status, 503);
        assert_true(answer_has(&a, "Retry-After: 1"));
        assert_false(answer_has(&a, "Connection: close"));
        assert_string_equal(p.refused.setting, i == 0 ? "maxQueueSize" : "maxQueueTime");
        peer_run(&p);
    }
    assert_int_equal(p.exchanges, 3);
    peer_answer(&p);
    assert_false(p.closed);
    peer_close(&p);
}

static void test_busy_closes_when_asked(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    struct exchange *x = p.up_now;
    p.up_now = NULL;
    assert_int_equal(h1_proto.busy(p.px, x, BUSY_FULL), PROTO_CLOSE);
    assert_true(peer_produce(&p));
    struct span out = buf_span(&p.out);
    struct h1_answer a;
    assert_true(answer_take(&out, false, &a) && a.status == 503);
    assert_true(answer_has(&a, "Connection: close"));
    peer_close(&p);
}

/* ---- between requests ---- */

static void test_exchange_is_used_again(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, "POST /1?q HTTP/1.1\r\nHost: a:1\r\nX: y\r\nContent-Length: 2\r\n\r\nhi");
    struct exchange *first = p.up_now;
    peer_answer(&p);
    peer_send_str(&p, "GET /2 HTTP/1.0\r\n\r\n"); /* nothing of the first one is left */
    assert_ptr_equal(p.up_now, first);
    buf_clear(&p.seen);
    peer_see(&p, p.up_now);
    assert_string_equal(buf_cstr(&p.seen),
                        "method=GET|target=/2|path=/2|query=(none)|host=(none)|port=0|version=10|"
                        "length=-1|keep=0|body=|\n");
    peer_close(&p);
}

static void test_exchange_that_is_still_held(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    struct exchange *first = p.up_now;
    exchange_hold(first); /* a worker that outlives its lease */
    peer_answer(&p);
    peer_send_str(&p, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_ptr_not_equal(p.up_now, first);
    assert_true(span_eq(first->req.target, SPAN_LIT("/1")));
    exchange_release(&first);
    peer_close(&p);
}

/* What goes back meanwhile is neither the request's nor what has come of the next one. */
static void test_rest(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, "GET /1?q HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nGET /2 HTTP/1.1\r\nHo");
    const struct h1 *h = p.px;
    assert_true(h->head.cap > 0);
    h1_proto.rest(p.px);
    h1_proto.rest(p.px);
    assert_int_equal(h->head.cap, 0);
    assert_int_equal(h->wire.cap, 0);
    buf_clear(&p.seen);
    peer_see(&p, p.up_now);
    assert_non_null(strstr(buf_cstr(&p.seen), "target=/1?q|path=/1|query=q|host=a|"));
    assert_true(span_eq(headers_find(&p.up_now->req.headers, SPAN_LIT("X"), 0), SPAN_LIT("y")));
    peer_answer(&p);
    peer_send_str(&p, "st: b\r\n\r\n");
    assert_true(span_eq(p.up_now->req.target, SPAN_LIT("/2")));
    assert_true(span_eq(p.up_now->req.host, SPAN_LIT("b")));
    peer_close(&p);
}

/* Room for the fields of a request is made once, and for no more than there are. */
static void test_fields_have_room_for_what_came(void **state)
{
    (void)state;
    struct h1_peer p;
    struct buf head = BUF_EMPTY;
    peer_open(&p);
    p.hold = true;
    for (uint32_t n = 0; n <= 100; n += 10) {
        buf_clear(&head);
        assert_true(buf_append_str(&head, n > 0 ? "GET / HTTP/1.1\r\nHost: a\r\n"
                                                : "GET / HTTP/1.0\r\nConnection: keep-alive\r\n"));
        for (uint32_t i = 1; i < n; i++)
            assert_true(buf_append_str(&head, "X: y\r\n"));
        assert_true(buf_append_str(&head, "\r\n"));
        peer_send_str(&p, buf_cstr(&head));
        assert_int_equal(p.up_now->req.headers.n, n > 0 ? n : 1);
        assert_int_equal(p.up_now->req.headers.cap, n > 0 ? n : 1);
        peer_answer(&p);
    }
    buf_free(&head);
    peer_close(&p);
}

static void test_idle(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    assert_true(h1_proto.idle(p.px));
    peer_send_str(&p, "G");
    assert_false(h1_proto.idle(p.px));
    peer_send_str(&p, "ET / HTTP/1.1\r\n");
    assert_false(h1_proto.idle(p.px));
    peer_send_str(&p, "Host: a\r\n\r\n");
    assert_true(h1_proto.idle(p.px));
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    assert_false(h1_proto.idle(p.px));
    peer_close(&p);
}

static void expect_timeout(const char *sent, const char *setting, bool head)
{
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    peer_send_str(&p, sent);
    assert_int_equal(p.refusals, 0);
    enum proto_verdict v = h1_proto.timeout(p.px, setting);
    bool said = peer_produce(&p);
    assert_int_equal(v, setting ? PROTO_WROTE : PROTO_CLOSE);
    assert_int_equal(said, setting != NULL);
    if (setting) {
        struct span out = buf_span(&p.out);
        assert_true(answer_take(&out, head, &a));
        if (a.status == 100)
            assert_true(answer_take(&out, head, &a));
        assert_int_equal(out.n, 0);
        assert_int_equal(a.status, 408);
        assert_true(answer_has(&a, "Connection: close"));
        assert_string_equal(p.refused.setting, setting);
        assert_int_equal(h1_proto.feed(p.px, &p.in), PROTO_CLOSE);
    }
    peer_close(&p);
}

static void test_timeout(void **state)
{
    (void)state;
    expect_timeout("", NULL, false);
    expect_timeout("G", "connectionTimeout", false);
    expect_timeout("HEAD / HTTP/1.1\r\nHost: a\r\n", "connectionTimeout", true);
    expect_timeout("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh", "bodyTimeout",
                   false);
    expect_timeout("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
                   "bodyTimeout", false);
    expect_timeout(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        "bodyTimeout", false);
}

/* regression 007: a refusal behind a HEAD announced a body and did not send it. */
static void test_refusal_behind_a_head(void **state)
{
    (void)state;
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    peer_send_str(&p, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n");
    struct span out = buf_span(&p.out);
    assert_true(answer_take(&out, true, &a) && a.status == 200);
    assert_true(answer_take(&out, false, &a) && a.status == 400);
    assert_true(a.body.n > 0);
    assert_int_equal(out.n, 0);
    peer_close(&p);
}

/* regression 008: an unknown method with a bad path got the path's sentence. */
static void test_sentence_of_its_own(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    peer_send_str(&p, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(p.refused.why, "bad percent encoding in the path");
    peer_send_str(&p, "FOO /%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(p.refused.status, 501);
    assert_string_not_equal(p.refused.why, "bad percent encoding in the path");
    assert_false(p.closed);
    peer_close(&p);
}

static void test_drain(void **state)
{
    (void)state;
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    h1_proto.drain(p.px);
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(p.exchanges, 1);
    struct span out = buf_span(&p.out);
    assert_true(answer_take(&out, false, &a));
    assert_true(answer_has(&a, "Connection: close"));
    assert_true(p.closed);
    peer_close(&p);

    peer_open(&p); /* a refusal that would keep the connection */
    h1_proto.drain(p.px);
    peer_send_str(&p, "FOO / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(p.closed);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_refuses),
        cmocka_unit_test(test_plan_names_its_setting),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_busy_closes_when_asked),
        cmocka_unit_test(test_exchange_is_used_again),
        cmocka_unit_test(test_exchange_that_is_still_held),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_fields_have_room_for_what_came),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_refusal_behind_a_head),
        cmocka_unit_test(test_sentence_of_its_own),
        cmocka_unit_test(test_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
