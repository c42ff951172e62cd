/* SPDX-License-Identifier: Apache-2.0
 * What goes up: for each kind of request that is served, everything a servlet could see of it; limits
 * that are just met; 100 Continue. Each bug that was found keeps a numbered case, here and in
 * test_h1_connection.c. */
#include "h1_harness.h"

/* The one exchange in P's notes begins with WANT (see peer_see) and nothing was refused. */
static void expect_seen(struct span request, const char *want)
{
    struct h1_peer p;
    peer_open(&p);
    peer_send(&p, request);
    assert_int_equal(p.refusals, 0);
    assert_int_equal(p.exchanges, 1);
    const char *seen = buf_cstr(&p.seen);
    if (strcmp(seen, want) != 0)
        fail_msg("%.*s\nseen:     %s\nexpected: %s", SPAN_ARG(request), seen, want);
    peer_close(&p);
}

struct row {
    struct span request;
    const char *seen;
};
#define ROW(request, seen)        \
    {                             \
        BYTES(request), seen "\n" \
    }

static const struct row rows[] = {
    ROW("GET /a/b?x=1&&y=%20;=/? HTTP/1.1\r\nHost: example.org:8080\r\n\r\n",
        "method=GET|target=/a/b?x=1&&y=%20;=/?|path=/a/b|query=x=1&&y=%20;=/?|host=example.org|"
        "port=8080|version=11|length=-1|keep=1|Host:example.org:8080|body=|"),
    /* empty lines before the request line: up to eight */
    ROW("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|Host:a|"
        "body=|"),
    /* versions */
    ROW("GET / HTTP/1.0\r\n\r\n", "method=GET|target=/|path=/|query=(none)|host=(none)|port=0|"
                                  "version=10|length=-1|keep=0|body=|"),
    ROW("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=(none)|port=0|version=10|length=-1|keep=1|"
        "Connection:keep-alive|body=|"),
    ROW("GET / HTTP/1.9\r\nHost: a\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|Host:a|"
        "body=|"),
    /* target forms: the authority replaces Host */
    ROW("GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=GET|target=http://b:81/x?y|path=/x|query=y|host=b|port=81|version=11|length=-1|"
        "keep=1|Host:a|body=|"),
    ROW("GET HTTPS://b HTTP/1.1\r\nHost: a:9\r\n\r\n",
        "method=GET|target=HTTPS://b|path=/|query=(none)|host=b|port=0|version=11|length=-1|keep=1|"
        "Host:a:9|body=|"),
    ROW("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=GET|target=http://b?q|path=/|query=q|host=b|port=0|version=11|length=-1|keep=1|"
        "Host:a|body=|"),
    ROW("GET http://[::1]:8/ HTTP/1.0\r\n\r\n",
        "method=GET|target=http://[::1]:8/|path=/|query=(none)|host=[::1]|port=8|version=10|"
        "length=-1|keep=0|body=|"),
    ROW("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=OPTIONS|target=/x|path=/x|query=(none)|host=a|port=0|version=11|length=-1|keep=1|"
        "Host:a|body=|"),
    ROW("M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=M-SEARCH|target=/x|path=/x|query=(none)|host=a|port=0|version=11|length=-1|keep=1|"
        "Host:a|body=|"),
    ROW("TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n", /* the engine's 405 */
        "method=TRACE|target=/x|path=/x|query=(none)|host=a|port=0|version=11|length=-1|keep=1|"
        "Host:a|body=|"),
    /* normalisation: decoded once */
    ROW("GET //a/./b/../%63;v=1/;jsessionid=x?%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=GET|target=//a/./b/../%63;v=1/;jsessionid=x?%zz|path=/a/c/|query=%zz|host=a|port=0|"
        "version=11|length=-1|keep=1|Host:a|body=|"),
    ROW("GET /%2563 HTTP/1.1\r\nHost: a\r\n\r\n",
        "method=GET|target=/%2563|path=/%63|query=(none)|host=a|port=0|version=11|length=-1|keep=1|"
        "Host:a|body=|"),
    /* Host: what the grammar allows */
    ROW("GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=|port=0|version=11|length=-1|keep=1|Host:|"
        "body=|"),
    ROW("GET / HTTP/1.1\r\nHost: [2001:db8::1]:65535\r\n\r\n",
        "method=GET|target=/|path=/"
        "|query=(none)|host=[2001:db8::1]|port=65535|version=11|length=-1|"
        "keep=1|Host:[2001:db8::1]:65535|body=|"),
    ROW("GET / HTTP/1.1\r\nHost: a_b~!$&'()*+,;=%41:\r\n\r\n",
        "method=GET|target=/|path=/"
        "|query=(none)|host=a_b~!$&'()*+,;=%41|port=0|version=11|length=-1|"
        "keep=1|Host:a_b~!$&'()*+,;=%41:|body=|"),
    /* fields: blanks trimmed, bytes kept, order kept */
    ROW("GET / HTTP/1.1\r\nhOsT:a\r\nX-1: \t b\xe9\t c \t\r\nX-1:2\r\n!#$%&'*+-.^_`|~:x\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|hOsT:a|"
        "X-1:b\xe9\t c|X-1:2|!#$%&'*+-.^_`|~:x|body=|"),
    /* regression 001: an empty value cut off the next field's name */
    ROW("GET / HTTP/1.1\r\nX-Empty:\r\nAccept: x\r\nX-Blank: \t \r\nHost: a\r\nX-Last:\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|"
        "X-Empty:|Accept:x|X-Blank:|Host:a|X-Last:|body=|"),
    /* Connection: close wins; odd lists; a Connection option removes nothing */
    ROW("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: , x ,CLOSE\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=0|Host:a|"
        "Connection:keep-alive|Connection:, x ,CLOSE|body=|"),
    ROW("POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nhi",
        "method=POST|target=/|path=/|query=(none)|host=a|port=0|version=11|length=2|keep=1|Host:a|"
        "Connection:content-length|Content-Length:2|body=hi|"),
    /* Upgrade to what nobody offers is ignored, with and without Connection, and in 1.0 */
    ROW("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|Host:a|"
        "Connection:upgrade|Upgrade:h2c|body=|"),
    ROW("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "method=GET|target=/|path=/|query=(none)|host=(none)|port=0|version=10|length=-1|keep=0|"
        "Connection:upgrade|Upgrade:websocket|body=|"),
    /* bodies */
    ROW("POST / HTTP/1.1\r\nHost: a\r\n\r\n", /* no framing: no body, whatever the method */
        "method=POST|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|Host:a|"
        "body=|"),
    ROW("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello",
        "method=GET|target=/|path=/|query=(none)|host=a|port=0|version=11|length=5|keep=1|Host:a|"
        "Content-Length:005|body=hello|"),
    ROW("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
        "method=POST|target=/|path=/|query=(none)|host=(none)|port=0|version=10|length=0|keep=0|"
        "Content-Length:0|body=|"),
    ROW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tChunKed \r\n\r\n"
        "0003;a;b=c;d=\"e \\\" f;\xe9\"\r\nabc\r\n2\r\nde\r\n0;x\r\nX: y\r\nHost: b\r\n\r\n",
        "method=POST|target=/|path=/|query=(none)|host=a|port=0|version=11|length=-1|keep=1|Host:a|"
        "Transfer-Encoding:ChunKed|body=abcde|"),
    /* Expect in 1.0 is no expectation, whatever it says */
    ROW("POST / HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\n!",
        "method=POST|target=/|path=/|query=(none)|host=(none)|port=0|version=10|length=1|keep=0|"
        "Expect:x|Content-Length:1|body=!|"),
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_seen(rows[i].request, rows[i].seen);
}

