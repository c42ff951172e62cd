/* SPDX-License-Identifier: Apache-2.0
 * Once a minute and cause: see log_limit.h. Called wherever trouble repeats. */
#include "observe/log_limit.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/clock.h"

bool log_limit_pass(struct log_limit *l, uint64_t *held)
{
    uint64_t now = clock_us(), last = atomic_load_explicit(&l->told_us, memory_order_relaxed);
    if ((last != 0 && now - last < LOG_LIMIT_US) ||
        !atomic_compare_exchange_strong(&l->told_us, &last, now)) {
        atomic_fetch_add_explicit(&l->held, 1, memory_order_relaxed);
        return false;
    }
    *held = atomic_exchange_explicit(&l->held, 0, memory_order_relaxed);
    return true;
}

void log_limit_reset(struct log_limit *l)
{
    atomic_store_explicit(&l->told_us, 0, memory_order_relaxed);
    atomic_store_explicit(&l->held, 0, memory_order_relaxed);
}

void log_line_limited(struct log_limit *l, enum log_room room, enum log_level level,
                      const char *fmt, ...)
{
    int saved = errno;
    char text[1024];
    uint64_t held;
    if (!log_limit_pass(l, &held)) {
        errno = saved;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0)
        text[0] = '\0';
    if (held > 0)
        log_line(room, level, "%s (%llu more since the last such line)", text,
                 (unsigned long long)held);
    else
        log_line(room, level, "%s", text);
    errno = saved;
}
