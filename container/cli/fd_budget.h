/* SPDX-License-Identifier: Apache-2.0
 * How the limit of open files is shared out at start: connections, temporary files, the server's own,
 * and what webapps may open. Plain arithmetic; called by container.c. */
#ifndef CLI_FD_BUDGET_H
#define CLI_FD_BUDGET_H
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
/* What a connector that WANTED so many of WANTED_BY_ALL gets of CONNECTIONS; at least 1. */
uint32_t fd_budget_share(uint64_t connections, uint64_t wanted, uint64_t wanted_by_all);

#endif
