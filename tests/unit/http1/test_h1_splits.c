/* SPDX-License-Identifier: Apache-2.0
 * However a client's bytes are cut into packets, the same exchanges go up: every request here is sent
 * whole, in two parts cut at every place, in three parts around every place, and byte by byte, alone and
 * twice in a row. */
#include "h1_harness.h"

static const struct span requests[] = {
    BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    BYTES("\r\n\r\nGET /a/%62/../c;v=1?x=%31&y HTTP/1.1\r\nhost: example.org:81\r\nEmpty:\r\n"
          "Accept: \t */* \t\r\n\r\n"),
    BYTES("GET http://b:8/x HTTP/1.1\r\nHost: a\r\nConnection: upgrade, x\r\nUpgrade: h2c\r\n\r\n"),
    BYTES("HEAD / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
    BYTES("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello\r\n\0wor."),
    BYTES("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5;a=\"\\\"q;\"\r\nhello\r\nA\r\n\r\n0\r\n\r\nxyz\r\n0;b\r\nTrailer-1: x\r\nT2:\r\n\r\n"),
    BYTES("PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"),
    BYTES("PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
          "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
    /* refused, but the connection goes on */
    BYTES("FOO / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET "),
    BYTES(
        "POST /%zz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
};

/* What must not depend on the cuts: what went up, and the final statuses. */
static void expect_same(const struct h1_peer *p, const struct h1_peer *whole, struct span request,
                        size_t at)
{
    bool same = span_eq(buf_span(&p->seen), buf_span(&whole->seen)) &&
                p->exchanges == whole->exchanges && p->refusals == whole->refusals &&
                p->refused.status == whole->refused.status && p->closed == whole->closed &&
                buf_len(&p->in) == buf_len(&whole->in);
    if (!same)
        fail_msg("cut at %zu: %.*s\nseen:     %.*s\nexpected: %.*s", at, SPAN_ARG(request),
                 SPAN_ARG(buf_span(&p->seen)), SPAN_ARG(buf_span(&whole->seen)));
}

static void send_cut(const struct h1_peer *whole, struct span bytes, size_t first, size_t second)
{
    struct h1_peer p;
    peer_open(&p);
    peer_send(&p, span_cut(bytes, 0, first));
    peer_send(&p, span_cut(bytes, first, second - first));
    peer_send(&p, span_from(bytes, second));
    expect_same(&p, whole, bytes, first);
    peer_close(&p);
}

static void try_all_cuts(struct span bytes, unsigned count)
{
    struct h1_peer whole, p;
    peer_open(&whole);
    peer_send(&whole, bytes);
    assert_int_equal(whole.exchanges + whole.refusals, count);
    assert_int_equal(buf_len(&whole.in), 0);

    for (size_t i = 0; i <= bytes.n; i++) {
        send_cut(&whole, bytes, i, bytes.n);
        if (i < bytes.n)
            send_cut(&whole, bytes, i, i + 1);
    }
    peer_open(&p);
    peer_send_bytewise(&p, bytes);
    expect_same(&p, &whole, bytes, 0);
    peer_close(&p);
    peer_close(&whole);
}

static void test_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++)
        try_all_cuts(requests[i], 1);
}

/* Behind another one, so that the end of the first and the begin of the second meet at every cut. */
static void test_pipelined(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        for (size_t k = 0; k < ARRAY_COUNT(requests); k++) {
            struct buf both = BUF_EMPTY;
            assert_true(buf_append_span(&both, requests[i]) && buf_append_span(&both, requests[k]));
            try_all_cuts(buf_span(&both), 2);
            buf_free(&both);
        }
    }
}

/* A sender of single bytes must not cost quadratic time: each byte of a line of 1 MiB is looked at
 * once; otherwise this would run into ctest's limit. */
static void test_long_line_bytewise(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.config.max_header_size = 1 << 20;
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (size_t i = 0; i < (1 << 20) - 64; i++)
        peer_send(&p, span_make("a", 1));
    peer_send_str(&p, "\r\n\r\n");
    assert_int_equal(p.exchanges, 1);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_long_line_bytewise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
