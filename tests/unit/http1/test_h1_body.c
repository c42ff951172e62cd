/* SPDX-License-Identifier: Apache-2.0
 * How a body goes up in pieces: a connector that takes less than there is is asked again and loses
 * nothing; one that cannot go on gets its answer to the client; a 100 is not sent once the body comes. */
#include "h1_harness.h"

static const char text[] = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
                           "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n";

static void seen_with_room(size_t step, struct buf *seen)
{
    struct h1_peer p;
    unsigned pauses = 0;
    peer_open(&p);
    p.body_room = step;
    peer_send_str(&p, text);
    while (p.verdict == PROTO_PAUSE) {
        p.body_room = step;
        pauses++;
        peer_run(&p);
    }
    assert_int_equal(p.exchanges, 3);
    assert_int_equal(p.verdict, PROTO_MORE);
    assert_false(p.closed);
    assert_true(step > 18 ? pauses == 0 : pauses >= 18 / step - 1);
    assert_true(buf_append_span(seen, buf_span(&p.seen)));
    peer_close(&p);
}

static void test_pauses_lose_nothing(void **state)
{
    (void)state;
    struct buf whole = BUF_EMPTY;
    seen_with_room(SIZE_MAX, &whole);
    for (size_t step = 1; step < 20; step++) {
        struct buf seen = BUF_EMPTY;
        seen_with_room(step, &seen);
        assert_true(span_eq(buf_span(&seen), buf_span(&whole)));
        buf_free(&seen);
    }
    buf_free(&whole);
}

static void test_paused_takes_nothing_more(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.body_room = 4;
    peer_send_str(&p, text);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(p.verdict, PROTO_PAUSE);
        assert_int_equal(p.exchanges, 0);
        assert_int_equal(p.heads, 1);
        peer_run(&p);
    }
    assert_memory_equal(buf_data(&p.in), "456789POST /b", 13);
    peer_close(&p);
}

static void expect_refused(struct h1_peer *p, bool closed)
{
    struct h1_answer a;
    struct span out = buf_span(&p->out);
    assert_true(answer_take(&out, false, &a));
    assert_int_equal(a.status, 503);
    assert_true(answer_has(&a, "Retry-After: 1"));
    assert_true(answer_has(&a, "Connection: close"));
    assert_int_equal(p->refusals, 1);
    assert_int_equal(p->refused.status, 503);
    assert_string_equal(p->refused.setting, "maxSpool");
    assert_string_equal(p->refused.why, "there is no room");
    assert_true(closed);
}

static const struct proto_refusal no_room = {503, "maxSpool", "there is no room"};

static void test_connector_refuses_a_piece(void **state)
{
    (void)state;
    struct h1_peer p;
    for (int chunked = 0; chunked < 2; chunked++) {
        peer_open(&p);
        p.body_refusal = no_room;
        peer_send_str(&p, chunked ? strstr(text, "POST /b") : text);
        expect_refused(&p, p.closed);
        assert_int_equal(p.exchanges, 0);
        peer_close(&p);
    }
}

static void test_connector_gives_up(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.body_room = 4;
    peer_send_str(&p, text);
    assert_int_equal(p.verdict, PROTO_PAUSE);
    assert_int_equal(h1_proto.refuse(p.px, NULL, &no_room), PROTO_CLOSE); /* in its body */
    assert_true(peer_produce(&p));
    expect_refused(&p, true);
    peer_close(&p);

    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, text);
    struct exchange *x = p.up_now;
    p.up_now = NULL;
    assert_int_equal(h1_proto.refuse(p.px, x, &no_room), PROTO_CLOSE); /* complete */
    assert_true(peer_produce(&p));
    expect_refused(&p, true);
    peer_close(&p);
}

/* RFC 9110 10.1.1: it may be left out once content has come; a paused client has sent some. */
static void test_no_100_behind_body_bytes(void **state)
{
    (void)state;
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                               "Expect: 100-continue\r\n\r\n";
    struct h1_peer p;
    peer_open(&p);
    p.body_room = 2;
    assert_true(buf_append_str(&p.in, head) && buf_append_str(&p.in, "hello"));
    peer_run(&p);
    assert_int_equal(p.verdict, PROTO_PAUSE);
    assert_int_equal(buf_len(&p.out), 0);
    peer_close(&p);

    peer_open(&p);
    p.hold = true;
    peer_send_str(&p, head);
    assert_memory_equal(buf_data(&p.out), "HTTP/1.1 100 Continue\r\n\r\n", 25);
    assert_int_equal(buf_len(&p.out), 25);
    peer_close(&p);
}

/* What closes anyway is answered before the body comes; what keeps the connection behind it. */
static void test_refused_before_the_body(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.plan = (struct body_plan){.mode = BODY_REFUSE, .refusal = no_room};
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    expect_refused(&p, p.closed);
    peer_close(&p);

    peer_open(&p);
    peer_send_str(&p, "FOO / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    assert_int_equal(p.refusals, 0);
    peer_send_str(&p, "helloGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(p.refusals, 1);
    assert_int_equal(p.exchanges, 1);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_lose_nothing),
        cmocka_unit_test(test_paused_takes_nothing_more),
        cmocka_unit_test(test_connector_refuses_a_piece),
        cmocka_unit_test(test_connector_gives_up),
        cmocka_unit_test(test_no_100_behind_body_bytes),
        cmocka_unit_test(test_refused_before_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
