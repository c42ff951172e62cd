/* SPDX-License-Identifier: Apache-2.0
 * Exchanges that go on when their worker has left, through a real connector: no worker is held meanwhile,
 * what was answered before is sent, an alarm comes in time and once, wakes are never lost and never served
 * by two workers at once, the end of a client is told, and a stop waits for them. */
#include "connector_rig.h"

#include "connector/posted_priv.h"

#include <pthread.h>
#include <semaphore.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* What a resumed exchange is to do, and what it heard. */
struct waiting {
    struct exchange *x;
    _Atomic bool inside; /* a worker serves it */
    _Atomic uint32_t resumed, alarms, gone, twice;
    _Atomic bool end; /* the next worker ends it */
    uint64_t alarm_us;
    bool over;                 /* a worker's */
    enum channel_result wrote; /* when the client was gone */
};
static struct waiting one;
static sem_t detached, heard, may_return;

static void forget(void *async)
{
    (void)async;
}

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (!path_is(x, "/wait") && !path_is(x, "/late")) {
        response_write(x, x->req.uri.path);
        return;
    }
    one.x = x;
    exchange_hold(x);
    x->async = &one;
    x->async_free = forget;
    sem_post(&detached); /* the channel is told right after this */
    if (path_is(x, "/late"))
        sem_wait(&may_return);
}

static bool resume(struct engine *e, struct exchange *x)
{
    (void)e;
    struct waiting *w = x->async;
    if (w->over)
        return false;
    if (atomic_exchange(&w->inside, true))
        atomic_fetch_add(&w->twice, 1);
    uint32_t events = atomic_exchange(&x->events, 0);
    atomic_fetch_add(&w->resumed, 1);
    if (events & EXCHANGE_ALARM) {
        w->alarm_us = clock_us();
        atomic_fetch_add(&w->alarms, 1);
    }
    if (events & EXCHANGE_GONE) {
        static const char late[100000];
        atomic_fetch_add(&w->gone, 1);
        w->wrote = x->channel->write(x, span_make(late, sizeof(late)), NULL, NULL);
        atomic_store(&w->end, true);
    }
    bool ends = w->over = atomic_load(&w->end);
    if (ends)
        response_finish(x);
    atomic_store(&w->inside, false);
    sem_post(&heard);
    if (ends)
        exchange_release(&x); /* that of serve */
    return ends;
}

static int set_up(void **state)
{
    static struct rig r;
    memset(&one, 0, sizeof(one));
    sem_init(&detached, 0, 0);
    sem_init(&heard, 0, 0);
    sem_init(&may_return, 0, 0);
    rig_init(&r, serve);
    r.engine.resume = resume;
    r.options.max_threads = r.options.min_spare_threads = 1;
    rig_start(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    sem_destroy(&detached);
    sem_destroy(&heard);
    sem_destroy(&may_return);
    return 0;
}

static void await(sem_t *s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RIG_SILENCE;
    assert_int_equal(sem_timedwait(s, &until), 0);
}

/* N of them up to the one that waits. */
static int begin(struct rig *r, const char *requests, uint32_t n)
{
    int fd = client_connect(r, 0);
    client_send(fd, requests);
    await(&detached);
    rig_await(atomic_load(&r->engine.done) == n);
    return fd;
}

static void answer(const char *text)
{
    assert_int_equal(response_write(one.x, span_of(text)), RESPONSE_OK);
    atomic_store(&one.end, true);
    one.x->channel->wake(one.x);
    await(&heard);
}

static void expect_text(int fd, const char *text)
{
    char got[4096] = "";
    size_t n = 0;
    while (!strstr(got, text)) {
        if (n > sizeof(got) / 2) { /* what is before the text: its end is enough */
            memmove(got, got + n - 100, 101);
            n = 100;
        }
        ssize_t more = client_read(fd, got + n, sizeof(got) - 1 - n);
        assert_true(more > 0);
        n += (size_t)more;
        got[n] = '\0';
    }
}

static void no_worker_is_held(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1), other = client_connect(r, 0);
    client_send(other, GET("/other")); /* there is one worker only */
    expect_text(other, "/other");
    close(other);
    answer("at last");
    expect_text(fd, "at last");
    client_send(fd, GET("/next"));
    expect_text(fd, "/next");
    close(fd);
}

