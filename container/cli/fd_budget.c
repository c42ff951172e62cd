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

uint64_t fd_budget_level(uint64_t connections, const uint64_t *wanted, size_t count)
{
    uint64_t level = count > 0 ? connections / count : 0, before;
    do { /* what the modest ones leave goes to the others; each turn settles at least one */
        uint64_t left = connections, others = 0;
        for (size_t i = 0; i < count; i++) {
            others += wanted[i] > level;
            left = without(left, wanted[i] > level ? 0 : wanted[i]);
        }
        before = level;
        level = others > 0 ? left / others : UINT64_MAX;
    } while (level > before && level != UINT64_MAX);
    return most(level, 1);
}
