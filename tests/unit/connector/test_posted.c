/* SPDX-License-Identifier: Apache-2.0
 * The posted path through a real connector: what a handler writes after its lease ended. The writer waits
 * for room and no longer than that; it learns that the client is gone or too slow; the answer is
 * whole and framed as it was begun; each exchange is recorded once. */
#include "connector_rig.h"

#include <semaphore.h>

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define FILL       (4u * 1024 * 1024) /* more than all socket buffers between server and client */
#define WRITE_SIZE 10000u

static _Atomic unsigned released, gone, unwritable;
static sem_t go_on;
static char filler[FILL];

static void release(void *arg)
{
    (void)arg;
    atomic_fetch_add(&released, 1);
}

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static void write_counted(struct exchange *x)
{
    unsigned char text[WRITE_SIZE];
    for (unsigned i = 0; i < 500; i++) {
        memset(text, 'A' + (int)(i % 26), sizeof(text));
        if (x->channel->writable(x) == false)
            atomic_fetch_add(&unwritable, 1);
        if (response_write(x, span_make((char *)text, sizeof(text))) != RESPONSE_OK)
            atomic_fetch_add(&gone, 1);
    }
}

/* Ends the lease: from here on everything is posted. */
static void end_lease(struct exchange *x)
{
    CHECK(response_write_ref(x, span_make(filler, FILL), release, NULL) == RESPONSE_OK);
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/many")) {
        end_lease(x);
        write_counted(x);
    } else if (path_is(x, "/length")) {
        x->res.length = FILL + 3;
        end_lease(x);
        response_write(x, SPAN_LIT("end"));
    } else if (path_is(x, "/stream")) {
        end_lease(x);
        sem_wait(&go_on);
        response_write(x, SPAN_LIT("more"));
        response_flush(x);
        sem_wait(&go_on);
        response_write(x, SPAN_LIT(""));
    } else if (path_is(x, "/abort")) {
        end_lease(x);
        response_abort(x);
    } else if (path_is(x, "/late")) { /* ends when its client has long gone */
        end_lease(x);
        sem_wait(&go_on);
        if (response_write_ref(x, SPAN_LIT("late"), release, NULL) == RESPONSE_GONE)
            atomic_fetch_add(&gone, 1);
    } else {
        response_write(x, x->req.uri.path);
    }
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    *state = &r;
    atomic_store(&released, 0);
    atomic_store(&gone, 0);
    atomic_store(&unwritable, 0);
    sem_init(&go_on, 0, 0);
    memset(filler, '.', FILL);
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    sem_destroy(&go_on);
    return 0;
}

static void expect_filler(int fd, size_t n)
{
    static char got[65536];
    while (n > 0) {
        ssize_t more = client_read(fd, got, n < sizeof(got) ? n : sizeof(got));
        assert_true(more > 0);
        assert_memory_equal(got, filler, (size_t)more);
        n -= (size_t)more;
    }
}

/* The body of a chunked answer, whatever the chunks; its length. RIGHT looks at every byte. */
static size_t read_chunks(int fd, bool (*right)(size_t at, char c))
{
    size_t total = 0;
    for (;;) {
        char line[20];
        size_t n = 0;
        do {
            assert_true(n + 1 < sizeof(line) && client_read(fd, line + n, 1) == 1);
        } while (line[n++] != '\n');
        size_t left = strtoul(line, NULL, 16);
        bool last = left == 0;
        static char got[65536];
        while (left > 0) {
            ssize_t more = client_read(fd, got, left < sizeof(got) ? left : sizeof(got));
            assert_true(more > 0);
            for (ssize_t i = 0; i < more; i++)
                assert_true(right(total + (size_t)i, got[i]));
            total += (size_t)more;
            left -= (size_t)more;
        }
        client_expect(fd, "\r\n");
        if (last)
            return total;
    }
}

static bool many_is_right(size_t at, char c)
{
    return c == (at < FILL ? '.' : (char)('A' + (at - FILL) / WRITE_SIZE % 26));
}

static void bytes_in_order_and_the_writer_waits(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    uint64_t answered = counter_read(COUNTER_requests);
    int fd = client_connect(r, 4096);
    char head[1024];
    client_send(fd, GET("/many") GET("/after"));
    rig_await(atomic_load(&unwritable) > 0);
    client_head(fd, head, sizeof(head));
    assert_int_equal(read_chunks(fd, many_is_right), FILL + 500 * WRITE_SIZE);
    client_answer(fd, "/after");
    assert_int_equal(gone, 0);
    assert_int_equal(released, 1);
    rig_await(counter_read(COUNTER_requests) - answered == 2);
    close(fd);
}

