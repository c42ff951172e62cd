/* SPDX-License-Identifier: Apache-2.0
 * Who serves a base: BASE/run/cserv.pid, held under flock for as long as the server lives. The
 * lock is the truth, the number in the file is for people and scripts; so a file left over by
 * kill -9 stops nobody. CSERV_PID, when set, names a second file that is held and removed in the
 * same way. */
#ifndef SUPERVISOR_PIDFILE_H
#define SUPERVISOR_PIDFILE_H
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

struct pidfile;

/* Takes BASE for this process; one that is just being given up is waited for, at most WAIT_MS.
 * NULL with err: another server holds it (named by its pid), the file cannot be made, or the base was
 * last served by a cserv so new that run/cserv.schema has a number unknown here. */
struct pidfile *pidfile_take(const char *base, uint32_t wait_ms, struct err *err);
/* Removes the files and gives the locks back. NULL is fine. */
void pidfile_drop(struct pidfile **p);

/* *pid: the process that holds BASE, 0 when nobody does. False: it cannot be told, err says why. */
bool pidfile_holder(const char *base, pid_t *pid, struct err *err);

#endif
