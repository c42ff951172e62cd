/* SPDX-License-Identifier: Apache-2.0
 * Mutexes that know their holder, and conditions. Failures of pthread calls are our bugs: CHECKed. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
    pthread_mutex_t mutex;
    _Atomic uint32_t owner; /* thread_self_id() of the holder, 0 = free */
    const char *name;
};
struct cond {
    pthread_cond_t cond; /* on CLOCK_MONOTONIC */
};

void lock_init(struct lock *l, const char *name); /* NAME must outlive the lock */
void lock_destroy(struct lock *l);
void lock_acquire(struct lock *l); /* CHECKs that this thread does not hold it */
bool lock_try(struct lock *l);
void lock_release(struct lock *l); /* CHECKs that this thread holds it */
void lock_assert_held(const struct lock *l);

void cond_init(struct cond *c);
void cond_destroy(struct cond *c);
void cond_wait(struct cond *c, struct lock *l);
/* Until signalled (or woken for no reason) or the monotonic clock passes DEADLINE_US (clock_us()); false = the time passed. */
bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline_us);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

#endif
