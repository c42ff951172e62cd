/* SPDX-License-Identifier: Apache-2.0
 * Four threads write to, complete, dispatch, prolong and leave the same asynchronous request while it times out,
 * its client goes, a callback writes whenever there is room, and functions on a worker write or fail: one of them is
 * inside at a time, it ends once, whoever is late is told, each function runs once, its memory goes last. ASYNC_RACES says how many requests; sanitizers look on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cserv/test.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RACERS 4

/* One request. Plain members are written by whoever is inside: a sanitizer sees when that are two. */
struct race {
    unsigned inside, writes, completes, cleanups, timeouts, errors;
    unsigned owed, calls;       /* calls of on_writable that are due, 0 or 1; and those that came */
    _Atomic unsigned completed; /* cs_async_complete or _dispatch answered CS_OK */
    unsigned plan[RACERS];      /* random bits for each */
    unsigned callback;
    int64_t timeout_ms;
};
static struct race race;

struct racer {
    pthread_t thread;
    sem_t go, done;
    cs_async *async; /* a reference; NULL: end */
    unsigned number;
};
static struct racer racers[RACERS];

/* What happened in all requests, so that the test can tell that it tried everything. */
static struct {
    unsigned timeouts, errors, late, calls;
    unsigned failures; /* of functions, which the listeners heard */
    _Atomic unsigned asked, ran;
} total;

static unsigned random_bits(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20);
}

/* ---- what is heard ---- */

static void enters(cs_async *a)
{
    cs_request *q;
    cs_response *s;
    assert_int_equal(cs_async_enter(a, &q, &s), CS_OK);
    assert_int_equal(race.inside++, 0);
    race.inside--;
    assert_int_equal(cs_async_leave(a), CS_OK);
}
static void on_complete(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    (void)self;
    assert_int_equal(race.completes++, 0);
    assert_int_equal(cs_async_enter(a, &q, &s), CS_OK);
    assert_int_equal(cs_async_leave(a), CS_OK);
    assert_int_equal(cs_async_complete(a), CS_EGONE);
}
static void on_timeout(cs_async *a, void *self)
{
    (void)self;
    race.timeouts++;
    enters(a);
    if (race.plan[0] & 1 && cs_async_complete(a) == CS_OK)
        atomic_fetch_add(&race.completed, 1);
}
static void on_error(cs_async *a, int code, void *self)
{
    (void)self;
    race.errors++;
    assert_true(code == CS_ELIMIT || code == CS_EGONE || code == CS_EFAIL);
    total.failures += code == CS_EFAIL;
    if (race.plan[1] & 1 && cs_async_complete(a) == CS_OK)
        atomic_fetch_add(&race.completed, 1);
}
static const cs_async_listener listener = {.size = sizeof(listener),
                                           .on_complete = on_complete,
                                           .on_timeout = on_timeout,
                                           .on_error = on_error};

static void cleanup(void *arg)
{
    assert_ptr_equal(arg, &race);
    assert_int_equal(race.completes, 1);
    assert_int_equal(race.cleanups++, 0);
}

/* ---- the callback ---- */

static int complete(cs_async *a);

/* As long as nothing ends it in between. */
static void is_room(cs_async *a, int *ready)
{
    *ready = cs_async_ready_to_write(a);
    assert_true(*ready == 0 || *ready == 1 || *ready == CS_EGONE || *ready == CS_ESTATE);
    if (*ready == 0)
        race.owed = 1;
}

static int on_writable(cs_async *a, cs_request *q, cs_response *s, void *self)
{
    static const char piece[12000];
    int rc = CS_OK, ready = 1;
    assert_ptr_equal(self, &race);
    assert_int_equal(race.inside++, 0);
    assert_int_equal(race.owed, 1); /* once each time */
    assert_int_equal(race.completes, 0);
    race.owed = 0;
    race.calls++;
    assert_string_equal(cs_req_get(q, CS_REQ_SERVLET_PATH).ptr, "/race");
    /* At times it stops while there is room, and must not be called by itself. */
    for (unsigned i = race.plan[2] & 3; i < 4 && rc == CS_OK && ready == 1; i++) {
        rc = cs_res_write(s, piece, sizeof(piece));
        is_room(a, &ready);
    }
    if (race.calls > 2)
        (void)complete(a);
    race.inside--;
    return rc == CS_EGONE ? CS_OK : rc;
}

/* ---- the racers ---- */

static void write_some(cs_async *a, unsigned plan)
{
    cs_request *q;
    cs_response *s;
    if (cs_async_enter(a, &q, &s) != CS_OK)
        return;
    assert_int_equal(race.inside++, 0);
    race.writes++;
    int rc = cs_res_puts(s, "some text");
    if (rc == CS_OK && plan & 4)
        rc = cs_res_flush(s);
    assert_true(rc == CS_OK || rc == CS_EGONE);
    int ready;
    if (plan & 8 && race.callback)
        is_room(a, &ready);
    assert_string_equal(cs_req_get(q, CS_REQ_SERVLET_PATH).ptr, "/race");
    race.inside--;
    assert_int_equal(cs_async_leave(a), CS_OK);
}

static int on_worker(cs_async *a, void *self)
{
    unsigned plan = (unsigned)(uintptr_t)self;
    atomic_fetch_add(&total.ran, 1);
    if (plan & 1)
        write_some(a, plan);
    return plan & 2 ? CS_EFAIL : CS_OK;
}

static void run_on_worker(cs_async *a, unsigned plan)
{
    int rc = cs_async_run(a, on_worker, (void *)(uintptr_t)plan);
    assert_true(rc == CS_OK || rc == CS_EGONE || rc == CS_ESTATE);
    if (rc == CS_OK)
        atomic_fetch_add(&total.asked, 1);
}

