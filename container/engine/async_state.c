/* SPDX-License-Identifier: Apache-2.0
 * See async_state.h: the tables are made of async_states.def. */
#include "engine/async_state.h"

#include <stdint.h>

#include <cserv/servlet.h>

/* The state after an edge, plus one; 0: there is no edge. */
static const uint8_t edges[ASYNC_STATE_COUNT][ASYNC_EVENT_COUNT] = {
#define EDGE(from, event, to) [ASYNC_##from][ASYNC_ON_##event] = ASYNC_##to + 1,
#include "engine/async_states.def"
};

static const struct {
    const char *name;
    int entering;
} states[ASYNC_STATE_COUNT] = {
#define STATE(name, entering, text) {#name, entering},
#include "engine/async_states.def"
};

static const char *const events[ASYNC_EVENT_COUNT] = {
#define EVENT(name, text) #name,
#include "engine/async_states.def"
};

const char *async_state_name(enum async_state s)
{
    return states[s].name;
}

const char *async_event_name(enum async_event e)
{
    return events[e];
}

bool async_go(enum async_state *s, enum async_event e)
{
    uint8_t to = edges[*s][e];
    if (to == 0)
        return false;
    *s = (enum async_state)(to - 1);
    return true;
}

int async_entering(enum async_state s)
{
    return states[s].entering;
}
