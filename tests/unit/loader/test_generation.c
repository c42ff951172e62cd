/* SPDX-License-Identifier: Apache-2.0
 * A generation and its life-cycle thread: calls in order on one thread, a time-out that abandons it, modules
 * opened and closed, uses counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/thread.h"
#include "loader/generation.h"
#include "module_maker.h"

#define PLENTY (60u * 1000000u) /* us */

static struct err err;

static struct generation *make(void)
{
    struct generation *g = generation_new("shop", 7, &err);
    assert_non_null(g);
    return g;
}

struct visit {
    pthread_t thread;
    int order;
    char name[32];
};
static int order;

static void visit(void *arg)
{
    struct visit *v = arg;
    v->thread = pthread_self();
    v->order = ++order;
    snprintf(v->name, sizeof(v->name), "%s", thread_self_name());
}

static void test_calls(void **state)
{
    struct visit v[3];
    (void)state;
    struct generation *g = make();
    assert_int_equal(generation_number(g), 7);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(generation_call(g, visit, &v[i], PLENTY), GENERATION_DONE);
        assert_int_equal(v[i].order, i + 1);
        assert_true(pthread_equal(v[i].thread, v[0].thread));
        assert_false(pthread_equal(v[i].thread, pthread_self()));
        assert_string_equal(v[i].name, "life-shop");
    }
    generation_end(&g);
    assert_null(g);
}

static sem_t begun, go_on, ended;

static void wait_there(void *arg)
{
    _Atomic int *stage = arg;
    atomic_store(stage, 1);
    sem_post(&begun);
    while (sem_wait(&go_on) != 0)
        ;
    atomic_store(stage, 2);
    sem_post(&ended);
}

static void test_time_out(void **state)
{
    static _Atomic int stage; /* valid for ever, as generation_call asks for */
    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    sem_init(&ended, 0, 0);
    struct generation *g = make();
    uint64_t start = clock_us();
    assert_int_equal(generation_call(g, wait_there, &stage, 20000), GENERATION_TIMEOUT);
    assert_true(clock_us() - start >= 20000);
    sem_wait(&begun);
    assert_int_equal(atomic_load(&stage), 1);
    generation_end(&g); /* at once, although its thread hangs */
    assert_null(g);
    sem_post(&go_on); /* what was abandoned may still come back: nobody minds */
    sem_wait(&ended);
    assert_int_equal(atomic_load(&stage), 2);
}

static void test_in_time(void **state)
{
    static _Atomic int stage;
    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 1); /* open already */
    sem_init(&ended, 0, 0);
    struct generation *g = make();
    assert_int_equal(generation_call(g, wait_there, &stage, PLENTY), GENERATION_DONE);
    assert_int_equal(atomic_load(&stage), 2);
    generation_end(&g);
}

struct adding {
    struct generation *g;
    const char *mapped;
    struct image *im;
    bool ok;
    struct err err;
};

static void add_it(void *arg)
{
    struct adding *a = arg;
    a->ok = generation_add(a->g, a->mapped, a->im, &a->err);
}

static bool add(struct generation *g, const char *mapped, struct image *im)
{
    struct adding a = {.g = g, .mapped = mapped, .im = im, .err = ERR_INIT};
    assert_int_equal(generation_call(g, add_it, &a, PLENTY), GENERATION_DONE);
    err = a.err;
    return a.ok;
}

static void test_modules(void **state)
{
    struct image im;
    char one[256], two[256];
    (void)state;
    struct generation *g = make();
    const char *file = maker_build("hello", MAKER_HELLO, NULL);
    assert_non_null(file);
    assert_true(image_read(&im, file, &err));
    assert_true(image_copy(&im, maker_dir, "1", one, sizeof(one), &err));
    assert_true(image_copy(&im, maker_dir, "2", two, sizeof(two), &err));
    assert_int_equal(generation_module_count(g), 0);
    assert_true(add(g, one, &im));
    assert_true(add(g, two, &im)); /* the same content again: another object */
    assert_int_equal(generation_module_count(g), 2);
    struct module *a = generation_module(g, 0), *b = generation_module(g, 1);
    assert_string_equal(a->name, "hello");
    assert_string_equal(a->version, "1.2.3");
    assert_string_equal(a->file, file);
    assert_ptr_not_equal(a->handle, b->handle);
    assert_ptr_not_equal(a->servlets[0].get, b->servlets[0].get);
    assert_false(add(g, one, &im)); /* loaded already */
    assert_non_null(strstr(err.what, "loaded already"));
    assert_int_equal(generation_module_count(g), 2);
    image_free(&im);
    generation_end(&g);
}

static void test_bad_module(void **state)
{
    struct image im = {.path = "shop.so", .bytes = BUF_EMPTY};
    (void)state;
    struct generation *g = make();
    assert_false(add(g, maker_path("nothing.so"), &im));
    assert_non_null(strstr(err.what, "shop.so")); /* the author's file, not the copy */
    assert_int_equal(generation_module_count(g), 0);
    generation_end(&g);
}

static void *hold_and_release(void *arg)
{
    struct generation *g = arg;
    for (int i = 0; i < 20000; i++) {
        generation_hold(g);
        generation_release(g);
    }
    return NULL;
}

static void test_uses(void **state)
{
    struct thread threads[3];
    (void)state;
    struct generation *g = make();
    assert_int_equal(generation_uses(g), 0);
    generation_hold(g);
    generation_hold(g);
    assert_int_equal(generation_uses(g), 2);
    for (int i = 0; i < 3; i++)
        assert_true(thread_start(&threads[i], "user", hold_and_release, g));
    for (int i = 0; i < 3; i++)
        thread_join(&threads[i]);
    assert_int_equal(generation_uses(g), 2);
    generation_release(g);
    generation_release(g);
    assert_int_equal(generation_uses(g), 0);
    generation_end(&g);
}

static void test_long_name(void **state)
{
    char name[300];
    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    struct generation *g = generation_new(name, 1, &err);
    assert_non_null(g);
    generation_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),      cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_in_time),    cmocka_unit_test(test_modules),
        cmocka_unit_test(test_bad_module), cmocka_unit_test(test_uses),
        cmocka_unit_test(test_long_name),
    };
    return cmocka_run_group_tests(tests, maker_setup, maker_teardown);
}
