/* SPDX-License-Identifier: Apache-2.0
 * The direct path through a real connector: answers in order and in one piece, what is gathered, what a
 * handler may write, what ends a lease early, and what becomes of static pieces. */
#include "connector_rig.h"

#include <semaphore.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static _Atomic unsigned released;
static sem_t written;
static char piece[200000];

static void release(void *arg)
{
    atomic_fetch_add((_Atomic unsigned *)arg, 1);
}

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/empty-pieces")) { /* below the response's buffering: straight to the channel */
        x->res.committed = true;
        CHECK(x->channel->write(x, SPAN_LIT(""), NULL, NULL) == CHANNEL_OK);
        CHECK(x->channel->write(x, SPAN_LIT("one"), NULL, NULL) == CHANNEL_OK);
        CHECK(x->channel->write(x, SPAN_LIT(""), release, &released) == CHANNEL_OK);
        CHECK(x->channel->write(x, SPAN_LIT("two"), release, &released) == CHANNEL_OK);
    } else if (path_is(x, "/abort")) {
        response_write(x, SPAN_LIT("begun"));
        response_flush(x);
        response_abort(x);
    } else if (path_is(x, "/static")) {
        for (int i = 0; i < 40; i++)
            response_write_ref(x, span_make(piece, sizeof(piece)), release, &released);
    } else if (path_is(
                   x, "/pieces")) { /* larger than what is copied, smaller than a socket's buffer */
        for (int i = 0; i < 3; i++)
            response_write_ref(x, span_make(piece, 17000), release, &released);
    } else if (path_is(x, "/flushed")) {
        response_write(x, SPAN_LIT("first,"));
        response_flush(x);
        sem_wait(&written);
        response_write(x, SPAN_LIT("second"));
    } else {
        response_write(x, x->req.uri.path);
    }
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    rig_start(&r);
    atomic_store(&released, 0);
    sem_init(&written, 0, 0);
    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = (char)('a' + i % 26);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    sem_destroy(&written);
    return 0;
}

static void answers_in_order(void **state)
{
    int fd = client_connect(*state, 0);
    for (int i = 0; i < 100; i++) {
        client_send(fd, GET("/one") GET("/two") GET("/three"));
        assert_int_equal(client_answer(fd, "/one"), 200);
        assert_int_equal(client_answer(fd, "/two"), 200);
        assert_int_equal(client_answer(fd, "/three"), 200);
    }
    close(fd);
}

static void pipelined_answers_leave_together(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    client_send(fd, GET("/warm"));
    client_answer(fd, "/warm");
    rig_await(rig_in_state(r, "IDLE") == 1); /* all is counted */
    uint64_t sends = counter_read(COUNTER_send_calls), leases = counter_read(COUNTER_leases);
    client_send(fd, GET("/1") GET("/2") GET("/3") GET("/4") GET("/5"));
    for (int i = 1; i <= 5; i++)
        client_answer(fd, (char[]){'/', (char)('0' + i), '\0'});
    rig_await(rig_in_state(r, "IDLE") == 1);
    assert_int_equal(counter_read(COUNTER_send_calls) - sends, 1);
    assert_int_equal(counter_read(COUNTER_leases) - leases, 1);
    r->engine.slow = true; /* an answer does not wait for one that may take long */
    sends = counter_read(COUNTER_send_calls);
    client_send(fd, GET("/1") GET("/2") GET("/3"));
    for (int i = 1; i <= 3; i++)
        client_answer(fd, (char[]){'/', (char)('0' + i), '\0'});
    rig_await(rig_in_state(r, "IDLE") == 1);
    assert_int_equal(counter_read(COUNTER_send_calls) - sends, 3);
    close(fd);
}

static void flush_sends_at_once(void **state)
{
    int fd = client_connect(*state, 0);
    char head[1024];
    client_send(fd, GET("/flushed"));
    client_head(fd, head, sizeof(head));
    assert_non_null(strstr(head, "Transfer-Encoding: chunked"));
    client_expect(fd, "6\r\nfirst,\r\n");
    sem_post(&written);
    client_expect(fd, "6\r\nsecond\r\n0\r\n\r\n");
    close(fd);
}

