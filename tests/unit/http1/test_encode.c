/* SPDX-License-Identifier: Apache-2.0
 * Answers on the wire (http-rules.md section 5): status line, fields, exactly one framing, the
 * connection's fate, chunk frames. Through the verbs of h1_proto that the leased path calls. */
#include "h1_harness.h"

/* The head of an answer to METHOD in VERSION, without its Date line (which must be there). */
struct answer {
    struct h1_peer p;
    struct exchange *x;
    struct buf out;
};

static void begin(struct answer *a, enum method method, uint16_t version, uint16_t status,
                  int64_t length)
{
    *a = (struct answer){.out = BUF_EMPTY};
    peer_open(&a->p);
    a->x = exchange_new();
    assert_non_null(a->x);
    a->x->req.method = method;
    a->x->req.version = version;
    a->x->keep_alive = true;
    a->x->res.status = status;
    a->x->res.length = length;
}

static void end(struct answer *a)
{
    exchange_release(&a->x);
    buf_free(&a->out);
    peer_close(&a->p);
}

static void set(struct answer *a, const char *name, const char *value)
{
    assert_true(headers_add_copy(&a->x->res.headers, &a->x->arena, span_of(name), span_of(value)));
}

static void encode(struct answer *a)
{
    size_t before = buf_len(&a->out);
    assert_true(h1_proto.encode_head(a->p.px, a->x, &a->out));
    assert_true(a->x->wire.head_done);
    struct span head = span_from(buf_span(&a->out), before);
    const char *date = memmem(head.p, head.n, "Date: ", 6);
    assert_non_null(date);
    size_t at = (size_t)(date - a->out.mem), line = 6 + 29 + 2;
    assert_memory_equal(date + 6 + 29 - 4, " GMT\r\n", 6);
    memmove(a->out.mem + at, a->out.mem + at + line, a->out.tail - at - line);
    a->out.tail -= line;
}

#define EXPECT_HEAD(a, text) assert_string_equal(buf_cstr(&(a)->out), text)

struct row {
    enum method method;
    uint16_t version, status;
    int64_t length;
    const char *head;
    bool bodyless, chunked, keeps;
};

