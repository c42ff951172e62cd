/* SPDX-License-Identifier: Apache-2.0
 * The states of a connection and their legal edges. Private to the holder of the poller role; every
 * change goes through conn_to. */
#ifndef CONNECTOR_STATES_H
#define CONNECTOR_STATES_H
#include "net/conn.h"

/* X(name, letter for status lines, what happens in it) */
#define CONN_STATES(X)                                               \
    X(OPEN, "transport handshake")                                   \
    X(HEAD, "a request's head is received")                          \
    X(BODY, "a request's body is received")                          \
    X(LENT, "queued for, or lent to a worker")                       \
    X(PARKED, "an answer is made while the poller sends")            \
    X(MUX, "several exchanges at once")                              \
    X(SEND, "a complete answer is sent")                             \
    X(IDLE, "between two requests")                                  \
    X(LINGER, "closed for output, the rest of the input is dropped") \
    X(DEAD, "about to be freed")

enum conn_state {
#define X(name, text) CONN_##name,
    CONN_STATES(X)
#undef X
        CONN_STATE_COUNT
};

const char *conn_state_name(enum conn_state s);
bool conn_edge_allowed(enum conn_state from, enum conn_state to);

struct group;
/* CHECKs the edge, keeps the group's gauges. */
void conn_to(struct group *g, struct conn *c, enum conn_state to);

#endif
