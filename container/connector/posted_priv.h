/* SPDX-License-Identifier: Apache-2.0
 * Inside posted.c and posted_write.c: the queue between a writer and the poller. */
#ifndef CONNECTOR_POSTED_PRIV_H
#define CONNECTOR_POSTED_PRIV_H
#include "connector/group_priv.h"

#define HELD_MAX (128u * 1024u) /* memory for the pieces themselves before a writer waits */

struct posted {
    struct inbox_node node;
    _Atomic uint32_t queued; /* the node is in the inbox, which holds the exchange */
    _Atomic uint32_t wakes;  /* resume.c: not served yet; above 0: `job` is queued, or runs */
    struct group *group;
    struct exchange *x;
    struct conn *c; /* poller; NULL: the connection is gone */
    struct waiter waiter;
    struct lock lock;
    /* under the lock */
    struct store *store; /* made by the writer when it first writes; NULL before */
    struct chain chain;
    uint64_t raw;        /* bytes at its front that are wire bytes already */
    struct block *stage; /* behind the chain: small writes gather here */
    bool seam; /* what comes next is no raw byte: its pieces stay apart from those before */
    bool started, ended, gone;
    bool aborted;  /* by the writer */
    bool given_up; /* by anybody; the writer may not know yet */
    bool recorded;
    bool detached;            /* others make the answer: resume.c */
    _Atomic bool wants_room;  /* posted_room.c: X is woken when little of its answer waits */
    enum close_reason reason; /* aborted, given_up or gone */
    struct intake *intake;    /* posted_body.c: the request's body still comes; NULL: it does not */
    /* resume.c, of a detached one */
    struct job job;
    _Atomic uint64_t alarm_us; /* clock_us; 0: none */
    uint64_t alarm_filed_us;   /* poller: that of `alarm` */
    struct wheel_entry alarm;  /* poller; in the wheel it holds the exchange */
};

/* Under the lock: nobody wants what is written from now on. */
static inline bool posted_over_locked(const struct posted *p)
{
    return p->gone || p->aborted || p->given_up;
}
/* resume.c */
enum channel_result posted_detach(struct exchange *x);
void posted_wake(struct exchange *x);
void posted_alarm(struct exchange *x, int64_t ms);
/* posted_room.c */
enum channel_result posted_room(struct exchange *x, bool tell);
/* Poller: something has left. */
void posted_room_made(struct posted *p);
/* posted_body.c */
int64_t posted_read(struct exchange *x, void *p, size_t size);
enum channel_result posted_readable(struct exchange *x, bool tell);
void posted_body_free(struct posted *p);
/* Tells the poller, unless it has not looked since the last time. Any thread that holds the exchange. */
void posted_notify(struct posted *p);

#endif
