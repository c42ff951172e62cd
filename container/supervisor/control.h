/* SPDX-License-Identifier: Apache-2.0
 * The control socket BASE/run/cserv.sock (0600): one request per connection. The client sends one
 * line of words ("status", "list --json"), at most CONTROL_REQUEST_MAX bytes with its newline; the
 * server answers "OK " or "FAIL " and the text, and closes. cli is the client; the server is the
 * supervisor (control_set.h, in its loop) or, under `run --single`, the container itself with
 * the thread below. A base path too long for sun_path works. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H
#include "base/buf.h"
#include "base/err.h"

enum { CONTROL_REQUEST_MAX = 4096, CONTROL_CLIENTS_MAX = 16 };

/* Answers WORDS: appends to REPLY, returns 0 done or 1 refused. Runs on the control thread, one
 * request at a time. "stop" never gets here: the server answers it by raising SIGTERM in this
 * process. "status" is answered with status_write (supervisor/status.h). */
typedef int control_handler_fn(void *arg, const char *words, struct buf *reply);

struct control_server;

/* Binds BASE/run/cserv.sock and serves it on a thread of its own. The caller holds the base's pid
 * file (supervisor/pidfile.h): a socket file that is left over is removed. NULL with err. */
struct control_server *control_server_start(const char *base, control_handler_fn *handler,
                                            void *arg, struct err *err);
/* Ends the thread (a handler that runs is waited for) and removes the socket. NULL is fine. */
void control_server_stop(struct control_server **s);

enum control_result {
    CONTROL_ANSWERED, /* *rc and the reply are set */
    CONTROL_ABSENT,   /* nobody serves this base */
    CONTROL_ERROR     /* somebody may, but it did not work: err says why */
};
/* Asks the server of BASE; the text of the answer is appended to REPLY, *rc is 0 for OK, 1 for
 * FAIL. TIMEOUT_MS is for the whole exchange. err is filled for both other results. */
enum control_result control_request(const char *base, const char *words, uint32_t timeout_ms,
                                    struct buf *reply, int *rc, struct err *err);

#endif
