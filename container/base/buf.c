/* SPDX-License-Identifier: Apache-2.0
 * Growing byte buffer: socket input, gathered output, text being put together. */
#include "base/buf.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

#define SMALLEST 128u

void buf_consume(struct buf *b, size_t n)
{
    CHECK(n <= buf_len(b));
    b->head += n;
    if (b->head == b->tail)
        b->head = b->tail = 0;
}

/* At least NEED, by doubling; NEED itself where doubling would overflow. */
static size_t grown(size_t cap, size_t need)
{
    size_t doubled = cap <= SIZE_MAX / 2 ? cap * 2 : need;
    if (doubled < SMALLEST)
        doubled = SMALLEST;
    return doubled < need ? need : doubled;
}

static bool grow(struct buf *b, size_t need)
{
    size_t len = buf_len(b);
    size_t cap = grown(b->cap, need);
    char *mem;
    if (b->head == 0) {
        mem = realloc(b->mem, cap);
        if (!mem)
            return false;
    } else {
        mem = malloc(cap); /* copies only what is valid, and straight to the front */
        if (!mem)
            return false;
        memcpy(mem, b->mem + b->head, len);
        free(b->mem);
    }
    *b = (struct buf){.mem = mem, .head = 0, .tail = len, .cap = cap};
    return true;
}

bool buf_reserve(struct buf *b, size_t n)
{
    if (n <= buf_room(b))
        return true;
    size_t len = buf_len(b);
    if (n > SIZE_MAX - len)
        return false;
    if (len + n > b->cap)
        return grow(b, len + n);
    memmove(b->mem, b->mem + b->head, len);
    b->head = 0;
    b->tail = len;
    return true;
}

bool buf_append(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return true;
    if (n > buf_room(b) && !buf_reserve(b, n))
        return false;
    memcpy(b->mem + b->tail, p, n);
    b->tail += n;
    return true;
}

bool buf_append_str(struct buf *b, const char *s)
{
    return buf_append(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return ok;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    bool ok = false;
    size_t room = buf_room(b);
    int n = vsnprintf(room ? b->mem + b->tail : NULL, room, fmt, ap);
    if (n < 0)
        goto out;
    if ((size_t)n >= room) { /* did not fit with its NUL: once more, with room */
        if (!buf_reserve(b, (size_t)n + 1))
            goto out;
        n = vsnprintf(b->mem + b->tail, (size_t)n + 1, fmt, again);
        if (n < 0)
            goto out;
    }
    b->tail += (size_t)n;
    ok = true;
out:
    va_end(again);
    return ok;
}

const char *buf_cstr(struct buf *b)
{
    if (!buf_reserve(b, 1))
        return NULL;
    b->mem[b->tail] = '\0';
    return b->mem + b->head;
}

void buf_clear(struct buf *b)
{
    b->head = b->tail = 0;
}

void buf_free(struct buf *b)
{
    free(b->mem);
    *b = BUF_EMPTY;
}
