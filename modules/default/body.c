/* SPDX-License-Identifier: Apache-2.0
 * Bodies: a piece of a file, or several as multipart/byteranges (RFC 9110 14.6), whose length is known
 * before the first byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ranges.h"
#include "serve.h"

#define PIECE    (32u * 1024u)
#define HEAD_MAX 512u /* of one part: boundary, type, range */

/* sendfileSize below 0: through our own hands. */
static int copy_piecewise(struct ask *a, int fd, int64_t first, int64_t length)
{
    char piece[PIECE];
    while (length > 0) {
        size_t n = length < (int64_t)sizeof(piece) ? (size_t)length : sizeof(piece);
        ssize_t got = pread(fd, piece, n, (off_t)first);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) /* shorter than it was: the announced length tells the client */
            return CS_EGONE;
        int rc = cs_res_write(a->res, piece, (size_t)got);
        if (rc != CS_OK)
            return rc;
        first += got;
        length -= got;
    }
    return CS_OK;
}

/* LAST: F's descriptor is not needed again, so the container gets it and closes it. */
static int write_piece(struct ask *a, struct file *f, int64_t first, int64_t length, bool last)
{
    if (length == 0)
        return CS_OK;
    if (f->entry->bytes)
        return cs_res_write(a->res, f->entry->bytes + first, (size_t)length);
    if (a->site->settings.sendfile_min == INT64_MAX)
        return copy_piecewise(a, f->fd, first, length);
    int fd = last ? f->fd : fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    if (last)
        f->fd = -1;
    return fd < 0 ? CS_EGONE : cs_res_send_file(a->res, fd, first, length);
}

int body_write(struct ask *a, struct file *f, int64_t first, int64_t length)
{
    return write_piece(a, f, first, length, true);
}

/* ---- several parts ---- */

struct part {
    char *head;
    size_t head_n;
};

static int make_head(const struct file *f, const char *boundary, const struct range *r, char *out)
{
    const char *type = f->entry->type;
    return snprintf(out, HEAD_MAX,
                    "\r\n--%s\r\n%s%.300s%sContent-Range: bytes %lld-%lld/%lld\r\n\r\n", boundary,
                    *type ? "Content-Type: " : "", type, *type ? "\r\n" : "", (long long)r->first,
                    (long long)r->last, (long long)f->entry->id.size);
}

static int write_parts(struct ask *a, struct file *f, const struct ranges *ranges,
                       const struct part *parts, const char *tail)
{
    int rc = CS_OK;
    for (uint32_t i = 0; rc == CS_OK && i < ranges->count; i++) {
        const struct range *r = &ranges->rows[i];
        rc = cs_res_write(a->res, parts[i].head, parts[i].head_n);
        if (rc == CS_OK)
            rc = write_piece(a, f, r->first, r->last - r->first + 1, i + 1 == ranges->count);
    }
    return rc == CS_OK ? cs_res_puts(a->res, tail) : rc;
}

int body_multipart(struct ask *a, struct file *f, const struct ranges *ranges)
{
    struct part parts[RANGES_MAX];
    char boundary[48], tail[64], type[96];
    struct site *s = a->site;
    uint64_t number = atomic_fetch_add_explicit(&s->counter, 1, memory_order_relaxed);
    snprintf(boundary, sizeof(boundary), "part-%016llx-%llx", (unsigned long long)s->secret,
             (unsigned long long)number);
    snprintf(tail, sizeof(tail), "\r\n--%s--\r\n", boundary);
    snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", boundary);
    int64_t length = (int64_t)strlen(tail);
    for (uint32_t i = 0; i < ranges->count; i++) {
        const struct range *r = &ranges->rows[i];
        parts[i].head = cs_req_alloc(a->req, HEAD_MAX);
        if (!parts[i].head)
            return CS_ENOMEM;
        parts[i].head_n = (size_t)make_head(f, boundary, r, parts[i].head);
        length += (int64_t)parts[i].head_n + r->last - r->first + 1;
    }
    int rc = cs_res_status(a->res, 206);
    if (rc == CS_OK)
        rc = cs_res_content_type(a->res, type);
    if (rc == CS_OK)
        rc = cs_res_length(a->res, length);
    return rc == CS_OK ? write_parts(a, f, ranges, parts, tail) : rc;
}
