/* SPDX-License-Identifier: Apache-2.0
 * From bound sockets to container_run: what the hidden container command and `run --single`
 * share. */
#ifndef CLI_RUN_CONTAINER_H
#define CLI_RUN_CONTAINER_H
#include "supervisor/listen.h"

struct run_options {
    const struct server_config *config;
    const char *base, *home;
    struct listen_socket *sockets;
    size_t count;
    int supervisor_fd; /* -1: none */
    bool log_to_stdout;
    int json_fd;      /* without a supervisor: see container.h */
    bool after_crash; /* see supervisor/spawn.h */
};

/* Returns container_run's exit code. The descriptors are the container's from now on, which closes
 * them when it stops accepting: those in O->sockets become -1. */
int run_container(const struct run_options *o);

#endif
