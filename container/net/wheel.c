/* SPDX-License-Identifier: Apache-2.0
 * The wheel of deadlines: see wheel.h. */
#include "net/wheel.h"

void wheel_init(struct wheel *w, uint64_t now_us)
{
    for (uint32_t i = 0; i < WHEEL_SLOTS; i++)
        list_init(&w->slots[i]);
    list_init(&w->due);
    w->now = w->clock = 1;
    w->start_us = now_us;
}

void wheel_entry_init(struct wheel_entry *e)
{
    list_init(&e->link);
    e->deadline = e->filed = 0;
}

static void file_entry(struct wheel *w, struct wheel_entry *e)
{
    uint32_t ahead = e->deadline > w->now ? e->deadline - w->now : 1;
    if (ahead >= WHEEL_SLOTS)
        ahead = WHEEL_SLOTS - 1;
    list_remove(&e->link);
    e->filed = w->now + ahead;
    list_add_tail(&w->slots[e->filed % WHEEL_SLOTS], &e->link);
}

void wheel_clock(struct wheel *w, uint64_t now_us)
{
    uint32_t tick = (uint32_t)((now_us - w->start_us) / (WHEEL_TICK_MS * 1000u)) + 1;
    if (tick > w->clock)
        w->clock = tick;
}

void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t ms)
{
    if (ms < 0) {
        e->deadline = 0; /* stays filed; found without a deadline it is dropped */
        return;
    }
    int64_t ticks = ms / WHEEL_TICK_MS + (ms % WHEEL_TICK_MS > 0) + 1; /* this one is partly over */
    if (ticks > INT32_MAX)
        ticks = INT32_MAX;
    e->deadline = w->clock + (uint32_t)ticks;
    if (e->filed == 0 || e->deadline < e->filed)
        file_entry(w, e);
}

int64_t wheel_left(const struct wheel *w, const struct wheel_entry *e)
{
    if (e->deadline == 0)
        return -1;
    return e->deadline > w->clock ? (int64_t)(e->deadline - w->clock) * WHEEL_TICK_MS : 0;
}

void wheel_clear(struct wheel_entry *e)
{
    list_remove(&e->link);
    e->deadline = e->filed = 0;
}

/* False: MOST were called, and some are left. */
static bool fire_due(struct wheel *w, uint32_t *most, void (*fire)(struct wheel_entry *, void *),
                     void *arg)
{
    while (!list_empty(&w->due)) {
        struct wheel_entry *e = CONTAINER_OF(list_first(&w->due), struct wheel_entry, link);
        bool now = e->deadline > 0 && e->deadline <= w->now;
        if (now && *most == 0)
            return false;
        list_remove(&e->link);
        e->filed = 0;
        if (now) {
            e->deadline = 0;
            (*most)--;
            fire(e, arg);
        } else if (e->deadline > 0) {
            file_entry(w, e);
        }
    }
    return true;
}

static void take_slot(struct wheel *w)
{
    struct list *slot = &w->slots[w->now % WHEEL_SLOTS];
    while (!list_empty(slot)) {
        struct list *link = list_first(slot);
        list_remove(link);
        list_add_tail(&w->due, link);
    }
}

bool wheel_advance(struct wheel *w, uint64_t now_us, uint32_t most,
                   void (*fire)(struct wheel_entry *e, void *arg), void *arg)
{
    wheel_clock(w, now_us);
    for (;;) {
        if (!fire_due(w, &most, fire, arg))
            return false;
        if (w->now >= w->clock)
            return true;
        w->now++;
        take_slot(w);
    }
}
