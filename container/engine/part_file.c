/* SPDX-License-Identifier: Apache-2.0
 * The content of parts: in memory, or in one file for all of a request's parts, which has no name and only
 * the server's user could have opened (0600). See parts.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "engine/parts.h"

#define COPY_PIECE 65536u

int parts_file_open(struct parts *p)
{
    p->fd = path_open_unnamed(p->folder);
    return p->fd < 0 ? errno : 0;
}

static int write_all(int fd, struct span bytes, int64_t offset)
{
    while (bytes.n > 0) {
        ssize_t n =
            offset < 0 ? write(fd, bytes.p, bytes.n) : pwrite(fd, bytes.p, bytes.n, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        bytes = span_from(bytes, (size_t)n);
        offset = offset < 0 ? offset : offset + n;
    }
    return 0;
}

int parts_file_append(struct parts *p, struct span bytes)
{
    int error = write_all(p->fd, bytes, (int64_t)p->file_size);
    if (error == 0)
        p->file_size += bytes.n;
    return error;
}

int part_read_at(const struct part *p, uint64_t offset, void *buf, size_t size, size_t *got)
{
    uint64_t left = offset < p->size ? p->size - offset : 0;
    *got = left < size ? (size_t)left : size;
    if (p->gone)
        return ENOENT;
    if (*got == 0)
        return 0;
    if (!p->in_file) {
        memcpy(buf, p->memory.p + offset, *got);
        return 0;
    }
    ssize_t n;
    do
        n = pread(p->parts->fd, buf, *got, (off_t)(p->offset + offset));
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? errno : EIO; /* nobody else could have made it shorter */
    *got = (size_t)n;
    return 0;
}

/* By the kernel where it can; false: from *AT on it has to be done by hand. */
static bool copy_in_kernel(const struct part *p, int fd, uint64_t *at)
{
    while (*at < p->size) {
        off_t from = (off_t)(p->offset + *at);
        ssize_t n = copy_file_range(p->parts->fd, &from, fd, NULL, (size_t)(p->size - *at), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        *at += (uint64_t)n;
    }
    return true;
}

int part_copy_to(const struct part *p, int fd)
{
    uint64_t at = 0;
    if (p->gone)
        return ENOENT;
    if (!p->in_file)
        return write_all(fd, p->memory, -1);
    if (copy_in_kernel(p, fd, &at))
        return 0;
    char *piece = malloc(COPY_PIECE);
    int error = piece ? 0 : ENOMEM;
    while (error == 0 && at < p->size) {
        size_t n;
        error = part_read_at(p, at, piece, COPY_PIECE, &n);
        if (error == 0)
            error = write_all(fd, span_make(piece, n), -1);
        at += n;
    }
    free(piece);
    return error;
}

int part_write_file(const struct part *p, const char *path)
{
    char name[PATH_MAX], fresh[PATH_MAX];
    struct stat st;
    if (path[0] != '/' && path_climbs(path)) /* perhaps a name that the client chose */
        return EINVAL;
    if (!path_join(name, sizeof(name), p->parts->folder, path))
        return ENAMETOOLONG;
    if (lstat(name, &st) == 0 && S_ISLNK(st.st_mode))
        return ELOOP;
    int fd = path_open_beside(name, fresh, sizeof(fresh));
    if (fd < 0)
        return errno;
    int error = part_copy_to(p, fd);
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(fresh, name) != 0)
        error = errno;
    if (error != 0)
        unlink(fresh); /* the old file is as it was */
    return error;
}

void part_drop(struct part *p)
{
    if (!p->gone && p->in_file && p->size > 0)
        fallocate(p->parts->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)p->offset,
                  (off_t)p->size);
    p->gone = true;
}
