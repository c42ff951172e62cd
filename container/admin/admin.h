/* SPDX-License-Identifier: Apache-2.0
 * Management operations as functions: what the control socket asks for (and later the manager webapp).
 * Any thread. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H
#include "base/buf.h"

struct deployment;
struct connector;

struct admin_service { /* one <Service> */
    struct deployment *deployment;
    struct connector **connectors;
    size_t connector_count;
    uint32_t queue_count;
};
struct admin {
    const struct admin_service *services;
    size_t count;
};

/* Answers WORDS: "list" and "metrics" in lines for people, with " --json" an array of webapps and an
 * object {counters, connectors, spool, queues}. Appends to REPLY, returns 0 done, 1 refused (the reply says
 * why). */
int admin_request(const struct admin *a, const char *words, struct buf *reply);

#endif
