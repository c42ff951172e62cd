/* SPDX-License-Identifier: Apache-2.0
 * Fair queues: order within a queue, turns between queues by what their tasks cost, caps on running
 * tasks, bounds on waiting ones, and the sums that the pool's rules rest on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "workers/queue.h"

#define MANY 20000u

#define LIMITS(c, length) ((struct queue_limits){.cap = (c), .max_length = (length)})
#define PART(of, c, length) \
    ((struct queue_limits){.cap = (c), .max_length = (length), .is_part = true, .whole = (of)})

static struct task tasks[MANY];

static struct task *task_for(uint32_t i, uint32_t queue)
{
    assert_true(i < MANY);
    tasks[i] = (struct task){.queue = queue};
    return &tasks[i];
}

static void take_all(struct queues *q)
{
    struct task *t;
    while ((t = queues_take(q, 0)))
        queues_done(q, t->queue, 0, true);
}

static void in_order_within_a_queue(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 1, &LIMITS(100, 100)));
    assert_null(queues_take(&q, 0));
    for (uint32_t i = 0; i < 50; i++)
        assert_true(queues_push(&q, task_for(i, 0), i));
    assert_int_equal(q.length, 50);
    assert_int_equal(queues_oldest(&q), 0); /* the first was pushed at 0 */
    for (uint32_t i = 0; i < 50; i++) {
        struct task *t = queues_take(&q, 100);
        assert_ptr_equal(t, &tasks[i]);
        assert_null(t->next);
        assert_int_equal(t->queued_us, i);
    }
    assert_null(queues_take(&q, 0));
    assert_int_equal(q.rows[0].running, 50);
    assert_int_equal(q.rows[0].taken, 50);
    assert_int_equal(q.rows[0].longest_us, 100);
    queues_destroy(&q);
}

static void bounded(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 2, &LIMITS(4, 3)));
    for (uint32_t i = 0; i < 3; i++)
        assert_true(queues_push(&q, task_for(i, 0), 0));
    assert_false(queues_push(&q, task_for(3, 0), 0));
    assert_true(queues_push(&q, task_for(4, 1), 0)); /* another queue has its own bound */
    assert_int_equal(q.rows[0].refused, 1);
    assert_int_equal(q.length, 4);
    queues_take(&q, 0);
    queues_take(&q, 0);
    assert_true(queues_push(&q, task_for(5, 0), 0));
    take_all(&q);
    assert_int_equal(q.length, 0);
    queues_destroy(&q);
}

static void capped(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 2, &LIMITS(2, 100)));
    for (uint32_t i = 0; i < 5; i++)
        queues_push(&q, task_for(i, 0), 10 + i);
    assert_ptr_equal(queues_take(&q, 20), &tasks[0]);
    assert_ptr_equal(queues_take(&q, 20), &tasks[1]);
    assert_false(queues_has_work(&q)); /* three wait, none may run */
    assert_int_equal(q.ordinary.blocked, 3);
    assert_int_equal(queues_oldest(&q), 0);
    assert_null(queues_take(&q, 20));
    queues_push(&q, task_for(5, 1), 30); /* the others are not held up */
    assert_true(queues_has_work(&q));
    assert_int_equal(queues_oldest(&q), 30);
    assert_ptr_equal(queues_take(&q, 40), &tasks[5]);
    queues_done(&q, 0, 5, true);
    assert_int_equal(queues_oldest(&q), 12);
    assert_ptr_equal(queues_take(&q, 40), &tasks[2]);
    assert_null(queues_take(&q, 40));
    queues_limit(&q, 0, &LIMITS(4, 100));
    assert_int_equal(q.ordinary.blocked, 0);
    assert_ptr_equal(queues_take(&q, 40), &tasks[3]);
    assert_ptr_equal(queues_take(&q, 40), &tasks[4]);
    queues_limit(&q, 0,
                 &LIMITS(1, 100)); /* below what runs: nothing is taken before that has ended */
    queues_push(&q, task_for(6, 0), 50);
    for (int i = 0; i < 3; i++) {
        assert_false(queues_has_work(&q));
        queues_done(&q, 0, 5, true);
    }
    assert_false(queues_has_work(&q));
    queues_done(&q, 0, 5, true);
    assert_ptr_equal(queues_take(&q, 60), &tasks[6]);
    queues_destroy(&q);
}

/* A queue's share of time is the same, whatever its tasks cost: 100 us against 1000 us means ten tasks
 * against one. */
