/* SPDX-License-Identifier: Apache-2.0
 * What a connector tells about itself: for admin. A snapshot of counters and gauges; any thread. */
#ifndef CONNECTOR_STATUS_H
#define CONNECTOR_STATUS_H
#include <stdint.h>

struct connector;

struct connector_status_row { /* a name and a number */
    const char *name;
    uint64_t value;
};
struct connector_status {
    const char *name;
    uint32_t connections, max_connections, groups;
    uint32_t threads, threads_busy, threads_max;
    uint32_t queued;
    uint64_t oldest_us;
    struct connector_status_row states[16], closed[24]; /* ends with name == NULL */
};
struct connector_queue_status {
    const char *name;
    uint32_t queued, running, cap;
    uint64_t taken, refused, max_wait_us;
};

void connector_status(struct connector *c, struct connector_status *out);
/* Summed over the groups. */
void connector_queue_status(struct connector *c, uint32_t queue,
                            struct connector_queue_status *out);

#endif
