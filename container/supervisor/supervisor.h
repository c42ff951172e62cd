/* SPDX-License-Identifier: Apache-2.0
 * The parent process: holds the sockets, the pid file and the control socket, and keeps a container
 * running. One thread, one poll() loop; it never runs code of a webapp. Called by `cserv start` (in
 * the daemon) and `cserv run`. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H
#include "config/server.h"
#include "supervisor/status.h"

/* How long a start waits for the port and the base of a server that is just going away. */
enum { SUPERVISOR_WAIT_MS = 3000 };

struct supervisor_options {
    const struct server_config *config;
    const char *base, *home;
    bool log_to_stdout; /* `run`: log lines are also shown there */
    /* The first container accepts connections. Not called again after a restart. */
    void (*ready)(void *arg, const struct server_status *status,
                  const struct listen_socket *sockets, size_t count);
    void *arg;
};

/* Serves until SIGTERM, SIGINT or `stop`. SIGHUP and SIGQUIT are passed on to the container. False
 * with err: it could not start, or no first container became ready. */
bool supervisor_run(const struct supervisor_options *o, struct err *err);

#endif
