/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a server by tests/long: every read and write of a temporary file, and every open of one,
 * takes 100 ms longer. The files of the spool are those that have no name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DELAY_US 100000

typedef ssize_t vector_fn(int fd, const struct iovec *iov, int n, off_t offset);
typedef int open_fn(const char *path, int flags, ...);

static void *next(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    if (!p)
        abort();
    return p;
}

static void delay_if_nameless(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0)
        usleep(DELAY_US);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
    static vector_fn *real;
    if (!real)
        real = (vector_fn *)next("pwritev");
    delay_if_nameless(fd);
    return real(fd, iov, n, offset);
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
    static vector_fn *real;
    if (!real)
        real = (vector_fn *)next("preadv");
    delay_if_nameless(fd);
    return real(fd, iov, n, offset);
}

int open(const char *path, int flags, ...)
{
    static open_fn *real;
    va_list args;
    if (!real)
        real = (open_fn *)next("open");
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & O_TMPFILE) == O_TMPFILE)
        usleep(DELAY_US);
    return real(path, flags, mode);
}
