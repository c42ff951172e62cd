/* SPDX-License-Identifier: Apache-2.0
 * How the limit of open files is shared out at start: connections, temporary files, the server's own,
 * and what webapps may open. Plain arithmetic; called by container.c. */
#ifndef CLI_FD_BUDGET_H
#define CLI_FD_BUDGET_H
#include <stddef.h>
#include <stdint.h>

#define FD_BUDGET_OWN     512u  /* logs, pipes, event loops, pollers' eventfds */
#define FD_BUDGET_MODULES 1024u /* what webapps may open themselves */

struct fd_budget {
    uint64_t connections; /* of all connectors together */
    uint64_t spool_files;
};
/* CONNECTIONS and SPOOL_FILES are wanted. What does not fit lowers the connections, down to a quarter of
 * the limit; what does not fit then lowers the temporary files, down to an eighth. */
struct fd_budget fd_budget(uint64_t limit, uint64_t connections, uint64_t spool_files);
/* How many of CONNECTIONS a connector gets at most, when connector I wants WANTED[I]: who wants less gets
 * what it wants, and what that leaves goes to the others. At least 1. */
uint64_t fd_budget_level(uint64_t connections, const uint64_t *wanted, size_t count);

#endif
