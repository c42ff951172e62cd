/* SPDX-License-Identifier: Apache-2.0
 * Where the log's lines end up: descriptors that may fail at any write, and the server's log as files of
 * a day. For log_output.c and log_alone.c only. */
#ifndef OBSERVE_LOG_SINK_H
#define OBSERVE_LOG_SINK_H
#include "observe/day_file.h"

struct log_sink {
    int fd;       /* -1: nowhere */
    bool torn;    /* the last thing written was a part of a line */
    bool stalled; /* log_sink_copy: nobody reads what was written */
};

/* Writes N bytes of whole lines; returns how many lines of them are lost (0 when fd is -1). */
size_t log_sink_write(struct log_sink *s, const char *p, size_t n);
/* The same, to a terminal or pipe that somebody may have stopped reading: waits a moment for it, once. */
size_t log_sink_copy(struct log_sink *s, const char *p, size_t n);
size_t log_count_lines(const char *p, size_t n);

/* FOLDER/cserv.YYYY-MM-DD.log, kept for 90 days. */
bool log_day_make(struct day_file *f, const char *folder, struct err *err);
/* FOLDER/cserv.log becomes a link to CURRENT, unless something else has that name. */
void log_day_link(const char *folder, const char *current);
/* Whether what is written to FD goes into systemd's journal (sd-daemon(3), JOURNAL_STREAM). */
bool log_is_journal(int fd);

#endif
