/* SPDX-License-Identifier: Apache-2.0
 * Idle connections for tests/bench/idle.sh: opens so many, one request on each, and holds them until a
 * line comes on stdin, so that the script can look at the server meanwhile. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include "load.h"

/* False at the end of stdin too: nobody steers any more. */
static bool line_came(int milliseconds, bool *end)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};
    if (poll(&p, 1, milliseconds) <= 0)
        return false;
    char c = '\0';
    ssize_t n = read(0, &c, 1);
    if (n <= 0)
        *end = true;
    return n == 1 && c == '\n';
}

static bool open_up_to(struct load_drive *d, unsigned count)
{
    d->closed += count - d->count;
    d->count = count;
    while ((d->closed > 0 || d->waiting > 0) && !d->stop)
        load_drive_turn(d, 50);
    return !d->stop;
}

/* Few at a time, as when they were opened: the server's buffers are to be used alike. */
static void ask_each_again(struct load_drive *d)
{
    for (unsigned i = 0; i < d->count && !d->stop; i++) {
        while (d->waiting >= LOAD_FRESH_MAX && !d->stop)
            load_drive_turn(d, 50);
        d->now = load_clock();
        if (d->conns[i].fd >= 0 && d->conns[i].open == 0)
            load_conn_issue(&d->conns[i]);
    }
    while (d->waiting > 0 && !d->stop)
        load_drive_turn(d, 50);
}

int load_hold_run(const struct load_plan *plan)
{
    struct load_drive d;
    if (!load_drive_start(&d, plan, 0, plan->hold[plan->hold_count - 1]))
        return 2;
    d.hold = d.counting = true;
    d.count = d.closed = 0;
    uint64_t began = d.now;
    bool end = false;
    for (unsigned i = 0; i < plan->hold_count && open_up_to(&d, plan->hold[i]); i++) {
        printf("held %u\n", plan->hold[i]);
        fflush(stdout);
        while (!end && !d.stop && !line_came(0, &end))
            load_drive_turn(&d, 20);
    }
    ask_each_again(&d);
    d.figures.seconds = (double)(d.now - began) / 1e9;
    load_figures_print(&d.figures, plan);
    int code = load_figures_errors(&d.figures) > 0 ||
               d.figures.requests != 2 * (uint64_t)plan->hold[plan->hold_count - 1];
    load_drive_end(&d);
    return code;
}
