/* SPDX-License-Identifier: Apache-2.0
 * The server module `remote`: who a client is behind proxies (remoteip) and whether it may pass
 * (remotecidr). */
#include "valves.h"

static const cs_valve valves[] = {
    {.name = "remoteip",
     .aliases = REMOTE_IP_CLASSES,
     .attributes = REMOTE_IP_ATTRIBUTES,
     .init = remote_ip_init,
     .invoke = remote_ip_invoke},
    {.name = "remotecidr",
     .aliases = REMOTE_CIDR_CLASSES,
     .attributes = REMOTE_CIDR_ATTRIBUTES,
     .init = remote_cidr_init,
     .invoke = remote_cidr_invoke},
};

/* clang-format off */
CS_ATTRIBUTES(CS_ATTRIBUTES_OF("remoteip", REMOTE_IP_CLASSES) REMOTE_IP_ATTRIBUTES
              CS_ATTRIBUTES_OF("remotecidr", REMOTE_CIDR_CLASSES) REMOTE_CIDR_ATTRIBUTES)
/* clang-format on */
CS_MODULE("remote", "0.1.0", .valves = CS_ROWS(valves))
