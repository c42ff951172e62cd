/* SPDX-License-Identifier: Apache-2.0
 * The server module `filters`: filters that any webapp's web.xml may name, by name or by Tomcat's class.
 * None is on unless one does. */
#include "filters.h"

static const cs_filter filters[] = {
    {.name = "cors", .init = cors_init, .filter = cors_filter, .aliases = CORS_CLASSES},
};

CS_MODULE("filters", "0.1.0", .filters = CS_ROWS(filters))
