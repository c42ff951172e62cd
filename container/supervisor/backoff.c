/* SPDX-License-Identifier: Apache-2.0
 * The back-off rule of container restarts. Called by the supervisor. */
#include "base/clock.h"
#include "supervisor/backoff.h"

uint32_t backoff_after(struct backoff *b, bool was_ready, uint64_t served_us)
{
    if (was_ready && served_us >= MS_TO_US(BACKOFF_GOOD_MS)) {
        b->next_ms = 0;
        return 0;
    }
    uint32_t wait_ms = b->next_ms ? b->next_ms : BACKOFF_FIRST_MS;
    b->next_ms = wait_ms > BACKOFF_LAST_MS / 2 ? BACKOFF_LAST_MS : wait_ms * 2;
    return wait_ms;
}
