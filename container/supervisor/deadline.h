/* SPDX-License-Identifier: Apache-2.0
 * From a deadline to poll()'s timeout, for the loops of this room. */
#ifndef SUPERVISOR_DEADLINE_H
#define SUPERVISOR_DEADLINE_H
#include <limits.h>
#include "base/clock.h"

#define DEADLINE_NONE UINT64_MAX

/* Milliseconds until DEADLINE_US (clock_us), rounded up: poll() must not return before it. */
static inline int deadline_poll_ms(uint64_t deadline_us)
{
    if (deadline_us == DEADLINE_NONE)
        return -1;
    uint64_t now = clock_us();
    uint64_t left_ms = deadline_us <= now ? 0 : (deadline_us - now) / 1000 + 1;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

#endif
