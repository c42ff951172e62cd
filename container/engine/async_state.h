/* SPDX-License-Identifier: Apache-2.0
 * The state machine of an asynchronous request, without anything else: async_states.def as functions. Used
 * by async.c and async_handle.c under the request's lock. */
#ifndef ENGINE_ASYNC_STATE_H
#define ENGINE_ASYNC_STATE_H
#include <stdbool.h>

enum async_state {
#define STATE(name, entering, text) ASYNC_##name,
#include "engine/async_states.def"
    ASYNC_STATE_COUNT
};
enum async_event {
#define EVENT(name, text) ASYNC_ON_##name,
#include "engine/async_states.def"
    ASYNC_EVENT_COUNT
};

const char *async_state_name(enum async_state s);
const char *async_event_name(enum async_event e);
/* False: there is no such edge, *S stays. */
bool async_go(enum async_state *s, enum async_event e);
/* What cs_async_enter answers in S, to whoever is not inside already: CS_OK, CS_ESTATE, CS_EGONE. */
int async_entering(enum async_state s);

#endif
