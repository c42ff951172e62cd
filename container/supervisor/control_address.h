/* SPDX-License-Identifier: Apache-2.0
 * The address of a base's control socket, also where the path is longer than a sun_path. Used by
 * the two sides of control.h. */
#ifndef SUPERVISOR_CONTROL_ADDRESS_H
#define SUPERVISOR_CONTROL_ADDRESS_H
#include "base/err.h"

/* A listening, non-blocking socket at BASE/run/cserv.sock, 0600; a file left over there is removed.
 * -1 with err. */
int control_address_listen(const char *base, struct err *err);
/* A connected, non-blocking socket. -1: errno says why (ENOENT, ECONNREFUSED: nobody serves). */
int control_address_connect(const char *base);
void control_address_remove(const char *base);

#endif
