/* SPDX-License-Identifier: Apache-2.0
 * Queues of a real connector: what is turned away because it waits too long or because too many wait, in
 * its place behind the answers before; threads that are kept for reserved webapps; how much one
 * connection gets at a time; and that everything that was run is counted. */
#include "connector_rig.h"

#include <semaphore.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static sem_t go_on;

/* /a... goes to queue 0, /b... to queue 1. */
static void route(struct engine *e, const struct exchange *x, struct route *out)
{
    out->queue = x->req.uri.path.n > 1 && x->req.uri.path.p[1] == 'b' ? 1 : 0;
    out->context = (char *)e + out->queue;
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    struct span path = x->req.uri.path;
    if (path.p[path.n - 1] == '!')
        while (sem_wait(&go_on) != 0)
            ;
    if (path.p[path.n - 1] == '~') /* takes its time */
        poll(NULL, 0, 6);
    response_write(x, path);
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    r.engine.route = route;
    r.engine.queues = 2;
    r.engine.slow = true; /* workers only */
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

static struct connector_queue_status queue_of(struct rig *r, uint32_t queue)
{
    struct connector_queue_status s;
    connector_queue_status(r->connector, queue, &s);
    return s;
}

static uint64_t refused(struct rig *r, const char *reason)
{
    struct connector_status s;
    connector_status(r->connector, &s);
    return rig_row(s.refused, reason);
}

static void expect_503(int fd)
{
    char head[1024], c;
    client_head(fd, head, sizeof(head));
    assert_int_equal(strtoul(head + 9, NULL, 10), 503);
    assert_non_null(strstr(head, "Retry-After: "));
    assert_null(strstr(head, "Connection: close")); /* the connection is of further use */
    size_t n = strtoul(strstr(head, "Content-Length: ") + 16, NULL, 10);
    while (n-- > 0)
        assert_int_equal(client_read(fd, &c, 1), 1);
}

static void who_waits_too_long_is_refused_in_its_place(void **state)
{
    struct rig *r = *state;
    r->options.max_queue_time = 200;
    r->engine.share[1].max_threads = 1;
    rig_start(r);
    uint64_t late = counter_read(COUNTER_queue_late);
    int blocker = client_connect(r, 0), fd = client_connect(r, 0);
    client_send(blocker, GET("/b!"));
    rig_await(atomic_load(&r->engine.served) == 1);
    client_send(fd, GET("/a1") GET("/b2") GET("/a3"));
    client_answer(fd, "/a1");
    expect_503(fd);
    client_answer(fd, "/a3");
    assert_int_equal(refused(r, "LATE"), 1);
    assert_int_equal(queue_of(r, 1).late, 1);
    assert_int_equal(queue_of(r, 1).refused, 0);
    assert_int_equal(counter_read(COUNTER_queue_late) - late, 1);
    sem_post(&go_on);
    client_answer(blocker, "/b!");
    close(blocker);
    close(fd);
    assert_int_equal(atomic_load(&r->engine.served), 3); /* no servlet saw what was refused */
}

static void a_full_queue(void **state)
{
    struct rig *r = *state;
    r->engine.share[1].max_threads = 1;
    r->engine.share[1].max_queue_size = 2;
    rig_start(r);
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], GET("/b!"));
        if (i == 0)
            rig_await(atomic_load(&r->engine.served) == 1);
        else if (i < 3)
            rig_await(queue_of(r, 1).queued == (uint32_t)i);
    }
    expect_503(fds[3]);
    assert_int_equal(refused(r, "BUSY"), 1);
    assert_int_equal(queue_of(r, 1).refused, 1);
    assert_int_equal(queue_of(r, 1).max_queued, 2);
    assert_int_equal(queue_of(r, 0).max_queued, 100); /* the connector's */
    for (int i = 0; i < 3; i++)
        sem_post(&go_on);
    for (int i = 0; i < 3; i++)
        client_answer(fds[i], "/b!");
    client_send(fds[3], GET("/b")); /* full recovery, on the same connection */
    client_answer(fds[3], "/b");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void threads_are_kept_for_the_reserved(void **state)
{
    struct rig *r = *state;
    r->engine.share[0].max_threads = 4;
    r->engine.share[1].reserved = true;
    rig_start(r);
    struct connector_status s;
    connector_status(r->connector, &s);
    assert_int_equal(s.threads_kept, 2);
    assert_true(queue_of(r, 1).reserved);
    int fds[4], fd = client_connect(r, 0);
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], GET("/a!"));
    }
    rig_await(atomic_load(&r->engine.served) == 2 && queue_of(r, 0).queued == 2);
    client_send(fd, GET("/b"));
    client_answer(fd, "/b");
    assert_int_equal(atomic_load(&r->engine.served), 3);
    for (int i = 0; i < 4; i++)
        sem_post(&go_on);
    for (int i = 0; i < 4; i++) {
        client_answer(fds[i], "/a!");
        close(fds[i]);
    }
    close(fd);
}

