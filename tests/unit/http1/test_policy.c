/* SPDX-License-Identifier: Apache-2.0
 * http1/policy.h: the pure checks on lines and fields, each at its edges. The whole path from bytes to
 * verdict is test_h1_refusals.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "http1/policy.h"

#define BYTES(s)           \
    {                      \
        (s), sizeof(s) - 1 \
    }

static struct h1_config config;

static int set_up(void **state)
{
    (void)state;
    char bad;
    config = (struct h1_config){.max_uri_size = 16};
    return h1_config_bytes(&config, "", "", &bad) ? 0 : -1;
}

static void expect_refusal(struct span input, enum refusal got, enum refusal want)
{
    if (got != want)
        fail_msg("\"%.*s\": %s where %s was expected", SPAN_ARG(input),
                 got ? refusal_row(got)->name : "none", want ? refusal_row(want)->name : "none");
}

/* ---- request line ---- */

static void test_request_line(void **state)
{
    (void)state;
    struct request_line line = {.version = 0};
    struct span text = SPAN_LIT("POST /a?b HTTP/1.1");
    expect_refusal(text, policy_request_line(&config, text, &line), REFUSE_NONE);
    assert_true(span_eq(line.method, SPAN_LIT("POST")));
    assert_true(span_eq(line.target, SPAN_LIT("/a?b")));
    assert_ptr_equal(line.target.p, text.p + 5);
    assert_int_equal(line.version, 11);
    assert_int_equal(line.known, METHOD_POST);
    assert_int_equal(policy_request_line(&config, SPAN_LIT("X / HTTP/1.0"), &line), REFUSE_NONE);
    assert_int_equal(line.version, 10);
    assert_int_equal(line.known, METHOD_UNKNOWN);
    assert_int_equal(policy_request_line(&config, SPAN_LIT("X / HTTP/1.7"), &line), REFUSE_NONE);
    assert_int_equal(line.version, 11);
}

static void test_request_lines_refused(void **state)
{
    (void)state;
    static const struct {
        struct span line;
        enum refusal why;
    } rows[] = {
        {BYTES(""), REFUSE_REQUEST_LINE},
        {BYTES(" "), REFUSE_REQUEST_LINE},
        {BYTES("  "), REFUSE_REQUEST_LINE},
        {BYTES("GET /"), REFUSE_REQUEST_LINE},
        {BYTES("GET  HTTP/1.1"), REFUSE_REQUEST_LINE},
        {BYTES(" GET / HTTP/1.1"), REFUSE_REQUEST_LINE},
        {BYTES("G=T / HTTP/1.1"), REFUSE_METHOD_TOKEN},
        {BYTES("GET / "), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/1.1 "), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/1.1\r"), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/1,1"), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/:.1"), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/1./"), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTPS1.1"), REFUSE_VERSION_SYNTAX},
        {BYTES("GET / HTTP/0.0"), REFUSE_VERSION},
        {BYTES("GET / HTTP/3.0"), REFUSE_VERSION},
        {BYTES("GET /234567890123456 HTTP/1.1"), REFUSE_NONE}, /* 16 bytes */
        {BYTES("GET /2345678901234567 HTTP/1.1"), REFUSE_URI_SIZE},
        {BYTES("CONNECT a:1 HTTP/1.1"), REFUSE_CONNECT},
        {BYTES("GET  / HTTP/1.1"), REFUSE_TARGET_BYTE},
        {BYTES("GET /\x80 HTTP/1.1"), REFUSE_TARGET_BYTE},
        {BYTES("GET /# HTTP/1.1"), REFUSE_TARGET_BYTE},
        {BYTES("GET /?# HTTP/1.1"), REFUSE_TARGET_BYTE},
        {BYTES("GET /{ HTTP/1.1"), REFUSE_PATH_BYTE},
        {BYTES("GET /?{ HTTP/1.1"), REFUSE_QUERY_BYTE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct request_line line;
        expect_refusal(rows[i].line, policy_request_line(&config, rows[i].line, &line),
                       rows[i].why);
    }
}

