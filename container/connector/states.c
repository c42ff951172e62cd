/* SPDX-License-Identifier: Apache-2.0
 * Legal edges between connection states: see states.h. */
#include "connector/states.h"

#include "connector/group_priv.h"

#define TO(s) (1u << CONN_##s)

static const uint16_t edges[CONN_STATE_COUNT] = {
    [CONN_OPEN] = TO(HEAD) | TO(MUX) | TO(LENT) | TO(DEAD),
    [CONN_HEAD] = TO(BODY) | TO(LENT) | TO(SEND) | TO(LINGER) | TO(IDLE) | TO(DEAD),
    [CONN_BODY] = TO(LENT) | TO(SEND) | TO(HEAD) | TO(LINGER) | TO(DEAD),
    [CONN_LENT] = TO(IDLE) | TO(HEAD) | TO(SEND) | TO(PARKED) | TO(MUX) | TO(LINGER) | TO(DEAD),
    [CONN_PARKED] = TO(SEND) | TO(IDLE) | TO(HEAD) | TO(LINGER) | TO(DEAD),
    [CONN_MUX] = TO(LINGER) | TO(DEAD),
    [CONN_SEND] = TO(HEAD) | TO(IDLE) | TO(LINGER) | TO(DEAD),
    [CONN_IDLE] = TO(HEAD) | TO(DEAD),
    [CONN_LINGER] = TO(DEAD),
    [CONN_DEAD] = 0,
};

static const char *const names[CONN_STATE_COUNT] = {
#define X(name, text) #name,
    CONN_STATES(X)
#undef X
};

const char *conn_state_name(enum conn_state s)
{
    return names[s];
}

bool conn_edge_allowed(enum conn_state from, enum conn_state to)
{
    return (edges[from] >> to & 1u) != 0;
}

void conn_to(struct group *g, struct conn *c, enum conn_state to)
{
    CHECK(conn_edge_allowed(c->state, to));
    atomic_fetch_sub_explicit(&g->states[c->state], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->states[to], 1, memory_order_relaxed);
    /* Idle connections are in a list of their own, by the link that waits for the next turn otherwise. */
    if (c->state == CONN_IDLE || to == CONN_IDLE)
        list_remove(&c->again);
    if (to == CONN_IDLE)
        list_add_tail(&g->idle, &c->again);
    c->state = (uint8_t)to;
}
