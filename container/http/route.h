/* SPDX-License-Identifier: Apache-2.0
 * What the connection side may know of a request's destination at the end of its head. Made by the
 * engine from an immutable snapshot; pure, lock-free, no module code; asked on pollers and workers. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H
#include <stdbool.h>
#include <stdint.h>

struct exchange;
struct access_logs;

enum route_mode {
    ROUTE_COLLECT, /* dispatch when the body is complete */
    ROUTE_STREAM,  /* there is a body: dispatch at the end of the head, to `stream_queue` */
    ROUTE_REFUSE   /* answer `refuse_status` without a servlet */
};

struct route {
    void *host;     /* the engine's; NULL: none has this name and there is no default */
    void *context;  /* the engine's; NULL: no webapp has this path (the engine answers 404) */
    uint32_t queue; /* number of the queue its tasks wait in, and of what it may keep in memory */
    uint32_t stream_queue; /* ROUTE_STREAM: where its tasks wait instead */
    enum route_mode mode;
    uint16_t refuse_status;
    bool found;                           /* the lookup was made */
    bool recorded;                        /* a valve takes the records of its exchanges */
    uint64_t body_max;                    /* bytes it takes; UINT64_MAX: as the connector says */
    const struct access_logs *logs;       /* where the exchange is recorded; NULL: nowhere */
    int64_t body_min_rate, send_min_rate; /* bytes/s; -1: the connector's */
};

static inline uint32_t route_task_queue(const struct route *r)
{
    return r->mode == ROUTE_STREAM ? r->stream_queue : r->queue;
}

struct route_ops {
    /* Fills OUT for X, whose head is complete. SLOT: the caller's own hazard slot number. */
    void (*lookup)(void *arg, uint32_t slot, const struct exchange *x, struct route *out);
    /* Whether the servlet X would reach has lately answered within 200 us: then its answer may be
     * gathered with the ones before it. */
    bool (*quick)(void *arg, uint32_t slot, const struct exchange *x);
    /* The logs of what was refused before it had a destination: those of the default host. */
    const struct access_logs *(*unrouted_logs)(void *arg);
};

#endif
