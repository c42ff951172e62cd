/* SPDX-License-Identifier: Apache-2.0
 * Files and folders on cold paths. Every descriptor made here is CLOEXEC. */
#ifndef BASE_PATH_H
#define BASE_PATH_H
#include <sys/types.h>
#include "base/buf.h"
#include "base/err.h"

/* DIR "/" NAME into BUF (NAME alone when it is absolute). False when it does not fit. */
bool path_join(char *buf, size_t size, const char *dir, const char *name);
/* The modes of everything a server makes, whatever the umask says. */
enum { PATH_MODE_DIR = 0750, PATH_MODE_FILE = 0640, PATH_MODE_SECRET = 0600 };

/* Makes DIR and its parents with MODE, without umask (not changing existing ones). */
bool path_make_dirs(const char *dir, mode_t mode, struct err *err);
/* open(2) that makes a missing file, with MODE as it is, without umask; an existing one keeps its mode.
 * FLAGS as open's; O_CREAT and O_CLOEXEC are added. -1: errno. */
int path_make_file(const char *path, int flags, mode_t mode);
/* A new file, 0600, in PATH's folder, to be renamed to PATH when it is whole: its name into BUF. -1: errno. */
int path_open_beside(const char *path, char *buf, size_t size);
/* A file without a name in FOLDER, 0600, for reading and writing. -1: errno. */
int path_open_unnamed(const char *folder);
/* The whole file into OUT (appended), at most MAX bytes: more is an error. */
bool path_read_file(const char *path, size_t max, struct buf *out, struct err *err);
/* Writes PATH anew: temporary file beside it, fsync, rename, fsync of the folder. MODE is set as it
 * is, without umask; a symbolic link is replaced, not followed. The old content stays on failure
 * (but when only the folder cannot be synced, which the error then says). */
bool path_write_file(const char *path, struct span content, mode_t mode, struct err *err);
/* Removes DIR and all below; never follows a symbolic link (the link itself is removed), never
 * leaves the file system of DIR. A missing DIR is fine. */
bool path_remove_tree(const char *dir, struct err *err);
/* Sorted names (bytewise) in DIR without "." and "..", as an array of strings; free with
 * path_names_free. */
bool path_list(const char *dir, char ***names, size_t *count, struct err *err);
void path_names_free(char ***names, size_t *count);
/* Opens PATH (relative, "" is the folder itself) beneath the folder DIR: a regular file for reading, or
 * with FOLDER a folder. Never waits. No link and no ".." leads out of DIR, whoever renames meanwhile; where the
 * kernel has no openat2, links are not followed at all. The descriptor, or -errno. */
int path_open_beneath(const char *dir, const char *path, bool folder);
/* For tests: as where the kernel has no openat2. */
int path_walk_beneath(const char *dir, const char *path, bool folder);
/* Whether one of PATH's segments is "..". */
bool path_climbs(const char *path);
bool path_exists(const char *path);
/* Whether something stands at PATH, for files that must not count as missing by mistake. PATH_ABSENT only
 * where the system says so; PATH_UNSURE, err: it cannot be looked at (rights, a loop of links), or it is a
 * symbolic link that leads nowhere. */
enum path_look { PATH_ABSENT, PATH_THERE, PATH_UNSURE };
enum path_look path_look(const char *path, struct err *err);
bool path_is_dir(const char *path);
/* PATH as one word of a shell command into BUF, quoted when it has to be. Returns BUF, or NULL when it
 * does not fit. */
const char *path_shell_word(const char *path, char *buf, size_t size);
/* The folder of the running program's own file, links resolved (from /proc/self/exe). */
bool path_program_dir(char *buf, size_t size, struct err *err);
const char *path_base(const char *path); /* what follows the last '/', within PATH */

#endif
