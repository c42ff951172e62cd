/* SPDX-License-Identifier: Apache-2.0
 * The thread that writes access logs: takes what was recorded and hands it to the files, in whole lines
 * or, on a full disk, exactly on from where it stopped. It waits for disks so that nobody else does. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"
#include "observe/access_log_priv.h"
#include "observe/counters.h"
#include "observe/log.h"

enum { LEAVE_MS = 2000, FLUSH_TICK_MS = 20, LONG_MS = 3600 * 1000 };

static struct {
    struct lock lock; /* for all but the atomics; never held over a system call but futex */
    struct cond wake, done;
    struct list logs;
    struct thread thread;
    struct access_log *at; /* the thread works on it */
    uint64_t pass;
    uint64_t asked, flushed; /* calls of access_logs_flush, and those that are answered */
    bool running, stopping;
    bool hangs;  /* main thread: some log could not be written in time; do not wait for each */
    bool urgent; /* do not wait for the tick */
    _Atomic bool asleep;     /* there is no tick: whoever puts a line has to wake it */
    _Atomic uint64_t reopen; /* how often SIGHUP came */
} writer;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    lock_init(&writer.lock, "access writer");
    cond_init(&writer.wake);
    cond_init(&writer.done);
    list_init(&writer.logs);
}

/* ---- one log ---- */

/* What a pause of the disk has filled goes back. */
static void shrink(struct access_log *log)
{
    if (log->pending_n > ACCESS_KEEP && log->room > ACCESS_KEEP)
        (void)madvise(log->pending + ACCESS_KEEP, log->room - ACCESS_KEEP, MADV_DONTNEED);
}

static void take(struct access_log *log)
{
    shrink(log);
    lock_acquire(&log->lock);
    char *empty = log->pending;
    log->pending = log->active;
    log->pending_n = log->used;
    log->pending_mark = log->mark;
    log->pending_mark_us = log->mark_us;
    log->active = empty;
    log->used = 0;
    log->mark = SIZE_MAX;
    lock_release(&log->lock);
    log->pending_at = 0;
}

static void turn(struct access_log *log)
{
    int64_t at = log->pending_mark_us;
    day_file_turn(&log->file, at);
    log->pending_mark = SIZE_MAX;
    lock_acquire(&log->lock);
    log->change_us = day_file_next_us(&log->file, at);
    lock_release(&log->lock);
}

static void fail(struct access_log *log, int why)
{
    atomic_store_explicit(&log->failure, why, memory_order_relaxed);
    bool slow_reader = why == EAGAIN; /* only told of when lines get lost */
    if (!slow_reader || atomic_load(&log->lost) != atomic_load(&log->told))
        access_tell(log);
}

/* It works. Tells so once after each complaint, and at most once a minute of lines that were lost without
 * one. False: there is something to tell, but not now. */
static bool recover(struct access_log *log)
{
    atomic_store_explicit(&log->failure, 0, memory_order_relaxed);
    bool complained = atomic_exchange(&log->complained, false);
    uint64_t lost = atomic_load(&log->lost), held;
    if (!complained && lost == atomic_load(&log->told))
        return true;
    if (!complained && !log_limit_pass(&log->limits[ACCESS_RECOVERED], &held))
        return false;
    atomic_store(&log->told, lost);
    LOG(observe, LOG_INFO, "access log %s is written again; %llu lines were lost since the start",
        log->path, (unsigned long long)lost);
    return true;
}

/* The rest of a line whose beginning stands in a file that is gone. */
static void skip_line(struct access_log *log)
{
    char *from = log->pending + log->pending_at;
    char *end = memchr(from, '\n', log->pending_n - log->pending_at);
    CHECK(end);
    log->pending_at += (size_t)(end - from) + 1;
    atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
    counter_add(COUNTER_access_lines_lost, 1);
}

