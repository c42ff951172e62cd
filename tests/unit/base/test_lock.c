/* SPDX-License-Identifier: Apache-2.0
 * Locks and conditions: exclusion, knowledge of the holder, deadlines, wake-ups, caught misuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs FN in a child and gives what it wrote to stderr; fails unless it aborted. */
static void assert_aborts(void (*fn)(void), const char *says)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    char text[4096];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof(text) - 1 && (got = read(ends[0], text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = 0;
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    if (!strstr(text, says))
        fail_msg("said: %s", text);
}

struct shared {
    struct lock lock;
    struct cond cond;
    long count;
    int waiting, woken;
    bool flag, tried;
};

static void shared_init(struct shared *s)
{
    memset(s, 0, sizeof(*s));
    lock_init(&s->lock, "shared");
    cond_init(&s->cond);
}

static void shared_destroy(struct shared *s)
{
    cond_destroy(&s->cond);
    lock_destroy(&s->lock);
}

static void *count_up(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 20000; i++) {
        lock_acquire(&s->lock);
        s->count++;
        lock_release(&s->lock);
    }
    return NULL;
}

static void test_lock_excludes(void **state)
{
    (void)state;
    struct shared s;
    struct thread threads[4];
    shared_init(&s);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_true(thread_start(&threads[i], "count", count_up, &s));
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        thread_join(&threads[i]);
    assert_int_equal(s.count, 80000);
    shared_destroy(&s);
}

static void *try_it(void *arg)
{
    struct shared *s = arg;
    s->tried = lock_try(&s->lock);
    if (s->tried)
        lock_release(&s->lock);
    return NULL;
}

static void test_try_fails_while_held(void **state)
{
    (void)state;
    struct shared s;
    struct thread t;
    shared_init(&s);
    assert_true(lock_try(&s.lock));
    lock_assert_held(&s.lock);
    assert_false(lock_try(&s.lock)); /* by ourselves: no, but no harm */
    lock_assert_held(&s.lock);
    s.tried = true;
    assert_true(thread_start(&t, "try", try_it, &s));
    thread_join(&t);
    assert_false(s.tried);
    lock_release(&s.lock);
    assert_true(thread_start(&t, "try", try_it, &s));
    thread_join(&t);
    assert_true(s.tried);
    shared_destroy(&s);
}

static void *wait_for_flag(void *arg)
{
    struct shared *s = arg;
    lock_acquire(&s->lock);
    s->waiting++;
    cond_broadcast(&s->cond);
    while (!s->flag)
        cond_wait(&s->cond, &s->lock);
    lock_assert_held(&s->lock);
    s->woken++;
    lock_release(&s->lock);
    return NULL;
}

static void test_broadcast_wakes_all(void **state)
{
    (void)state;
    struct shared s;
    struct thread threads[3];
    shared_init(&s);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_true(thread_start(&threads[i], "wait", wait_for_flag, &s));
    lock_acquire(&s.lock);
    while (s.waiting < 3)
        cond_wait(&s.cond, &s.lock);
    s.flag = true;
    cond_broadcast(&s.cond);
    lock_release(&s.lock);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        thread_join(&threads[i]);
    assert_int_equal(s.woken, 3);
    shared_destroy(&s);
}

static void *raise_flag(void *arg)
{
    struct shared *s = arg;
    lock_acquire(&s->lock);
    s->flag = true;
    cond_signal(&s->cond);
    lock_release(&s->lock);
    return NULL;
}

static void test_wait_until_ends_by_signal(void **state)
{
    (void)state;
    static const uint64_t deadlines[] = {0, UINT64_MAX}; /* 0 stands for one minute from now */
    for (size_t i = 0; i < ARRAY_COUNT(deadlines); i++) {
        uint64_t deadline = deadlines[i] ? deadlines[i] : clock_us() + 60000000;
        struct shared s;
        struct thread t;
        shared_init(&s);
        lock_acquire(&s.lock);
        assert_true(thread_start(&t, "raise", raise_flag, &s));
        while (!s.flag)
            assert_true(cond_wait_until(&s.cond, &s.lock, deadline));
        lock_release(&s.lock);
        thread_join(&t);
        shared_destroy(&s);
    }
}

static void test_wait_until_ends_by_time(void **state)
{
    (void)state;
    struct shared s;
    shared_init(&s);
    lock_acquire(&s.lock);
    assert_false(cond_wait_until(&s.cond, &s.lock, 0));
    lock_assert_held(&s.lock);
    uint64_t deadline = clock_us() + 20000;
    while (cond_wait_until(&s.cond, &s.lock, deadline))
        assert_true(clock_us() < deadline); /* woken for no reason */
    assert_true(clock_us() >= deadline);
    assert_true(clock_us() < deadline + 30000000);
    lock_release(&s.lock);
    shared_destroy(&s);
}

static void acquire_twice(void)
{
    struct shared s;
    shared_init(&s);
    lock_acquire(&s.lock);
    lock_acquire(&s.lock);
}

static void release_free(void)
{
    struct shared s;
    shared_init(&s);
    lock_release(&s.lock);
}

static void wait_unheld(void)
{
    struct shared s;
    shared_init(&s);
    cond_wait(&s.cond, &s.lock);
}

static void destroy_held(void)
{
    struct shared s;
    shared_init(&s);
    lock_acquire(&s.lock);
    lock_destroy(&s.lock);
}

static void *release_foreign(void *arg)
{
    lock_release(arg);
    return NULL;
}

static void release_in_another_thread(void)
{
    struct shared s;
    struct thread t;
    shared_init(&s);
    lock_acquire(&s.lock);
    if (thread_start(&t, "foreign", release_foreign, &s.lock))
        thread_join(&t);
}

static void test_misuse_is_checked(void **state)
{
    (void)state;
    assert_aborts(acquire_twice, "lock 'shared' is held by this thread already");
    assert_aborts(release_free, "lock 'shared' is not held by this thread");
    assert_aborts(wait_unheld, "lock 'shared' is not held by this thread");
    assert_aborts(destroy_held, "lock 'shared' is held");
    assert_aborts(release_in_another_thread, "in thread foreign: lock 'shared' is not held");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuse_is_checked), /* first: it forks, and no other thread is here yet */
        cmocka_unit_test(test_lock_excludes),
        cmocka_unit_test(test_try_fails_while_held),
        cmocka_unit_test(test_broadcast_wakes_all),
        cmocka_unit_test(test_wait_until_ends_by_signal),
        cmocka_unit_test(test_wait_until_ends_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
