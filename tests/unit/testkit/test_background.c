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

static int slot, made, freed;
static void *make(void *self)
{
    (void)self;
    made++;
    return &made;
}
static void free_value(void *value, void *self)
{
    freed += value == &made && self == &slot;
}

static int listen_context(cs_ctx *ctx, void **self)
{
    (void)self;
    context = ctx;
    made = freed = 0;
    slot = cs_ctx_slot(ctx, make, free_value, &slot);
    for (int i = slot + 1; i < 64; i++) {
        if (cs_ctx_slot(ctx, make, NULL, NULL) != i)
            return CS_EFAIL;
    }
    if (cs_ctx_slot(ctx, make, NULL, NULL) != CS_ELIMIT)
        return CS_EFAIL;
    return slot == 0 && !cs_slot_get(ctx, slot) ? CS_OK : CS_EFAIL;
}
static int get(cs_request *req, cs_response *res)
{
    int *value = cs_slot_get(cs_req_ctx(req), slot);
    return cs_res_printf(res, "%d", value && cs_slot_get(cs_req_ctx(req), slot) == value);
}
/* A function on the worker answers, and goes on when the answer has ended. */
static int answer(cs_async *async, void *self)
{
    cs_request *req;
    cs_response *res;
    int rc = cs_async_enter(async, &req, &res);
    if (rc != CS_OK)
        return rc;
    rc = cs_res_puts(res, self);
    cs_async_leave(async);
    atomic_store(&begun, 1);
    rc = rc == CS_OK ? cs_async_complete(async) : rc;
    sleep_ms(50);
    atomic_store(&done, cs_slot_get(context, slot) == &made);
    return rc;
}
static int run(cs_request *req, cs_response *res)
{
    cs_async *async = cs_req_async_start(req, res, 0);
    int rc = async ? cs_async_run(async, answer, (void *)(uintptr_t) "by a worker") : CS_ESTATE;
    if (async)
        cs_async_release(async);
    return rc;
}
static const cs_servlet servlets[] = {
    {.name = "get", .url_patterns = "/get", .get = get},
    {.name = "run", .url_patterns = "/run", .flags = CS_ASYNC, .get = run},
};
static const cs_listener listeners[] = {
    {.name = "keeps", .context_initialized = listen_context},
};

static cs_test_app *app_new(void)
{
    atomic_store(&begun, 0);
    atomic_store(&done, 0);
    cs_test_app *app = cs_test_app_new(
        &(cs_test_options){.servlets = CS_ROWS(servlets), .listeners = CS_ROWS(listeners)});
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

/* ---- timers ---- */

static _Atomic int inside, together;

static void count(cs_timer *timer, void *self)
{
    (void)timer;
    atomic_fetch_add((_Atomic int *)self, 1);
}
static void cancel_itself(cs_timer *timer, void *self)
{
    (void)self;
    if (atomic_fetch_add(&begun, 1) == 2)
        atomic_store(&done,
                     1 + (cs_timer_cancel(timer) == CS_OK) + (cs_timer_cancel(timer) == CS_EGONE));
}
static void set_itself(cs_timer *timer, void *self)
{
    (void)self;
    if (atomic_fetch_add(&begun, 1) < 4)
        (void)cs_timer_set(timer, 1, 0);
}
static void take_long(cs_timer *timer, void *self)
{
    (void)timer;
    (void)self;
    if (atomic_fetch_add(&inside, 1) > 0)
        atomic_fetch_add(&together, 1);
    atomic_fetch_add(&begun, 1);
    sleep_ms(30);
    atomic_fetch_sub(&inside, 1);
    atomic_fetch_add(&done, 1);
}

static void test_a_timer_runs_once_or_on(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    cs_timer *once = cs_ctx_timer(context, 1, 0, count, &begun);
    cs_timer *on = cs_ctx_timer(context, 0, 1, count, &done);
    assert_true(once && on);
    await(&done, 5);
    assert_int_equal(atomic_load(&begun), 1);
    assert_int_equal(cs_timer_set(once, 0, 0), CS_OK);
    await(&begun, 2);
    assert_int_equal(cs_timer_cancel(on), CS_OK);
    int seen = atomic_load(&done);
    assert_int_equal(cs_timer_set(on, 0, 0), CS_EGONE);
    assert_int_equal(cs_timer_cancel(on), CS_EGONE);
    sleep_ms(20);
    assert_int_equal(atomic_load(&done), seen);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&begun), 2);
}

