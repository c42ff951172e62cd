/* SPDX-License-Identifier: Apache-2.0
 * The log's front end: every room calls it, on any thread. A line costs its vsnprintf, one malloc and
 * one short lock; what touches the disk is in log_writer.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/span.h"
#include "base/thread.h"
#include "observe/log_priv.h"

struct log_queue log_queue;

_Atomic uint8_t log_levels[LOG_ROOM_COUNT] = {
#define X(name) LOG_INFO,
    LOG_ROOMS(X)
#undef X
};

void log_set_level(enum log_room room, enum log_level level)
{
    CHECK(room >= 0 && room < LOG_ROOM_COUNT && level >= LOG_DEBUG && level <= LOG_OFF);
    atomic_store_explicit(&log_levels[room], (uint8_t)level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *out)
{
    static const char *const names[] = {"debug", "info", "warn", "error", "off"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (span_ieq(span_of(name), span_of(names[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

uint64_t log_dropped(void)
{
    return atomic_load_explicit(&log_queue.dropped, memory_order_relaxed);
}

static _Atomic(log_take_fn *) diverted;

void log_divert(log_take_fn *take)
{
    atomic_store(&diverted, take);
}

static void write_directly(enum log_room room, enum log_level level, const char *text, size_t n)
{
    log_take_fn *take = atomic_load(&diverted);
    if (take) {
        take(room, level, text, n);
        return;
    }
    if (level < LOG_WARN)
        return;
    char line[LOG_LINE_MAX];
    size_t size = log_format(line, clock_wall_us(), level, thread_self_name(), room, text, n);
    ssize_t ignored = write(STDERR_FILENO, line, size); /* there is nowhere to tell a failure */
    (void)ignored;
}

static struct log_entry *new_entry(enum log_room room, enum log_level level, const char *text,
                                   size_t n)
{
    struct log_entry *e = malloc(sizeof(*e) + n);
    if (!e)
        return NULL;
    e->next = NULL;
    e->wall_us = clock_wall_us();
    e->room = room;
    e->level = level;
    snprintf(e->thread, sizeof(e->thread), "%s", thread_self_name());
    e->n = n;
    memcpy(e->text, text, n);
    return e;
}

enum push { PUSHED, FULL, NO_WRITER };

/* Wakes the writer only when it sleeps for want of lines, or gathers and the queue is half full. */
static enum push push(struct log_entry *e)
{
    struct log_queue *q = &log_queue;
    enum push result = PUSHED;
    lock_acquire(&q->lock);
    if (!atomic_load_explicit(&q->accepting, memory_order_relaxed)) {
        result = NO_WRITER;
    } else if (q->lines >= q->capacity) {
        result = FULL;
    } else {
        if (q->last)
            q->last->next = e;
        else
            q->first = e;
        q->last = e;
        q->lines++;
        q->pushed++;
        if (q->gathering && q->lines >= (q->capacity + 1) / 2)
            q->urgent = true;
        if (q->waiting || (q->gathering && q->urgent)) {
            q->waiting = q->gathering = false;
            cond_signal(&q->wake);
        }
    }
    lock_release(&q->lock);
    return result;
}

static void deliver(enum log_room room, enum log_level level, const char *text, size_t n)
{
    enum push result = NO_WRITER;
    if (atomic_load_explicit(&log_queue.accepting, memory_order_acquire)) {
        struct log_entry *e = new_entry(room, level, text, n);
        result = e ? push(e) : FULL;
        if (result != PUSHED)
            free(e);
    }
    if (result == FULL)
        atomic_fetch_add_explicit(&log_queue.dropped, 1, memory_order_relaxed);
    else if (result == NO_WRITER)
        write_directly(room, level, text, n);
}

/* errno is kept: a LOG between a failed call and its strerror must not change the message. */
void log_line(enum log_room room, enum log_level level, const char *fmt, ...)
{
    CHECK(room >= 0 && room < LOG_ROOM_COUNT && level >= LOG_DEBUG && level <= LOG_ERROR);
    int saved = errno;
    char text[LOG_MESSAGE_MAX + 1];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0)
        n = snprintf(text, sizeof(text), "(a message that could not be formatted)");
    if (n > LOG_MESSAGE_MAX) {
        n = LOG_MESSAGE_MAX;
        memcpy(text + LOG_MESSAGE_MAX - 3, "...", 3);
    }
    deliver(room, level, text, (size_t)n);
    errno = saved;
}

void log_err(enum log_room room, enum log_level level, const struct err *e)
{
    char text[sizeof(*e) + 64]; /* longer than a message may be: log_line marks the cut */
    if (level >= atomic_load_explicit(&log_levels[room], memory_order_relaxed))
        log_line(room, level, "%s", err_text(e, text, sizeof(text)));
}
