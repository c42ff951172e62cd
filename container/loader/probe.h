/* SPDX-License-Identifier: Apache-2.0
 * Trying a module in a child process: `cserv probe FILE` loads and describes it, so that a constructor
 * that crashes or hangs takes the child only. Parent side: deploy and inspect; child side: cli. */
#ifndef LOADER_PROBE_H
#define LOADER_PROBE_H
#include <cserv/abi.h>

#include "base/buf.h"
#include "base/err.h"

#if CS_FLAGS_BUILD_
#define PROBE_LIMIT_MS 20000
#define PROBE_MEMORY   0 /* sanitizers reserve terabytes of address space */
#else
#define PROBE_LIMIT_MS 2000
#define PROBE_MEMORY   (512ull * 1024 * 1024)
#endif

/* Runs `cserv probe MAPPED --as FILE`; OUT gets the descriptor as text. False: err tells what the child
 * said, how it ended, or that it took too long. */
bool probe_run(const char *mapped, const char *file, struct buf *out, struct err *err);
/* The child: limits itself, loads MAPPED, appends its descriptor as lines to OUT. The last one says that
 * all is there: probe_run takes it off and believes no child without it. */
bool probe_here(const char *mapped, const char *file, struct buf *out, struct err *err);

#endif
