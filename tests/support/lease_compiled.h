/* SPDX-License-Identifier: Apache-2.0
 * connector/lease.c compiled into a model: before each atomic step the explorer may switch, and what the
 * step reads is noted for it. And the same compiled once more with one thing wrong. Used by
 * tests/unit/connector/test_lease_model.c. */
#ifndef SUPPORT_LEASE_COMPILED_H
#define SUPPORT_LEASE_COMPILED_H
#include "connector/lease.h"
#include "explorer.h"

static uint32_t noted(uint32_t v)
{
    note(v);
    return v;
}
static struct inbox_node *noted_node(struct inbox_node *n)
{
    note((uint64_t)(uintptr_t)n);
    return n;
}
static uint32_t load_u32(_Atomic uint32_t *p)
{
    return noted(atomic_load(p));
}
static struct inbox_node *load_node(_Atomic(struct inbox_node *) *p)
{
    return noted_node(atomic_load(p));
}
static uint32_t exchange_u32(_Atomic uint32_t *p, uint32_t v)
{
    return noted(atomic_exchange(p, v));
}
static struct inbox_node *exchange_node(_Atomic(struct inbox_node *) *p, struct inbox_node *v)
{
    return noted_node(atomic_exchange(p, v));
}
static bool swap_node(_Atomic(struct inbox_node *) *p, struct inbox_node **old,
                      struct inbox_node *v)
{
    bool done = atomic_compare_exchange_strong(p, old, v);
    noted_node(*old);
    return noted(done);
}
static uint32_t or_u32(_Atomic uint32_t *p, uint32_t v)
{
    return noted(atomic_fetch_or(p, v));
}
static uint32_t and_u32(_Atomic uint32_t *p, uint32_t v)
{
    return noted(atomic_fetch_and(p, v));
}

#undef atomic_load
#undef atomic_exchange
#undef atomic_compare_exchange_weak
#undef atomic_fetch_or
#undef atomic_fetch_and
#define NODES                        _Atomic(struct inbox_node *) *
#define atomic_load(p)               _Generic((p), NODES : load_node, default : load_u32)(p)
#define atomic_exchange(p, v)        _Generic((p), NODES : exchange_node, default : exchange_u32)(p, v)
#define atomic_compare_exchange_weak swap_node
#define atomic_fetch_or              or_u32
#define atomic_fetch_and             and_u32
#define LEASE_STEP()                 ((void)step())
#include "connector/lease.c"

/* The same once more, deaf to LEASE_H: a FIN that came with the data is forgotten. */
enum fill_result deaf_fill(_Atomic uint32_t *, const struct fill_ops *, void *, size_t);
void deaf_edge(_Atomic uint32_t *, bool, bool, bool);
bool deaf_readable(_Atomic uint32_t *);
void deaf_inbox_init(struct inbox *);
bool deaf_give(struct inbox *, struct inbox_node *, _Atomic uint32_t *, bool);
struct inbox_node *deaf_take(struct inbox *);
bool deaf_sleep(struct inbox *, bool);
void deaf_awake(struct inbox *);
#define LEASE_H        0
#define bits_load      deaf_bits_load
#define bits_or        deaf_bits_or
#define bits_clear     deaf_bits_clear
#define lease_fill     deaf_fill
#define lease_edge     deaf_edge
#define lease_readable deaf_readable
#define inbox_init     deaf_inbox_init
#define inbox_give     deaf_give
#define inbox_take     deaf_take
#define inbox_sleep    deaf_sleep
#define inbox_awake    deaf_awake
#include "connector/lease.c"
#undef LEASE_H
#undef bits_load
#undef bits_or
#undef bits_clear
#undef lease_fill
#undef lease_edge
#undef lease_readable
#undef inbox_init
#undef inbox_give
#undef inbox_take
#undef inbox_sleep
#undef inbox_awake

#endif