static int complete(cs_async *a)
{
    int rc = cs_async_complete(a);
    assert_true(rc == CS_OK || rc == CS_EGONE || rc == CS_ESTATE);
    if (rc == CS_OK)
        atomic_fetch_add(&race.completed, 1);
    return rc;
}

static void dispatch(cs_async *a)
{
    int rc = cs_async_dispatch(a, "/end");
    assert_true(rc == CS_OK || rc == CS_EGONE || rc == CS_ESTATE);
    if (rc == CS_OK)
        atomic_fetch_add(&race.completed, 1); /* it ends there */
}

static void act(cs_async *a, unsigned plan)
{
    for (; plan; plan >>= 3) {
        switch (plan & 7) {
        case 0:
        case 1:
            write_some(a, plan >> 3);
            break;
        case 4:
            run_on_worker(a, plan >> 3 & 15);
            break;
        case 2:
            cs_async_set_timeout(a, plan & 8 ? 1 : 2);
            break;
        case 3:
            cs_async_release(cs_async_retain(a));
            break;
        case 5:
            cs_async_timeout(a);
            break;
        case 6:
            complete(a);
            break;
        default:
            if (plan & 8)
                sched_yield();
            else
                dispatch(a);
        }
    }
}

static void *run(void *arg)
{
    struct racer *r = arg;
    for (;;) {
        sem_wait(&r->go);
        if (!r->async)
            return NULL;
        act(r->async, race.plan[r->number]);
        if (r->number == 0 && race.timeout_ms < 0)
            complete(r->async); /* nobody else might */
        cs_async_release(r->async);
        sem_post(&r->done);
    }
}

static int race_get(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, race.timeout_ms);
    assert_non_null(a);
    assert_int_equal(cs_async_listen(a, &listener, NULL), CS_OK);
    assert_int_equal(cs_req_on_cleanup(q, cleanup, &race), CS_OK);
    if (race.callback) {
        race.owed = 1;
        assert_int_equal(cs_async_on_writable(a, on_writable, &race), CS_OK);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i].async = cs_async_retain(a);
        sem_post(&racers[i].go);
    }
    cs_async_release(a);
    return CS_OK;
}

/* ---- the test ---- */

static int end_get(cs_request *q, cs_response *s)
{
    (void)q;
    assert_int_equal(race.inside++, 0);
    int rc = cs_res_puts(s, "dispatched");
    race.inside--;
    return rc == CS_EGONE ? CS_OK : rc;
}

static const cs_servlet servlets[] = {
    {.name = "end", .url_patterns = "/end", .flags = CS_ASYNC, .get = end_get},
    {.name = "race", .url_patterns = "/race", .flags = CS_ASYNC, .get = race_get}};

static void one_race(cs_test_app *app)
{
    unsigned bits = random_bits();
    race = (struct race){.timeout_ms = bits & 1 ? -1 : 1, .callback = bits & 4096};
    for (unsigned i = 0; i < RACERS; i++)
        race.plan[i] = random_bits() & (bits >> 3 & 7 ? 07777 : 03333); /* 03333: none ends it */
    cs_test_request *q = cs_test_request_new(app, "GET", "/race");
    if (bits & 2)
        assert_int_equal(cs_test_request_client_leaves(q, bits >> 8 & 31), CS_OK);
    assert_int_equal(cs_test_run(q), CS_OK);
    for (unsigned i = 0; i < RACERS; i++)
        sem_wait(&racers[i].done);
    assert_int_equal(race.completes, 1);
    assert_int_equal(race.cleanups, 1);
    assert_true(atomic_load(&race.completed) <= 1);
    assert_true(atomic_load(&race.completed) == 1 || race.errors == 1);
    total.timeouts += race.timeouts;
    total.errors += race.errors;
    total.late += race.writes == 0;
    total.calls += race.calls;
    cs_test_request_free(q);
}

static void it_ends_once(void **state)
{
    (void)state;
    const char *text = getenv("ASYNC_RACES");
    long races = text ? atol(text) : 20000;
    cs_test_options options = {.servlets = CS_ROWS(servlets)};
    cs_test_app *app = cs_test_app_new(&options);
    assert_non_null(app);
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i].number = i;
        sem_init(&racers[i].go, 0, 0);
        sem_init(&racers[i].done, 0, 0);
        assert_int_equal(pthread_create(&racers[i].thread, NULL, run, &racers[i]), 0);
    }
    for (long n = 0; n < races; n++)
        one_race(app);
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i].async = NULL;
        sem_post(&racers[i].go);
        pthread_join(racers[i].thread, NULL);
        sem_destroy(&racers[i].go);
        sem_destroy(&racers[i].done);
    }
    assert_int_equal(cs_test_app_free(app), CS_OK);
    printf("%ld requests, %u timed out, %u failed, %u were over before anybody wrote, "
           "%u calls of callbacks, %u functions on a worker, %u of them failed their request\n",
           races, total.timeouts, total.errors, total.late, total.calls, atomic_load(&total.ran),
           total.failures);
    assert_int_equal(atomic_load(&total.asked), atomic_load(&total.ran));
    if (races >= 1000) {
        assert_in_range(total.timeouts, races / 200, races);
        assert_in_range(total.errors, races / 200, races);
        assert_in_range(total.late, races / 1000, races);
        assert_in_range(total.calls, races / 20, 3 * races);
        assert_in_range(total.failures, races / 1000, races);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_ends_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
