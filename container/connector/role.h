/* SPDX-License-Identifier: Apache-2.0
 * The poller role moves between the two threads of a group. The holder of the role may, at the end of a
 * turn, run a batch of quick requests itself, which saves the hand-over to a worker; meanwhile the role
 * is on offer, and the standby takes it when the batch is not done after 500 us: a request that is
 * slower than it used to be delays nobody for longer. Used by turn.c. */
#ifndef CONNECTOR_ROLE_H
#define CONNECTOR_ROLE_H
#include "base/lock.h"
#include "workers/queue.h"

struct role {
    struct lock lock;
    struct cond cond;
    /* under the lock */
    bool held;         /* some thread has it; on offer otherwise */
    bool asleep;       /* the standby waits to be told of an offer */
    bool ended;        /* nobody takes it any more */
    uint32_t waiting;  /* threads that would take it */
    uint32_t running;  /* threads that run what they kept of an offer */
    struct cond quiet; /* nobody does */
    uint64_t offer;    /* number of the last offer */
    uint64_t offered_us;
    struct task *batch; /* what the one who offered still has to run */
};

void role_init(struct role *r);
void role_destroy(struct role *r);
/* Waits until the role is free for this thread: at once when nobody ever held it, else when an offer is
 * 500 us old. *REST: what the former holder had not begun. False: it ended. */
bool role_wait(struct role *r, struct task **rest);
/* Whether somebody waits for the role. If not, the holder must keep it: a batch that it ran might block. */
bool role_has_standby(struct role *r);
/* The holder gives the role away, to run BATCH. Returns the offer's number. */
uint64_t role_offer(struct role *r, struct task *batch, uint64_t now_us);
/* The next task of that offer, or NULL: none is left, or the role was taken. */
struct task *role_next(struct role *r, uint64_t offer);
/* The one who offered takes it back. False: another has it. */
bool role_retake(struct role *r, uint64_t offer);
/* Until nobody runs anything of an offer, at most until DEADLINE_US. False: somebody does. */
bool role_wait_quiet(struct role *r, uint64_t deadline_us);
/* The holder ends it: role_wait answers false from now on. */
void role_end(struct role *r);

#endif
