/* SPDX-License-Identifier: Apache-2.0
 * The hand-over between poller and workers, without sockets: the three bits of a connection, the fill
 * loop, the inbox, the poller's decision to sleep. A worker owns an exchange, the poller owns the
 * connection, except while the connection is lent. Proof and measurements: webapps/docs and the tests
 * in tests/unit/connector, which run these functions through all interleavings of their atomic steps.
 *
 *  (1) Bytes in the socket => R is set, or an edge is still to come: R is cleared only before a recv;
 *      what arrives after a dry recv makes a new edge; what arrives between is read or sets R again. A
 *      FIN that came together with data has set H, so that a short recv is not taken as dry.
 *  (2) An edge while lent sets R before the poller's next look at the inbox; the worker pushes before it
 *      looks at R: either the poller pops the connection and sees R, or the worker sees R.
 *  (3) A worker that sees R wakes a sleeping poller; if it was not sleeping, its later store of
 *      `sleeping` comes before its look at the inbox, which then finds the push. */
#ifndef CONNECTOR_LEASE_H
#define CONNECTOR_LEASE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "net/conn.h"

enum {
    LEASE_R = 1, /* the socket may hold unread data */
    LEASE_H = 2, /* the client's end of stream was announced */
    LEASE_W = 4  /* reading waits until the socket is writable (a transport's wish) */
};

enum fill_result {
    FILL_STOP,  /* parse said something: see its verdict */
    FILL_MORE,  /* incomplete, and nothing more can be read now: an edge will come */
    FILL_AGAIN, /* incomplete, the budget of this turn is used up, R is set */
    FILL_EOF,   /* the client's stream ended, the buffer holds nothing complete */
    FILL_ERROR
};

struct fill_ops {
    bool plain; /* a short read means that the socket is dry */
    /* True: stop, the buffer holds something complete (or refused). */
    bool (*parse)(void *arg);
    /* Reads once; *room is what was asked for. Results as transport_ops.recv. */
    long (*recv)(void *arg, size_t *room);
};

/* Owner only. Reads at most about BUDGET bytes. Without R no recv, ever. */
enum fill_result lease_fill(_Atomic uint32_t *bits, const struct fill_ops *ops, void *arg,
                            size_t budget);
/* Poller, on every edge, whoever owns the connection. */
void lease_edge(_Atomic uint32_t *bits, bool readable, bool writable, bool closed);
bool lease_readable(_Atomic uint32_t *bits);
static inline bool lease_wants_write(_Atomic uint32_t *bits)
{
    return (atomic_load(bits) & LEASE_W) != 0;
}

/* What waits for the poller; pushed by any thread, taken by the holder of the role. */
struct inbox {
    _Atomic(struct inbox_node *) head;
    _Atomic uint32_t sleeping;
};

void inbox_init(struct inbox *in);
/* Gives NODE to the poller. True: the caller must wake it (one eventfd write). BITS: the connection's,
 * NULL for other nodes; only they may be looked at after the push, the slot is type-stable. NOW: the
 * poller has to do something even if no byte came. */
bool inbox_give(struct inbox *in, struct inbox_node *node, _Atomic uint32_t *bits, bool now);
/* All nodes, oldest first. */
struct inbox_node *inbox_take(struct inbox *in);
/* Before the poller waits: true when it may block. */
bool inbox_sleep(struct inbox *in, bool other_work);
void inbox_awake(struct inbox *in);

#endif
