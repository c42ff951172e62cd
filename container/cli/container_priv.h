/* SPDX-License-Identifier: Apache-2.0
 * The container's object graph, shared by its assembly (container.c) and its main loop
 * (container_loop.c). */
#ifndef CLI_CONTAINER_PRIV_H
#define CLI_CONTAINER_PRIV_H
#include "admin/admin.h"
#include "cli/container.h"
#include "cli/fd_budget.h"
#include "cli/read_config.h"
#include "connector/connector.h"
#include "deploy/deploy.h"
#include "engine/engine.h"
#include "engine/service.h"

struct control_server;
struct spool;

struct service_run { /* one <Service> */
    const struct service_config *config;
    struct engine *engine;
    struct deployment *deployment;
    struct connector **connectors;
    size_t connector_count;
};

struct container {
    const struct container_options *options;
    struct spool *spool; /* of all connectors */
    struct service_run *services;
    size_t service_count;
    char (*names)[24]; /* of connectors */
    struct module_folders module_folders;
    int *fds; /* listening, in the order of options->listeners */
    size_t name_count;
    int signal_fd;
    _Atomic int signals; /* how often an end was asked for; main thread writes, control reads */
    bool orphaned;       /* the supervisor is gone */
    uint64_t started_us;
    uint32_t most_connections; /* since memory was given back last */
    uint64_t fd_limit;
    struct fd_budget descriptors;   /* how it is shared out */
    uint64_t connection_level;      /* what one connector gets at most */
    struct control_server *control; /* --single */
};

/* container_loop.c: serves until an end is asked for; then waits for the connections. */
bool container_signals(struct container *c, struct err *err);
void container_ready(struct container *c);
void container_loop(struct container *c);
void container_drain(struct container *c);
void container_tell_failed(struct container *c, const struct err *err);

#endif