static const struct row rows[] = {
    {METHOD_GET, 11, 200, 13, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n", false, false, true},
    {METHOD_GET, 11, 200, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, false, true},
    {METHOD_GET, 11, 200, INT64_MAX,
     "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", false, false, true},
    {METHOD_GET, 11, 404, -1, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", false,
     true, true},
    {METHOD_GET, 10, 200, 13,
     "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\n", false, false, true},
    {METHOD_GET, 10, 200, -1, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false, false, false},
    /* HEAD: what GET would have, no body */
    {METHOD_HEAD, 11, 200, 13, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n", true, false, true},
    {METHOD_HEAD, 11, 200, -1, "HTTP/1.1 200 OK\r\n\r\n", true, false, true},
    {METHOD_HEAD, 10, 200, -1, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", true, false,
     true},
    /* statuses without a body */
    {METHOD_GET, 11, 204, -1, "HTTP/1.1 204 No Content\r\n\r\n", true, false, true},
    {METHOD_GET, 11, 204, 5, "HTTP/1.1 204 No Content\r\n\r\n", true, false, true},
    {METHOD_GET, 10, 204, -1, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", true,
     false, true},
    {METHOD_POST, 11, 205, -1, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", true,
     false, true},
    {METHOD_GET, 11, 304, 0, "HTTP/1.1 304 Not Modified\r\n\r\n", true, false, true},
    {METHOD_GET, 11, 304, 7, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", true, false,
     true},
    /* outside the registry */
    {METHOD_GET, 11, 299, 0, "HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\n\r\n", false, false,
     true},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct answer a;
        begin(&a, row->method, row->version, row->status, row->length);
        encode(&a);
        EXPECT_HEAD(&a, row->head);
        assert_int_equal(a.x->wire.bodyless, row->bodyless);
        assert_int_equal(a.x->wire.chunked, row->chunked);
        assert_int_equal(h1_proto.keeps(a.p.px, a.x), row->keeps);
        end(&a);
    }
}

static void test_fields_in_order(void **state)
{
    (void)state;
    struct answer a;
    begin(&a, METHOD_GET, 11, 200, 2);
    a.p.config.server = SPAN_LIT("cserv");
    set(&a, "Content-Type", "text/plain");
    set(&a, "X", "");
    set(&a, "x", "\xe9\t2");
    encode(&a);
    EXPECT_HEAD(&a, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX: \r\nx: \xe9\t2\r\n"
                    "Server: cserv\r\nContent-Length: 2\r\n\r\n");
    end(&a);
}

static void test_own_date_and_server(void **state)
{
    (void)state;
    struct answer a;
    begin(&a, METHOD_GET, 11, 200, 2);
    a.p.config.server = SPAN_LIT("cserv");
    set(&a, "date", "Sun, 06 Nov 1994 08:49:37 GMT");
    set(&a, "server", "mine");
    assert_true(h1_proto.encode_head(a.p.px, a.x, &a.out));
    EXPECT_HEAD(&a, "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: mine\r\n"
                    "Content-Length: 2\r\n\r\n");
    end(&a);
}

static void expect_close(bool asked, bool answered, bool draining, uint16_t version)
{
    struct answer a;
    begin(&a, METHOD_GET, version, 200, 0);
    a.x->keep_alive = !asked;
    a.x->res.close = answered;
    if (draining)
        h1_proto.drain(a.p.px);
    encode(&a);
    EXPECT_HEAD(&a, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_false(h1_proto.keeps(a.p.px, a.x));
    assert_true(a.x->res.close);
    end(&a);
}

static void test_close(void **state)
{
    (void)state;
    for (uint16_t version = 10; version <= 11; version++) {
        expect_close(true, false, false, version);
        expect_close(false, true, false, version);
        expect_close(false, false, true, version);
    }
}

/* What the head said about the connection stays, whatever comes later. */
static void test_promise_of_close_is_kept(void **state)
{
    (void)state;
    struct answer a;
    begin(&a, METHOD_GET, 11, 200, 0);
    a.x->keep_alive = false;
    encode(&a);
    a.x->keep_alive = true;
    assert_false(h1_proto.keeps(a.p.px, a.x));
    end(&a);
}

/* Heads are gathered behind what is there. */
static void test_behind_other_bytes(void **state)
{
    (void)state;
    struct answer a;
    begin(&a, METHOD_GET, 11, 200, 0);
    assert_true(buf_append_str(&a.out, "before|"));
    encode(&a);
    EXPECT_HEAD(&a, "before|HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    end(&a);
}

static void test_frames(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *before;
    } sizes[] = {
        {1, "1\r\n"},
        {15, "f\r\n"},
        {16, "10\r\n"},
        {65536, "10000\r\n"},
        {0xabcdef, "abcdef\r\n"},
        {SIZE_MAX, "ffffffffffffffff\r\n"},
    };
    struct answer a;
    struct proto_frame frame;
    begin(&a, METHOD_GET, 11, 200, -1);
    encode(&a);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        h1_proto.encode_frame(a.x, sizes[i].n, &frame);
        assert_int_equal(frame.before_n, strlen(sizes[i].before));
        assert_memory_equal(frame.before, sizes[i].before, frame.before_n);
        assert_int_equal(frame.after_n, 2);
        assert_memory_equal(frame.after, "\r\n", 2);
    }
    char last[12];
    assert_int_equal(h1_proto.encode_end(a.x, last), 5);
    assert_memory_equal(last, "0\r\n\r\n", 5);
    end(&a);
}

static void expect_no_frame(enum method method, uint16_t version, uint16_t status, int64_t length)
{
    struct answer a;
    struct proto_frame frame;
    char last[12];
    begin(&a, method, version, status, length);
    encode(&a);
    h1_proto.encode_frame(a.x, 5, &frame);
    assert_int_equal(frame.before_n, 0);
    assert_int_equal(frame.after_n, 0);
    assert_int_equal(h1_proto.encode_end(a.x, last), 0);
    end(&a);
}

static void test_no_frames(void **state)
{
    (void)state;
    expect_no_frame(METHOD_GET, 11, 200, 5);
    expect_no_frame(METHOD_GET, 10, 200, -1);
    expect_no_frame(METHOD_HEAD, 11, 200, -1);
    expect_no_frame(METHOD_GET, 11, 204, -1);
    expect_no_frame(METHOD_GET, 11, 304, -1);
}

/* A refusal carries what an answer carries. */
static void test_refusal_with_server(void **state)
{
    (void)state;
    struct h1_peer p;
    struct h1_answer a;
    peer_open(&p);
    p.config.server = SPAN_LIT("cserv");
    peer_send_str(&p, "FOO / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    struct span out = buf_span(&p.out);
    assert_true(answer_take(&out, false, &a));
    assert_true(answer_has(&a, "Server: cserv"));
    assert_true(answer_has(&a, "Connection: keep-alive"));
    assert_true(span_starts(a.head, SPAN_LIT("HTTP/1.1 501 Not Implemented\r\nDate: ")));
    peer_close(&p);
}

static void test_hints(void **state)
{
    (void)state;
    struct answer a;
    begin(&a, METHOD_GET, 11, 200, -1);
    set(&a, "X-Other", "1");
    set(&a, "Link", "<a>");
    set(&a, "LINK", "<b>");
    assert_true(h1_proto.encode_hint(a.x, &a.out));
    EXPECT_HEAD(&a, "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nLINK: <b>\r\n\r\n");
    assert_false(a.x->wire.head_done);
    buf_clear(&a.out);
    a.x->req.version = 10;
    assert_true(h1_proto.encode_hint(a.x, &a.out));
    assert_int_equal(buf_len(&a.out), 0);
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_fields_in_order),
        cmocka_unit_test(test_own_date_and_server),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_promise_of_close_is_kept),
        cmocka_unit_test(test_behind_other_bytes),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_no_frames),
        cmocka_unit_test(test_refusal_with_server),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
