/* SPDX-License-Identifier: Apache-2.0
 * Opening what lies beneath a folder and nothing else, whatever names and links are there and whoever
 * renames meanwhile. The kernel resolves where openat2 is (RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS); links
 * inside the folder, and kernels or sandboxes without openat2, are walked segment by segment with the same
 * guarantee. Any thread. */
#ifndef DEFAULT_BENEATH_H
#define DEFAULT_BENEATH_H
#include <stdbool.h>
#include <sys/types.h>

/* Opens PATH (relative, "" is the root itself) beneath the folder ROOT. FLAGS: O_RDONLY for a regular
 * file, O_RDONLY | O_DIRECTORY or O_PATH | O_DIRECTORY for a folder; never waits, never takes a FIFO,
 * device or socket for a file. Returns the descriptor, or -errno: -EXDEV when the way leads outside.
 * *LINKED (may be NULL): a symbolic link was on the way. Segments that are not served (names.h) are
 * -ENOENT, also as targets of links. */
int beneath_open(int root, const char *path, int flags, bool *linked);

/* The same for a file that the caller has just seen to be a regular one: without looking again. */
int beneath_open_seen(int root, const char *path, bool *linked);

/* For tests: as where the kernel has no openat2. */
int beneath_walk(int root, const char *path, int flags, bool *linked);
bool beneath_has_openat2(void);

#endif
