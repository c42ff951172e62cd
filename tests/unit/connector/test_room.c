/* SPDX-License-Identifier: Apache-2.0
 * Near maxConnections: who makes room for new clients, in which order, and who does not. */
#include "connector_rig.h"

#include <semaphore.h>

#include "connector/group_priv.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define SLOW_HEAD "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"

static sem_t go_on;

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    struct span path = x->req.uri.path;
    if (span_eq(path, SPAN_LIT("/wait")))
        while (sem_wait(&go_on) != 0)
            ;
    response_write(x, path);
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    r.options.max_connections = 10;
    sem_init(&go_on, 0, 0);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    sem_destroy(&go_on);
    return 0;
}

static void the_line(void **unused)
{
    (void)unused;
    assert_int_equal(room_line(1), 1);
    assert_int_equal(room_line(2), 1);
    assert_int_equal(room_line(31), 30);
    assert_int_equal(room_line(100), 97);
    assert_int_equal(room_line(8192), 8192 - 64);
    assert_int_equal(room_line(1000000), 1000000 - 64);
}

static int client_asks(struct rig *r, const char *path, const char *request)
{
    int fd = client_connect(r, 0);
    client_send(fd, request);
    client_answer(fd, path);
    return fd;
}

static void the_longest_idle_goes_first(void **state)
{
    struct rig *r = *state;
    int fds[12];
    rig_start(r);
    for (int i = 0; i < 9; i++) {
        fds[i] = client_asks(r, "/a", GET("/a"));
        rig_await(rig_in_state(r, "IDLE") == (uint64_t)i + 1);
    }
    client_send(fds[0], GET("/a")); /* the oldest of all, but used again */
    client_answer(fds[0], "/a");
    rig_await(rig_in_state(r, "IDLE") == 9);
    for (int i = 9; i < 12; i++)
        fds[i] = client_asks(r, "/b", GET("/b"));
    for (int i = 1; i <= 3; i++)
        client_expect_end(fds[i]);
    assert_int_equal(rig_closed(r, "room_idle"), 3);
    client_send(fds[0], GET("/a"));
    client_answer(fds[0], "/a");
    for (int i = 4; i < 13; i++)
        close(fds[i % 12]);
}

/* Sends something on each now and then, for MS. The last one sends much. */
static void dribble(const int *fds, int n, int ms)
{
    char much[600];
    memset(much, 'm', sizeof(much));
    much[sizeof(much) - 1] = '\0';
    for (uint64_t end = clock_us() + (uint64_t)ms * 1000; clock_us() < end;) {
        for (int i = 0; i < n; i++)
            client_send(fds[i], i == n - 1 ? much : i == 0 ? "few" : "at the least rate");
        poll(NULL, 0, 50);
    }
}

static void then_the_slowest(void **state)
{
    struct rig *r = *state;
    int fds[10];
    rig_start(r);
    for (int i = 0; i < 9; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], SLOW_HEAD);
    }
    rig_await(rig_in_state(r, "BODY") == 9);
    dribble(fds, 9, 1300); /* 60, 340 and 12,000 bytes a second; the least rate counts as 240 */
    uint64_t began = clock_us();
    int fd = client_asks(r, "/new", GET("/new"));
    assert_true(clock_us() - began < 1000000);
    rig_await(rig_closed(r, "room_slow") == 1);
    char head[1024];
    client_head(fds[0], head, sizeof(head)); /* it is told */
    assert_int_equal(strtoul(head + 9, NULL, 10), 408);
    close(fds[0]);
    for (int i = 0; i < 5; i++) { /* every new client is served, whoever has to go */
        close(client_asks(r, "/new", GET("/new")));
        int other = client_asks(r, "/new", GET("/new"));
        close(fd);
        fd = other;
    }
    close(fd);
    rig_await(rig_in_state(r, "IDLE") == 0);
    client_send(fds[8], "still here"); /* above twice the least rate */
    assert_true(rig_in_state(r, "BODY") >= 1);
    for (int i = 1; i < 9; i++)
        close(fds[i]);
}

/* regression 121: a client that had just come and not spoken yet was the only idle one, so that it was
 * closed in its own favour. */
static void a_new_client_may_take_a_breath(void **state)
{
    struct rig *r = *state;
    int fds[9];
    r->options.max_threads = r->options.min_spare_threads = r->engine.share[0].max_threads = 12;
    r->engine.slow = true;
    rig_start(r);
    for (int i = 0; i < 9; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], GET("/wait"));
    }
    rig_await(atomic_load(&r->engine.served) == 9);
    int fd = client_connect(r, 0);
    rig_await(rig_in_state(r, "IDLE") == 1);
    poll(NULL, 0, 300);
    client_send(fd, GET("/new"));
    client_answer(fd, "/new");
    close(fd);
    for (int i = 0; i < 9; i++)
        sem_post(&go_on);
    for (int i = 0; i < 9; i++) {
        client_answer(fds[i], "/wait");
        close(fds[i]);
    }
    assert_int_equal(rig_closed(r, "room_slow"), 0);
}

static void with_nobody_to_close_new_clients_wait(void **state)
{
    struct rig *r = *state;
    int fds[10];
    r->options.max_threads = r->options.min_spare_threads = r->engine.share[0].max_threads = 12;
    r->engine.slow = true;
    rig_start(r);
    for (int i = 0; i < 10; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], GET("/wait"));
    }
    rig_await(atomic_load(&r->engine.served) == 10);
    struct connector_status s;
    connector_status(r->connector, &s);
    assert_true(s.accept_paused);
    int fd = client_connect(r, 0); /* by the kernel; the server takes it later */
    client_send(fd, GET("/new"));
    poll(NULL, 0, 250);
    assert_int_equal(atomic_load(&r->engine.served), 10);
    sem_post(&go_on);
    client_answer(fd, "/new");
    for (int i = 0; i < 9; i++)
        sem_post(&go_on);
    for (int i = 0; i < 10; i++)
        close(fds[i]);
    close(fd);
    connector_status(r->connector, &s);
    assert_int_equal(rig_row(s.closed, "room_slow"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line),
        TEST(the_longest_idle_goes_first),
        TEST(then_the_slowest),
        TEST(a_new_client_may_take_a_breath),
        TEST(with_nobody_to_close_new_clients_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
