/* SPDX-License-Identifier: Apache-2.0
 * The log's front end: any thread formats a line into a bounded queue, one writer thread writes it.
 * A full queue or a stuck disk drops lines and counts them; it never delays a caller.
 * Line: "23-Nov-2026 02:24:49.123 INFO [thread] room message"; control characters in the message are
 * escaped (\xHH; newline too), so that a client cannot forge a line. */
#ifndef OBSERVE_LOG_H
#define OBSERVE_LOG_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

/* One level per room; a room's name is also the third word of its lines. "webapp" is what modules
 * log themselves. */
/* clang-format off */
#define LOG_ROOMS(X)                                                                               \
    X(base) X(observe) X(config) X(http) X(net) X(workers) X(http1) X(loader) X(engine) X(deploy)  \
    X(connector) X(admin) X(supervisor) X(cli) X(webapp) X(spool)
enum log_room {
#define X(name) LOG_ROOM_##name,
    LOG_ROOMS(X)
#undef X
    LOG_ROOM_COUNT
};
/* clang-format on */

struct log_options {
    /* Made when it is missing. The lines stand in cserv.YYYY-MM-DD.log in it (local date, 0640, kept for
     * 90 days), to which cserv.log is a link. NULL: only the copy. */
    const char *folder;
    int copy_fd;        /* every line also goes there (stderr under `run`); -1: nowhere */
    size_t queue_lines; /* capacity of the queue; 0 = 4096 */
};

/* Before log_start lines go straight to stderr, at LOG_WARN and above. */
bool log_start(const struct log_options *options, struct err *err);
void log_reopen(void); /* the writer opens its file anew before the next line (SIGHUP) */
/* Waits until everything queued before the call is written, at most LIMIT_MS. */
bool log_flush(uint32_t limit_ms);
void log_stop(void);        /* flushes, ends the writer; lines after it go to stderr again */
uint64_t log_dropped(void); /* lines lost since start; the writer also tells it in the log */

/* While no writer runs, lines go to TAKE instead of stderr, on the thread that made them; NULL: to stderr
 * again. Before other threads log. TAKE gets N bytes without NUL and must not log. For the test kit. */
typedef void log_take_fn(enum log_room room, enum log_level level, const char *text, size_t n);
void log_divert(log_take_fn *take);

void log_set_level(enum log_room room, enum log_level level);
bool log_level_parse(const char *name, enum log_level *out); /* "debug info warn error off" */

extern _Atomic uint8_t log_levels[LOG_ROOM_COUNT];

/* Never blocks, never fails to the caller; longer than 2,048 bytes is cut with "...". */
void log_line(enum log_room room, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One line straight into FOLDER's log and to COPY_FD (-1: nowhere), for the supervisor, which has no
 * writer thread and few lines. False: it is not in the log. */
bool log_alone(const char *folder, int copy_fd, enum log_room room, enum log_level level,
               const char *text);
/* err_text of E as a line. */
void log_err(enum log_room room, enum log_level level, const struct err *e);

#define LOG(room, level, ...)                                                                    \
    do {                                                                                         \
        if ((level) >= atomic_load_explicit(&log_levels[LOG_ROOM_##room], memory_order_relaxed)) \
            log_line(LOG_ROOM_##room, (level), __VA_ARGS__);                                     \
    } while (0)

#endif
