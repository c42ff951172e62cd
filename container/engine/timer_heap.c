/* SPDX-License-Identifier: Apache-2.0
 * The heap of deadlines: see timer_heap.h. */
#include "engine/timer_heap.h"

#include <stdlib.h>

#include "base/check.h"

#define FIRST_CAP 64u

bool timer_heap_reserve(struct timer_heap *h, uint32_t count)
{
    if (count <= h->cap)
        return true;
    uint32_t cap = h->cap ? h->cap : FIRST_CAP;
    while (cap < count) {
        if (cap > UINT32_MAX / 2)
            return false;
        cap *= 2;
    }
    struct timer_entry **more = realloc(h->v, cap * sizeof(struct timer_entry *));
    if (!more)
        return false;
    h->v = more;
    h->cap = cap;
    return true;
}

void timer_heap_free(struct timer_heap *h)
{
    free(h->v);
    *h = (struct timer_heap){.v = NULL};
}

static void set_at(struct timer_heap *h, uint32_t at, struct timer_entry *e)
{
    h->v[at] = e;
    e->place = at + 1;
}

/* E's place is AT, or above it. */
static void up(struct timer_heap *h, uint32_t at, struct timer_entry *e)
{
    while (at > 0 && h->v[(at - 1) / 2]->due_us > e->due_us) {
        set_at(h, at, h->v[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    set_at(h, at, e);
}

/* E's place is AT, or below it. */
static void down(struct timer_heap *h, uint32_t at, struct timer_entry *e)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->v[child + 1]->due_us < h->v[child]->due_us)
            child++;
        if (h->v[child]->due_us >= e->due_us)
            break;
        set_at(h, at, h->v[child]);
        at = child;
    }
    set_at(h, at, e);
}

void timer_heap_put(struct timer_heap *h, struct timer_entry *e, uint64_t due_us)
{
    bool later = e->place > 0 && due_us > e->due_us;
    CHECK(e->place > 0 || h->count < h->cap);
    e->due_us = due_us;
    if (later)
        down(h, e->place - 1, e);
    else
        up(h, e->place > 0 ? e->place - 1 : h->count++, e);
}

void timer_heap_remove(struct timer_heap *h, struct timer_entry *e)
{
    if (e->place == 0)
        return;
    uint32_t at = e->place - 1;
    struct timer_entry *last = h->v[--h->count];
    e->place = 0;
    if (last == e)
        return;
    if (last->due_us < e->due_us)
        up(h, at, last);
    else
        down(h, at, last);
}

struct timer_entry *timer_heap_first(const struct timer_heap *h)
{
    return h->count > 0 ? h->v[0] : NULL;
}