static void shares_are_of_time(void **unused)
{
    (void)unused;
    struct queues q;
    static const uint32_t cost[] = {100, 1000, 5000};
    uint64_t spent[3] = {0};
    assert_true(queues_init(&q, 3, &LIMITS(1000, MANY)));
    for (uint32_t n = 0; n < 3; n++) { /* teach it the costs */
        for (int i = 0; i < 200; i++) {
            queues_push(&q, task_for(0, n), 0);
            queues_take(&q, 0);
            queues_done(&q, n, cost[n], true);
        }
        assert_in_range(q.rows[n].cost_us, cost[n] - 10, cost[n]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        queues_push(&q, task_for(i, i % 3), 0);
    for (int i = 0; i < 3000; i++) {
        struct task *t = queues_take(&q, 0);
        spent[t->queue] += cost[t->queue];
        queues_done(&q, t->queue, cost[t->queue], true);
    }
    for (int n = 1; n < 3; n++) {
        assert_true(spent[n] > spent[0] * 9 / 10);
        assert_true(spent[n] < spent[0] * 11 / 10);
    }
    take_all(&q);
    queues_destroy(&q);
}

/* However slow the others are, a queue's turn comes after one round. */
static void nobody_starves(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 10, &LIMITS(1000, 1000)));
    for (uint32_t n = 0; n < 9; n++)
        q.rows[n].cost_us = 20000;
    for (uint32_t i = 0; i < 900; i++)
        queues_push(&q, task_for(i, i % 9), 0);
    queues_push(&q, task_for(900, 9), 0);
    uint32_t before = 0;
    while (queues_take(&q, 0) != &tasks[900])
        before++;
    assert_true(before <= 9);
    take_all(&q);
    queues_destroy(&q);
}

/* One that takes minutes counts for at most 20 ms, so that its context is not stopped for long. */
static void cost_is_an_average_within_bounds(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 1, &LIMITS(10, 10)));
    for (int i = 0; i < 100; i++) {
        queues_push(&q, task_for(0, 0), 0);
        queues_take(&q, 0);
        queues_done(&q, 0, UINT64_MAX, true);
    }
    assert_in_range(q.rows[0].cost_us, 19990, 20000);
    for (int i = 0; i < 200; i++) {
        queues_push(&q, task_for(0, 0), 0);
        queues_take(&q, 0);
        queues_done(&q, 0, 0, true);
    }
    assert_in_range(q.rows[0].cost_us, 1, 7); /* never 0 */
    queues_destroy(&q);
}

/* Against plain counting: whatever is pushed, taken, done and limited at random, the sums agree. Queue 2 is
 * a part of queue 0. */
struct plain {
    uint32_t waiting[4], running[4], cap[4];
};

static bool may_take(const struct plain *p, uint32_t n)
{
    uint32_t inside = p->running[0] + p->running[2];
    return p->running[n] < p->cap[n] && (n % 2 == 1 || inside < p->cap[0]);
}

static struct queue_limits random_limits(struct plain *p, uint32_t n, uint32_t cap)
{
    p->cap[n] = cap;
    return n == 2 ? PART(0, cap, 20) : LIMITS(cap, 20);
}

static void step(struct queues *q, struct plain *p, uint32_t dice, uint32_t number)
{
    uint32_t n = dice % 4;
    struct task *t;
    switch (dice / 4 % 8) {
    case 0:
    case 1:
    case 2:
        if (queues_push(q, task_for(number, n), 0))
            p->waiting[n]++;
        else
            assert_int_equal(p->waiting[n], 20);
        break;
    case 3:
    case 4:
        if ((t = queues_take(q, 0))) {
            assert_true(may_take(p, t->queue));
            p->waiting[t->queue]--;
            p->running[t->queue]++;
        }
        break;
    case 5:
    case 6:
        if (p->running[n] > 0) {
            p->running[n]--;
            queues_done(q, n, dice % 3000, true);
        }
        break;
    default:
        queues_limit(q, n, (struct queue_limits[]){random_limits(p, n, 1 + dice / 32 % 6)});
    }
}

static void sums_agree(void **unused)
{
    (void)unused;
    struct queues q;
    struct plain p = {.cap = {3, 3, 3, 3}};
    uint32_t random = 1;
    assert_true(queues_init(&q, 4, &LIMITS(3, 20)));
    queues_limit(&q, 2, &PART(0, 3, 20));
    for (uint32_t number = 0; number < MANY; number++) {
        random = random * 1103515245u + 12345u;
        step(&q, &p, random >> 16, number);
        uint32_t length = 0, blocked = 0;
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(q.rows[i].length, p.waiting[i]);
            assert_int_equal(q.rows[i].running, p.running[i]);
            length += p.waiting[i];
            blocked += may_take(&p, i) ? 0 : p.waiting[i];
        }
        assert_int_equal(q.length, length);
        assert_int_equal(q.ordinary.blocked, blocked);
        assert_int_equal(queues_has_work(&q), length > blocked);
    }
    for (uint32_t i = 0; i < 4; i++)
        queues_limit(&q, i, (struct queue_limits[]){random_limits(&p, i, 1000)});
    take_all(&q);
    queues_destroy(&q);
}