static void what_came_before_is_sent_and_what_comes_after_waits(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/before") GET("/wait") GET("/after"), 2);
    expect_text(fd, "/before");
    answer("in the middle");
    expect_text(fd, "/after");
    close(fd);
}

/* Of the one connection there is, as its poller sees it. */
struct held {
    size_t input, unread, gathered;
    bool store, stage;
};

static void look(struct group *g, void *arg)
{
    struct held *h = arg;
    LIST_FOREACH (link, poller_connections(g->poller)) {
        const struct active *a = CONTAINER_OF(link, struct conn, all)->active;
        const struct posted *p = a->x->channel_state;
        *h = (struct held){.input = a->in.cap,
                           .unread = buf_len(&a->in),
                           .gathered = a->gather.cap,
                           .store = p->store,
                           .stage = p->stage};
    }
}

static struct held held_by(struct rig *r)
{
    struct held h = {.input = SIZE_MAX};
    rig_await(rig_in_state(r, "PARKED") == 1);
    group_call(&r->connector->groups[0], look, &h);
    return h;
}

static void who_waits_has_no_buffers(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    struct held h = held_by(r);
    assert_int_equal(h.input, 0);
    assert_int_equal(h.gathered, 0);
    assert_false(h.store);
    assert_true(
        span_eq(one.x->req.uri.path, SPAN_LIT("/wait"))); /* the text of the request stays */
    assert_true(span_eq(one.x->req.host, SPAN_LIT("a")));
    answer("something");
    expect_text(fd, "something");
    client_send(fd, GET("/next"));
    expect_text(fd, "/next");
    close(fd);
}

/* An event stream: what is gathered between two events is not worth a block. */
static void what_is_sent_leaves_no_block(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(response_write(one.x, SPAN_LIT("event told\n")), RESPONSE_OK);
        assert_int_equal(response_flush(one.x), RESPONSE_OK);
        expect_text(fd, "event told\n");
        struct held h = held_by(r);
        assert_true(h.store);
        assert_false(h.stage);
    }
    answer("end");
    expect_text(fd, "end\r\n0\r\n\r\n");
    close(fd);
}

static void what_has_come_of_the_next_request_stays(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait") "GET /af", 1);
    struct held h = held_by(r);
    assert_int_equal(h.unread, 7);
    answer("first");
    expect_text(fd, "first");
    client_send(fd, "ter HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_text(fd, "/after");
    close(fd);
}

static void the_alarm_comes_once_and_in_time(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    uint64_t since = clock_us();
    one.x->channel->alarm(one.x, 60000);
    one.x->channel->alarm(one.x, 250);
    await(&heard);
    assert_int_equal(one.alarms, 1);
    assert_in_range(one.alarm_us - since, 250000, 1500000);
    one.x->channel->alarm(one.x, 100);
    one.x->channel->alarm(one.x, -1);
    poll(NULL, 0, 400); /* nothing is to happen */
    assert_int_equal(one.alarms, 1);
    answer("end");
    expect_text(fd, "end");
    close(fd);
}

static bool is_heard(unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return sem_timedwait(&heard, &until) == 0;
}

/* As of an answer that is long: until its client takes nothing any more. Returns how much. */
static size_t fill(uint32_t *told)
{
    static char piece[16384];
    size_t n = 0;
    memset(piece, 'f', sizeof(piece));
    bool heard_it;
    do {
        while (one.x->channel->room(one.x, true) == CHANNEL_OK) {
            assert_int_equal(response_write(one.x, span_make(piece, sizeof(piece))), RESPONSE_OK);
            n += sizeof(piece);
            assert_in_range(n, 1, 64u << 20);
        }
        heard_it = is_heard(100);
        *told += heard_it;
    } while (heard_it || one.x->channel->room(one.x, false) == CHANNEL_OK);
    return n;
}

static void read_bytes(int fd, size_t n)
{
    static char got[65536];
    while (n > 0) {
        ssize_t more = client_read(fd, got, n < sizeof(got) ? n : sizeof(got));
        assert_true(more > 0);
        n -= (size_t)more;
    }
}

static void room_is_told_once(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    uint32_t told = 0;
    for (int round = 0; round < 3; round++) {
        size_t n = fill(&told);
        struct connector_spool_status held;
        connector_spool_status(r->connector, &held);
        assert_in_range(held.buffered, 1, r->options.output_memory);
        assert_int_equal(held.spooled, 0);
        assert_int_equal(one.resumed, told);
        assert_int_equal(one.x->channel->room(one.x, false), CHANNEL_WAITS);
        read_bytes(fd, n);
        await(&heard);
        rig_await(!atomic_load(&one.inside));
        assert_int_equal(one.resumed, ++told);
        assert_false(is_heard(50)); /* once */
    }
    answer("end");
    expect_text(fd, "end");
    close(fd);
}

static void no_room_for_a_client_that_left(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    uint32_t told = 0;
    (void)fill(&told);
    one.x->channel->wake(one.x); /* whoever uses it next knows what was done here */
    await(&heard);
    close(fd);
    rig_await(one.gone == 1);
    rig_await(rig_closed(r, "reset") == 1);
}

#define WAKES 20000

static void *wake_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAKES; i++)
        one.x->channel->wake(one.x);
    return NULL;
}

