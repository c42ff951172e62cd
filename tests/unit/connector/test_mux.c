/* SPDX-License-Identifier: Apache-2.0
 * A protocol that multiplexes, driven through the real connector: exchanges interleaved, cancelled,
 * refused, cut off; deadlines that are not the handlers'; the end of the server. */
#include "connector_rig.h"

#include <semaphore.h>

#include "mock_mux.h"

static sem_t go_a, go_b;
static _Atomic unsigned gone, waiting, full;

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

/* Writes until it is told that nobody wants it. */
static void write_for_ever(struct exchange *x)
{
    static const char some[4000];
    do {
        if (!x->channel->writable(x))
            atomic_fetch_add(&full, 1);
    } while (response_write(x, span_make(some, sizeof(some))) == RESPONSE_OK);
    atomic_fetch_add(&gone, 1);
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/a") || path_is(x, "/b")) {
        sem_t *go = path_is(x, "/a") ? &go_a : &go_b;
        response_write(x, span_from(x->req.uri.path, 1));
        response_flush(x);
        atomic_fetch_add(&waiting, 1);
        sem_wait(go);
        if (response_write(x, SPAN_LIT("more")) != RESPONSE_OK || response_flush(x) != RESPONSE_OK)
            atomic_fetch_add(&gone, 1);
    } else if (path_is(x, "/ever")) {
        write_for_ever(x);
    } else if (path_is(x, "/abort")) {
        response_abort(x);
    } else {
        response_write(x, x->req.uri.path);
    }
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    r.options.proto = &mock_mux;
    r.options.no_tick = true;
    atomic_store(&gone, 0);
    atomic_store(&waiting, 0);
    atomic_store(&full, 0);
    sem_init(&go_a, 0, 0);
    sem_init(&go_b, 0, 0);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    sem_destroy(&go_a);
    sem_destroy(&go_b);
    return 0;
}

static void two_interleaved(void **state)
{
    rig_start(*state);
    int fd = client_connect(*state, 0);
    client_send(fd, "1 GET /a\n");
    client_expect(fd, "1 H 200\n1 D 1\na");
    client_send(fd, "2 GET /b\nPING\n");
    char got[40] = "";
    for (size_t n = 0; n < 20; n++) /* the ping and the stream may overtake each other */
        assert_int_equal(client_read(fd, got + n, 1), 1);
    assert_non_null(strstr(got, "PONG\n"));
    assert_non_null(strstr(got, "2 H 200\n2 D 1\nb"));
    sem_post(&go_a);
    client_expect(fd, "1 D 4\nmore1 E\n");
    sem_post(&go_b);
    client_expect(fd, "2 D 4\nmore2 E\n");
    client_send(fd, "1 GET /again\n");
    client_expect(fd, "1 H 200\n1 D 6\n/again1 E\n");
    assert_int_equal(rig_in_state(*state, "MUX"), 1);
    close(fd);
}

static void one_of_two_cancelled(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    uint64_t answered = counter_read(COUNTER_requests);
    int fd = client_connect(r, 0);
    client_send(fd, "1 GET /a\n");
    client_expect(fd, "1 H 200\n1 D 1\na");
    client_send(fd, "2 GET /b\n");
    client_expect(fd, "2 H 200\n2 D 1\nb");
    client_send(fd, "1 CANCEL\nPING\n");
    client_expect(fd, "PONG\n");
    assert_int_equal(counter_read(COUNTER_responses_aborted), aborted);
    sem_post(&go_a);
    rig_await(atomic_load(&gone) == 1);
    rig_await(counter_read(COUNTER_responses_aborted) == aborted + 1);
    sem_post(&go_b);
    client_expect(fd, "2 D 4\nmore2 E\n");
    client_send(fd, "1 GET /next\n"); /* the stream is free again */
    client_expect(fd, "1 H 200\n1 D 5\n/next1 E\n");
    rig_await(counter_read(COUNTER_requests) == answered + 3);
    close(fd);
}

static void a_writer_that_waits_is_woken_by_cancel(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 4096);
    client_send(fd, "1 GET /ever\n");
    rig_await(atomic_load(&full) > 0);
    client_send(fd, "1 CANCEL\n");
    /* The poller reads between two sends: the client takes what is on its way. */
    char some[4096];
    rig_await((recv(fd, some, sizeof(some), MSG_DONTWAIT), atomic_load(&gone) == 1));
    close(fd);
}