/* ---- limits that are just met ---- */

static void send_filled(struct h1_peer *p, const char *before, char fill, size_t count,
                        const char *after, bool bytewise)
{
    struct buf b = BUF_EMPTY;
    assert_true(buf_append_str(&b, before));
    for (size_t i = 0; i < count; i++)
        assert_true(buf_append(&b, &fill, 1));
    assert_true(buf_append_str(&b, after));
    if (bytewise)
        peer_send_bytewise(p, buf_span(&b));
    else
        peer_send(p, buf_span(&b));
    buf_free(&b);
}

static void test_just_met(void **state)
{
    (void)state;
    static const char chunked[] =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct h1_peer p;
    peer_open(&p);
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        /* maxUriSize, also with the longest method */
        send_filled(&p, "UNSUBSCRIBE /", 'a', 8191, " HTTP/1.1\r\nHost: a\r\n\r\n", bytewise);
        /* maxHttpHeaderSize: "Host: a" with its line end is 9 bytes */
        send_filled(&p, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', 8192 - 9 - 5, "\r\n\r\n",
                    bytewise);
        peer_send_str(&p, chunked);
        send_filled(&p, "1;", 'a', 8191, "\r\nx\r\n0\r\n\r\n", bytewise);
        /* regression 002: trailers of exactly maxTrailerSize were refused when the CR of the empty
         * line came alone */
        peer_send_str(&p, chunked);
        send_filled(&p, "0\r\nX: ", 'a', 8192 - 5, "\r\n\r\n", bytewise);
        send_filled(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n", 'a', 65536,
                    "", bytewise);
        peer_send_str(&p, chunked);
        send_filled(&p, "1\r\na\r\nffff\r\n", 'a', 65535, "\r\n0\r\n\r\n", bytewise);
    }
    if (p.refusals > 0)
        fail_msg("%u %s", p.refused.status, p.refused.why);
    assert_int_equal(p.exchanges, 12);
    peer_close(&p);
}

