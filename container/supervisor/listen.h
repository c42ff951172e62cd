/* SPDX-License-Identifier: Apache-2.0
 * The listening sockets: bound by the supervisor (or by `run --single`) before the container
 * starts, kept over its restarts, so that a crash never closes the port. */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H
#include "base/buf.h"
#include "config/server.h"

struct listen_socket {
    int fd; /* CLOEXEC */
    const struct connector_config *connector;
    char address[64]; /* numeric, as bound, without brackets; "::" is dual stack */
    int port;         /* as bound: never 0 */
};

/* Binds one socket per connector of CONFIG, in order. No address = all addresses, IPv6 with IPv4
 * mapped into it, or IPv4 alone where the system has no IPv6. A port in use is tried again for
 * WAIT_MS. False: nothing stays open, err names server.xml:LINE, address, port and cause. */
bool listen_open(const struct server_config *config, uint32_t wait_ms,
                 struct listen_socket **sockets, size_t *count, struct err *err);
void listen_close(struct listen_socket **sockets, size_t *count);

/* Sets address and port from the bound socket FD. */
bool listen_describe(struct listen_socket *s, struct err *err);
/* Appends "http://127.0.0.1:8080/"; for all addresses "http://localhost:8080/ on all addresses". */
bool listen_url(const struct listen_socket *s, struct buf *out);

#endif
