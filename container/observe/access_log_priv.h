/* SPDX-License-Identifier: Apache-2.0
 * One access log: the memory that lines are put into, its file, its trouble. Between access_log.c (the
 * threads that record), access_writer.c (the thread that writes). */
#ifndef OBSERVE_ACCESS_LOG_PRIV_H
#define OBSERVE_ACCESS_LOG_PRIV_H
#include <stdatomic.h>
#include "base/list.h"
#include "base/lock.h"
#include "observe/access_priv.h"
#include "observe/day_file.h"
#include "observe/log_limit.h"

enum {
    ACCESS_ROOM = 16 << 20, /* a busy server's lines of a second: file systems pause so long */
    ACCESS_KEEP = 1 << 20,  /* of that the kernel gets back what was more than this */
    ACCESS_WAKE_AT = 128 * 1024,
    ACCESS_LINE_MAX = 256 * 1024, /* a longer one is lost */
    ACCESS_TICK_MS = 250,         /* the writer looks at least so often while lines come */
    ACCESS_SLEEP_MS = 2000        /* without a line for so long, it waits to be woken */
};

/* ---- logs ---- */

enum access_trouble {                /* causes that the server's log tells of one by one */
                      ACCESS_BEHIND, /* the writer does not keep up, or hangs in its disk */
                      ACCESS_FULL,
                      ACCESS_NO_READER,
                      ACCESS_UNWRITABLE,
                      ACCESS_RECOVERED,
                      ACCESS_TROUBLES
};

struct access_log {
    struct list link; /* access_writer.c */
    uint32_t users;   /* main thread: handles given out */
    uint64_t pass;    /* access_writer.c: in which it was last looked at */
    char *settings;   /* all options as text, to tell two logs apart */
    char *path;       /* for messages: folder, prefix, suffix */
    struct access_pattern pattern;
    bool buffered;
    size_t room;    /* constant; a multiple of the page size */
    size_t wake_at; /* so full, the writer is woken; constant */

    _Alignas(64) struct lock lock; /* for the next five; held for a memcpy */
    char *active;                  /* `room` bytes, `used` of them are lines */
    size_t used;
    size_t mark;       /* what follows belongs into the next file; SIZE_MAX: nothing does */
    int64_t mark_us;   /* the wall time there */
    int64_t change_us; /* the wall time at which the next mark is due */

    _Alignas(64) char *pending; /* the writer's: `room` bytes, lines on their way to the file */
    size_t pending_at, pending_n, pending_mark;
    int64_t pending_mark_us;
    struct day_file file;
    uint64_t reopened; /* access_writer.c */

    _Atomic int failure;         /* errno of the last try to write; 0: it worked */
    _Atomic uint64_t lost, told; /* lines; of them the server's log knows */
    _Atomic bool complained;     /* the server's log told of trouble, and not yet of its end */
    struct log_limit limits[ACCESS_TROUBLES];
};

/* Tells the server's log about lost lines or a failure, once a minute and cause. Any thread. */
void access_tell(struct access_log *log);

/* ---- access_writer.c ---- */

/* Main thread. */
bool access_writer_add(struct access_log *log, struct err *err);
/* Waits until LOG is written, at most two seconds. False: the writer hangs and LOG must stay. */
bool access_writer_remove(struct access_log *log);
/* A log with the same file, or NULL. */
struct access_log *access_writer_find(const struct day_file *file);
/* Any thread, after a line was put into LOG; ENOUGH: it is time to write. */
void access_writer_notice(const struct access_log *log, bool enough);

/* clock_wall_us, or a test's. Set while there is no log. */
extern int64_t (*access_clock)(void);

#endif
