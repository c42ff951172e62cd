/* SPDX-License-Identifier: Apache-2.0
 * Where what webapps print goes under `start`: BASE/logs/cserv.out. Called by `start` for the supervisor,
 * whose containers inherit it, and by both at SIGHUP. */
#ifndef SUPERVISOR_OUTPUT_H
#define SUPERVISOR_OUTPUT_H
#include "base/err.h"

/* Opens the file (made with 0640, appended to) and puts it in the place of stdout and stderr. False: they
 * are what they were. */
bool output_take(const char *base, struct err *err);

#endif
