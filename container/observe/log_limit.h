/* SPDX-License-Identifier: Apache-2.0
 * For causes that repeat: the log tells of each once a minute and how often it was held back. One
 * struct log_limit per cause, static or in the object that has the trouble; zero is ready to use. */
#ifndef OBSERVE_LOG_LIMIT_H
#define OBSERVE_LOG_LIMIT_H
#include "observe/log.h"

struct log_limit {
    _Atomic uint64_t told_us; /* clock_us; 0: never */
    _Atomic uint64_t held;    /* held back since */
};
#define LOG_LIMIT_US 60000000u

/* True: tell now; *HELD is how often it was held back since the last time. Any thread, no lock. */
bool log_limit_pass(struct log_limit *l, uint64_t *held);
/* The trouble is over: the next time is told at once. */
void log_limit_reset(struct log_limit *l);

/* LOG, at most once a minute for *LIMIT; "(N more since the last such line)" is put behind. */
#define LOG_LIMITED(room, level, limit, ...)                                                     \
    do {                                                                                         \
        if ((level) >= atomic_load_explicit(&log_levels[LOG_ROOM_##room], memory_order_relaxed)) \
            log_line_limited((limit), LOG_ROOM_##room, (level), __VA_ARGS__);                    \
    } while (0)
void log_line_limited(struct log_limit *l, enum log_room room, enum log_level level,
                      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
