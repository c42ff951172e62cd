/* SPDX-License-Identifier: Apache-2.0
 * Counters and gauges of a running server: for people and as JSON. Called by admin.c only; the JSON is
 * shown by `cserv status --json` and read by tests. */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H
#include "admin/admin.h"

/* Both append to OUT; false: out of memory. */
bool metrics_text(const struct admin *a, struct buf *out);
bool metrics_json(const struct admin *a, struct buf *out);

#endif
