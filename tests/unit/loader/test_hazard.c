/* SPDX-License-Identifier: Apache-2.0
 * Hazard slots: whoever holds a pointer can use it, however the source changes meanwhile; and who wants to
 * free it learns when nobody does. Under TSan and ASan a mistake is a report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdlib.h>

#include "base/thread.h"
#include "loader/hazard.h"

#define READERS 4u
#define CHANGES 3000u
#define ALIVE   0x600dc0deu

struct object {
    uint32_t alive, number;
};

static struct hazard slots[READERS];
static _Atomic(void *) source;
static _Atomic bool stop;
static _Atomic uint32_t taken, torn, none;

static void *read_on(void *arg)
{
    struct hazard *mine = arg;
    uint32_t newest = 0;
    while (!atomic_load(&stop)) {
        struct object *o = hazard_take(mine, &source);
        if (!o) {
            atomic_fetch_add(&none, 1);
        } else {
            /* Objects come in order, and a freed one is not alive. */
            if (o->alive != ALIVE || o->number < newest)
                atomic_fetch_add(&torn, 1);
            newest = o->number;
            atomic_fetch_add(&taken, 1);
        }
        hazard_clear(mine);
    }
    return NULL;
}

static void free_when_quiet(struct object *old)
{
    while (hazard_held(slots, READERS, old))
        sched_yield();
    old->alive = 0;
    free(old);
}

static void test_readers(void **state)
{
    struct thread threads[READERS];
    (void)state;
    for (uint32_t i = 0; i < READERS; i++)
        assert_true(thread_start(&threads[i], "reader", read_on, &slots[i]));
    for (uint32_t n = 1; n <= CHANGES; n++) {
        struct object *next = NULL;
        if (n % 10 != 0) { /* now and then nothing is current */
            next = malloc(sizeof(*next));
            assert_non_null(next);
            *next = (struct object){.alive = ALIVE, .number = n};
        }
        struct object *old = atomic_exchange(&source, next);
        if (old)
            free_when_quiet(old);
        for (uint32_t before = atomic_load(&taken); n % 100 == 1 && atomic_load(&taken) == before;)
            sched_yield(); /* each hundred is seen by somebody */
    }
    atomic_store(&stop, true);
    for (uint32_t i = 0; i < READERS; i++)
        thread_join(&threads[i]);
    struct object *last = atomic_exchange(&source, NULL);
    assert_null(last); /* CHANGES is a multiple of 10 */
    assert_int_equal(atomic_load(&torn), 0);
    assert_true(atomic_load(&taken) >= CHANGES / 100);
}

static void test_held(void **state)
{
    int a, b;
    _Atomic(void *) from = &a;
    struct hazard two[2] = {{.held = NULL}, {.held = NULL}};
    (void)state;
    assert_false(hazard_held(two, 2, &a));
    assert_ptr_equal(hazard_take(&two[1], &from), &a);
    assert_true(hazard_held(two, 2, &a));
    assert_false(hazard_held(two, 1, &a)); /* only the slots that were asked for */
    assert_false(hazard_held(two, 2, &b));
    atomic_store(&from, &b);
    assert_true(hazard_held(two, 2, &a)); /* still: a change of the source releases nothing */
    assert_ptr_equal(hazard_take(&two[0], &from), &b);
    assert_true(hazard_held(two, 2, &b));
    hazard_clear(&two[1]);
    assert_false(hazard_held(two, 2, &a));
    assert_ptr_equal(hazard_take(&two[0], &from), &b); /* again in the same slot */
    hazard_clear(&two[0]);
    assert_false(hazard_held(two, 2, &b));
    assert_int_equal(sizeof(struct hazard), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