/* regression 003: http-parser's own limit of 80 KiB stood below a larger maxHttpHeaderSize. */
static void test_larger_than_the_parsers_limit(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    p.config.max_header_size = 300000;
    p.config.max_uri_size = 300000;
    send_filled(&p, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', 200000, "\r\n\r\n", false);
    send_filled(&p, "GET /", 'a', 200000, " HTTP/1.1\r\nHost: a\r\n\r\n", false);
    assert_int_equal(p.exchanges, 2);
    peer_close(&p);
}

/* ---- 100 Continue ---- */

static void test_continue(void **state)
{
    (void)state;
    char text[64];
    struct h1_peer p;
    peer_open(&p);
    peer_send_str(
        &p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "100");
    peer_send_str(&p, "hi");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "100 200");
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                      "Expect: 100-continue\r\n\r\n");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "100 200 100");
    peer_send_str(&p, "0\r\n\r\n");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "100 200 100 200");
    peer_close(&p);
}

static void test_no_continue(void **state)
{
    (void)state;
    char text[64];
    struct h1_peer p;
    peer_open(&p);
    /* nothing to send */
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                      "Content-Length: 0\r\n\r\n");
    /* regression 004: a body that came with its head left a 100 waiting behind the answer's back */
    peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                      "Content-Length: 2\r\n\r\nhi");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "200 200 200");
    /* 1.0 */
    peer_send_str(&p, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    peer_send_str(&p, "hi");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "200 200 200 200");
    assert_true(p.closed);
    peer_close(&p);
}

/* regression 005: a request refused for its path waited for a body that its client held back. */
static void test_refused_instead_of_continue(void **state)
{
    (void)state;
    char text[64];
    struct h1_peer p;
    peer_open(&p);
    peer_send_str(&p, "POST /%zz HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n");
    assert_string_equal(answer_statuses(&p, text, sizeof(text)), "400");
    assert_true(p.closed);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_just_met),
        cmocka_unit_test(test_larger_than_the_parsers_limit),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_no_continue),
        cmocka_unit_test(test_refused_instead_of_continue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
