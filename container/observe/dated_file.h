/* SPDX-License-Identifier: Apache-2.0
 * Files whose names carry a date: PREFIX date SUFFIX in one folder. What they are called, how they are
 * opened for appending, which of them are too old. For the server's log and for access logs. */
#ifndef OBSERVE_DATED_FILE_H
#define OBSERVE_DATED_FILE_H
#include <sys/types.h>
#include "observe/date_pattern.h"

enum { FILE_NAME_SIZE = 256 };

struct dated_names {
    char *folder, *prefix, *suffix;
    struct date_pattern date;
};

/* Copies the strings. False: a name that no file can have, or out of memory; NAMES may be given to
 * dated_names_end all the same. */
bool dated_names_make(struct dated_names *names, const char *folder, const char *prefix,
                      const char *suffix, const char *date, struct err *err);
void dated_names_end(struct dated_names *names);

/* The name (without folder) of the file for T, and the one without a date. OUT: FILE_NAME_SIZE bytes. */
void dated_name(const struct dated_names *names, const struct date_time *t, char *out);
void dated_plain_name(const struct dated_names *names, char *out);

/* Removes regular files of these names whose date (or, when the names do not tell the day, last change)
 * lies more than DAYS days before T, but not KEEP. Links are neither followed nor removed. Returns how
 * many went. */
unsigned dated_remove_old(const struct dated_names *names, const struct date_time *t, int32_t days,
                          const char *keep);

/* Opens FOLDER/NAME for appending, makes it with 0640. A FIFO or device never blocks the caller, neither
 * here nor in write (EAGAIN then); a FIFO without a reader is ENXIO. -1: errno. */
int dated_open(const char *folder, const char *name);
/* As dated_open, of a whole path. */
int append_open(const char *path);

#endif
