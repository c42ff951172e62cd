/* SPDX-License-Identifier: Apache-2.0
 * One connection. Its memory is a type-stable slot of its poller, so that a late look at `bits` is
 * harmless. Who may touch a field is written beside it: "poller" is the holder of the poller role,
 * "owner" is the poller, or while the state is LENT the queue and then one worker. States and hand-over
 * are the connector's (connector/states.h, lease.h). */
#ifndef NET_CONN_H
#define NET_CONN_H
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include "base/list.h"
#include "net/transport.h"
#include "net/wheel.h"

struct poller;
struct net_listener;

struct conn_address { /* IPv4-mapped IPv6 is stored as IPv4 */
    uint8_t bytes[16];
    uint16_t port;
    uint8_t family; /* 4 or 6 */
    uint8_t reserved;
    uint32_t scope;
};

/* A node of a poller's inbox: what comes back to the poller from other threads. */
struct inbox_node {
    struct inbox_node *next;
    uint8_t kind; /* connector/lease.h */
};

enum close_reason {
#define X(name, error, text) CLOSE_##name,
#include "net/close_reasons.def"
#undef X
    CLOSE_REASON_COUNT
};

struct conn {
    struct event event;    /* poller */
    _Atomic uint32_t bits; /* any thread: connector/lease.h */
    int fd;                /* closed in state DEAD only, by the poller */
    struct poller *poller; /* constant while the slot is in use */
    const struct transport_ops *transport;
    void *transport_state; /* owner */
    const struct net_listener *listener;
    void *active;              /* owner: the connector's; NULL while idle */
    struct inbox_node node;    /* the way back from a lease */
    struct list again;         /* poller: work left for the next turn */
    struct list all;           /* poller: every connection of the poller */
    struct wheel_entry timer;  /* poller */
    struct conn_address peer;  /* constant */
    struct conn_address local; /* owner: filled when first asked for; family 0 before */
    uint32_t slot, serial;     /* constant; serial counts the uses of the slot */
    uint32_t requests;         /* owner: requests taken so far */
    uint16_t io_jobs;          /* poller: jobs of io threads under way */
    uint8_t state;             /* poller: connector/states.h */
    uint8_t verdict;           /* worker in its lease, then poller */
    uint8_t reason;            /* owner: enum close_reason */
    bool armed;                /* poller: the event was added */
};
_Static_assert(sizeof(struct event) <= 128, "libevent's event grew: see the memory budget");
_Static_assert(sizeof(struct conn) - sizeof(struct event) <= 208, "an idle connection got too big");

const char *close_reason_name(enum close_reason r);
const char *close_reason_text(enum close_reason r);
bool close_reason_is_error(enum close_reason r);

#endif
