/* SPDX-License-Identifier: Apache-2.0
 * Every request that the protocol answers itself (h1_refusals.def): sent whole, byte by byte, and
 * pipelined behind a good request, always with another request behind it. Asserted: the statuses on
 * the wire, whether the connection closes and says so, the sentence, the attribute that is named, and
 * that neither the refused request nor anything behind a closing one ever goes up. */
#include "h1_harness.h"

enum { CLOSE, KEEP };

struct row {
    const char *what;
    struct span before;
    char fill;
    size_t count;
    struct span after;
    unsigned status;
    int then;
    const char *setting;
};

static const struct row rows[] = {
#define X(what, bytes, status, then, setting) \
    {what, BYTES(bytes), 0, 0, BYTES(""), status, then, setting},
#define L(what, before, fill, count, after, status, then, setting) \
    {what, BYTES(before), fill, count, BYTES(after), status, then, setting},
#include "h1_refusals.def"
#undef X
#undef L
};

enum way { WHOLE, BYTEWISE, PIPELINED, WAYS };
static const char *const way_names[WAYS] = {"whole", "byte by byte", "pipelined"};

static const struct row *now; /* what a failure message names */
static enum way now_way;

#define EXPECT(e)                                                         \
    do {                                                                  \
        if (!(e))                                                         \
            fail_msg("\"%s\" %s: %s", now->what, way_names[now_way], #e); \
    } while (0)

static struct buf row_bytes(const struct row *row)
{
    struct buf b = BUF_EMPTY;
    assert_true(buf_append_span(&b, row->before));
    for (size_t i = 0; i < row->count; i++)
        assert_true(buf_append(&b, &row->fill, 1));
    assert_true(buf_append_span(&b, row->after));
    return b;
}

static void check_refusal(const struct row *row, const struct h1_peer *p, const struct h1_answer *a)
{
    bool closes = row->then == CLOSE;
    bool head = span_starts(row->before, SPAN_LIT("HEAD "));
    EXPECT(a->status == row->status);
    EXPECT(answer_has(a, "Connection: close") == closes);
    EXPECT(memmem(a->head.p, a->head.n, "\r\nDate: ", 8) != NULL);
    EXPECT(p->refusals == 1 && p->refused.status == row->status);
    EXPECT((p->refused.setting == NULL) == (row->setting == NULL));
    EXPECT(!row->setting || strcmp(p->refused.setting, row->setting) == 0);
    if (row->status == 200) { /* OPTIONS * */
        EXPECT(a->body.n == 0 && answer_length(a->head) == 0);
        EXPECT(memmem(a->head.p, a->head.n, "\r\nAllow: GET, ", 13) != NULL);
        return;
    }
    EXPECT(answer_has(a, "Content-Type: text/plain; charset=utf-8"));
    EXPECT(answer_length(a->head) > (int64_t)strlen(p->refused.why));
    EXPECT(a->body.n == (head ? 0 : (size_t)answer_length(a->head)));
    if (head)
        return;
    EXPECT(span_ends(a->body, SPAN_LIT(".\n")));
    EXPECT(memmem(a->body.p, a->body.n, p->refused.why, strlen(p->refused.why)) != NULL);
}

static void try_row(const struct row *row, enum way way)
{
    static const struct span good = BYTES("GET /before HTTP/1.1\r\nHost: a\r\n\r\n");
    static const struct span next = BYTES("GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
    struct h1_peer p;
    struct buf bytes = row_bytes(row);
    unsigned before = way == PIPELINED ? 1 : 0, after = row->then == KEEP ? 1 : 0;
    now = row;
    now_way = way;

    peer_open(&p);
    if (way == PIPELINED)
        assert_true(buf_append_span(&p.in, good));
    if (way == BYTEWISE)
        peer_send_bytewise(&p, buf_span(&bytes));
    else
        peer_send(&p, buf_span(&bytes));
    peer_send(&p, next);

    EXPECT(p.closed == (row->then == CLOSE));
    EXPECT(p.exchanges == before + after);
    struct span out = buf_span(&p.out);
    struct h1_answer a;
    if (before) {
        EXPECT(answer_take(&out, false, &a) && a.status == 200);
        EXPECT(span_starts(buf_span(&p.seen), SPAN_LIT("method=GET|target=/before|")));
    }
    EXPECT(answer_take(&out, span_starts(row->before, SPAN_LIT("HEAD ")), &a));
    check_refusal(row, &p, &a);
    if (after)
        EXPECT(answer_take(&out, false, &a) && a.status == 200);
    EXPECT(out.n == 0);
    struct span seen = buf_span(&p.seen);
    EXPECT((memmem(seen.p, seen.n, "/after|", 7) != NULL) == (after == 1));
    peer_close(&p);
    buf_free(&bytes);
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        try_row(&rows[i], WHOLE);
}

static void test_bytewise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        try_row(&rows[i], BYTEWISE);
}

static void test_pipelined(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        try_row(&rows[i], PIPELINED);
}

/* BEFORE, a number and AFTER, for the numbers from 0 to COUNT - 1. */
static void send_many(struct h1_peer *p, const char *before, const char *after, unsigned count)
{
    struct buf b = BUF_EMPTY;
    for (unsigned i = 0; i < count; i++)
        assert_true(buf_printf(&b, "%s%02u%s", before, i, after));
    peer_send(p, buf_span(&b));
    buf_free(&b);
}

static void test_too_many_fields(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\n");
    send_many(&p, "X-", ": 1\r\n", 99);
    peer_send_str(&p, "\r\n");
    assert_int_equal(p.exchanges, 1);
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\n");
    send_many(&p, "X-", ": 1\r\n", 100);
    assert_true(p.closed);
    assert_int_equal(p.refused.status, 431);
    assert_string_equal(p.refused.setting, "maxHeaderCount");
    assert_int_equal(p.exchanges, 1);
    peer_close(&p);
}

static void test_fields_together_too_large(void **state)
{
    (void)state;
    struct h1_peer p;
    peer_open(&p);
    peer_send_str(&p, "GET / HTTP/1.1\r\nHost: a\r\n"); /* 9 bytes of fields, 91 lines of 91 */
    send_many(&p, "Name-of-a-field-",
              ": 012345678901234567890123456789012345678901234567890123456789012345678\r\n", 91);
    assert_true(p.closed);
    assert_int_equal(p.refused.status, 431);
    assert_string_equal(p.refused.setting, "maxHttpHeaderSize");
    peer_close(&p);
}

static void test_too_many_trailers(void **state)
{
    (void)state;
    for (unsigned count = 100; count <= 101; count++) {
        struct h1_peer p;
        peer_open(&p);
        peer_send_str(&p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        send_many(&p, "X-", ": 1\r\n", count);
        peer_send_str(&p, "\r\n");
        assert_int_equal(p.exchanges, count == 100);
        assert_int_equal(p.closed, count == 101);
        if (count == 101) {
            assert_int_equal(p.refused.status, 400);
            assert_string_equal(p.refused.setting, "maxTrailerSize");
        }
        peer_close(&p);
    }
}

static void test_too_many_segments(void **state)
{
    (void)state;
    for (unsigned count = 1000; count <= 1001; count++) {
        struct h1_peer p;
        peer_open(&p);
        peer_send_str(&p, "GET ");
        send_many(&p, "/", "", count);
        peer_send_str(&p, " HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(p.exchanges, count == 1000);
        assert_false(p.closed);
        if (count == 1001)
            assert_int_equal(p.refused.status, 400);
        peer_close(&p);
    }
}

/* What the attributes let in that the defaults do not. */
static void test_relaxed(void **state)
{
    (void)state;
    struct h1_peer p;
    char bad;
    peer_open(&p);
    assert_true(h1_config_bytes(&p.config, "|\\", "{}", &bad));
    p.config.uri.reject_suspicious = false;
    p.config.uri.encoded_solidus = URI_SOLIDUS_DECODE;
    peer_send_str(&p, "GET /a|b/%2e%2e%2Fc?{} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(p.exchanges, 1);
    assert_non_null(memmem(p.seen.mem, buf_len(&p.seen), "|path=/c|query={}|", 18));
    peer_send_str(&p, "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"); /* not even then */
    assert_int_equal(p.refused.status, 400);
    assert_null(p.refused.setting);
    assert_false(p.closed);
    peer_send_str(&p, "GET /{ HTTP/1.1\r\nHost: a\r\n\r\n"); /* only in a query */
    assert_true(p.closed);
    assert_string_equal(p.refused.setting, "relaxedPathChars");
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_bytewise),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_too_many_fields),
        cmocka_unit_test(test_fields_together_too_large),
        cmocka_unit_test(test_too_many_trailers),
        cmocka_unit_test(test_too_many_segments),
        cmocka_unit_test(test_relaxed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
