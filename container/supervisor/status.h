/* SPDX-License-Identifier: Apache-2.0
 * What `status` tells, and its form on the control socket: lines of "name value". Written by the
 * supervisor (or by a container without one), read by cli, which renders it for people or as
 * JSON. */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H
#include <stdint.h>
#include <sys/types.h>
#include "base/buf.h"
#include "supervisor/listen.h"

enum server_state {
    STATE_STARTING, /* the container is not ready yet, or is being started again */
    STATE_RUNNING,
    STATE_STOPPING
};

struct server_status {
    enum server_state state;
    pid_t pid;        /* the process in the pid file */
    pid_t container;  /* 0: none lives now; same as pid under `run --single` */
    uint32_t webapps; /* serving */
    uint32_t refused;
    uint32_t restarts;  /* containers that ended unasked since the start */
    uint64_t uptime_ms; /* of PID */
    char last_end[512]; /* how the last container ended unasked; "" when none did */
};

/* Appends the lines, one "url" line per listener. False: out of memory. */
bool status_write(const struct server_status *s, const struct listen_socket *sockets, size_t count,
                  struct buf *out);
/* Reads the lines back; unknown names are skipped. URLS gets the urls, one per line. */
bool status_read(struct span text, struct server_status *s, struct buf *urls);
const char *status_state_name(enum server_state state); /* "running" */

#endif
