/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a server by tests/long: files whose name ends with .cold are never in memory as far as
 * preadv2(RWF_NOWAIT) tells, and every read and open of one takes 100 ms longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DELAY_US 100000

typedef ssize_t vector_fn(int fd, const struct iovec *iov, int n, off_t offset);
typedef ssize_t vector2_fn(int fd, const struct iovec *iov, int n, off_t offset, int flags);
typedef ssize_t read_fn(int fd, void *p, size_t n, off_t offset);
typedef int open_fn(const char *path, int flags, ...);
typedef int openat_fn(int folder, const char *path, int flags, ...);

static void *next(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    if (!p)
        abort();
    return p;
}

static bool is_cold(const char *path)
{
    size_t n = strlen(path);
    return n >= 5 && memcmp(path + n - 5, ".cold", 5) == 0;
}

static bool fd_is_cold(int fd)
{
    char name[64], path[4096];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return is_cold(path);
}

ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
    static vector2_fn *real;
    if (!real)
        real = (vector2_fn *)next("preadv2");
    if (!fd_is_cold(fd))
        return real(fd, iov, n, offset, flags);
    errno = EAGAIN;
    return -1;
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
    static vector_fn *real;
    if (!real)
        real = (vector_fn *)next("preadv");
    if (fd_is_cold(fd))
        usleep(DELAY_US);
    return real(fd, iov, n, offset);
}

ssize_t pread(int fd, void *p, size_t n, off_t offset)
{
    static read_fn *real;
    if (!real)
        real = (read_fn *)next("pread");
    if (fd_is_cold(fd))
        usleep(DELAY_US);
    return real(fd, p, n, offset);
}

static mode_t mode_of(int flags, va_list args)
{
    bool made = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return made ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    static open_fn *real;
    va_list args;
    if (!real)
        real = (open_fn *)next("open");
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    if (is_cold(path))
        usleep(DELAY_US);
    return real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    static openat_fn *real;
    va_list args;
    if (!real)
        real = (openat_fn *)next("openat");
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    if (is_cold(path))
        usleep(DELAY_US);
    return real(folder, path, flags, mode);
}
