/* SPDX-License-Identifier: Apache-2.0
 * Threads: numbers, names, blocked signals, joining with and without a limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct seen {
    uint32_t id, id_again;
    char name[80], kernel_name[16];
    sigset_t blocked;
    size_t stack;
};

static void *look(void *arg)
{
    struct seen *seen = arg;
    seen->id = thread_self_id();
    seen->id_again = thread_self_id();
    snprintf(seen->name, sizeof(seen->name), "%s", thread_self_name());
    pthread_getname_np(pthread_self(), seen->kernel_name, sizeof(seen->kernel_name));
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    pthread_attr_t attr;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &seen->stack);
    pthread_attr_destroy(&attr);
    return NULL;
}

static void look_in_thread(const char *name, struct seen *seen)
{
    struct thread t;
    memset(seen, 0, sizeof(*seen));
    assert_true(thread_start(&t, name, look, seen));
    assert_true(t.started);
    thread_join(&t);
    assert_false(t.started);
}

static void test_numbers_are_small_and_never_reused(void **state)
{
    (void)state;
    struct seen a, b;
    look_in_thread("a", &a);
    look_in_thread("b", &b);
    uint32_t self = thread_self_id();
    assert_int_equal(a.id, a.id_again);
    assert_int_equal(self, thread_self_id());
    assert_int_not_equal(a.id, b.id);
    assert_int_not_equal(a.id, self);
    assert_int_not_equal(b.id, self);
    assert_in_range(a.id, 1, 100);
    assert_in_range(b.id, 1, 100);
    assert_in_range(self, 1, 100);
}

static void test_names(void **state)
{
    (void)state;
    struct seen seen;
    assert_string_equal(thread_self_name(), "main");
    look_in_thread("poller-0", &seen);
    assert_string_equal(seen.name, "poller-0");
    assert_string_equal(seen.kernel_name, "poller-0");
    look_in_thread("a-rather-long-thread-name", &seen);
    assert_string_equal(seen.name, "a-rather-long-thread-name");
    assert_string_equal(seen.kernel_name, "a-rather-long-t");
    assert_string_equal(thread_self_name(), "main");
}

/* The caller may change its name buffer as soon as thread_start is back. */
static void test_name_is_copied(void **state)
{
    (void)state;
    struct seen seen;
    struct thread t;
    char name[] = "mine";
    assert_true(thread_start(&t, name, look, &seen));
    memset(name, 'x', 4);
    thread_join(&t);
    assert_string_equal(seen.name, "mine");
}

static void test_signals_are_blocked(void **state)
{
    (void)state;
    static const int blocked[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGQUIT, SIGPIPE};
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t before, after, mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGUSR2);
    sigaddset(&mine, SIGSEGV); /* not handed down */
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &mine, &before), 0);
    struct seen seen;
    look_in_thread("signals", &seen);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, &after), 0);
    for (size_t i = 0; i < ARRAY_COUNT(blocked); i++) {
        assert_int_equal(sigismember(&seen.blocked, blocked[i]), 1);
        assert_int_equal(sigismember(&after, blocked[i]), 0); /* ours is as it was */
    }
    for (size_t i = 0; i < ARRAY_COUNT(open); i++)
        assert_int_equal(sigismember(&seen.blocked, open[i]), 0);
    assert_int_equal(sigismember(&after, SIGUSR2), 1);
    assert_int_equal(sigismember(&after, SIGSEGV), 1);
}

static void test_stack_is_at_least_a_mebibyte(void **state)
{
    (void)state;
    struct seen seen;
    look_in_thread("stack", &seen);
    assert_true(seen.stack >= 1024 * 1024);
    assert_true(seen.stack <= 16 * 1024 * 1024);
}

struct gate {
    struct lock lock;
    struct cond cond;
    bool open, passed;
};

static void *pass(void *arg)
{
    struct gate *g = arg;
    lock_acquire(&g->lock);
    while (!g->open)
        cond_wait(&g->cond, &g->lock);
    g->passed = true;
    cond_signal(&g->cond);
    lock_release(&g->lock);
    return NULL;
}

static void gate_init(struct gate *g)
{
    lock_init(&g->lock, "gate");
    cond_init(&g->cond);
    g->open = g->passed = false;
}

static void gate_open(struct gate *g)
{
    lock_acquire(&g->lock);
    g->open = true;
    cond_broadcast(&g->cond);
    lock_release(&g->lock);
}

static void gate_destroy(struct gate *g)
{
    cond_destroy(&g->cond);
    lock_destroy(&g->lock);
}

static void test_join_until(void **state)
{
    (void)state;
    static const uint64_t limits[] = {60000000, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        struct gate g;
        struct thread t;
        gate_init(&g);
        assert_true(thread_start(&t, "gate", pass, &g));
        assert_false(thread_join_until(&t, 0));
        uint64_t before = clock_us();
        assert_false(thread_join_until(&t, 20000));
        assert_true(clock_us() - before >= 19000);
        assert_true(t.started);
        gate_open(&g);
        assert_true(thread_join_until(&t, limits[i]));
        assert_false(t.started);
        assert_true(g.passed);
        gate_destroy(&g);
    }
}

static void test_not_started_is_harmless(void **state)
{
    (void)state;
    struct thread t = {.started = false};
    thread_join(&t);
    thread_detach(&t);
    assert_true(thread_join_until(&t, UINT64_MAX));
    assert_false(t.started);
}

/* Static: the detached thread may still be leaving its lock when the test is over. */
static struct gate detached_gate;

static void test_detach(void **state)
{
    (void)state;
    struct thread t;
    gate_init(&detached_gate);
    assert_true(thread_start(&t, "detached", pass, &detached_gate));
    thread_detach(&t);
    assert_false(t.started);
    thread_join(&t);
    gate_open(&detached_gate);
    lock_acquire(&detached_gate.lock);
    while (!detached_gate.passed)
        cond_wait(&detached_gate.cond, &detached_gate.lock);
    lock_release(&detached_gate.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_small_and_never_reused),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_name_is_copied),
        cmocka_unit_test(test_signals_are_blocked),
        cmocka_unit_test(test_stack_is_at_least_a_mebibyte),
        cmocka_unit_test(test_join_until),
        cmocka_unit_test(test_not_started_is_harmless),
        cmocka_unit_test(test_detach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