static void shares(void **state)
{
    struct rig *r = *state;
    r->engine.queues = 4;
    r->options.max_threads = 200;
    r->engine.share[1].max_threads = 3;
    r->engine.share[2].max_threads = 1000;
    r->engine.share[2].max_queue_time = 7;
    r->options.max_queue_time = 5;
    rig_start(r);
    assert_int_equal(queue_of(r, 0).cap, 150);
    assert_int_equal(queue_of(r, 1).cap, 3);
    assert_int_equal(queue_of(r, 2).cap, 200);
    assert_int_equal(queue_of(r, 1).max_wait_us, 5000);
    assert_int_equal(queue_of(r, 2).max_wait_us, 7000);
}

static void send_many(int fd, const char *request, int times)
{
    char *all = calloc((size_t)times, strlen(request) + 1);
    assert_non_null(all);
    for (int i = 0; i < times; i++)
        memcpy(all + (size_t)i * strlen(request), request, strlen(request));
    client_send(fd, all);
    free(all);
}

static void a_lease_has_an_end(void **state)
{
    struct rig *r = *state;
    r->options.max_threads = r->options.min_spare_threads = 1;
    rig_start(r);
    uint64_t leases = counter_read(COUNTER_leases);
    int fd = client_connect(r, 0);
    send_many(fd, GET("/a"), 70);
    for (int i = 0; i < 70; i++)
        client_answer(fd, "/a");
    assert_int_equal(counter_read(COUNTER_leases) - leases, 3); /* 32, 32, 6 */
    leases = counter_read(COUNTER_leases);
    send_many(fd, GET("/a~"), 6); /* 6 ms each: after 10 ms it is the turn of others */
    for (int i = 0; i < 6; i++)
        client_answer(fd, "/a~");
    assert_true(counter_read(COUNTER_leases) - leases >= 3);
    close(fd);
    rig_await(rig_in_state(r, "LENT") == 0);
    rig_await(queue_of(r, 0).requests == 76);
    assert_int_equal(queue_of(r, 0).taken + queue_of(r, 0).followed, 76);
    uint64_t waits = 0;
    struct connector_queue_status q = queue_of(r, 0);
    for (unsigned i = 0; i < CONNECTOR_WAITS; i++)
        waits += q.waits[i];
    assert_int_equal(waits, q.taken);
}

static void what_the_poller_runs_is_counted(void **state)
{
    struct rig *r = *state;
    r->engine.slow = false;
    rig_start(r);
    int fd = client_connect(r, 0);
    for (int i = 0; i < 50; i++) {
        client_send(fd, GET("/b"));
        client_answer(fd, "/b");
    }
    close(fd);
    rig_await(queue_of(r, 1).requests == 50);
    assert_true(queue_of(r, 1).inlined > 0);
    assert_int_equal(queue_of(r, 0).requests, 0);
    struct connector_status s;
    connector_status(r->connector, &s);
    assert_int_equal(s.requests, 50);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_waits_too_long_is_refused_in_its_place),
        TEST(a_full_queue),
        TEST(threads_are_kept_for_the_reserved),
        TEST(shares),
        TEST(a_lease_has_an_end),
        TEST(what_the_poller_runs_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
