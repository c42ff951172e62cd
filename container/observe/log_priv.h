/* SPDX-License-Identifier: Apache-2.0
 * Between the log's front end (log.c), its writer (log_writer.c) and the text of a line
 * (log_format.c). Not for other rooms. */
#ifndef OBSERVE_LOG_PRIV_H
#define OBSERVE_LOG_PRIV_H
#include <stddef.h>
#include "base/lock.h"
#include "observe/log.h"

enum {
    LOG_MESSAGE_MAX = 2048, /* bytes of a message, before control bytes are escaped */
    /* A written line at most: every byte of the message and of the thread's name escaped. */
    LOG_LINE_MAX = LOG_MESSAGE_MAX * 4 + 256
};

/* A line on its way to the writer. The prefix is put before it there: callers do not pay for it. */
struct log_entry {
    struct log_entry *next;
    int64_t wall_us;
    enum log_room room;
    enum log_level level;
    char thread[32]; /* terminated */
    size_t n;
    char text[]; /* N bytes, not terminated */
};

/* The queue between them, for the whole process. `lock` is held for a few stores at a time, never
 * over a system call but futex. */
struct log_queue {
    struct lock lock;
    struct cond wake; /* the writer waits: for lines, or, gathering, for `urgent` */
    struct cond done; /* log_flush waits: `written` moved */
    struct log_entry *first, *last;
    size_t lines, capacity;
    uint64_t pushed, written; /* entries put in and dealt with (written or lost) so far */
    bool waiting;             /* the writer sleeps until there is a line */
    bool gathering;           /* the writer lets lines come together for a moment */
    bool urgent;              /* ... and has to stop that */
    bool reopen;
    bool stopping;
    _Atomic bool accepting; /* a writer runs; set under the lock, first looked at without it */
    _Atomic uint64_t dropped;
};

extern struct log_queue log_queue;

/* The line with its prefix and '\n' into OUT (LOG_LINE_MAX bytes); returns its length. */
size_t log_format(char *out, int64_t wall_us, enum log_level level, const char *thread,
                  enum log_room room, const char *text, size_t n);

#endif