/* What is pending, up to the next turn of the file. 0 or an errno. */
static int write_piece(struct access_log *log)
{
    size_t end = log->pending_mark < log->pending_n ? log->pending_mark : log->pending_n;
    while (log->pending_at < end) {
        ssize_t n = write(log->file.fd, log->pending + log->pending_at, end - log->pending_at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        log->pending_at += (size_t)n;
        log->file.torn = log->pending[log->pending_at - 1] != '\n';
    }
    return 0;
}

static bool is_done(const struct access_log *log)
{
    return log->pending_at == log->pending_n;
}

/* True: nothing is left of what was recorded before. *ANY: there was something. */
static bool write_log(struct access_log *log, bool *any)
{
    uint64_t reopen = atomic_load_explicit(&writer.reopen, memory_order_relaxed);
    int why = 0;
    bool cut, works = false, again = log->reopened != reopen;
    log->reopened = reopen;
    day_file_clean(&log->file, access_clock());
    for (int round = 0; round < 2; round++) { /* what a failure kept back, and what came since */
        if (is_done(log))
            take(log);
        if (is_done(log) && !again)
            break;
        *any = true;
        bool open = day_file_ready(&log->file, again, access_clock(), &why, &cut);
        again = false;
        if (cut)
            skip_line(log);
        if (!open) {
            if (why != 0)
                fail(log, why);
            return false;
        }
        while (!is_done(log) && why == 0) {
            if (log->pending_at == log->pending_mark)
                turn(log);
            why = log->file.fd >= 0 ? write_piece(log) : EAGAIN;
        }
        if (why != 0) {
            fail(log, why);
            return false;
        }
        works = true;
    }
    if (!works && atomic_load_explicit(&log->failure, memory_order_relaxed) != 0)
        return true; /* nothing to write, so nobody knows */
    return recover(log) && is_done(log);
}

/* ---- the thread ---- */

static struct access_log *next_locked(void)
{
    lock_assert_held(&writer.lock);
    LIST_FOREACH (it, &writer.logs) {
        struct access_log *log = CONTAINER_OF(it, struct access_log, link);
        if (log->pass != writer.pass) {
            log->pass = writer.pass;
            return log;
        }
    }
    return NULL;
}

/* Every log once. True: all are written. */
static bool pass_locked(bool *any)
{
    bool clean = true;
    writer.pass++;
    for (struct access_log *log; (log = next_locked()) != NULL;) {
        writer.at = log;
        lock_release(&writer.lock);
        clean = write_log(log, any) && clean;
        lock_acquire(&writer.lock);
        writer.at = NULL;
        cond_broadcast(&writer.done);
    }
    return clean;
}

static bool anything_locked(void)
{
    bool some = false;
    LIST_FOREACH (it, &writer.logs) {
        struct access_log *log = CONTAINER_OF(it, struct access_log, link);
        lock_acquire(&log->lock);
        some = some || log->used > 0;
        lock_release(&log->lock);
    }
    return some;
}

/* Sleeps until the next tick; without one when nothing came for a while. */
static void rest_locked(bool clean, uint64_t busy_us)
{
    uint64_t now = clock_us();
    bool asleep = clean && now - busy_us >= MS_TO_US(ACCESS_SLEEP_MS);
    uint64_t ms = asleep                           ? LONG_MS
                  : writer.asked != writer.flushed ? FLUSH_TICK_MS
                                                   : ACCESS_TICK_MS;
    /* Before looking: who puts a line after the look sees that it has to wake this thread. */
    atomic_store(&writer.asleep, asleep);
    bool wait = !(asleep && anything_locked());
    while (wait && !writer.urgent && !writer.stopping)
        wait = cond_wait_until(&writer.wake, &writer.lock, now + MS_TO_US(ms));
    atomic_store(&writer.asleep, false);
    writer.urgent = false;
}

static void *run(void *arg)
{
    uint64_t busy_us = clock_us();
    (void)arg;
    lock_acquire(&writer.lock);
    while (!writer.stopping) {
        uint64_t asked = writer.asked;
        bool any = false, clean = pass_locked(&any);
        if (clean && writer.flushed != asked) {
            writer.flushed = asked;
            cond_broadcast(&writer.done);
        }
        if (any)
            busy_us = clock_us();
        rest_locked(clean, busy_us);
    }
    lock_release(&writer.lock);
    return NULL;
}

static void wake_locked(void)
{
    writer.urgent = true;
    cond_signal(&writer.wake);
}

void access_writer_notice(const struct access_log *log, bool enough)
{
    if (!enough && log->buffered &&
        !(atomic_load(&writer.asleep) && atomic_exchange(&writer.asleep, false)))
        return;
    lock_acquire(&writer.lock);
    wake_locked();
    lock_release(&writer.lock);
}

/* ---- the main thread's calls ---- */

struct access_log *access_writer_find(const struct day_file *file)
{
    struct access_log *found = NULL;
    char ours[FILE_NAME_SIZE], theirs[FILE_NAME_SIZE];
    int64_t now = access_clock();
    pthread_once(&once, set_up);
    day_file_name(file, now, ours);
    lock_acquire(&writer.lock);
    LIST_FOREACH (it, &writer.logs) {
        struct access_log *log = CONTAINER_OF(it, struct access_log, link);
        day_file_name(&log->file, now, theirs);
        if (strcmp(file->names.folder, log->file.names.folder) == 0 && strcmp(ours, theirs) == 0)
            found = log;
    }
    lock_release(&writer.lock);
    return found;
}

bool access_writer_add(struct access_log *log, struct err *err)
{
    pthread_once(&once, set_up);
    log->reopened = atomic_load(&writer.reopen);
    if (!writer.running) {
        writer.stopping = writer.hangs = false;
        if (!thread_start(&writer.thread, "access-log", run, NULL))
            return err_sys(err, errno, "cannot start the thread that writes access logs");
        writer.running = true;
    }
    lock_acquire(&writer.lock);
    list_add_tail(&writer.logs, &log->link);
    wake_locked();
    lock_release(&writer.lock);
    return true;
}

/* A thread that hangs in its disk cannot be ended; it is left behind with what it uses. */
static void stop_if_last(void)
{
    lock_acquire(&writer.lock);
    bool last = list_empty(&writer.logs) && writer.running;
    writer.stopping = last;
    if (last)
        wake_locked();
    lock_release(&writer.lock);
    if (last && thread_join_until(&writer.thread, MS_TO_US(LEAVE_MS)))
        writer.running = false;
}

bool access_writer_remove(struct access_log *log)
{
    if (!access_logs_flush(writer.hangs ? 0 : LEAVE_MS))
        writer.hangs = true;
    uint64_t deadline = clock_us() + MS_TO_US(LEAVE_MS);
    bool in_time = true;
    lock_acquire(&writer.lock);
    list_remove(&log->link);
    while (in_time && writer.at == log)
        in_time = cond_wait_until(&writer.done, &writer.lock, deadline);
    bool free = writer.at != log;
    lock_release(&writer.lock);
    if (free)
        stop_if_last();
    return free;
}

void access_logs_reopen(void)
{
    pthread_once(&once, set_up);
    atomic_fetch_add_explicit(&writer.reopen, 1, memory_order_relaxed);
    lock_acquire(&writer.lock);
    wake_locked();
    lock_release(&writer.lock);
}

bool access_logs_flush(uint32_t limit_ms)
{
    pthread_once(&once, set_up);
    uint64_t deadline = clock_us() + MS_TO_US(limit_ms);
    bool in_time = true;
    lock_acquire(&writer.lock);
    if (list_empty(&writer.logs)) {
        lock_release(&writer.lock);
        return true;
    }
    uint64_t mine = ++writer.asked;
    wake_locked();
    while (in_time && writer.flushed < mine)
        in_time = cond_wait_until(&writer.done, &writer.lock, deadline);
    bool all = writer.flushed >= mine;
    lock_release(&writer.lock);
    return all;
}