/* regression 102: a write of no bytes was framed as a chunk of length 0, which ended the body. */
static void empty_writes_are_no_chunks(void **state)
{
    int fd = client_connect(*state, 0);
    char head[1024];
    client_send(fd, GET("/empty-pieces") GET("/next"));
    client_head(fd, head, sizeof(head));
    client_expect(fd, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    assert_int_equal(client_answer(fd, "/next"), 200);
    assert_int_equal(released, 2);
    close(fd);
}

static void abort_is_seen(void **state)
{
    struct rig *r = *state;
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    int fd = client_connect(r, 0);
    char head[1024], c;
    client_send(fd, GET("/abort"));
    client_head(fd, head, sizeof(head));
    client_expect(fd, "5\r\nbegun\r\n");
    assert_true(client_read(fd, &c, 1) <= 0); /* without the last chunk */
    close(fd);
    rig_await(rig_closed(r, "aborted") == 1);
    assert_int_equal(counter_read(COUNTER_responses_aborted) - aborted, 1);
}

/* 8 MB to a client that reads nothing at first: the worker is not held, every byte comes, in order, and
 * every piece is released once. */
static void slow_reader_ends_the_lease_once(void **state)
{
    struct rig *r = *state;
    uint64_t early = counter_read(COUNTER_leases_ended_early);
    int fd = client_connect(r, 4096);
    char head[1024];
    client_send(fd, GET("/static") GET("/after"));
    rig_await(counter_read(COUNTER_leases_ended_early) == early + 1);
    client_head(fd, head, sizeof(head));
    size_t total = 0;
    for (size_t left; (left = client_chunk(fd)) > 0;) {
        static char got[65536];
        while (left > 0) {
            ssize_t n = client_read(fd, got, left < sizeof(got) ? left : sizeof(got));
            assert_true(n > 0);
            for (ssize_t i = 0; i < n; i++)
                assert_int_equal(got[i], piece[(total + (size_t)i) % sizeof(piece)]);
            total += (size_t)n;
            left -= (size_t)n;
        }
        client_expect(fd, "\r\n");
    }
    assert_int_equal(total, 40 * sizeof(piece));
    client_expect(fd, "\r\n");
    assert_int_equal(client_answer(fd, "/after"), 200);
    assert_int_equal(counter_read(COUNTER_leases_ended_early), early + 1);
    rig_await(released == 40);
    close(fd);
}

static void pieces_sent_at_once_are_released(void **state)
{
    int fd = client_connect(*state, 0);
    char head[1024];
    uint64_t early = counter_read(COUNTER_leases_ended_early);
    for (unsigned i = 1; i <= 10; i++) {
        client_send(fd, GET("/pieces"));
        client_head(fd, head, sizeof(head));
        for (int k = 0; k < 3; k++) {
            client_expect(fd, "4268\r\n");
            for (size_t n = 0; n < 17000; n++) {
                char c;
                assert_int_equal(client_read(fd, &c, 1), 1);
                assert_int_equal(c, piece[n]);
            }
            client_expect(fd, "\r\n");
        }
        client_expect(fd, "0\r\n\r\n");
        rig_await(released == 3 * i);
    }
    assert_int_equal(counter_read(COUNTER_leases_ended_early), early);
    close(fd);
}

static void client_goes_away_in_the_lease(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/static"));
    rig_await(rig_in_state(r, "PARKED") == 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    rig_await(rig_closed(r, "reset") == 1);
    rig_await(released == 40); /* the rest at once, by CHANNEL_GONE */
}

static void half_close_still_gets_its_answers(void **state)
{
    for (int i = 0; i < 50; i++) {
        int fd = client_connect(*state, 0);
        client_send(fd, GET("/a") GET("/b"));
        shutdown(fd, SHUT_WR);
        client_answer(fd, "/a");
        client_answer(fd, "/b");
        client_expect_end(fd);
    }
    rig_await(rig_closed(*state, "peer") == 50);
}

/* regression 114: maxKeepAliveRequests="0" closed after the first answer instead of never. */
static void unlimited_requests(void **state)
{
    struct rig *r = *state;
    for (int64_t limit = -1; limit <= 3; limit++) {
        rig_stop(r);
        rig_init(r, serve);
        r->options.max_keep_alive_requests = limit;
        rig_start(r);
        int fd = client_connect(r, 0);
        char head[1024];
        for (int64_t i = 1; i <= 3; i++) {
            client_send(fd, GET("/a"));
            client_head(fd, head, sizeof(head));
            client_expect(fd, "/a");
            assert_int_equal(strstr(head, "Connection: close") != NULL, i == limit);
            if (i == limit)
                break;
        }
        if (limit > 0) {
            client_expect_end(fd);
            rig_await(rig_closed(r, "requests") == 1);
        } else {
            close(fd);
        }
    }
}

/* regression 115: a connection that went on after a refusal, and was closed by its client in the end,
 * counted as refused. */
static void a_refusal_that_does_not_close(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    client_send(fd, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n" GET("/a") "BREW / HTTP/1.1\r\n");
    assert_int_equal(client_answer(fd, NULL), 501);
    char c;
    do
        assert_int_equal(client_read(fd, &c, 1), 1);
    while (c != '\n'); /* its sentence */
    assert_int_equal(client_answer(fd, "/a"), 200);
    close(fd);
    rig_await(rig_closed(r, "peer") == 1);
    fd = client_connect(r, 0);
    client_send(fd, "nonsense\r\n\r\n");
    assert_int_equal(client_answer(fd, NULL), 400);
    close(fd);
    rig_await(rig_closed(r, "refused") == 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_in_order),
        TEST(pipelined_answers_leave_together),
        TEST(flush_sends_at_once),
        TEST(empty_writes_are_no_chunks),
        TEST(abort_is_seen),
        TEST(slow_reader_ends_the_lease_once),
        TEST(pieces_sent_at_once_are_released),
        TEST(client_goes_away_in_the_lease),
        TEST(half_close_still_gets_its_answers),
        TEST(unlimited_requests),
        TEST(a_refusal_that_does_not_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
