/* SPDX-License-Identifier: Apache-2.0
 * From entries to bytes in files: see log_output.h. Called by log_writer.c. */
#include "observe/log_output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

enum { BATCH_SIZE = 64 * 1024, JOURNAL_EXTRA = 3 };

struct log_output {
    bool has_file;
    struct day_file file;
    int64_t change_us;  /* wall time from which lines belong into the next file */
    bool reopen;        /* before the next write */
    bool reopen_failed; /* and the log tells that */
    int failure;
    struct log_sink copy;
    bool journal; /* the copy's lines begin with their level */
    size_t used, copy_used;
    char *batch;      /* BATCH_SIZE bytes */
    char *copy_batch; /* the same lines for the journal; NULL: the copy is what the file gets */
};

static void give_up(struct log_output *o)
{
    if (o->has_file)
        day_file_end(&o->file);
    free(o->batch);
    free(o->copy_batch);
    free(o);
}

static bool open_file(struct log_output *o, const char *folder, struct err *err)
{
    o->has_file = true;
    if (!log_day_make(&o->file, folder, err) ||
        !day_file_begin(&o->file, clock_wall_us(), &o->failure, err))
        return false;
    o->change_us = day_file_next_us(&o->file, clock_wall_us());
    day_file_clean(&o->file, clock_wall_us());
    log_day_link(folder, o->file.current);
    return true;
}

struct log_output *log_output_open(const struct log_options *options, struct err *err)
{
    struct log_output *o = calloc(1, sizeof(*o));
    if (o)
        o->batch = malloc(BATCH_SIZE);
    if (o && o->batch) {
        o->copy.fd = options->copy_fd;
        o->journal = options->copy_fd >= 0 && log_is_journal(options->copy_fd);
        o->copy_batch = o->journal ? malloc(BATCH_SIZE) : NULL;
    }
    if (!o || !o->batch || (o->journal && !o->copy_batch)) {
        err_set(err, "no memory for the log");
        if (o)
            give_up(o);
        return NULL;
    }
    if (!options->folder || open_file(o, options->folder, err))
        return o;
    give_up(o);
    return NULL;
}

void log_output_close(struct log_output *o)
{
    give_up(o);
}

/* ---- writing ---- */

/* The file is ready for the batch, or the reason why not is kept. */
static bool have_file(struct log_output *o)
{
    bool cut, again = o->reopen;
    int why;
    o->reopen = false;
    bool open = day_file_ready(&o->file, again, clock_wall_us(), &why, &cut);
    if (why != 0)
        o->failure = why;
    if (!again || !open)
        return open;
    log_day_link(o->file.names.folder, o->file.current);
    o->reopen_failed = why != 0;
    return true;
}

static size_t write_file(struct log_output *o)
{
    if (!have_file(o))
        return log_count_lines(o->batch, o->used);
    struct log_sink sink = {.fd = o->file.fd, .torn = o->file.torn};
    errno = 0;
    size_t lost = log_sink_write(&sink, o->batch, o->used);
    o->file.torn = sink.torn;
    o->failure = lost > 0 ? errno : 0;
    return lost;
}

static size_t write_batch(struct log_output *o)
{
    size_t lost_file = o->has_file && o->used > 0 ? write_file(o) : 0;
    size_t lost_copy = o->copy_batch ? log_sink_copy(&o->copy, o->copy_batch, o->copy_used)
                                     : log_sink_copy(&o->copy, o->batch, o->used);
    o->used = o->copy_used = 0;
    return o->has_file ? lost_file : lost_copy;
}

size_t log_output_flush(struct log_output *o)
{
    bool reopening = o->reopen && o->has_file;
    if (reopening && o->used == 0)
        (void)have_file(o);
    size_t lost = write_batch(o);
    if (o->reopen_failed) {
        char text[LOG_MESSAGE_MAX];
        o->reopen_failed = false;
        snprintf(text, sizeof(text),
                 "cannot reopen %.1000s/%.250s: error %d; going on in the old file",
                 o->file.names.folder, o->file.current, o->failure);
        log_output_say(o, LOG_WARN, text);
    }
    return lost;
}

/* LINE belongs into the file of another day. */
static size_t turn(struct log_output *o, int64_t wall_us)
{
    size_t lost = log_output_flush(o);
    day_file_turn(&o->file, wall_us);
    day_file_clean(&o->file, wall_us);
    o->change_us = day_file_next_us(&o->file, wall_us);
    log_day_link(o->file.names.folder, o->file.current);
    return lost;
}

static void put_copy(struct log_output *o, enum log_level level, const char *line, size_t n)
{
    static const char priorities[] = {'7', '6', '4', '3'};
    char *to = o->copy_batch + o->copy_used;
    CHECK(level < LOG_OFF);
    to[0] = '<';
    to[1] = priorities[level];
    to[2] = '>';
    memcpy(to + JOURNAL_EXTRA, line, n);
    o->copy_used += n + JOURNAL_EXTRA;
}

size_t log_output_put(struct log_output *o, int64_t wall_us, enum log_level level,
                      const char *thread, enum log_room room, const char *text, size_t n)
{
    size_t lost = 0, most = o->copy_used > o->used ? o->copy_used : o->used;
    if (o->has_file && wall_us >= o->change_us)
        lost = turn(o, wall_us);
    else if (BATCH_SIZE - most < LOG_LINE_MAX + JOURNAL_EXTRA)
        lost = log_output_flush(o);
    char *line = o->batch + o->used;
    size_t size = log_format(line, wall_us, level, thread, room, text, n);
    o->used += size;
    if (o->copy_batch)
        put_copy(o, level, line, size);
    return lost;
}

bool log_output_say(struct log_output *o, enum log_level level, const char *text)
{
    CHECK(o->used == 0);
    log_output_put(o, clock_wall_us(), level, thread_self_name(), LOG_ROOM_observe, text,
                   strlen(text));
    return write_batch(o) == 0;
}

void log_output_reopen(struct log_output *o)
{
    o->reopen = true;
}

int log_output_failure(const struct log_output *o)
{
    return o->failure;
}