/* All 256 bytes, in path and query. */
static void test_target_bytes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char path[] = "GET /_ HTTP/1.1", query[] = "GET /?_ HTTP/1.1";
        path[5] = query[6] = (char)c;
        struct request_line line;
        bool never = c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}#", c);
        enum refusal p = policy_request_line(&config, span_of(path), &line);
        enum refusal q = policy_request_line(&config, span_make(query, sizeof(query) - 1), &line);
        if (c == 0) /* span_of ends there */
            p = policy_request_line(&config, span_make(path, sizeof(path) - 1), &line);
        if ((p != REFUSE_NONE) != never || (q != REFUSE_NONE) != never)
            fail_msg("byte 0x%02x", (unsigned)c);
    }
}

static void test_relaxed_bytes(void **state)
{
    (void)state;
    struct h1_config relaxed = {.max_uri_size = 64};
    struct request_line line;
    char bad = 0;
    assert_true(h1_config_bytes(&relaxed, "\"<>[\\]^`{|}", "|", &bad));
    assert_int_equal(
        policy_request_line(&relaxed, SPAN_LIT("GET /\"<>[\\]^`{|}?| HTTP/1.1"), &line),
        REFUSE_NONE);
    assert_int_equal(policy_request_line(&relaxed, SPAN_LIT("GET /?{ HTTP/1.1"), &line),
                     REFUSE_QUERY_BYTE);
    assert_false(h1_config_bytes(&relaxed, "|#", "", &bad));
    assert_int_equal(bad, '#');
    assert_false(h1_config_bytes(&relaxed, "", " ", &bad));
    assert_int_equal(bad, ' ');
    assert_false(h1_config_bytes(&relaxed, "\xc3", "", &bad));
}

/* ---- fields ---- */

static void test_field_line(void **state)
{
    (void)state;
    struct span name, value;
    assert_int_equal(policy_field_line(SPAN_LIT("A-b: \t x y\t "), &name, &value), REFUSE_NONE);
    assert_true(span_eq(name, SPAN_LIT("A-b")));
    assert_true(span_eq(value, SPAN_LIT("x y")));
    assert_int_equal(policy_field_line(SPAN_LIT("A:"), &name, &value), REFUSE_NONE);
    assert_int_equal(value.n, 0);
    assert_non_null(value.p);
    assert_int_equal(policy_field_line(SPAN_LIT("A:::"), &name, &value), REFUSE_NONE);
    assert_true(span_eq(value, SPAN_LIT("::")));
    assert_int_equal(policy_field_line(SPAN_LIT("A"), &name, &value), REFUSE_FIELD);
    assert_int_equal(policy_field_line(SPAN_LIT(":a"), &name, &value), REFUSE_FIELD);
    assert_int_equal(policy_field_line(SPAN_LIT(" A: a"), &name, &value), REFUSE_FIELD);
}

/* All 256 bytes, in a name and in a value. */
static void test_field_bytes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char in_name[] = "A_A: x", in_value[] = "A: x_x";
        struct span name, value;
        in_name[1] = in_value[4] = (char)c;
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool token = alnum || (c != 0 && c < 128 && strchr("!#$%&'*+-.^_`|~", c));
        bool text = c == '\t' || (c >= 0x20 && c != 0x7f);
        enum refusal n = policy_field_line(span_make(in_name, 6), &name, &value);
        enum refusal v = policy_field_line(span_make(in_value, 6), &name, &value);
        if ((n == REFUSE_NONE) != (token || c == ':'))
            fail_msg("byte 0x%02x in a name", (unsigned)c);
        if (v != (text ? REFUSE_NONE : REFUSE_FIELD_VALUE))
            fail_msg("byte 0x%02x in a value", (unsigned)c);
    }
}

/* ---- whole requests ---- */

/* A request with up to two fields of one name. */
struct made {
    struct arena arena;
    struct request req;
};

