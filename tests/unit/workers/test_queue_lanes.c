/* SPDX-License-Identifier: Apache-2.0
 * The two lanes of a queue: what is over at once, and what takes long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "workers/queue.h"

#define LIMITS(c, length) ((struct queue_limits){.cap = (c), .max_length = (length)})

static struct task tasks[4 + 2 * QUICK_RUN];

static struct task *slow_task(uint32_t i)
{
    tasks[i] = (struct task){.queue = 0};
    return &tasks[i];
}

static struct task *quick_task(uint32_t i)
{
    tasks[i] = (struct task){.queue = 0, .quick = true};
    return &tasks[i];
}

/* What is over at once does not wait behind what takes long, and what takes long gets its turn. */
static void quick_tasks_overtake_slow_ones(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 1, &LIMITS(1000, 1000)));
    for (uint32_t i = 0; i < 4; i++)
        queues_push(&q, slow_task(i), 1 + i);
    for (uint32_t i = 4; i < 4 + 2 * QUICK_RUN; i++)
        queues_push(&q, quick_task(i), 1 + i);
    assert_int_equal(queues_oldest_of(&q, 0), 1);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < QUICK_RUN; i++)
            assert_ptr_equal(queues_take(&q, 100), &tasks[4 + round * QUICK_RUN + i]);
        assert_ptr_equal(queues_take(&q, 100), &tasks[round]);
    }
    assert_ptr_equal(queues_take(&q, 100), &tasks[2]);
    queues_push(&q, quick_task(4), 5);
    assert_int_equal(queues_oldest_of(&q, 0), 4);
    assert_ptr_equal(queues_take(&q, 100), &tasks[4]);
    assert_int_equal(q.length, 1);
    assert_ptr_equal(queues_take(&q, 100), &tasks[3]);
    assert_int_equal(q.length, 0);
    queues_destroy(&q);
}

/* Each lane by itself: one whose oldest has waited for long is served from its end; both give up the late. */
static void lanes_have_their_own_order(void **unused)
{
    (void)unused;
    struct queues q;
    struct queue_limits limits = LIMITS(10, 10);
    limits.max_wait_us = 1000;
    assert_true(queues_init(&q, 1, &limits));
    queues_push(&q, slow_task(0), 0);
    queues_push(&q, slow_task(1), 500);
    queues_push(&q, quick_task(2), 500);
    queues_push(&q, quick_task(3), 600);
    assert_ptr_equal(queues_take(&q, 700), &tasks[2]); /* the slow lane alone is crowded */
    queues_push(&q, quick_task(4), 100);
    struct task *late = queues_late(&q, 1050);
    assert_ptr_equal(late, &tasks[0]);
    assert_null(late->next);
    late = queues_late(&q, 1550);
    assert_ptr_equal(late, &tasks[1]);
    assert_null(late->next);
    late = queues_late(&q, 1650);
    assert_ptr_equal(late, &tasks[3]);
    assert_ptr_equal(late->next, &tasks[4]);
    assert_int_equal(q.length, 0);
    assert_null(queues_take(&q, 1650));
    queues_destroy(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_tasks_overtake_slow_ones),
        cmocka_unit_test(lanes_have_their_own_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