static void wakes_are_served_by_one_worker_at_a_time(void **state)
{
    struct rig *r = *state;
    pthread_t threads[4];
    int fd = begin(r, GET("/wait"), 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wake_often, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    rig_await(atomic_load(&one.resumed) > 0 && !atomic_load(&one.inside));
    atomic_store(&one.end, true);
    one.x->channel->wake(one.x); /* the last one is not lost */
    expect_text(fd, "\r\n\r\n");
    assert_int_equal(one.twice, 0);
    close(fd);
}

static void the_end_of_the_client_is_told(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    await(&heard);
    assert_int_equal(one.gone, 1);
    assert_int_equal(one.wrote, CHANNEL_GONE);
    rig_await(rig_closed(r, "reset") == 1);
}

/* Regression 231: an edge that comes while the connection is lent is the only one. */
static void a_reset_before_the_worker_leaves_is_told(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    client_send(fd, GET("/other")); /* from here on its edges are seen */
    expect_text(fd, "/other");
    rig_await(rig_in_state(r, "IDLE") == 1);
    client_send(fd, GET("/late"));
    await(&detached);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    int other = client_connect(r, 0); /* the poller has seen the edge when it sees this */
    rig_await(connector_connections(r->connector) == 2);
    sem_post(&may_return);
    await(&heard);
    assert_int_equal(one.gone, 1);
    close(other);
}

static void an_abort_tells_and_waits(void **state)
{
    struct rig *r = *state;
    int fd = begin(r, GET("/wait"), 1);
    connector_drain(r->connector);
    assert_int_equal(r->engine.asked_to_end, 1);
    assert_false(connector_wait_empty(r->connector, 50000)); /* it is waited for */
    assert_true(connector_abort(r->connector, 2000000));
    assert_int_equal(one.gone, 1);
    assert_true(one.over);
    close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_worker_is_held),
        CASE(what_came_before_is_sent_and_what_comes_after_waits),
        CASE(who_waits_has_no_buffers),
        CASE(what_is_sent_leaves_no_block),
        CASE(what_has_come_of_the_next_request_stays),
        CASE(the_alarm_comes_once_and_in_time),
        CASE(wakes_are_served_by_one_worker_at_a_time),
        CASE(room_is_told_once),
        CASE(no_room_for_a_client_that_left),
        CASE(the_end_of_the_client_is_told),
        CASE(a_reset_before_the_worker_leaves_is_told),
        CASE(an_abort_tells_and_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
