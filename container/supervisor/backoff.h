/* SPDX-License-Identifier: Apache-2.0
 * How long to wait before a container is started again: not at all after one that served, longer
 * and longer after those that did not. Used by the supervisor. */
#ifndef SUPERVISOR_BACKOFF_H
#define SUPERVISOR_BACKOFF_H
#include <stdbool.h>
#include <stdint.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LAST_MS = 10000,
    BACKOFF_GOOD_MS =
        1000 /* a container that lived this long after ready counts as having served */
};

struct backoff {
    uint32_t next_ms; /* 0: the last container served */
};

/* A container ended: WAS_READY, and SERVED_US after that. Returns the milliseconds to wait. */
uint32_t backoff_after(struct backoff *b, bool was_ready, uint64_t served_us);

#endif