/* What streams is a part of its webapp's own: both together never run more than the whole may, the part
 * never more than its share, and what waits behind either cap holds up nobody else. */
static void a_part_counts_for_its_whole(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 3, &LIMITS(4, 100)));
    queues_limit(&q, 2, &PART(0, 2, 100));
    for (uint32_t i = 0; i < 10; i++)
        assert_true(queues_push(&q, task_for(i, 2), i));
    assert_int_equal(queues_take(&q, 20)->queue, 2);
    assert_int_equal(queues_take(&q, 20)->queue, 2);
    assert_null(queues_take(&q, 20)); /* the part is at its share */
    assert_int_equal(q.ordinary.blocked, 8);
    for (uint32_t i = 10; i < 14; i++)
        assert_true(queues_push(&q, task_for(i, 0), i));
    assert_ptr_equal(queues_take(&q, 20), &tasks[10]); /* the rest is the whole's */
    assert_ptr_equal(queues_take(&q, 20), &tasks[11]);
    assert_null(queues_take(&q, 20)); /* 2 and 2 are 4 */
    assert_int_equal(q.ordinary.blocked, 10);
    assert_int_equal(queues_oldest(&q), 0);
    assert_true(queues_push(&q, task_for(14, 1), 30));
    assert_ptr_equal(queues_take(&q, 40), &tasks[14]);
    queues_done(&q, 2, 5, true); /* whichever is next in turn */
    assert_true(queues_has_work(&q));
    assert_int_not_equal(queues_take(&q, 40)->queue, 1);
    assert_false(queues_has_work(&q));
    for (uint32_t i = 0; i < 3; i++)
        while (q.rows[i].running > 0)
            queues_done(&q, i, 1, true);
    take_all(&q);
    queues_destroy(&q);
}

/* The whole's own tasks may be all there is room for: the part waits, and late ones are taken out. */
static void a_part_behind_its_whole(void **unused)
{
    (void)unused;
    struct queues q;
    struct queue_limits whole = {.cap = 2, .max_length = 9, .max_wait_us = 1000, .reserved = true};
    struct queue_limits part = PART(0, 1, 9);
    part.max_wait_us = 1000;
    assert_true(queues_init(&q, 2, &whole));
    queues_limit(&q, 1, &part); /* not reserved with it: sums of two classes */
    for (uint32_t i = 0; i < 5; i++)
        assert_true(queues_push(&q, task_for(i, i < 3 ? 0 : 1), i));
    uint32_t streaming = 0;
    for (uint32_t i = 0; i < 2; i++)
        streaming += queues_take(&q, 10)->queue;
    assert_int_equal(q.reserved.blocked + q.ordinary.blocked, 3);
    assert_false(queues_has_work(&q));
    for (struct task *t = queues_late(&q, 1500); t; t = t->next)
        assert_int_equal(t->queued_us <= 4, 1);
    assert_int_equal(q.reserved.blocked + q.ordinary.blocked, 0);
    assert_int_equal(q.length, 0);
    if (streaming > 0)
        queues_done(&q, 1, 1, true);
    while (q.rows[0].running > 0)
        queues_done(&q, 0, 1, true);
    assert_true(queues_push(&q, task_for(5, 1), 2000));
    assert_ptr_equal(queues_take(&q, 2000), &tasks[5]);
    queues_done(&q, 1, 1, true);
    queues_destroy(&q);
}

static void newest_first_when_it_is_late(void **unused)
{
    (void)unused;
    struct queues q;
    struct queue_limits limits = {.cap = 100, .max_length = 100, .max_wait_us = 1000};
    assert_true(queues_init(&q, 1, &limits));
    for (uint32_t i = 0; i < 10; i++)
        assert_true(queues_push(&q, task_for(i, 0), 1000 + i));
    assert_ptr_equal(queues_take(&q, 1500), &tasks[0]); /* half of the limit, not above it */
    assert_ptr_equal(queues_take(&q, 1501),
                     &tasks[1]); /* the oldest has waited exactly that long */
    assert_ptr_equal(queues_take(&q, 1503), &tasks[9]); /* above */
    assert_ptr_equal(queues_take(&q, 1503), &tasks[8]);
    assert_null(queues_late(&q, 2002)); /* the oldest, 2, has waited exactly as long as it may */
    struct task *late = queues_late(&q, 2004);
    assert_ptr_equal(late, &tasks[2]); /* in the order they came */
    assert_ptr_equal(late->next, &tasks[3]);
    assert_null(late->next->next);
    assert_int_equal(q.rows[0].late, 2);
    assert_int_equal(q.length, 4);
    assert_ptr_equal(queues_take(&q, 2004), &tasks[7]);
    late = queues_late(&q, 100000);
    assert_ptr_equal(late, &tasks[4]);
    assert_int_equal(q.length, 0);
    assert_int_equal(q.rows[0].late, 5);
    assert_false(queues_has_work(&q));
    assert_null(queues_take(&q, 100000));
    /* It is as new afterwards. */
    assert_true(queues_push(&q, task_for(0, 0), 200000));
    assert_ptr_equal(queues_take(&q, 200000), &tasks[0]);
    queues_destroy(&q);
}

