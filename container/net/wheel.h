/* SPDX-License-Identifier: Apache-2.0
 * One hashed wheel of deadlines per poller: 100 ms ticks, 512 slots; later ones go round. Moving a
 * deadline into the future costs nothing: the entry stays where it is and is filed again when it comes
 * up. Owned by the holder of the poller role. */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H
#include <stdbool.h>
#include <stdint.h>
#include "base/list.h"

#define WHEEL_TICK_MS 100u
#define WHEEL_SLOTS   512u

struct wheel_entry {
    struct list link;
    uint32_t deadline; /* tick; 0: none */
    uint32_t filed;    /* tick of the slot it is in; 0: in none */
};
struct wheel {
    struct list slots[WHEEL_SLOTS];
    struct list due; /* of the slot of `now`, not called yet */
    uint32_t now;    /* the tick up to which entries have been called; from 1 */
    uint32_t clock;  /* the tick that deadlines are counted from: `now`, or later when behind */
    uint64_t start_us;
};

void wheel_init(struct wheel *w, uint64_t now_us);
void wheel_entry_init(struct wheel_entry *e);
/* Time has come to NOW_US, although the wheel has not moved on yet. */
void wheel_clock(struct wheel *w, uint64_t now_us);
/* Due MS milliseconds from now or up to a tick later; a negative MS removes the deadline. */
void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t ms);
int64_t wheel_left(const struct wheel *w, const struct wheel_entry *e); /* ms; -1: no deadline */
void wheel_clear(struct wheel_entry *e); /* out of the wheel: before its memory goes away */
/* Moves time on to NOW_US; calls FIRE for each entry that is due, with its deadline cleared, at most MOST
 * of them. FIRE may set and clear entries. False: more are due. */
bool wheel_advance(struct wheel *w, uint64_t now_us, uint32_t most,
                   void (*fire)(struct wheel_entry *e, void *arg), void *arg);

#endif
