/* SPDX-License-Identifier: Apache-2.0
 * The moving poller role: who takes it and when (connector/role.h by itself), and that handlers which are
 * believed quick and then block hold up nobody but themselves (through a real connector). */
#include "connector_rig.h"

#include <semaphore.h>

#include "base/thread.h"
#include "connector/role.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- by itself ---- */

struct other {
    struct role *role;
    struct thread thread;
    struct task *rest;
    _Atomic bool took, ended;
};

static void *wait_for_role(void *arg)
{
    struct other *o = arg;
    if (role_wait(o->role, &o->rest))
        atomic_store(&o->took, true);
    else
        atomic_store(&o->ended, true);
    return NULL;
}

static void start_other(struct other *o, struct role *r)
{
    *o = (struct other){.role = r};
    assert_true(thread_start(&o->thread, "standby", wait_for_role, o));
    rig_await(role_has_standby(r));
}

static struct task *three(struct task *t)
{
    t[0] = (struct task){.next = &t[1]};
    t[1] = (struct task){.next = &t[2]};
    t[2] = (struct task){.next = NULL};
    return t;
}

static void taken_back(void **unused)
{
    (void)unused;
    struct role r;
    struct task tasks[3], *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest)); /* at once: nobody ever had it */
    assert_null(rest);
    assert_false(role_has_standby(&r));
    uint64_t offer = role_offer(&r, three(tasks), clock_us());
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(role_next(&r, offer), &tasks[i]);
    assert_null(role_next(&r, offer));
    assert_false(role_wait_quiet(&r, 0));
    assert_true(role_retake(&r, offer));
    assert_true(role_wait_quiet(&r, 0));
    role_end(&r);
    assert_false(role_wait(&r, &rest));
    role_destroy(&r);
}

/* One that sleeps, because nothing was offered for long, is woken by the end. */
static void ended(void **unused)
{
    (void)unused;
    struct role r;
    struct other o;
    struct task *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    start_other(&o, &r);
    role_end(&r);
    thread_join(&o.thread);
    assert_true(o.ended && !o.took);
    role_destroy(&r);
}

static void taken_by_the_standby(void **unused)
{
    (void)unused;
    struct role r;
    struct other o;
    struct task tasks[3], *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    start_other(&o, &r);
    uint64_t offered = clock_us(), offer = role_offer(&r, three(tasks), offered);
    assert_ptr_equal(role_next(&r, offer), &tasks[0]);
    rig_await(o.took);
    assert_true(clock_us() - offered >= 500);
    assert_ptr_equal(o.rest, &tasks[1]); /* what was not begun */
    assert_null(role_next(&r, offer));
    assert_false(role_has_standby(&r));
    assert_false(role_retake(&r, offer));
    thread_join(&o.thread);
    role_end(&r);
    assert_false(role_wait(&r, &rest));
    role_destroy(&r);
}

/* ---- in a connector ---- */

static sem_t open_gate;
static _Atomic unsigned blocked;

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (span_eq(x->req.uri.path, SPAN_LIT("/block"))) {
        atomic_fetch_add(&blocked, 1);
        while (sem_wait(&open_gate) != 0)
            ;
    }
    response_write(x, x->req.uri.path);
}

static int prepare(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    sem_init(&open_gate, 0, 0);
    atomic_store(&blocked, 0);
    *state = &r;
    return 0;
}

static int set_up(void **state)
{
    prepare(state);
    rig_start(*state);
    return 0;
}

/* regression 116: two requests of a servlet that used to be quick and now blocks took both threads of the
 * group, and nobody polled any more. */
static void quick_ones_that_block(void **state)
{
    int stuck[3], fd = client_connect(*state, 0);
    for (unsigned i = 0; i < 3; i++) {
        stuck[i] = client_connect(*state, 0);
        client_send(stuck[i], GET("/block"));
        rig_await(atomic_load(&blocked) == i + 1);
        client_send(fd, GET("/fine"));
        client_answer(fd, "/fine");
    }
    for (int i = 0; i < 3; i++)
        sem_post(&open_gate);
    for (int i = 0; i < 3; i++) {
        client_answer(stuck[i], "/block");
        close(stuck[i]);
    }
    client_send(fd, GET("/fine"));
    client_answer(fd, "/fine");
    close(fd);
    rig_stop(*state);
}

static sem_t poller_gate;

static void hold_poller(struct engine *e, const struct exchange *x, struct route *out)
{
    (void)out;
    if (!span_eq(x->req.uri.path, SPAN_LIT("/hold")))
        return;
    atomic_fetch_add((_Atomic unsigned *)e->arg, 1);
    while (sem_wait(&poller_gate) != 0)
        ;
}

static bool is_fine(const struct exchange *x)
{
    return span_eq(x->req.uri.path, SPAN_LIT("/fine"));
}

/* One turn brings a slow request and a quick one, the only worker is stuck. True: the quick one was answered. */
static bool answered_meanwhile(struct rig *r, int busy, int hold, int slow, int fine)
{
    _Atomic unsigned *held = r->engine.arg;
    unsigned stuck = atomic_load(&blocked), turns = atomic_load(held);
    client_send(busy, GET("/block"));
    rig_await(atomic_load(&blocked) == stuck + 1);
    client_send(hold, GET("/hold"));
    rig_await(atomic_load(held) == turns + 1);
    client_send(slow, GET("/slow"));
    client_send(fine, GET("/fine"));
    sem_post(&poller_gate);
    bool good = poll(&(struct pollfd){.fd = fine, .events = POLLIN}, 1, 300) == 1;
    sem_post(&open_gate);
    client_answer(busy, "/block");
    client_answer(hold, "/hold");
    client_answer(slow, "/slow");
    client_answer(fine, "/fine");
    return good;
}

/* Regression 221: of requests that came in one turn the quick ones waited for a worker behind the slow ones.
 * On a busy machine the holder may be moved aside for so long that the standby gives them to workers. */
static void quick_ones_among_slow_ones(void **state)
{
    struct rig *r = *state;
    int fds[4];
    _Atomic unsigned held = 0;
    r->engine.quick = is_fine;
    r->engine.route = hold_poller;
    r->engine.arg = &held;
    r->options.max_threads = r->options.min_spare_threads = 1;
    rig_start(r);
    sem_init(&poller_gate, 0, 0);
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(r, 0);
        client_send(fds[i], GET("/fine"));
        client_answer(fds[i], "/fine");
    }
    bool good = false;
    for (int round = 0; round < 10 && !good; round++)
        good = answered_meanwhile(r, fds[0], fds[1], fds[2], fds[3]);
    assert_true(good);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    rig_stop(r);
    sem_destroy(&poller_gate);
}

/* regression 117: connector_abort said that no request runs while one ran on a poller's thread. */
static void abort_waits_for_them(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    client_send(fd, GET("/block"));
    rig_await(atomic_load(&blocked) == 1);
    connector_drain(r->connector);
    uint64_t from = clock_us();
    assert_false(connector_abort(r->connector, 50000));
    assert_true(clock_us() - from < 1000000);
    sem_post(&open_gate);
    assert_true(connector_abort(r->connector, RIG_SILENCE * 1000000u));
    assert_int_equal(r->engine.done, 1);
    close(fd);
    rig_stop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_back),
        cmocka_unit_test(taken_by_the_standby),
        cmocka_unit_test(ended),
        cmocka_unit_test_setup(quick_ones_that_block, set_up),
        cmocka_unit_test_setup(quick_ones_among_slow_ones, prepare),
        cmocka_unit_test_setup(abort_waits_for_them, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