static void late_behind_a_cap(void **unused)
{
    (void)unused;
    struct queues q;
    struct queue_limits limits = {.cap = 1, .max_length = 100, .max_wait_us = 1000};
    assert_true(queues_init(&q, 2, &limits));
    for (uint32_t i = 0; i < 6; i++)
        assert_true(queues_push(&q, task_for(i, i % 2), i));
    assert_non_null(queues_take(&q, 0));
    assert_non_null(queues_take(&q, 0));
    assert_int_equal(q.ordinary.blocked, 4);
    assert_false(queues_has_work(&q));
    struct task *late = queues_late(&q, 1004); /* the queues in any order */
    assert_int_equal(late - tasks + (late->next - tasks), 2 + 3);
    assert_null(late->next->next);
    assert_int_equal(q.ordinary.blocked, 2);
    assert_int_equal(q.ordinary.waiting, 2);
    queues_done(&q, 0, 1, true);
    assert_true(queues_has_work(&q));
    assert_ptr_equal(queues_take(&q, 1004), &tasks[4]);
    queues_done(&q, 1, 1, true);
    assert_ptr_equal(queues_take(&q, 1004), &tasks[5]);
    queues_destroy(&q);
}

static void kept_for_the_reserved(void **unused)
{
    (void)unused;
    struct queues q;
    assert_true(queues_init(&q, 3, &LIMITS(100, 100)));
    queues_limit(&q, 2, &(struct queue_limits){.cap = 3, .max_length = 100, .reserved = true});
    queues_keep(&q, 2);
    for (uint32_t i = 0; i < 12; i++)
        assert_true(queues_push(&q, task_for(i, i % 3), i));
    for (int i = 0; i < 5; i++)
        assert_non_null(queues_take(&q, 0));
    assert_int_equal(q.rows[0].running + q.rows[1].running, 2); /* of both together */
    assert_int_equal(q.rows[2].running, 3);
    assert_false(queues_has_work(&q));
    assert_null(queues_take(&q, 0));
    assert_int_equal(queues_oldest(&q), 0);
    queues_done(&q, 2, 1, true);
    struct task *t = queues_take(&q, 0);
    assert_int_equal(t->queue, 2); /* what a reserved one leaves is not for the others */
    queues_done(&q, 2, 1, true);
    assert_null(queues_take(&q, 0));
    queues_done(&q, q.rows[0].running > 0 ? 0 : 1, 1, true);
    assert_true(queues_has_work(&q));
    t = queues_take(&q, 0);
    assert_int_not_equal(t->queue, 2);
    for (;;) {
        for (uint32_t i = 0; i < 3; i++)
            while (q.rows[i].running > 0)
                queues_done(&q, i, 1, true);
        if (!queues_take(&q, 0))
            break;
    }
    queues_destroy(&q);
}

static void waits_are_told(void **unused)
{
    (void)unused;
    static const uint64_t waits[] = {0,      999,     1000,    9999,     10000,     99999,
                                     100000, 1000000, 9999999, 10000000, 3600000000};
    static const uint64_t rows[QUEUE_WAITS] = {2, 2, 2, 1, 2, 2};
    (void)unused;
    struct queues q;
    uint64_t sum = 0;
    assert_true(queues_init(&q, 1, &LIMITS(100, 100)));
    for (uint32_t i = 0; i < 11; i++) {
        assert_true(queues_push(&q, task_for(i, 0), 5));
        assert_non_null(queues_take(&q, 5 + waits[i]));
        queues_done(&q, 0, 1, true);
        sum += waits[i];
    }
    for (uint32_t i = 0; i < QUEUE_WAITS; i++)
        assert_int_equal(q.rows[0].waits[i], rows[i]);
    assert_int_equal(q.rows[0].waited_us, sum);
    assert_int_equal(q.rows[0].longest_us, 3600000000);
    queues_destroy(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_within_a_queue),
        cmocka_unit_test(bounded),
        cmocka_unit_test(capped),
        cmocka_unit_test(shares_are_of_time),
        cmocka_unit_test(nobody_starves),
        cmocka_unit_test(cost_is_an_average_within_bounds),
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(a_part_counts_for_its_whole),
        cmocka_unit_test(a_part_behind_its_whole),
        cmocka_unit_test(newest_first_when_it_is_late),
        cmocka_unit_test(late_behind_a_cap),
        cmocka_unit_test(kept_for_the_reserved),
        cmocka_unit_test(waits_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
