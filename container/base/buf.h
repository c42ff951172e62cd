/* SPDX-License-Identifier: Apache-2.0
 * A growable run of bytes with a read end: data between `head` and `tail` is valid. Used for socket
 * input, gathered output and text being put together. Not for sharing between threads. */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include <stdarg.h>
#include "base/span.h"

struct buf {
    char *mem;
    size_t head, tail, cap;
};

#define BUF_EMPTY ((struct buf){NULL, 0, 0, 0})

static inline size_t buf_len(const struct buf *b)
{
    return b->tail - b->head;
}
static inline char *buf_data(const struct buf *b)
{
    return b->mem + b->head;
}
/* Bytes that fit behind the data without growing. */
static inline size_t buf_room(const struct buf *b)
{
    return b->cap - b->tail;
}
static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->mem ? b->mem + b->head : "", b->tail - b->head};
}
static inline void buf_produced(struct buf *b, size_t n) /* n bytes were written at mem + tail */
{
    b->tail += n;
}
/* Drops N bytes from the front; empty rewinds to the start. */
void buf_consume(struct buf *b, size_t n);
/* Room for N more bytes behind the data: moves data to the front first, then grows by doubling.
 * False when out of memory; the content is untouched then. */
bool buf_reserve(struct buf *b, size_t n);
bool buf_append(struct buf *b, const void *p, size_t n);
static inline bool buf_append_span(struct buf *b, struct span s)
{
    return buf_append(b, s.p, s.n);
}
bool buf_append_str(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* The content as a C string (a NUL is put behind it, not counted). NULL when out of memory. */
const char *buf_cstr(struct buf *b);
void buf_clear(struct buf *b); /* forgets the content, keeps the memory */
void buf_free(struct buf *b);  /* gives the memory back; the buf is empty and usable again */

#endif
