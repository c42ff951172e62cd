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
    uint64_t buffered, spooled; /* bytes of bodies and answers: in memory, in temporary files */
    uint32_t spool_files;
};
struct connector_spool_status { /* of the whole process, whichever connector is asked */
    uint64_t buffered, max_buffered, spooled, max_spooled;
    uint32_t files, max_files, jobs;
    struct connector_status_row refused[16]; /* why; ends with name == NULL */
};

void connector_status(struct connector *c, struct connector_status *out);
/* Summed over the groups. */
void connector_queue_status(struct connector *c, uint32_t queue,
                            struct connector_queue_status *out);
void connector_spool_status(struct connector *c, struct connector_spool_status *out);

#endif
