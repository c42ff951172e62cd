/* SPDX-License-Identifier: Apache-2.0
 * Counters per thread, summed on read: an increment is one plain store to the thread's own block.
 * The list stands in counters.def. */
#ifndef OBSERVE_COUNTERS_H
#define OBSERVE_COUNTERS_H
#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define X(name, text) COUNTER_##name,
#include "observe/counters.def"
#undef X
    COUNTER_COUNT
};

struct counter_block {
    _Atomic uint64_t v[COUNTER_COUNT]; /* written by one thread, read by any */
};

/* The calling thread's block; made at first use, folded into the total when the thread ends. When
 * memory is short a shared block is used, with atomic additions lost at worst. Never NULL. */
struct counter_block *counters_self(void);

extern _Thread_local struct counter_block *counters_mine;

static inline void counter_add(enum counter c, uint64_t n)
{
    struct counter_block *b = counters_mine ? counters_mine : counters_self();
    uint64_t v = atomic_load_explicit(&b->v[c], memory_order_relaxed);
    atomic_store_explicit(&b->v[c], v + n, memory_order_relaxed);
}

uint64_t counter_read(enum counter c); /* the sum over all threads, living and ended */
const char *counter_name(enum counter c);
const char *counter_text(enum counter c);

#endif
