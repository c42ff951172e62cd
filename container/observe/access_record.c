/* SPDX-License-Identifier: Apache-2.0
 * Recording: a line is rendered and put into the memory of each log that the exchange belongs to. Called
 * by the connector on the thread that ended the exchange. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "observe/access_log_priv.h"
#include "observe/counters.h"
#include "observe/log.h"

enum { LINE_SIZE = 4096, SPINS = 200 };

int64_t (*access_clock)(void) = clock_wall_us;

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* The lock is held for a memcpy: waiting in the kernel would cost more than the whole line. */
static void acquire(struct access_log *log)
{
    for (int i = 0; i < SPINS; i++) {
        if (lock_try(&log->lock))
            return;
        pause_briefly();
    }
    lock_acquire(&log->lock);
}

static void lose(struct access_log *log)
{
    atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
    counter_add(COUNTER_access_lines_lost, 1);
    access_tell(log);
}

static void put(struct access_log *log, const struct access_line *line)
{
    acquire(log);
    size_t before = log->used, after = before + line->n;
    bool fits = after <= log->room;
    if (fits) {
        if (line->wall_us >= log->change_us && log->mark == SIZE_MAX) {
            log->mark = before;
            log->mark_us = line->wall_us;
        }
        memcpy(log->active + before, line->p, line->n);
        log->used = after;
    }
    lock_release(&log->lock);
    if (!fits) {
        lose(log);
        return;
    }
    counter_add(COUNTER_access_lines, 1);
    access_writer_notice(log, before < log->wake_at && after >= log->wake_at);
}

/* A line that is longer than usual. */
static void put_long(struct access_log *log, const struct access_fields *f, int64_t wall_us)
{
    struct access_line line = {
        .p = malloc(ACCESS_LINE_MAX), .size = ACCESS_LINE_MAX, .wall_us = wall_us};
    if (line.p)
        access_render(&log->pattern, f, &line);
    if (line.p && line.n <= line.size)
        put(log, &line);
    else
        lose(log);
    free(line.p);
}

void access_logs_record(const struct access_logs *logs, const struct access_fields *f)
{
    char text[LINE_SIZE];
    struct access_line line = {.p = text, .size = sizeof(text), .wall_us = access_clock()};
    for (uint32_t i = 0; i < logs->count; i++) {
        struct access_log *log = logs->v[i];
        access_render(&log->pattern, f, &line);
        if (line.n <= line.size)
            put(log, &line);
        else
            put_long(log, f, line.wall_us);
    }
}

/* ---- trouble ---- */

static enum access_trouble trouble_of(int failure)
{
    if (failure == 0 || failure == EAGAIN)
        return ACCESS_BEHIND;
    if (failure == ENOSPC || failure == EDQUOT)
        return ACCESS_FULL;
    return failure == ENXIO || failure == EPIPE ? ACCESS_NO_READER : ACCESS_UNWRITABLE;
}

void access_tell(struct access_log *log)
{
    int failure = atomic_load_explicit(&log->failure, memory_order_relaxed);
    enum access_trouble trouble = trouble_of(failure);
    uint64_t held, lost = atomic_load_explicit(&log->lost, memory_order_relaxed);
    char why[128] = "the writer does not keep up, or its disk is blocked";
    if (!log_limit_pass(&log->limits[trouble], &held))
        return;
    if (failure != 0) {
        struct err e = ERR_INIT;
        err_sys(&e, failure, "x");
        snprintf(why, sizeof(why), "%.120s", e.why);
    }
    atomic_store_explicit(&log->told, lost, memory_order_relaxed);
    atomic_store(&log->complained, true);
    LOG(observe, LOG_ERROR,
        "access log %s: %s; %llu lines are lost so far. Requests go on; what fits waits in memory",
        log->path, why, (unsigned long long)lost);
}
