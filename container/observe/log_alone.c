/* SPDX-License-Identifier: Apache-2.0
 * A line of the log without a writer thread: see log.h. Called by the supervisor. A FIFO without a reader
 * in the log's place does not stop it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "observe/log_priv.h"
#include "observe/log_sink.h"

static bool into_file(const char *folder, int64_t wall_us, const char *line, size_t n)
{
    struct err ignored = ERR_INIT;
    struct day_file file;
    char name[FILE_NAME_SIZE];
    struct date_time t;
    bool good = false;
    if (log_day_make(&file, folder, &ignored)) {
        date_time_of(wall_us, &t);
        dated_name(&file.names, &t, name);
        struct log_sink sink = {.fd = dated_open(folder, name)};
        /* In one write: lines of two processes in one file must not mix. */
        good = sink.fd >= 0 && log_sink_write(&sink, line, n) == 0;
        if (sink.fd >= 0)
            close(sink.fd);
        log_day_link(folder, name);
    }
    day_file_end(&file);
    return good;
}

bool log_alone(const char *folder, int copy_fd, enum log_room room, enum log_level level,
               const char *text)
{
    static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>"};
    char line[LOG_LINE_MAX + 3];
    int64_t now = clock_wall_us();
    size_t n = strnlen(text, LOG_MESSAGE_MAX);
    memcpy(line, priorities[level < LOG_OFF ? level : LOG_ERROR], 3);
    n = log_format(line + 3, now, level, "supervisor", room, text, n);
    struct log_sink copy = {.fd = copy_fd};
    if (copy_fd >= 0 && log_is_journal(copy_fd))
        (void)log_sink_copy(&copy, line, n + 3);
    else
        (void)log_sink_copy(&copy, line + 3, n);
    return into_file(folder, now, line + 3, n);
}
