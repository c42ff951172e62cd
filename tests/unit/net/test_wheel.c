/* SPDX-License-Identifier: Apache-2.0
 * The wheel of deadlines: never early, at most a tick late, however far ahead, moved, removed, set again
 * from within, or late to be moved on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "net/wheel.h"

#define START 123456789u
#define TICK  (WHEEL_TICK_MS * 1000u)

struct item {
    struct wheel_entry entry;
    uint64_t fired_us; /* 0: not yet */
    unsigned count;
    int64_t set_again_ms; /* from within, once; 0: not */
    struct item *clears;  /* from within */
};

static struct wheel w;
static uint64_t now_us;

static void fire(struct wheel_entry *e, void *arg)
{
    struct item *i = CONTAINER_OF(e, struct item, entry);
    assert_ptr_equal(arg, &w);
    assert_int_equal(e->deadline, 0);
    i->fired_us = now_us;
    i->count++;
    if (i->set_again_ms) {
        wheel_set(&w, e, i->set_again_ms);
        i->set_again_ms = 0;
    }
    if (i->clears)
        wheel_clear(&i->clears->entry);
}

static void advance(uint64_t us)
{
    now_us = us;
    assert_true(wheel_advance(&w, us, UINT32_MAX, fire, &w));
}

static int set_up(void **state)
{
    (void)state;
    now_us = START;
    wheel_init(&w, START);
    return 0;
}

static void item_init(struct item *i)
{
    *i = (struct item){.count = 0};
    wheel_entry_init(&i->entry);
}

/* regression 111: what was no multiple of 100 ms came up to 100 ms early: 150 ms after 100 to 200. */
static void never_early_at_most_two_ticks_late(void **unused)
{
    (void)unused;
    static const int64_t waits[] = {0,   1,   50,  99,    100,   101,  150,
                                    199, 200, 999, 51100, 51200, 60001};
    struct item items[ARRAY_COUNT(waits)];
    for (uint64_t phase = 0; phase < TICK; phase += 33000) { /* where in the tick it is set */
        set_up(NULL);
        advance(START + 5 * TICK + phase);
        uint64_t from = now_us;
        for (size_t i = 0; i < ARRAY_COUNT(waits); i++) {
            item_init(&items[i]);
            wheel_set(&w, &items[i].entry, waits[i]);
        }
        for (uint64_t us = from; us < from + 61000000u; us += 10000)
            advance(us);
        for (size_t i = 0; i < ARRAY_COUNT(waits); i++) {
            uint64_t waited = items[i].fired_us - from, asked = (uint64_t)waits[i] * 1000;
            assert_int_equal(items[i].count, 1);
            if (waited < asked || waited > asked + 2 * TICK)
                fail_msg("%lld ms came after %llu us", (long long)waits[i],
                         (unsigned long long)waited);
        }
    }
}

static void moved_and_removed(void **unused)
{
    (void)unused;
    struct item later, sooner, removed, back;
    item_init(&later);
    item_init(&sooner);
    item_init(&removed);
    item_init(&back);
    wheel_set(&w, &later.entry, 300);
    wheel_set(&w, &sooner.entry, 30000);
    wheel_set(&w, &removed.entry, 300);
    wheel_set(&w, &back.entry, 300);
    advance(START + 2 * TICK);
    wheel_set(&w, &later.entry, 1000);
    wheel_set(&w, &sooner.entry, 100);
    wheel_set(&w, &removed.entry, -1);
    wheel_set(&w, &back.entry, -1);
    wheel_set(&w, &back.entry, 500);
    for (uint64_t t = 3; t < 500; t++)
        advance(START + t * TICK);
    assert_in_range(sooner.fired_us, START + 3 * TICK, START + 4 * TICK);
    assert_in_range(later.fired_us, START + 12 * TICK, START + 13 * TICK);
    assert_in_range(back.fired_us, START + 7 * TICK, START + 8 * TICK);
    assert_int_equal(removed.count, 0);
    assert_int_equal(removed.entry.filed, 0); /* dropped: its memory may go */
    assert_int_equal(later.count + sooner.count + back.count, 3);
}

static void set_and_cleared_from_within(void **unused)
{
    (void)unused;
    struct item again, killer, victim, both;
    item_init(&again);
    item_init(&killer);
    item_init(&victim);
    item_init(&both);
    again.set_again_ms = 200;
    killer.clears = &victim;
    wheel_set(&w, &again.entry, 100);
    wheel_set(&w, &killer.entry, 100);
    wheel_set(&w, &victim.entry, 100); /* due in the same tick, behind its killer */
    for (uint64_t t = 1; t < 20; t++)
        advance(START + t * TICK);
    assert_int_equal(again.count, 2);
    assert_int_equal(killer.count, 1);
    assert_int_equal(victim.count, 0);
    wheel_clear(&victim.entry); /* a second time, and of one that never was in */
    wheel_clear(&both.entry);
}

static void behind_by_long(void **unused)
{
    (void)unused;
    struct item due, ahead;
    item_init(&due);
    item_init(&ahead);
    wheel_set(&w, &due.entry, 1000);
    wheel_set(&w, &ahead.entry, 3600 * 1000 + 100);
    advance(START + 3600u * 1000000u); /* more than the wheel has slots */
    assert_int_equal(due.count, 1);
    assert_int_equal(ahead.count, 0);
    advance(START + 3601u * 1000000u);
    assert_int_equal(ahead.count, 1);
    advance(START + 3600u * 1000000u); /* backwards: nothing */
    assert_int_equal(due.count + ahead.count, 2);
}

