/* SPDX-License-Identifier: Apache-2.0
 * What webapps do beside their requests, in the test kit: by the engine's own code, as in the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/test.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static cs_ctx *context;
static _Atomic int begun, done;

static void sleep_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}
static void await(_Atomic int *what, int least)
{
    for (int i = 0; i < 3000 && atomic_load(what) < least; i++)
        sleep_ms(10);
    assert_true(atomic_load(what) >= least);
}

static int listen_context(cs_ctx *ctx, void **self)
{
    (void)self;
    context = ctx;
    return CS_OK;
}
static const cs_listener listeners[] = {
    {.name = "keeps", .context_initialized = listen_context},
};

static cs_test_app *app_new(void)
{
    atomic_store(&begun, 0);
    atomic_store(&done, 0);
    cs_test_app *app = cs_test_app_new(&(cs_test_options){.listeners = CS_ROWS(listeners)});
    assert_non_null(app);
    return app;
}

/* ---- threads ---- */

static void wait_until_told(cs_thread *thread, void *self)
{
    if (cs_thread_wait(thread, 1) == 0) /* a failing assertion would be on the wrong thread here */
        atomic_fetch_add(&begun, 1);
    if (cs_thread_wait(thread, self ? -1 : 60000) && cs_thread_should_stop(thread))
        atomic_fetch_add(&done, 1);
}
static void return_at_once(cs_thread *thread, void *self)
{
    (void)thread;
    (void)self;
    atomic_fetch_add(&done, 1);
}

static void test_threads_are_told_and_joined(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_non_null(cs_ctx_thread(context, "one", wait_until_told, NULL));
    assert_non_null(cs_ctx_thread(context, "two", wait_until_told, &done));
    await(&begun, 2);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&done), 2);
}

/* The last handles of ended threads answer; more of them take no more memory. */
static void test_ended_threads_answer_as_told(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    cs_thread *last = NULL;
    for (int i = 0; i < 200; i++) {
        last = cs_ctx_thread(context, "short", return_at_once, NULL);
        assert_non_null(last);
    }
    await(&done, 200);
    assert_int_equal(cs_thread_wait(last, 60000), 1);
    assert_int_equal(cs_thread_should_stop(last), 1);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_refused_threads_are_explained(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_null(cs_ctx_thread(context, NULL, return_at_once, NULL));
    assert_null(cs_ctx_thread(context, "", return_at_once, NULL));
    assert_null(cs_ctx_thread(context, "nothing", NULL, NULL));
    assert_null(cs_ctx_thread(context, "12345678901234567890123456789012", return_at_once, NULL));
    assert_true(cs_test_logged(app, "the thread nothing is not started"));
    assert_non_null(
        cs_ctx_thread(context, "1234567890123456789012345678901", return_at_once, NULL));
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&done), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_are_told_and_joined),
        cmocka_unit_test(test_ended_threads_answer_as_told),
        cmocka_unit_test(test_refused_threads_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
