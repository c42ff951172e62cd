/* SPDX-License-Identifier: Apache-2.0
 * Deadlines in their order, for the timers of webapps (timers.c): a binary heap of entries that lie in what
 * they are of. To the microsecond, where the pollers' wheel has ticks of 100 ms. The caller holds a lock. */
#ifndef ENGINE_TIMER_HEAP_H
#define ENGINE_TIMER_HEAP_H
#include <stdbool.h>
#include <stdint.h>

struct timer_entry {
    uint64_t due_us;
    uint32_t place; /* plus 1; 0: in no heap */
};
struct timer_heap {
    struct timer_entry **v;
    uint32_t count, cap;
};

/* Room for COUNT entries in all, so that timer_heap_put cannot fail. False: out of memory. */
bool timer_heap_reserve(struct timer_heap *h, uint32_t count);
void timer_heap_free(struct timer_heap *h);
/* E, which may be in H already, is due at DUE_US. */
void timer_heap_put(struct timer_heap *h, struct timer_entry *e, uint64_t due_us);
void timer_heap_remove(struct timer_heap *h,
                       struct timer_entry *e);                    /* harmless when it is in none */
struct timer_entry *timer_heap_first(const struct timer_heap *h); /* NULL: none */

#endif
