/* SPDX-License-Identifier: Apache-2.0
 * The control socket's serving side for a poll() loop: never blocks, and no client delays
 * another. Bounded: CONTROL_CLIENTS_MAX clients, CONTROL_REQUEST_MAX bytes of request in 5 s, 10
 * s to take the answer; when all places are taken the client that has dribbled longest is
 * dropped. Used by the supervisor and by the thread of control.c; one thread at a time. */
#ifndef SUPERVISOR_CONTROL_SET_H
#define SUPERVISOR_CONTROL_SET_H
#include <poll.h>
#include "base/err.h"
#include "base/span.h"
#include "supervisor/control.h"

enum { CONTROL_POLL_MAX = 1 + CONTROL_CLIENTS_MAX };

struct control_set;

/* A whole request came in. To be answered with control_set_answer(ID), at once or later. */
typedef void control_request_fn(void *arg, uint32_t id, const char *words);

struct control_set *control_set_open(const char *base, control_request_fn *fn, void *arg,
                                     struct err *err);
/* Closes everything and removes the socket; pending answers get what the socket takes. NULL is
 * fine. */
void control_set_close(struct control_set **s);

/* What to wait for: fills FDS (CONTROL_POLL_MAX), lowers *wake_us (clock_us) to the next
 * deadline. */
size_t control_set_watch(struct control_set *s, struct pollfd *fds, uint64_t *wake_us);
/* Does what poll() reported for these FDS, and what the clock says. */
void control_set_turn(struct control_set *s, const struct pollfd *fds, size_t count);
/* Answers request ID with RC (0 OK, 1 FAIL) and TEXT; no effect when the client is gone. */
void control_set_answer(struct control_set *s, uint32_t id, int rc, struct span text);
/* Answers FAIL and TEXT to all requests that wait for an answer. */
void control_set_fail_waiting(struct control_set *s, struct span text);

#endif
