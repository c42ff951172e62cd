/* SPDX-License-Identifier: Apache-2.0
 * The poller: an event loop over one slab of connections, run by whoever holds the poller role. It
 * knows sockets and bytes; what to do on an edge is the connector's. Except poller_wake nothing here
 * may be called without holding the role. */
#ifndef NET_POLLER_H
#define NET_POLLER_H
#include "base/err.h"
#include "base/slab.h"
#include "net/conn.h"

enum { POLLER_READ = 1, POLLER_WRITE = 2, POLLER_CLOSED = 4 };

struct poller_ops { /* called from poller_wait, with the role held */
    void (*on_edge)(struct conn *c, unsigned what); /* POLLER_* bits: every edge, never blocks */
    void (*on_deadline)(struct conn *c);            /* the deadline is cleared */
};
struct poller_options {
    uint32_t max_connections;
    const struct poller_ops *ops;
    void *arg;    /* poller_arg */
    bool no_tick; /* for tests that look for lost wake-ups: nothing ends a wait but an event, and
                   * deadlines only come up when a wait ends anyway */
};

/* NULL: err says why. */
struct poller *poller_new(const struct poller_options *options, struct err *err);
void poller_destroy(struct poller **p); /* no connection may be left */
void *poller_arg(const struct poller *p);
struct event_base *poller_base(struct poller *p); /* for listeners of this room */

/* The calling thread holds the role from now on. CHECKs that nobody holds it. */
void poller_take_role(struct poller *p);
void poller_give_role(struct poller *p);
void poller_assert_role(const struct poller *p);

/* One turn of the loop: blocks (BLOCK) until an event, a wake-up, the next tick or MAX_US (0: no limit
 * of its own), or only collects what is there. Then moves the wheel on. */
void poller_wait(struct poller *p, bool block, uint64_t max_us);
/* Any thread: ends a blocking poller_wait. One write to an eventfd. */
void poller_wake(struct poller *p);
uint64_t poller_now_us(const struct poller *p); /* the time at the end of the last wait, or later */

/* A slot for a socket (non-blocking, CLOEXEC), or NULL: no slot or no memory; the caller closes FD. */
struct conn *poller_open(struct poller *p, int fd, const struct conn_address *peer,
                         const struct net_listener *listener,
                         const struct transport_ops *transport);
/* Adds C's one event (edge-triggered, read, write, closed); once. False: no memory. The kernel reports
 * at once what is ready already. */
bool poller_arm(struct conn *c);
/* event_del, transport close, close(fd), slot back. C is gone. */
void poller_close(struct conn **c);
void poller_deadline(struct conn *c, int64_t ms);   /* negative: none */
int64_t poller_deadline_left(const struct conn *c); /* ms, about; -1: none */

struct list *poller_connections(struct poller *p); /* of struct conn, by `all` */
uint32_t poller_connection_count(const struct poller *p);

#endif
