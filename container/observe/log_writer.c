/* SPDX-License-Identifier: Apache-2.0
 * The log's writer thread, and the calls that start, flush, reopen and stop it. It takes the whole
 * queue at once, puts the lines' text together and hands it to the file in large pieces; whatever
 * the disk does, only this thread waits for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"
#include "observe/log_output.h"

enum {
    DEFAULT_LINES = 4096,
    GATHER_MS = 20,    /* lines come together at least so long between two writes */
    RETRY_MS = 1000,   /* until it is tried again to tell of lost lines */
    REPEAT_MS = 60000, /* between two reports of lost lines */
    STOP_FLUSH_MS = 5000,
    STOP_JOIN_MS = 2000
};

struct writer {
    struct thread thread;
    struct log_output *output;
    uint64_t report_at; /* not before */
    uint64_t reported;  /* lost lines that the log tells of */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct writer *running; /* set and cleared by log_start and log_stop, one thread at a time */
static bool abandoned;         /* a writer never came back from its disk */

static void report_drops(struct writer *w, bool at_once)
{
    uint64_t dropped = log_dropped(), now = clock_us();
    if (dropped == w->reported || (!at_once && now < w->report_at))
        return;
    char text[256];
    struct err why = ERR_INIT;
    if (log_output_failure(w->output) != 0)
        err_sys(&why, log_output_failure(w->output), "x");
    snprintf(text, sizeof(text), "%llu log lines were lost: %.150s",
             (unsigned long long)(dropped - w->reported),
             why.why[0] ? why.why : "more came at once than could be written");
    bool told = log_output_say(w->output, LOG_ERROR, text);
    if (told)
        w->reported = dropped;
    w->report_at = now + MS_TO_US(told ? REPEAT_MS : RETRY_MS);
}

static uint64_t write_entries(struct writer *w, struct log_entry *e)
{
    uint64_t count = 0, lost = 0;
    while (e) {
        struct log_entry *next = e->next;
        lost += log_output_put(w->output, e->wall_us, e->level, e->thread, e->room, e->text, e->n);
        free(e);
        e = next;
        count++;
    }
    lost += log_output_flush(w->output);
    atomic_fetch_add_explicit(&log_queue.dropped, lost, memory_order_relaxed);
    return count;
}

/* Sleeps until there is a line, a call, or lost lines to tell about; takes all lines. */
static struct log_entry *take_lines(struct writer *w, bool *reopen_now, bool *stop)
{
    struct log_queue *q = &log_queue;
    lock_acquire(&q->lock);
    bool due = false; /* the next report of lost lines */
    while (!q->first && !q->reopen && !q->stopping && !due) {
        q->waiting = true;
        if (log_dropped() == w->reported)
            cond_wait(&q->wake, &q->lock);
        else
            due = !cond_wait_until(&q->wake, &q->lock, w->report_at);
    }
    struct log_entry *first = q->first;
    q->first = q->last = NULL;
    q->lines = 0;
    *reopen_now = q->reopen;
    *stop = q->stopping && !first;
    q->reopen = q->waiting = q->urgent = false;
    lock_release(&q->lock);
    return first;
}

/* Tells who waits in log_flush, then lets lines come together before the next write. */
static void settle(uint64_t count)
{
    struct log_queue *q = &log_queue;
    uint64_t until = clock_us() + MS_TO_US(GATHER_MS);
    lock_acquire(&q->lock);
    q->written += count;
    cond_broadcast(&q->done);
    bool in_time = true;
    while (in_time && !q->urgent && !q->reopen && !q->stopping) {
        q->gathering = true;
        in_time = cond_wait_until(&q->wake, &q->lock, until);
    }
    q->gathering = false;
    lock_release(&q->lock);
}

static void *run(void *arg)
{
    struct writer *w = arg;
    for (bool stop = false; !stop;) {
        bool reopen_now;
        struct log_entry *first = take_lines(w, &reopen_now, &stop);
        if (reopen_now)
            log_output_reopen(w->output);
        uint64_t count = write_entries(w, first);
        report_drops(w, stop);
        if (!stop)
            settle(count);
    }
    return NULL;
}

static void set_up(void)
{
    lock_init(&log_queue.lock, "log");
    cond_init(&log_queue.wake);
    cond_init(&log_queue.done);
}

static void free_writer(struct writer *w)
{
    log_output_close(w->output);
    free(w);
}

static struct writer *new_writer(const struct log_options *options, struct err *err)
{
    struct writer *w = calloc(1, sizeof(*w));
    if (!w) {
        err_set(err, "no memory for the log");
        return NULL;
    }
    w->output = log_output_open(options, err);
    if (w->output)
        return w;
    free(w);
    return NULL;
}

static void set_state(bool accepting, bool stopping)
{
    lock_acquire(&log_queue.lock);
    atomic_store_explicit(&log_queue.accepting, accepting, memory_order_release);
    log_queue.stopping = stopping;
    cond_signal(&log_queue.wake);
    lock_release(&log_queue.lock);
}

bool log_start(const struct log_options *options, struct err *err)
{
    if (running || abandoned)
        return err_set(err, running ? "the log is started already"
                                    : "the log's former writer still waits for its disk");
    pthread_once(&once, set_up);
    struct writer *w = new_writer(options, err);
    if (!w)
        return false;
    log_queue.capacity = options->queue_lines ? options->queue_lines : DEFAULT_LINES;
    atomic_store_explicit(&log_queue.dropped, 0, memory_order_relaxed);
    set_state(false, false);
    if (!thread_start(&w->thread, "log", run, w)) {
        err_sys(err, errno, "cannot start the log's thread");
        free_writer(w);
        return false;
    }
    set_state(true, false);
    running = w;
    return true;
}

void log_reopen(void)
{
    if (!atomic_load_explicit(&log_queue.accepting, memory_order_acquire))
        return;
    lock_acquire(&log_queue.lock);
    log_queue.reopen = true;
    cond_signal(&log_queue.wake);
    lock_release(&log_queue.lock);
}

bool log_flush(uint32_t limit_ms)
{
    struct log_queue *q = &log_queue;
    if (!atomic_load_explicit(&q->accepting, memory_order_acquire))
        return true;
    uint64_t deadline = clock_us() + MS_TO_US(limit_ms);
    lock_acquire(&q->lock);
    uint64_t target = q->pushed;
    q->urgent = true;
    cond_signal(&q->wake);
    bool in_time = true;
    while (in_time && q->written < target)
        in_time = cond_wait_until(&q->done, &q->lock, deadline);
    bool all = q->written >= target;
    lock_release(&q->lock);
    return all;
}

/* A writer that hangs in a write cannot be ended: it is left behind with all that it uses, so that a
 * dead disk does not keep the process from ending. */
void log_stop(void)
{
    struct writer *w = running;
    if (!w)
        return;
    log_flush(STOP_FLUSH_MS);
    set_state(false, true);
    running = NULL;
    if (thread_join_until(&w->thread, MS_TO_US(STOP_JOIN_MS)))
        free_writer(w);
    else
        abandoned = true;
}
