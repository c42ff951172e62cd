/* SPDX-License-Identifier: Apache-2.0
 * Telling a service manager (systemd's Type=notify) how the server fares: datagrams of NAME=VALUE lines
 * to the AF_UNIX socket that NOTIFY_SOCKET names, by path or "@abstract". Only the supervisor tells;
 * it takes the variable out of the environment, so that neither containers nor what they start do. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H
#include <stdint.h>
#include "base/err.h"

struct notify {
    int fd; /* -1: nobody wants to know */
};

/* Takes NOTIFY_SOCKET up. N is usable in any case; false with err when the variable names something
 * that cannot be told to, which is no reason not to serve. */
bool notify_open(struct notify *n, struct err *err);
/* Sends the lines, at most 1 KiB. Never blocks; what the manager does not take is lost. */
void notify_say(const struct notify *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void notify_close(struct notify *n);

#endif
