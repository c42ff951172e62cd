/* SPDX-License-Identifier: Apache-2.0
 * What a connector tells about itself: for admin. A snapshot of counters and gauges; any thread. */
#ifndef CONNECTOR_STATUS_H
#define CONNECTOR_STATUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connector;

struct connector_status_row { /* a name and a number */
    const char *name;
    uint64_t value;
};
struct connector_status {
    const char *name;
    uint32_t connections, max_connections, groups;
    uint32_t threads, threads_busy, threads_searching, threads_idle, threads_max, threads_kept;
    uint32_t queued;
    uint32_t writers_waiting; /* requests that wait for their clients, past both output caps */
    uint64_t oldest_us;       /* age of the oldest waiting request that may run */
    uint64_t requests;        /* that went to a worker, or were run by the poller */
    bool accept_paused;       /* maxConnections is reached */
    struct connector_status_row states[16], closed[28], refused[72]; /* ends with name == NULL */
};
#define CONNECTOR_WAITS 6u
struct connector_queue_status {
    const char *name;
    bool reserved;
    uint32_t queued, running, cap, max_queued;
    uint64_t max_wait_us; /* the limit */
    uint64_t requests;    /* all: as tasks, in the lease of the one before, run by the poller */
    uint64_t taken, followed, inlined;
    uint64_t refused, late;          /* the queue was full; waited for too long */
    uint64_t oldest_us;              /* the longest of those that wait now */
    uint64_t longest_us, average_us; /* of all that have waited */
    uint64_t waits[CONNECTOR_WAITS]; /* below 1 ms, 10 ms, 100 ms, 1 s, 10 s; longer */
    uint64_t buffered, spooled; /* bytes of bodies and answers: in memory, in temporary files */
    uint32_t spool_files;
};
struct connector_spool_status { /* of the whole process, whichever connector is asked */
    uint64_t buffered, max_buffered, spooled, max_spooled;
    uint32_t files, max_files, jobs;
    struct connector_status_row refused[16]; /* why; ends with name == NULL */
};
struct connector_listener_status {
    uint64_t accepted, refused; /* refused: no descriptor or no memory for it */
    bool paused;
};

void connector_status(struct connector *c, struct connector_status *out);
size_t connector_listener_count(const struct connector *c);
void connector_listener_status(struct connector *c, size_t listener,
                               struct connector_listener_status *out);
/* Summed over the groups. */
void connector_queue_status(struct connector *c, uint32_t queue,
                            struct connector_queue_status *out);
void connector_spool_status(struct connector *c, struct connector_spool_status *out);

#endif
