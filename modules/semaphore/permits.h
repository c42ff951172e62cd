/* SPDX-License-Identifier: Apache-2.0
 * Permits that are handed out in the order in which they were asked for, with a limit to the waiting: for
 * module.c. */
#ifndef SEMAPHORE_PERMITS_H
#define SEMAPHORE_PERMITS_H
#include <pthread.h>
#include <stdint.h>

struct permits_waiter;
struct permits {
    pthread_mutex_t lock;
    struct permits_waiter *first, *last;
    uint32_t free; /* 0 while anybody waits */
};

void permits_init(struct permits *p, uint32_t count);
/* Nobody waits. */
void permits_destroy(struct permits *p);
/* Any thread. Waits up to WAIT_MS, behind those who wait already; 0: not at all. 1: taken. 0: there was none. */
int permits_take(struct permits *p, uint32_t wait_ms);
/* Gives one back that was taken: to who waits longest, if anybody does. Any thread. */
void permits_give(struct permits *p);

#endif
