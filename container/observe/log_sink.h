/* SPDX-License-Identifier: Apache-2.0
 * Where the log's lines end up: a descriptor that may fail at any write. For log_writer.c only. */
#ifndef OBSERVE_LOG_FILE_H
#define OBSERVE_LOG_FILE_H
#include <stdbool.h>
#include <stddef.h>

struct log_sink {
    int fd;    /* -1: nowhere */
    bool torn; /* the last thing written was a part of a line */
};

/* Appends, makes the file, 0640. -1 with errno. */
int log_file_open(const char *path);
/* Writes N bytes of whole lines; returns how many lines of them are lost (0 when fd is -1). */
size_t log_sink_write(struct log_sink *s, const char *p, size_t n);

#endif