static void announced_length(void **state)
{
    rig_start(*state);
    int fd = client_connect(*state, 4096);
    char head[1024];
    client_send(fd, GET("/length") GET("/after"));
    client_head(fd, head, sizeof(head));
    assert_non_null(strstr(head, "Content-Length: 4194307\r\n"));
    expect_filler(fd, FILL);
    client_expect(fd, "end");
    client_answer(fd, "/after");
    close(fd);
}

static void flushed_while_the_handler_runs(void **state)
{
    struct rig *r = *state;
    r->options.send_timeout = 300; /* nobody is slow while there is nothing to send */
    rig_start(r);
    int fd = client_connect(r, 0);
    char head[1024];
    client_send(fd, GET("/stream"));
    client_head(fd, head, sizeof(head));
    client_expect(fd, "400000\r\n");
    expect_filler(fd, FILL);
    client_expect(fd, "\r\n");
    poll(NULL, 0, 700); /* longer than sendTimeout: the point of the case */
    sem_post(&go_on);
    client_expect(fd, "4\r\nmore\r\n");
    sem_post(&go_on);
    client_expect(fd, "0\r\n\r\n");
    close(fd);
}

static void abort_after_the_lease(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    int fd = client_connect(r, 4096);
    char some[4096];
    client_send(fd, GET("/abort"));
    size_t total = 0;
    ssize_t n;
    while ((n = client_read(fd, some, sizeof(some))) > 0)
        total += (size_t)n;
    assert_true(total < FILL + 100);
    close(fd);
    rig_await(rig_closed(r, "aborted") == 1);
    assert_int_equal(counter_read(COUNTER_responses_aborted) - aborted, 1);
    assert_int_equal(released, 1);
}

static void reset_now(int fd)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

static void a_waiting_writer_learns_that_the_client_left(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/many"));
    rig_await(atomic_load(&unwritable) > 0); /* it waits, or is about to */
    reset_now(fd);
    rig_await(atomic_load(&gone) > 0);
    rig_await(rig_closed(r, "reset") == 1);
    rig_await(released == 1);
}

static void a_client_that_takes_nothing(void **state)
{
    struct rig *r = *state;
    r->options.send_timeout = 200;
    rig_start(r);
    uint64_t timeouts = counter_read(COUNTER_timeouts);
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/many"));
    rig_await(atomic_load(&gone) > 0);
    rig_await(rig_closed(r, "send_timeout") == 1);
    assert_int_equal(counter_read(COUNTER_timeouts) - timeouts, 1);
    close(fd);
}

/* regression 103: a client that left while the handler still ran had the exchange recorded by the
 * poller, which read what the handler was writing (a race), and counted as an answer without a status. */
static void recorded_once_when_the_client_left_first(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    uint64_t ok = counter_read(COUNTER_responses_2xx);
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/late"));
    rig_await(rig_in_state(r, "PARKED") == 1);
    reset_now(fd);
    rig_await(rig_closed(r, "reset") == 1);
    assert_int_equal(counter_read(COUNTER_responses_aborted), aborted);
    sem_post(&go_on);
    rig_await(counter_read(COUNTER_responses_aborted) == aborted + 1);
    rig_await(counter_read(COUNTER_responses_2xx) == ok + 1);
    assert_int_equal(gone, 1);
    assert_int_equal(released, 2);
}

/* connector_abort wakes a writer that waits, and the workers come to rest. */
static void abort_of_the_connector_wakes_the_writer(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/many"));
    rig_await(atomic_load(&unwritable) > 0);
    connector_drain(r->connector);
    assert_false(connector_wait_empty(r->connector, 50000));
    assert_true(connector_abort(r->connector, RIG_SILENCE * 1000000u));
    assert_true(gone > 0);
    close(fd);
    assert_int_equal(rig_closed(r, "drain"), 1);
}

static void drained_while_parked(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 0);
    char head[1024];
    client_send(fd, GET("/stream"));
    client_head(fd, head, sizeof(head));
    client_expect(fd, "400000\r\n");
    expect_filler(fd, FILL);
    client_expect(fd, "\r\n");
    connector_drain(r->connector);
    sem_post(&go_on);
    client_expect(fd, "4\r\nmore\r\n");
    sem_post(&go_on);
    client_expect(fd, "0\r\n\r\n");
    client_expect_end(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_in_order_and_the_writer_waits),
        TEST(announced_length),
        TEST(flushed_while_the_handler_runs),
        TEST(abort_after_the_lease),
        TEST(a_waiting_writer_learns_that_the_client_left),
        TEST(a_client_that_takes_nothing),
        TEST(recorded_once_when_the_client_left_first),
        TEST(abort_of_the_connector_wakes_the_writer),
        TEST(drained_while_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
