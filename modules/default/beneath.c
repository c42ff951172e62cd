/* SPDX-License-Identifier: Apache-2.0
 * See beneath.h: the kernel's way. The other is in walk.c. */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALWAYS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int openat2_beneath(int root, const char *path, int flags)
{
    /* Links go to the walk, which looks at the names they lead to. */
    struct open_how how = {.flags = (uint64_t)(unsigned)flags,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS};
    long fd;
    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : (int)fd;
}

bool beneath_has_openat2(void)
{
    enum { UNKNOWN, YES, NO };
    static _Atomic int known = UNKNOWN; /* whoever asks first finds the same answer as all others */
    int value = atomic_load_explicit(&known, memory_order_relaxed);
    if (value == UNKNOWN) {
        int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = openat2_beneath(here < 0 ? AT_FDCWD : here, ".", O_PATH | O_CLOEXEC);
        bool missing = fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -E2BIG;
        if (fd >= 0)
            close(fd);
        if (here >= 0)
            close(here);
        value = missing ? NO : YES;
        atomic_store_explicit(&known, value, memory_order_relaxed);
    }
    return value == YES;
}

static int resolve(int root, const char *path, int flags, bool *linked)
{
    int how = flags & O_PATH ? O_CLOEXEC : ALWAYS;
    int fd = openat2_beneath(root, *path ? path : ".", flags | how);
    return fd == -ELOOP ? beneath_walk(root, path, flags, linked) : fd;
}

int beneath_open_seen(int root, const char *path, bool *linked)
{
    *linked = false;
    return beneath_has_openat2() ? resolve(root, path, O_RDONLY, linked)
                                 : beneath_walk(root, path, O_RDONLY, linked);
}

int beneath_open(int root, const char *path, int flags, bool *linked)
{
    struct stat st;
    if (linked)
        *linked = false;
    if (!beneath_has_openat2())
        return beneath_walk(root, path, flags, linked);
    /* A look first: opening a FIFO or a device is more than looking. It may be led outside, so that
     * nothing it fails with counts. */
    if (!(flags & O_DIRECTORY) &&
        fstatat(root, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
        !S_ISLNK(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
    return resolve(root, path, flags, linked);
}
