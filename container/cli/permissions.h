/* SPDX-License-Identifier: Apache-2.0
 * Where a server reads its configuration and its code from, nobody but its owner and group may write:
 * run, start and configtest refuse a base of which that is not true, the container has it in its log. */
#ifndef CLI_PERMISSIONS_H
#define CLI_PERMISSIONS_H
#include "cli/place.h"
#include "config/server.h"

#define PERMISSIONS_OPTION "--allow-insecure-permissions"
#define PERMISSIONS_DOC    "go on when everybody may write to conf, webapps or modules"

/* Looks at the base itself, at conf and all in it, at every host's appBase and the folders that links
 * in it lead to, and at the modules. False with err, which ends in the chmod line to type. */
bool permissions_check(const struct place *place, const struct server_config *config,
                       struct err *err);
/* What the check finds becomes a WARN in the log. The container's way: whoever started it has refused
 * or was told not to, and a base can also become so while it is served. */
void permissions_warn(const char *base, const char *home, const struct server_config *config);

#endif
