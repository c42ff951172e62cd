/* SPDX-License-Identifier: Apache-2.0
 * Hazard slots: a thread publishes the pointer it uses, whoever wants to free waits until no slot holds
 * it. No count per request. One slot per thread; a slot holds one pointer at a time. */
#ifndef LOADER_HAZARD_H
#define LOADER_HAZARD_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct hazard {
    _Atomic(void *) held;
    char apart[64 - sizeof(void *)]; /* a cache line of its own */
};

/* The current value of *SOURCE, safe until hazard_clear. Sequentially consistent store and load again,
 * no stand-alone fence. */
static inline void *hazard_take(struct hazard *h, _Atomic(void *) *source)
{
    void *p = atomic_load(source);
    for (;;) {
        atomic_store(&h->held, p);
        void *again = atomic_load(source);
        if (again == p)
            return p;
        p = again;
    }
}

static inline void hazard_clear(struct hazard *h)
{
    atomic_store_explicit(&h->held, NULL, memory_order_release);
}

/* After *source was changed: whether some slot still holds P. */
static inline bool hazard_held(struct hazard *slots, size_t count, void *p)
{
    for (size_t i = 0; i < count; i++) {
        if (atomic_load(&slots[i].held) == p)
            return true;
    }
    return false;
}

#endif
