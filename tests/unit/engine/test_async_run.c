/* SPDX-License-Identifier: Apache-2.0
 * The end of a webapp waits for what cs_async_run runs, within its limit. That it is counted: async_run.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "base/clock.h"
#include "engine/background.h"

static struct context context = {.queue_name = (char *)(uintptr_t) "/shop"};
static struct app app = {.context = &context};

static int set_up(void **state)
{
    (void)state;
    app.background = background_new();
    return app.background ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    background_free(&app.background);
    return 0;
}

static void *returns(void *arg)
{
    struct background *b = arg;
    struct timespec pause = {0, 30000000};
    nanosleep(&pause, NULL);
    lock_acquire(&b->lock);
    b->runs = 0;
    cond_broadcast(&b->less);
    lock_release(&b->lock);
    return NULL;
}

static void test_nothing_to_wait_for(void **state)
{
    (void)state;
    assert_true(runs_end(&app, clock_us()));
}

static void test_waits_until_the_last_has_returned(void **state)
{
    struct thread thread = {0};
    uint64_t began = clock_us();
    (void)state;
    app.background->runs = 1;
    assert_true(thread_start(&thread, "returns", returns, app.background));
    assert_true(runs_end(&app, clock_us() + 10000000));
    assert_true(clock_us() - began >= 30000);
    assert_true(clock_us() - began < 5000000);
    thread_join(&thread);
}

static void test_gives_up_at_its_limit(void **state)
{
    uint64_t began = clock_us();
    (void)state;
    app.background->runs = 1;
    assert_false(runs_end(&app, began + 30000));
    assert_true(clock_us() - began >= 30000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_nothing_to_wait_for),
                                       TEST(test_waits_until_the_last_has_returned),
                                       TEST(test_gives_up_at_its_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
