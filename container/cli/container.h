/* SPDX-License-Identifier: Apache-2.0
 * The container process: puts the object graph together from a configuration and listening sockets,
 * serves until told to stop, takes it apart in reverse. Called by `cserv run --single` in the
 * foreground process and by the hidden child command that the supervisor starts. */
#ifndef CLI_CONTAINER_H
#define CLI_CONTAINER_H
#include "config/server.h"

/* One bound and listening socket; made by supervisor/listen.c, in the order of the connectors. */
struct container_listener {
    int fd;
    const struct connector_config *connector;
    char address[64]; /* numeric, as bound; "[::]" style brackets are not included */
    int port;         /* as bound: never 0 */
};

struct container_options {
    const struct server_config *config;
    const char *base, *home;
    const struct container_listener *listeners;
    size_t listener_count;
    /* Supervised: one datagram pair to the supervisor (SOCK_SEQPACKET). The container sends
     *   "ready <webapps serving> <refused>"    once, when it accepts connections
     *   "failed <one line>"                    when it cannot start
     *   "reply <id> <0 or 1>\n<text>"          to a request
     * and receives "request <id> <words>" (the control socket's list, status ...). EOF on it means that
     * the supervisor is gone: the container closes its listeners and drains. -1: single, no parent;
     * then the control socket is served by the container itself. */
    int supervisor_fd;
    bool after_crash;   /* the container before ended unasked: the journal's word counts */
    bool log_to_stdout; /* every log line also goes to stdout (foreground) */
    int json_fd;        /* single: where the start is told as an object; -1: as a line on stdout */
};

/* The server's log below BASE. The supervised container's command calls it before it reads the
 * configuration, so that what that has to say is in the log; `run --single` leaves it to container_run. */
bool container_start_log(const char *base, bool log_to_stdout, struct err *err);

/* Returns the exit code. SIGTERM and SIGINT stop it in order, a second one hurries; SIGHUP reopens the
 * logs. The caller has blocked no signals and started no threads. */
int container_run(const struct container_options *options);

/* Answers a management request ("list", "list --json", "status", ...) inside the running container;
 * REPLY gets the text; returns 0 done, 1 refused. Thread-safe. Used by the control thread. */
struct container;
int container_request(struct container *c, const char *words, struct buf *reply);

#endif