/* regression 112: a deadline set after a long wait was counted from before that wait, and came up at
 * once; also one that is set from within while the wheel catches up. */
static void counted_from_now_when_behind(void **unused)
{
    (void)unused;
    struct item fresh, again;
    item_init(&fresh);
    item_init(&again);
    again.set_again_ms = 500;
    wheel_set(&w, &again.entry, 100);
    wheel_clock(&w, START + 50 * TICK); /* the wheel itself stands at the start */
    wheel_set(&w, &fresh.entry, 1000);
    advance(START + 50 * TICK);
    assert_int_equal(again.count, 1);
    assert_int_equal(fresh.count, 0);
    advance(START + 54 * TICK);
    assert_int_equal(again.count, 1);
    advance(START + 56 * TICK);
    assert_int_equal(again.count, 2);
    advance(START + 59 * TICK);
    assert_int_equal(fresh.count, 0);
    advance(START + 61 * TICK);
    assert_int_equal(fresh.count, 1);
}

/* Against a plain list, with everything at random. */
static void against_a_list(void **unused)
{
    (void)unused;
    enum { N = 200 };
    static struct item items[N];
    uint64_t due[N] = {0}; /* us; 0: none */
    srand(7);
    for (int i = 0; i < N; i++)
        item_init(&items[i]);
    for (uint64_t t = 1; t < 3000; t++) {
        advance(START + t * TICK + (uint64_t)(rand() % 90000));
        for (int i = 0; i < N; i++) {
            bool fired = items[i].fired_us == now_us && items[i].count > 0;
            if (fired)
                assert_true(due[i] > 0 && due[i] <= now_us);
            else if (due[i] > 0)
                assert_true(now_us <= due[i] + 2 * TICK);
            if (fired)
                due[i] = 0;
            int64_t ms = rand() % 10 ? rand() % 3000 : rand() % 80000;
            switch (rand() % 20) {
            case 0:
                wheel_set(&w, &items[i].entry, ms);
                due[i] = now_us + (uint64_t)ms * 1000;
                break;
            case 1:
                wheel_set(&w, &items[i].entry, -1);
                due[i] = 0;
                break;
            case 2:
                wheel_clear(&items[i].entry);
                due[i] = 0;
                break;
            default:
                break;
            }
        }
    }
}

static void the_largest(void **unused)
{
    (void)unused;
    struct item i;
    item_init(&i);
    wheel_set(&w, &i.entry, INT64_MAX);
    advance(START + 100000u * (uint64_t)TICK);
    assert_int_equal(i.count, 0);
    wheel_clear(&i.entry);
}

static void what_is_left(void **unused)
{
    (void)unused;
    struct item i = {0};
    wheel_entry_init(&i.entry);
    assert_int_equal(wheel_left(&w, &i.entry), -1);
    wheel_set(&w, &i.entry, 1000);
    assert_in_range(wheel_left(&w, &i.entry), 1000, 1200);
    wheel_clock(&w, START + 500000);
    assert_in_range(wheel_left(&w, &i.entry), 500, 700);
    wheel_clock(&w, START + 60u * 1000000u); /* overdue, not called yet */
    assert_int_equal(wheel_left(&w, &i.entry), 0);
    wheel_set(&w, &i.entry, -1);
    assert_int_equal(wheel_left(&w, &i.entry), -1);
    wheel_clear(&i.entry);
}

/* regression 122: thousands of clients that had come together were overdue together, and nobody else was
 * served until all of them had been told. */
static void some_at_a_time(void **unused)
{
    (void)unused;
    struct item items[10];
    unsigned fired = 0;
    for (int i = 0; i < 10; i++) {
        item_init(&items[i]);
        wheel_set(&w, &items[i].entry, i < 7 ? 1000 : 1100);
    }
    now_us = START + 1200u * 1000u;
    assert_false(wheel_advance(&w, now_us, 3, fire, &w));
    wheel_set(&w, &items[5].entry, -1);   /* of those that wait: not wanted any more, */
    wheel_set(&w, &items[6].entry, 5000); /* later, */
    wheel_clear(&items[4].entry);         /* gone */
    now_us += 50u * 1000u;
    assert_false(wheel_advance(&w, now_us, 1, fire, &w));
    now_us += 400u * 1000u;
    assert_true(wheel_advance(&w, now_us, 3, fire, &w));
    for (int i = 0; i < 10; i++)
        fired += items[i].count;
    assert_int_equal(fired, 7);
    assert_int_equal(items[4].count + items[5].count + items[6].count, 0);
    advance(START + 7000u * 1000u);
    assert_int_equal(items[6].count, 1);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(never_early_at_most_two_ticks_late),
        TEST(moved_and_removed),
        TEST(set_and_cleared_from_within),
        TEST(behind_by_long),
        TEST(counted_from_now_when_behind),
        TEST(against_a_list),
        TEST(the_largest),
        TEST(what_is_left),
        TEST(some_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
