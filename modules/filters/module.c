/* SPDX-License-Identifier: Apache-2.0
 * The server module `filters`: filters that any webapp's web.xml may name, by name or by Tomcat's class.
 * None is on unless one does. None of them holds up a request that is answered asynchronously: what they keep
 * of one lives as long as it. */
#include "filters.h"

static const cs_filter filters[] = {
    {.name = "cors",
     .flags = CS_ASYNC,
     .init = cors_init,
     .filter = cors_filter,
     .aliases = CORS_CLASSES},
    {.name = "httpheadersecurity",
     .flags = CS_ASYNC,
     .init = header_security_init,
     .filter = header_security_filter,
     .aliases = HEADER_SECURITY_CLASSES},
    {.name = "ratelimit",
     .flags = CS_ASYNC,
     .init = rate_limit_init,
     .destroy = rate_limit_destroy,
     .filter = rate_limit_filter,
     .aliases = RATE_LIMIT_CLASSES},
    {.name = "expires",
     .flags = CS_ASYNC,
     .init = expires_init,
     .filter = expires_filter,
     .aliases = EXPIRES_CLASSES},
    {.name = "setcharacterencoding",
     .flags = CS_ASYNC,
     .init = set_charset_init,
     .filter = set_charset_filter,
     .aliases = SET_CHARSET_CLASSES},
};

CS_MODULE("filters", "0.1.0", .filters = CS_ROWS(filters))
