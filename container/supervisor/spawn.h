/* SPDX-License-Identifier: Apache-2.0
 * The container process: how the supervisor starts one, and how the started program finds out what
 * it was given. Both ends of the hidden command line `cserv container ...` stand in spawn.c. */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H
#include <sys/types.h>
#include "supervisor/listen.h"

#define SPAWN_COMMAND "container"

struct spawn_options {
    const char *base, *home;
    const struct listen_socket *sockets;
    size_t count;
    bool log_to_stdout;
    bool after_crash; /* the one before ended unasked, and not by SIGKILL */
};

/* Starts this program anew as a container, in a process group of its own (the terminal's Ctrl-C is
 * the supervisor's to handle). *fd is the supervisor's end of the datagram pair, non-blocking. A
 * program that cannot be executed is told there as "failed". */
bool spawn_container(const struct spawn_options *o, pid_t *pid, int *fd, struct err *err);

struct spawn_listener { /* one inherited socket */
    int fd;
    int64_t port;        /* as configured: 0 = any */
    const char *address; /* as configured, within argv */
};
struct spawned {
    const char *base, *home; /* within argv */
    int supervisor_fd;
    bool log_to_stdout, after_crash;
    struct spawn_listener *listeners; /* malloc */
    size_t count;
};
/* Reads the command line that spawn_container makes; argv[0] is SPAWN_COMMAND. The descriptors are
 * made CLOEXEC again. */
bool spawn_parse(int argc, char **argv, struct spawned *out, struct err *err);
/* Finds each connector of CONFIG its inherited socket, by configured address and port. server.xml
 * may have changed since the sockets were bound: connectors without a socket and sockets without
 * a connector are a WARN (they take effect at the next start). *sockets: as listen_open makes
 * them. */
bool spawn_match(struct spawned *s, const struct server_config *config,
                 struct listen_socket **sockets, size_t *count, struct err *err);
void spawned_free(struct spawned *s);

#endif