static void make(struct made *m, uint16_t version, const char *name, const char *first,
                 const char *second)
{
    *m = (struct made){.req = {.version = version, .method = METHOD_GET}};
    arena_init(&m->arena);
    if (first)
        assert_true(headers_add_copy(&m->req.headers, &m->arena, span_of(name), span_of(first)));
    if (second)
        assert_true(headers_add_copy(&m->req.headers, &m->arena, span_of(name), span_of(second)));
}

static void test_keep_alive(void **state)
{
    (void)state;
    static const struct {
        uint16_t version;
        const char *first, *second;
        bool keeps;
    } rows[] = {
        {11, NULL, NULL, true},
        {10, NULL, NULL, false},
        {11, "close", NULL, false},
        {11, "Close", "keep-alive", false},
        {11, "keep-alive", "x, close ,", false},
        {11, "closed", NULL, true},
        {11, "x-close, y", NULL, true},
        {11, "", NULL, true},
        {10, "keep-alive", NULL, true},
        {10, ",, Keep-Alive", NULL, true},
        {10, "keep-alive, close", NULL, false},
        {10, "keep", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct made m;
        make(&m, rows[i].version, "Connection", rows[i].first, rows[i].second);
        if (policy_keep_alive(&m.req) != rows[i].keeps)
            fail_msg("row %zu", i);
        arena_destroy(&m.arena);
    }
}

static void test_expect(void **state)
{
    (void)state;
    static const struct {
        uint16_t version;
        const char *first, *second;
        enum refusal why;
        bool wants;
    } rows[] = {
        {11, NULL, NULL, REFUSE_NONE, false},
        {11, "100-CONTINUE", NULL, REFUSE_NONE, true},
        {11, "100-continue", "100-continue", REFUSE_NONE, true},
        {11, "100-continue", "x", REFUSE_EXPECTATION, false},
        {11, "", NULL, REFUSE_EXPECTATION, false},
        {11, "100", NULL, REFUSE_EXPECTATION, false},
        {10, "100-continue", NULL, REFUSE_NONE, false},
        {10, "x", NULL, REFUSE_NONE, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct made m;
        bool wants = true;
        make(&m, rows[i].version, "Expect", rows[i].first, rows[i].second);
        expect_refusal(span_of(rows[i].first), policy_expect(&m.req, &wants), rows[i].why);
        assert_int_equal(wants, rows[i].wants);
        arena_destroy(&m.arena);
    }
}

static void test_coding(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        enum refusal why;
    } rows[] = {
        {"chunked", NULL, REFUSE_NONE},
        {"CHUNKED", NULL, REFUSE_NONE},
        {"chunke", NULL, REFUSE_CODING},
        {"chunkedd", NULL, REFUSE_CODING},
        {"gzip", "chunked", REFUSE_CODING},
        {"chunked", "gzip", REFUSE_CODING_LIST},
        {"gzip, deflate", NULL, REFUSE_CODING_LIST},
        {"chunked", "chunked", REFUSE_CODING_LIST},
        {"chunked", "", REFUSE_CODING_LIST},
        {"", "chunked", REFUSE_CODING_LIST},
        {",chunked", NULL, REFUSE_CODING_LIST},
        {"chunked;q=1", NULL, REFUSE_CODING_LIST},
        {"chun\tked", NULL, REFUSE_CODING_LIST},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct made m;
        struct framing framing;
        make(&m, 11, "Transfer-Encoding", rows[i].first, rows[i].second);
        expect_refusal(span_of(rows[i].first), policy_framing(&m.req, &framing), rows[i].why);
        if (rows[i].why == REFUSE_NONE)
            assert_true(framing.chunked);
        m.req.version = 10;
        assert_int_equal(policy_framing(&m.req, &framing), REFUSE_CODING_VERSION);
        arena_destroy(&m.arena);
    }
}

static void test_length(void **state)
{
    (void)state;
    struct made m;
    struct framing framing;
    make(&m, 11, "Content-Length", "9223372036854775807", NULL);
    assert_int_equal(policy_framing(&m.req, &framing), REFUSE_NONE);
    assert_true(!framing.chunked && framing.length == INT64_MAX);
    assert_true(headers_add_copy(&m.req.headers, &m.arena, SPAN_LIT("Transfer-Encoding"),
                                 SPAN_LIT("chunked")));
    assert_int_equal(policy_framing(&m.req, &framing), REFUSE_LENGTH_AND_CODING);
    arena_destroy(&m.arena);
    make(&m, 11, "Content-Length", "0", "0");
    assert_int_equal(policy_framing(&m.req, &framing), REFUSE_LENGTH);
    arena_destroy(&m.arena);
    make(&m, 10, "Host", NULL, NULL);
    assert_int_equal(policy_framing(&m.req, &framing), REFUSE_NONE);
    assert_true(!framing.chunked && framing.length == 0);
    arena_destroy(&m.arena);
}

static void test_host(void **state)
{
    (void)state;
    struct made m;
    make(&m, 11, "Host", "a:1", NULL);
    m.req.host = SPAN_LIT("b");
    m.req.port = 2;
    assert_int_equal(policy_host(&m.req, true), REFUSE_NONE); /* the target's stays */
    assert_true(span_eq(m.req.host, SPAN_LIT("b")) && m.req.port == 2);
    assert_int_equal(policy_host(&m.req, false), REFUSE_NONE);
    assert_true(span_eq(m.req.host, SPAN_LIT("a")) && m.req.port == 1);
    arena_destroy(&m.arena);
    make(&m, 10, "Host", NULL, NULL);
    assert_int_equal(policy_host(&m.req, false), REFUSE_NONE);
    assert_null(m.req.host.p);
    m.req.version = 11;
    assert_int_equal(policy_host(&m.req, true), REFUSE_HOST_MISSING);
    arena_destroy(&m.arena);
    make(&m, 10, "Host", "a", "b");
    assert_int_equal(policy_host(&m.req, false), REFUSE_HOST_TWICE);
    arena_destroy(&m.arena);
}

static void test_target_forms(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        enum method method;
        enum refusal why;
        const char *path;
    } rows[] = {
        {"/x?y", METHOD_GET, REFUSE_NONE, "/x?y"},
        {"*", METHOD_OPTIONS, REFUSE_NONE, NULL},
        {"*", METHOD_GET, REFUSE_TARGET_FORM, NULL},
        {"**", METHOD_OPTIONS, REFUSE_TARGET_FORM, NULL},
        {"http://h/x", METHOD_GET, REFUSE_NONE, "/x"},
        {"http://h?y/z", METHOD_GET, REFUSE_NONE, "/?y/z"},
        {"hTTps://h", METHOD_GET, REFUSE_NONE, "/"},
        {"http://", METHOD_GET, REFUSE_TARGET_AUTHORITY, NULL},
        {"http://h@i/", METHOD_GET, REFUSE_TARGET_AUTHORITY, NULL},
        {"http://h:/", METHOD_GET, REFUSE_NONE, "/"},
        {"http:/h", METHOD_GET, REFUSE_TARGET_FORM, NULL},
        {"ws://h/", METHOD_GET, REFUSE_TARGET_FORM, NULL},
        {"h", METHOD_GET, REFUSE_TARGET_FORM, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct made m;
        struct span path = SPAN_NONE, target = span_of(rows[i].target);
        make(&m, 11, "Host", NULL, NULL);
        m.req.target = target;
        m.req.method = rows[i].method;
        expect_refusal(target, policy_target(&m.req, &m.arena, &path), rows[i].why);
        if (rows[i].why == REFUSE_NONE)
            assert_true(span_eq(path, span_of(rows[i].path)) && !path.p == !rows[i].path);
        arena_destroy(&m.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_line), cmocka_unit_test(test_request_lines_refused),
        cmocka_unit_test(test_target_bytes), cmocka_unit_test(test_relaxed_bytes),
        cmocka_unit_test(test_field_line),   cmocka_unit_test(test_field_bytes),
        cmocka_unit_test(test_keep_alive),   cmocka_unit_test(test_expect),
        cmocka_unit_test(test_coding),       cmocka_unit_test(test_length),
        cmocka_unit_test(test_host),         cmocka_unit_test(test_target_forms),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
