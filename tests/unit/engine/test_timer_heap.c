/* SPDX-License-Identifier: Apache-2.0
 * The heap of deadlines: it gives them in order, also when they were moved or taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/timer_heap.h"

#define COUNT 1000u

static uint32_t seed = 1;

static uint32_t number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* Takes all; each is as late as the one before, or later. */
static uint32_t take_all(struct timer_heap *h)
{
    uint32_t count = 0;
    uint64_t before = 0;
    struct timer_entry *e;
    while ((e = timer_heap_first(h))) {
        assert_true(e->due_us >= before);
        before = e->due_us;
        timer_heap_remove(h, e);
        assert_int_equal(e->place, 0);
        count++;
    }
    return count;
}

static void test_in_order_after_all_changes(void **state)
{
    (void)state;
    static struct timer_entry rows[COUNT];
    struct timer_heap h = {.v = NULL};
    assert_null(timer_heap_first(&h));
    assert_true(timer_heap_reserve(&h, COUNT));
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t left = COUNT;
        for (uint32_t i = 0; i < COUNT; i++)
            timer_heap_put(&h, &rows[i], number() % 500);
        for (uint32_t i = 0; i < COUNT; i++)
            timer_heap_put(&h, &rows[number() % COUNT], number() % 500);
        for (uint32_t i = 0; i < COUNT / 2; i++) {
            struct timer_entry *e = &rows[number() % COUNT];
            left -= e->place > 0;
            timer_heap_remove(&h, e);
        }
        assert_int_equal(h.count, left);
        assert_int_equal(take_all(&h), left);
    }
    timer_heap_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_after_all_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
