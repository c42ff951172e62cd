/* SPDX-License-Identifier: Apache-2.0
 * Whether an answer that others make may go on without waiting for its client, and waking it when it may:
 * cs_async_ready_to_write, on the thread that makes the answer, and the poller, which sends it. What may
 * wait is far less than where a write waits (outputMemory and outputSpool), so that a hundred slow clients
 * cost little memory and no disk. */
#include "connector/posted_priv.h"

#define READY 2u /* at most this part of outputMemory: there is room */
#define AGAIN 4u /* who has to wait waits for this one: a task is worth more than one small write */

/* Of the pieces of the queue, too, whose number counts when their bytes are somebody else's. */
static bool has_room(struct posted *p, unsigned part, bool *over)
{
    lock_acquire(&p->lock);
    bool few = p->chain.held < HELD_MAX / part;
    struct store *store = p->store; /* NULL: nothing was written yet */
    *over = posted_over_locked(p);
    lock_release(&p->lock);
    return few && (!store || store_is_low(store, part));
}

/* The writer stores wants_room before it looks; the poller lets bytes go before it looks at wants_room
 * (both sequentially consistent): one of them sees the other. */
enum channel_result posted_room(struct exchange *x, bool tell)
{
    struct posted *p = x->channel_state;
    bool over, room = has_room(p, READY, &over);
    if (over)
        return CHANNEL_GONE; /* which is told as such */
    if (room || !tell)
        return room ? CHANNEL_OK : CHANNEL_WAITS;
    atomic_store(&p->wants_room, true);
    bool now = has_room(p, AGAIN, &over) && atomic_exchange(&p->wants_room, false);
    return now ? CHANNEL_OK : CHANNEL_WAITS;
}

void posted_room_made(struct posted *p)
{
    bool over;
    if (atomic_load(&p->wants_room) && has_room(p, AGAIN, &over) && !over &&
        atomic_exchange(&p->wants_room, false))
        posted_wake(p->x);
}