static void test_a_timer_in_its_own_run(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_non_null(cs_ctx_timer(context, 0, 1, cancel_itself, NULL));
    await(&done, 3);
    sleep_ms(10);
    assert_int_equal(atomic_load(&begun), 3);
    atomic_store(&begun, 0);
    assert_non_null(cs_ctx_timer(context, 0, 0, set_itself, NULL));
    await(&begun, 5);
    sleep_ms(10);
    assert_int_equal(atomic_load(&begun), 5);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

/* What is missed is not made up for, and who cancels waits. */
static void test_a_late_timer_does_not_pile_up(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    cs_timer *timer = cs_ctx_timer(context, 0, 1, take_long, NULL);
    assert_non_null(timer);
    await(&begun, 3);
    assert_int_equal(cs_timer_cancel(timer), CS_OK);
    assert_int_equal(atomic_load(&inside), 0);
    assert_int_equal(atomic_load(&together), 0);
    assert_int_equal(atomic_load(&done), atomic_load(&begun));
    assert_true(atomic_load(&done) < 20);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_runs_are_waited_for_at_the_end(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_non_null(cs_ctx_timer(context, 0, 0, take_long, NULL));
    await(&begun, 1);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&done), 1);
}

static void test_refused_timers_are_explained(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_null(cs_ctx_timer(context, 0, 0, NULL, NULL));
    assert_null(cs_ctx_timer(context, 0, -1, count, &done));
    assert_true(cs_test_logged(app, "a timer is not set: it needs a function"));
    cs_timer *timer = cs_ctx_timer(context, -1, 0, count, &done);
    assert_int_equal(cs_timer_set(timer, 0, -1), CS_EINVAL);
    sleep_ms(5);
    assert_int_equal(atomic_load(&done), 0);
    assert_int_equal(cs_timer_set(timer, INT64_MAX, INT64_MAX), CS_OK);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

#define MANY 100000

static void test_a_hundred_thousand_timers(void **state)
{
    (void)state;
    static cs_timer *timers[MANY];
    cs_test_app *app = app_new();
    for (int i = 0; i < MANY; i++) {
        timers[i] = cs_ctx_timer(context, i % 3 ? 3600000 - i : 0, 0, count, &done);
        assert_non_null(timers[i]);
    }
    await(&done, MANY / 3);
    for (int i = 0; i < MANY; i += 2)
        assert_int_equal(cs_timer_cancel(timers[i]), CS_OK);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&done), (MANY + 2) / 3);
}

/* ---- values of workers ---- */

static void use_slot(cs_timer *timer, void *self)
{
    (void)timer;
    (void)self;
    atomic_fetch_add(&begun, cs_slot_get(context, slot) == &made);
}

/* Each run of a request is a worker; the timers' is another one, whose value goes with the webapp. */
static void test_values_are_made_once_for_a_worker(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    for (int i = 1; i <= 3; i++) {
        assert_string_equal(cs_test_text(cs_test_get(app, "/get")), "1");
        assert_int_equal(made, i);
        assert_int_equal(freed, i);
    }
    assert_null(cs_slot_get(context, slot));
    assert_int_equal(cs_ctx_slot(context, make, NULL, NULL), CS_ESTATE);
    assert_non_null(cs_ctx_timer(context, 0, 1, use_slot, NULL));
    await(&begun, 5);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(made, 4);
    assert_int_equal(freed, 4);
}

static void test_functions_of_a_request_are_waited_for(void **state)
{
    (void)state;
    cs_test_app *app = app_new();
    assert_string_equal(cs_test_text(cs_test_get(app, "/run")), "by a worker");
    assert_int_equal(atomic_load(&begun), 1);
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(atomic_load(&done), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_are_told_and_joined),
        cmocka_unit_test(test_ended_threads_answer_as_told),
        cmocka_unit_test(test_refused_threads_are_explained),
        cmocka_unit_test(test_a_timer_runs_once_or_on),
        cmocka_unit_test(test_a_timer_in_its_own_run),
        cmocka_unit_test(test_a_late_timer_does_not_pile_up),
        cmocka_unit_test(test_runs_are_waited_for_at_the_end),
        cmocka_unit_test(test_refused_timers_are_explained),
        cmocka_unit_test(test_a_hundred_thousand_timers),
        cmocka_unit_test(test_values_are_made_once_for_a_worker),
        cmocka_unit_test(test_functions_of_a_request_are_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
