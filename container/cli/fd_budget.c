/* SPDX-License-Identifier: Apache-2.0
 * Sharing out the limit of open files: see fd_budget.h. */
#include "cli/fd_budget.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t without(uint64_t all, uint64_t part)
{
    return all > part ? all - part : 0;
}

struct fd_budget fd_budget(uint64_t limit, uint64_t connections, uint64_t spool_files)
{
    uint64_t others = FD_BUDGET_OWN + FD_BUDGET_MODULES;
    struct fd_budget b;
    b.connections = most(without(limit, others + spool_files), limit / 4);
    b.connections = least(connections, most(b.connections, 1));
    b.spool_files = most(without(limit, others + b.connections), limit / 8);
    b.spool_files = least(spool_files, b.spool_files);
    return b;
}

uint32_t fd_budget_share(uint64_t connections, uint64_t wanted, uint64_t wanted_by_all)
{
    uint64_t n = wanted; /* at most 1,000,000 each: the product fits */
    if (wanted_by_all > connections)
        n = connections * wanted / wanted_by_all;
    return (uint32_t)most(n, 1);
}
