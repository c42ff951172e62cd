/* SPDX-License-Identifier: Apache-2.0
 * The writer's descriptors: opening the log anew, and writing a batch of lines so that what could not
 * be written is counted and never leaves half a line before the next one. Only the writer thread
 * comes here, and log_start before there is one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "observe/log_file.h"

enum { LOG_MODE = 0640 };

int log_file_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, LOG_MODE);
    struct stat st;
    /* The mode is ours whatever the umask says; not that of a device somebody logs to. When the file
     * is another user's it stays as it is. */
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) != LOG_MODE) {
        int ignored = fchmod(fd, LOG_MODE);
        (void)ignored;
    }
    return fd;
}

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

static size_t count_lines(const char *p, size_t n)
{
    size_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

size_t log_sink_write(struct log_sink *s, const char *p, size_t n)
{
    if (s->fd < 0 || n == 0)
        return 0;
    if (s->torn && write_all(s->fd, "\n", 1) == 1)
        s->torn = false;
    size_t done = s->torn ? 0 : write_all(s->fd, p, n);
    if (done > 0)
        s->torn = p[done - 1] != '\n';
    return count_lines(p + done, n - done);
}
