/* SPDX-License-Identifier: Apache-2.0
 * Mutexes that know their holder, and conditions on the monotonic clock. Used wherever threads meet.
 * The owner is read and written relaxed: a thread only ever compares it with its own number, and it
 * alone can have stored that. */
#include "base/lock.h"
#include "base/check.h"
#include "base/thread.h"
#include <errno.h>
#include <stdio.h>
#include <time.h>

static uint32_t owner_of(const struct lock *l)
{
    return atomic_load_explicit(&l->owner, memory_order_relaxed);
}

static void set_owner(struct lock *l, uint32_t owner)
{
    atomic_store_explicit(&l->owner, owner, memory_order_relaxed);
}

static _Noreturn void misused(const struct lock *l, const char *what, const char *func)
{
    char text[160];
    snprintf(text, sizeof(text), "lock '%s' %s", l->name, what);
    check_failed(text, __FILE__, __LINE__, func);
}

void lock_init(struct lock *l, const char *name)
{
    l->name = name;
    atomic_init(&l->owner, 0);
    CHECK(pthread_mutex_init(&l->mutex, NULL) == 0);
}

void lock_destroy(struct lock *l)
{
    if (owner_of(l) != 0)
        misused(l, "is held", __func__);
    CHECK(pthread_mutex_destroy(&l->mutex) == 0);
}

void lock_acquire(struct lock *l)
{
    uint32_t self = thread_self_id();
    if (owner_of(l) == self)
        misused(l, "is held by this thread already", __func__);
    CHECK(pthread_mutex_lock(&l->mutex) == 0);
    set_owner(l, self);
}

bool lock_try(struct lock *l)
{
    int rc = pthread_mutex_trylock(&l->mutex);
    if (rc == EBUSY)
        return false;
    CHECK(rc == 0);
    set_owner(l, thread_self_id());
    return true;
}

void lock_release(struct lock *l)
{
    lock_assert_held(l);
    set_owner(l, 0);
    CHECK(pthread_mutex_unlock(&l->mutex) == 0);
}

void lock_assert_held(const struct lock *l)
{
    if (owner_of(l) != thread_self_id())
        misused(l, "is not held by this thread", __func__);
}

void cond_init(struct cond *c)
{
    pthread_condattr_t attr;
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&c->cond, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

void cond_destroy(struct cond *c)
{
    CHECK(pthread_cond_destroy(&c->cond) == 0);
}

void cond_wait(struct cond *c, struct lock *l)
{
    lock_assert_held(l);
    uint32_t self = owner_of(l);
    set_owner(l, 0);
    CHECK(pthread_cond_wait(&c->cond, &l->mutex) == 0);
    set_owner(l, self);
}

bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline_us)
{
    lock_assert_held(l);
    uint32_t self = owner_of(l);
    struct timespec until = {.tv_sec = (time_t)(deadline_us / 1000000u),
                             .tv_nsec = (long)(deadline_us % 1000000u) * 1000};
    set_owner(l, 0);
    int rc = pthread_cond_timedwait(&c->cond, &l->mutex, &until);
    set_owner(l, self);
    CHECK(rc == 0 || rc == ETIMEDOUT);
    return rc == 0;
}

void cond_signal(struct cond *c)
{
    CHECK(pthread_cond_signal(&c->cond) == 0);
}

void cond_broadcast(struct cond *c)
{
    CHECK(pthread_cond_broadcast(&c->cond) == 0);
}
