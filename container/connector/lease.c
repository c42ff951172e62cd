/* SPDX-License-Identifier: Apache-2.0
 * The hand-over: see lease.h. Every access to shared state is one atomic step and sequentially
 * consistent; LEASE_STEP stands before each, so that the model test can switch threads there. */
#include "connector/lease.h"

#ifndef LEASE_STEP
#define LEASE_STEP() ((void)0)
#endif

static uint32_t bits_load(_Atomic uint32_t *bits)
{
    LEASE_STEP();
    return atomic_load(bits);
}

static uint32_t bits_or(_Atomic uint32_t *bits, uint32_t v) /* what was set before */
{
    LEASE_STEP();
    return atomic_fetch_or(bits, v);
}

static void bits_clear(_Atomic uint32_t *bits, uint32_t v)
{
    LEASE_STEP();
    atomic_fetch_and(bits, ~v);
}

enum fill_result lease_fill(_Atomic uint32_t *bits, const struct fill_ops *ops, void *arg,
                            size_t budget)
{
    size_t taken = 0;
    for (;;) {
        if (ops->parse(arg))
            return FILL_STOP;
        if (!(bits_load(bits) & LEASE_R))
            return FILL_MORE;
        if (taken >= budget)
            return FILL_AGAIN;
        bits_clear(bits, LEASE_R); /* before reading: what comes from now on sets it again */
        size_t room;
        long n = ops->recv(arg, &room);
        if (n == 0)
            return FILL_EOF;
        if (n == TRANSPORT_WANT_READ)
            return FILL_MORE;
        if (n == TRANSPORT_WANT_WRITE) {
            /* The edge may have come before W was set, and found nothing to do: once more, with W. */
            if (bits_or(bits, LEASE_W) & LEASE_W)
                return FILL_MORE;
            bits_or(bits, LEASE_R);
            continue;
        }
        if (n < 0)
            return FILL_ERROR;
        taken += (size_t)n;
        bool dry = ops->plain && (size_t)n < room && !(bits_load(bits) & LEASE_H);
        if (!dry)
            bits_or(bits, LEASE_R);
    }
}

void lease_edge(_Atomic uint32_t *bits, bool readable, bool writable, bool closed)
{
    uint32_t set = 0;
    if (closed)
        set |= LEASE_R | LEASE_H;
    if (readable)
        set |= LEASE_R;
    if (writable && (bits_load(bits) & LEASE_W)) {
        bits_clear(bits, LEASE_W);
        set |= LEASE_R;
    }
    if (set)
        bits_or(bits, set);
}

bool lease_readable(_Atomic uint32_t *bits)
{
    return (bits_load(bits) & LEASE_R) != 0;
}

void inbox_init(struct inbox *in)
{
    atomic_init(&in->head, NULL);
    atomic_init(&in->sleeping, 0);
}

bool inbox_give(struct inbox *in, struct inbox_node *node, _Atomic uint32_t *bits, bool now)
{
    LEASE_STEP();
    struct inbox_node *head = atomic_load(&in->head);
    do {
        node->next = head;
        LEASE_STEP();
    } while (!atomic_compare_exchange_weak(&in->head, &head, node));
    /* From here NODE belongs to the poller. */
    if (!now && !(bits && (bits_load(bits) & LEASE_R)))
        return false;
    LEASE_STEP();
    return atomic_exchange(&in->sleeping, 0) == 1;
}

struct inbox_node *inbox_take(struct inbox *in)
{
    LEASE_STEP();
    if (!atomic_load(&in->head))
        return NULL;
    LEASE_STEP();
    struct inbox_node *node = atomic_exchange(&in->head, NULL), *oldest_first = NULL;
    while (node) {
        struct inbox_node *next = node->next;
        node->next = oldest_first;
        oldest_first = node;
        node = next;
    }
    return oldest_first;
}

bool inbox_sleep(struct inbox *in, bool other_work)
{
    if (other_work)
        return false;
    LEASE_STEP();
    atomic_store(&in->sleeping, 1);
    LEASE_STEP();
    if (!atomic_load(&in->head))
        return true;
    inbox_awake(in);
    return false;
}

void inbox_awake(struct inbox *in)
{
    LEASE_STEP();
    atomic_store(&in->sleeping, 0);
}
