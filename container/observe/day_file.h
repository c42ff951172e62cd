/* SPDX-License-Identifier: Apache-2.0
 * The file of a log over days: opened for appending, opened again when somebody has moved or removed it,
 * another one when the date in its name changes, old ones removed. For the server's log and the access
 * logs. One thread at a time: the log's writer, before it runs the main thread. */
#ifndef OBSERVE_DAY_FILE_H
#define OBSERVE_DAY_FILE_H
#include "observe/dated_file.h"

struct day_file_options {
    const char *folder; /* made (0750) when it is missing */
    const char *prefix, *suffix, *date;
    bool rotatable;   /* false: one file without a date */
    bool renames;     /* the current file has no date; it gets its own when the next begins */
    int32_t max_days; /* older ones are removed; -1: never */
};
struct day_file {
    struct dated_names names; /* these four are constant */
    bool rotatable, renames;
    int32_t max_days;
    int fd; /* -1: not open */
    dev_t device;
    ino_t inode;
    bool torn; /* the last thing written is a part of a line: the writer's to set */
    char current[FILE_NAME_SIZE]; /* what it is called now */
    char dated[FILE_NAME_SIZE];   /* ... and with its date */
    uint64_t retry_us;            /* not opened again before */
    int64_t cleaned_day;
};

/* False: names that no file can have, no memory. day_file_end in any case. */
bool day_file_make(struct day_file *f, const struct day_file_options *o, struct err *err);
/* Whether the folder can be written to, or could be made. Changes nothing. */
bool day_file_check(const struct day_file *f, struct err *err);
/* The first time. What may pass by itself (no reader, no space) is no failure: *WHY is its errno then,
 * else 0. */
bool day_file_begin(struct day_file *f, int64_t wall_us, int *why, struct err *err);
void day_file_end(struct day_file *f);
/* Before a write: opens the file again when it was replaced, removed, not there, or REOPEN says so. *WHY:
 * 0, or the errno of a try that failed, after which the former file goes on if it can still be found by
 * somebody. False: none is open. *CUT: it is another file now and the former one ends within a line. */
bool day_file_ready(struct day_file *f, bool reopen, int64_t wall_us, int *why, bool *cut);
/* What is written from now on is of WALL_US: another file, if its date is another one. */
void day_file_turn(struct day_file *f, int64_t wall_us);
/* What the file that is written to at WALL_US is called. Any thread: looks at constants only. OUT:
 * FILE_NAME_SIZE bytes. */
void day_file_name(const struct day_file *f, int64_t wall_us, char *out);
/* When the next turn may be due. */
int64_t day_file_next_us(const struct day_file *f, int64_t wall_us);
/* Removes old files, once a day. */
void day_file_clean(struct day_file *f, int64_t wall_us);

#endif
