/* SPDX-License-Identifier: Apache-2.0
 * Is a base served, and the line that says so. Used by run, start, status and the container. */
#ifndef CLI_SERVING_H
#define CLI_SERVING_H
#include "base/json.h"
#include "supervisor/status.h"

/* Appends "cserv 0.1.0 serves http://127.0.0.1:8080/ (pid 123, base DIR, 3 webapps, 1 refused: see
 * DIR/logs/cserv.log) in 38 ms\n". URLS: one per line, as status_read gives them. */
bool serving_line(const struct server_status *s, struct span urls, const char *base, uint64_t ms,
                  struct buf *out);
/* The members of a served base's JSON object: state, pid, container, urls, webapps, refused. */
void serving_json(const struct server_status *s, struct span urls, struct json *j);
/* The line, or with JSON the object with "ms" besides, to stdout. Returns the command's exit code. */
int serving_tell(const struct server_status *s, struct span urls, const char *base, uint64_t ms,
                 bool json);
/* The same for a server whose sockets are at hand; the object goes to JSON_FD, -1: the line. */
void serving_print(const struct server_status *s, const struct listen_socket *sockets, size_t count,
                   const char *base, uint64_t ms, int json_fd);
/* A living server of BASE that is not about to end is an error that names its pid: false. */
bool serving_absent(const char *base, struct err *err);

#endif
