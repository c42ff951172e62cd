/* SPDX-License-Identifier: Apache-2.0
 * For the two tables of dead handles: what their functions answer. */
#ifndef ENGINE_CALL_DEAD_H
#define ENGINE_CALL_DEAD_H
#include "engine/call.h"

/* Tells that a handle was used after its request; in a debug build a reason to stop and look. */
void call_dead(void);

static inline cs_str dead_str(void)
{
    call_dead();
    return (cs_str){NULL, 0};
}
static inline int dead_int(void)
{
    call_dead();
    return CS_EGONE;
}
static inline void *dead_pointer(void)
{
    call_dead();
    return NULL;
}

#endif
