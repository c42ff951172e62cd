/* SPDX-License-Identifier: Apache-2.0
 * Writing batches of lines so that what could not be written is counted and never leaves half a line
 * before the next one; the names of the server's log. Called by the log's writer thread, by log_start
 * before there is one, and by the supervisor's log_alone. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/path.h"
#include "observe/log_sink.h"

enum {
    KEEP_DAYS = 90,
    COPY_PIECE = 4096, /* a pipe that poll calls writable takes so much at once */
    COPY_WAIT_MS = 200
};

/* How many bytes got through. A short count is followed up until the system says why. */
static size_t write_all(int fd, const char *p, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = write(fd, p + done, n - done);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            break;
    }
    return done;
}

size_t log_count_lines(const char *p, size_t n)
{
    size_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

static void mend(struct log_sink *s)
{
    if (s->torn && write_all(s->fd, "\n", 1) == 1)
        s->torn = false;
}

size_t log_sink_write(struct log_sink *s, const char *p, size_t n)
{
    if (s->fd < 0 || n == 0)
        return 0;
    mend(s);
    size_t done = s->torn ? 0 : write_all(s->fd, p, n);
    if (done > 0)
        s->torn = p[done - 1] != '\n';
    return log_count_lines(p + done, n - done);
}

/* Waits only the first time: a reader that sleeps must not slow down the file. */
static bool takes_more(struct log_sink *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    s->stalled = poll(&p, 1, s->stalled ? 0 : COPY_WAIT_MS) == 0;
    return !s->stalled;
}

size_t log_sink_copy(struct log_sink *s, const char *p, size_t n)
{
    if (s->fd < 0 || n == 0)
        return 0;
    size_t done = 0, piece = 0;
    if (s->torn && takes_more(s))
        mend(s);
    while (!s->torn && done < n && takes_more(s)) {
        piece = n - done < COPY_PIECE ? n - done : COPY_PIECE;
        size_t got = write_all(s->fd, p + done, piece);
        done += got;
        if (got < piece)
            break;
    }
    if (done > 0)
        s->torn = p[done - 1] != '\n';
    return log_count_lines(p + done, n - done);
}

bool log_day_make(struct day_file *f, const char *folder, struct err *err)
{
    const struct day_file_options o = {.folder = folder,
                                       .prefix = "cserv.",
                                       .date = "yyyy-MM-dd",
                                       .suffix = ".log",
                                       .rotatable = true,
                                       .max_days = KEEP_DAYS};
    return day_file_make(f, &o, err);
}

void log_day_link(const char *folder, const char *current)
{
    char path[PATH_MAX], made[PATH_MAX], now[FILE_NAME_SIZE + 1];
    struct stat st;
    if (!path_join(path, sizeof(path), folder, "cserv.log") ||
        !path_join(made, sizeof(made), folder, ".cserv.log.new"))
        return;
    ssize_t n = readlink(path, now, sizeof(now) - 1);
    if (n > 0 && span_eq(span_make(now, (size_t)n), span_of(current)))
        return;
    if (n < 0 && lstat(path, &st) == 0)
        return; /* somebody's file */
    (void)unlink(made);
    if (symlink(current, made) == 0 && rename(made, path) != 0)
        (void)unlink(made);
}

bool log_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat st;
    return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
           fstat(fd, &st) == 0 && device == (uintmax_t)st.st_dev && inode == (uintmax_t)st.st_ino;
}
