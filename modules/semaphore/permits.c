/* SPDX-License-Identifier: Apache-2.0
 * Permits: see permits.h. A permit goes straight from who gives it back to the first who waits, so nobody who
 * comes later can take it on the way. */
#include "permits.h"

#include <time.h>

struct permits_waiter { /* on the stack of the thread that waits */
    struct permits_waiter *next, *previous;
    pthread_cond_t woken;
    int has_one;
};

void permits_init(struct permits *p, uint32_t count)
{
    pthread_mutex_init(&p->lock, NULL);
    p->first = p->last = NULL;
    p->free = count;
}

void permits_destroy(struct permits *p)
{
    pthread_mutex_destroy(&p->lock);
}

static void join(struct permits *p, struct permits_waiter *w)
{
    w->next = NULL;
    w->previous = p->last;
    if (p->last)
        p->last->next = w;
    else
        p->first = w;
    p->last = w;
}

static void leave(struct permits *p, struct permits_waiter *w)
{
    if (w->previous)
        w->previous->next = w->next;
    else
        p->first = w->next;
    if (w->next)
        w->next->previous = w->previous;
    else
        p->last = w->previous;
}

static struct timespec deadline_of(uint32_t wait_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += wait_ms / 1000;
    t.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

static int wait_locked(struct permits *p, uint32_t wait_ms)
{
    struct permits_waiter w = {.has_one = 0};
    struct timespec until = deadline_of(wait_ms);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w.woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    join(p, &w);
    int failed = 0;
    while (!w.has_one && !failed)
        failed = pthread_cond_timedwait(&w.woken, &p->lock, &until) != 0;
    if (!w.has_one)
        leave(p, &w);
    pthread_cond_destroy(&w.woken);
    return w.has_one;
}

int permits_take(struct permits *p, uint32_t wait_ms)
{
    int taken = 1;
    pthread_mutex_lock(&p->lock);
    if (p->free > 0)
        p->free--;
    else
        taken = wait_ms > 0 && wait_locked(p, wait_ms);
    pthread_mutex_unlock(&p->lock);
    return taken;
}

void permits_give(struct permits *p)
{
    pthread_mutex_lock(&p->lock);
    struct permits_waiter *w = p->first;
    if (w) {
        leave(p, w);
        w->has_one = 1;
        pthread_cond_signal(&w->woken); /* with the lock: W is gone as soon as it is free */
    } else {
        p->free++;
    }
    pthread_mutex_unlock(&p->lock);
}
