/* SPDX-License-Identifier: Apache-2.0
 * Interim answers on the direct path. They may be left out (RFC 8297), so they never end a lease: what the
 * socket does not take waits in the gathered output, and too much of that is no longer added to. */
#include "connector/group_priv.h"

#define HINTS_WAITING 32768u /* gathered bytes that keep further hints away */

enum channel_result leased_hint(struct exchange *x)
{
    struct lease *l = x->channel_state;
    if (l->broken || l->ended)
        return CHANNEL_GONE;
    struct buf *gather = &l->a->gather;
    if (!l->a->proto->encode_hint || buf_len(gather) > HINTS_WAITING)
        return CHANNEL_OK;
    if (!l->a->proto->encode_hint(x, gather))
        return CHANNEL_NO_MEMORY;
    return lease_flush(l, false) == SEND_FAILED ? CHANNEL_GONE : CHANNEL_OK;
}
