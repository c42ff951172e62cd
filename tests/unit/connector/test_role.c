/* SPDX-License-Identifier: Apache-2.0
 * The moving poller role: who gets it, when, and with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "connector/role.h"

struct standby {
    struct role *role;
    struct thread thread;
    struct lock lock;
    struct cond cond;
    bool waited, got;
    struct task *rest;
    uint64_t got_us;
};

static void *wait_for_role(void *arg)
{
    struct standby *s = arg;
    struct task *rest;
    bool got = role_wait(s->role, &rest);
    lock_acquire(&s->lock);
    s->waited = true;
    s->got = got;
    s->rest = rest;
    s->got_us = clock_us();
    cond_broadcast(&s->cond);
    lock_release(&s->lock);
    return NULL;
}

static void standby_start(struct standby *s, struct role *r)
{
    *s = (struct standby){.role = r};
    lock_init(&s->lock, "standby");
    cond_init(&s->cond);
    assert_true(thread_start(&s->thread, "standby", wait_for_role, s));
}

/* False: it still waits after LIMIT_US. */
static bool standby_waited(struct standby *s, uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&s->lock);
    while (!s->waited && clock_us() < deadline)
        cond_wait_until(&s->cond, &s->lock, deadline);
    bool waited = s->waited;
    lock_release(&s->lock);
    return waited;
}

static void standby_end(struct standby *s)
{
    thread_join(&s->thread);
    cond_destroy(&s->cond);
    lock_destroy(&s->lock);
}

static void first_one_gets_it_at_once(void **state)
{
    (void)state;
    struct role r;
    struct task *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    assert_null(rest);
    role_end(&r);
    assert_false(role_wait(&r, &rest));
    role_destroy(&r);
}

static void who_offers_runs_all_and_takes_it_back(void **state)
{
    (void)state;
    struct role r;
    struct task tasks[3] = {{.next = &tasks[1]}, {.next = &tasks[2]}, {.next = NULL}}, *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    uint64_t offer = role_offer(&r, &tasks[0], clock_us());
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(role_next(&r, offer), &tasks[i]);
    assert_null(role_next(&r, offer));
    assert_true(role_retake(&r, offer));
    role_end(&r);
    role_destroy(&r);
}

/* The holder is stuck in the first task: the standby gets the role, and the tasks behind it. */
static void standby_takes_an_old_offer_with_the_rest(void **state)
{
    (void)state;
    struct role r;
    struct standby s;
    struct task tasks[3] = {{.next = &tasks[1]}, {.next = &tasks[2]}, {.next = NULL}}, *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    standby_start(&s, &r);
    uint64_t offered = clock_us();
    uint64_t offer = role_offer(&r, &tasks[0], offered);
    assert_ptr_equal(role_next(&r, offer), &tasks[0]);
    assert_true(standby_waited(&s, 5000000));
    assert_true(s.got);
    assert_true(s.got_us - offered >= 500);
    assert_ptr_equal(s.rest, &tasks[1]);
    assert_ptr_equal(s.rest->next, &tasks[2]);
    assert_null(role_next(&r, offer));
    assert_false(role_retake(&r, offer));
    role_end(&r);
    standby_end(&s);
    role_destroy(&r);
}

/* A standby that sleeps because nothing was offered for long is told of the next offer. */
static void sleeping_standby_is_told(void **state)
{
    (void)state;
    struct role r;
    struct standby s;
    struct task task = {.next = NULL}, *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    standby_start(&s, &r);
    bool asleep = false;
    for (uint64_t deadline = clock_us() + 5000000; !asleep && clock_us() < deadline;) {
        lock_acquire(&r.lock);
        asleep = r.asleep;
        lock_release(&r.lock);
    }
    assert_true(asleep);
    role_offer(&r, &task, clock_us());
    assert_true(standby_waited(&s, 5000000));
    assert_ptr_equal(s.rest, &task);
    role_end(&r);
    standby_end(&s);
    role_destroy(&r);
}

static void end_reaches_the_standby(void **state)
{
    (void)state;
    struct role r;
    struct standby s;
    struct task *rest;
    role_init(&r);
    assert_true(role_wait(&r, &rest));
    standby_start(&s, &r);
    role_end(&r);
    assert_true(standby_waited(&s, 5000000));
    assert_false(s.got);
    standby_end(&s);
    role_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_one_gets_it_at_once),
        cmocka_unit_test(who_offers_runs_all_and_takes_it_back),
        cmocka_unit_test(standby_takes_an_old_offer_with_the_rest),
        cmocka_unit_test(sleeping_standby_is_told),
        cmocka_unit_test(end_reaches_the_standby),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