static void a_connection_that_ends_wakes_its_writers(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 4096);
    client_send(fd, "1 GET /ever\n2 GET /ever\n3 GET /a\n");
    rig_await(atomic_load(&full) > 1 && atomic_load(&waiting) == 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    rig_await(atomic_load(&gone) == 2);
    sem_post(&go_a);
    rig_await(atomic_load(&gone) == 3);
}

static void aborted_stream(void **state)
{
    rig_start(*state);
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    int fd = client_connect(*state, 0);
    client_send(fd, "1 GET /abort\n");
    client_expect(fd, "1 A\n");
    assert_int_equal(counter_read(COUNTER_responses_aborted), aborted + 1);
    client_send(fd, "1 GET /fine\n");
    client_expect(fd, "1 H 200\n1 D 5\n/fine1 E\n");
    close(fd);
}

static void no_room_in_the_queue(void **state)
{
    struct rig *r = *state;
    r->options.max_threads = r->options.min_spare_threads = 1;
    r->options.max_queue_size = 1;
    rig_start(r);
    int fd = client_connect(r, 0);
    client_send(fd, "1 GET /a\n");
    client_expect(fd, "1 H 200\n1 D 1\na");
    client_send(fd, "2 GET /two\nPING\n");
    client_expect(fd, "PONG\n");
    client_send(fd, "3 GET /three\n");
    client_expect(fd, "3 B\n");
    sem_post(&go_a);
    client_expect(fd, "1 D 4\nmore1 E\n");
    client_expect(fd, "2 H 200\n2 D 4\n/two2 E\n");
    close(fd);
}

static void the_protocol_says_end(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 0);
    client_send(fd, "1 GET /a\n");
    client_expect(fd, "1 H 200\n1 D 1\na");
    client_send(fd, "END\n");
    client_expect_end(fd);
    rig_await(rig_closed(r, "refused") == 1);
    sem_post(&go_a);
    rig_await(atomic_load(&gone) == 1);
}

/* regression 105: a connection whose handlers took longer than keepAliveTimeout was closed under them,
 * and an idle one counted as too slow. */
static void deadlines_are_not_the_handlers(void **state)
{
    struct rig *r = *state;
    r->options.no_tick = false;
    r->options.keep_alive_timeout = 200;
    rig_start(r);
    int fd = client_connect(r, 0);
    client_send(fd, "1 GET /a\n");
    client_expect(fd, "1 H 200\n1 D 1\na");
    poll(NULL, 0, 600); /* three times the timeout: the point of the case */
    sem_post(&go_a);
    client_expect(fd, "1 D 4\nmore1 E\n");
    client_expect_end(fd);
    rig_await(rig_closed(r, "idle") == 1);
    assert_int_equal(rig_closed(r, "send_timeout"), 0);
}

static void deadlines_of_what_the_client_owes(void **state)
{
    struct rig *r = *state;
    r->options.no_tick = false;
    r->options.body_timeout = 100;
    r->options.send_timeout = 200;
    r->options.connection_timeout = 300;
    rig_start(r);
    int body = client_connect(r, 0), output = client_connect(r, 4096),
        nothing = client_connect(r, 0);
    client_send(body, "1 HEAD\n");
    client_send(output, "1 GET /ever\n");
    client_expect_end(body);
    rig_await(rig_closed(r, "body_timeout") == 1);
    rig_await(rig_closed(r, "send_timeout") == 1);
    rig_await(atomic_load(&gone) == 1);
    client_expect_end(nothing);
    close(output);
}

/* regression 106: connections were not told that the server stops, and never ended. */
static void the_server_stops(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int idle = client_connect(r, 0), busy = client_connect(r, 0);
    client_send(idle, "1 GET /one\n");
    client_expect(idle, "1 H 200\n1 D 4\n/one1 E\n");
    client_send(busy, "1 GET /a\n");
    client_expect(busy, "1 H 200\n1 D 1\na");
    connector_drain(r->connector);
    client_expect(idle, "GOAWAY\n");
    client_expect_end(idle);
    client_expect(busy, "GOAWAY\n");
    sem_post(&go_a);
    client_expect(busy, "1 D 4\nmore1 E\n");
    client_expect_end(busy);
    rig_await(rig_closed(r, "drain") == 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_interleaved),
        TEST(one_of_two_cancelled),
        TEST(a_writer_that_waits_is_woken_by_cancel),
        TEST(a_connection_that_ends_wakes_its_writers),
        TEST(aborted_stream),
        TEST(no_room_in_the_queue),
        TEST(the_protocol_says_end),
        TEST(deadlines_are_not_the_handlers),
        TEST(deadlines_of_what_the_client_owes),
        TEST(the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
