/* SPDX-License-Identifier: Apache-2.0
 * Lines that end in exactly CR LF, found incrementally. Used by h1.c and chunked.c. */
#ifndef HTTP1_LINE_H
#define HTTP1_LINE_H
#include "base/buf.h"

enum line_result { LINE_MORE, LINE_OK, LINE_BAD };

/* Looks for the end of the line at the front of IN; *scanned remembers how far it looked, so that a
 * byte-by-byte sender costs linear time. LINE_OK: *line is without CR LF; consume it with
 * line_consume. LINE_BAD: *line is what stands before the LF. A bare CR inside is left to the caller's
 * byte table. */
static inline enum line_result line_find(const struct buf *in, size_t *scanned, struct span *line)
{
    struct span all = buf_span(in);
    const char *nl = memchr(all.p + *scanned, '\n', all.n - *scanned);
    if (!nl) {
        *scanned = all.n;
        return LINE_MORE;
    }
    size_t n = (size_t)(nl - all.p);
    *line = span_make(all.p, n);
    if (n == 0 || all.p[n - 1] != '\r')
        return LINE_BAD;
    line->n = n - 1;
    return LINE_OK;
}

static inline void line_consume(struct buf *in, size_t *scanned, struct span line)
{
    *scanned = 0;
    buf_consume(in, line.n + 2);
}

#endif
