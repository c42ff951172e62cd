/* SPDX-License-Identifier: Apache-2.0
 * Opening what lies in a folder and nothing else. Called by the engine for cs_ctx_open and cs_ctx_list. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"

#define ALWAYS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int by_kernel(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)flags,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd;
    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    while (fd < 0 && (errno == EINTR || errno == EAGAIN)); /* EAGAIN: somebody renamed meanwhile */
    return fd < 0 ? -errno : (int)fd;
}

/* One segment of *PATH below DIR, without following a link; *PATH is what is left. */
static int one_step(int dir, const char **path, int flags)
{
    char segment[256];
    const char *from = *path + strspn(*path, "/");
    size_t n = strcspn(from, "/");
    const char *rest = from + n + strspn(from + n, "/");
    *path = rest;
    if (n >= sizeof(segment))
        return -ENAMETOOLONG;
    memcpy(segment, n ? from : ".", n ? n : 1);
    segment[n ? n : 1] = '\0';
    if (strcmp(segment, "..") == 0)
        return -EXDEV;
    int fd = openat(dir, segment, O_NOFOLLOW | (*rest ? O_PATH | O_DIRECTORY | O_CLOEXEC : flags));
    return fd < 0 ? -errno : fd;
}

static int by_steps(int root, const char *path, int flags)
{
    int at = root;
    do {
        int next = one_step(at, &path, flags);
        if (at != root)
            close(at);
        if (next < 0)
            return next;
        at = next;
    } while (*path);
    return at;
}

/* A sandbox may forbid the call by any of these. */
static bool is_missing(int fd)
{
    return fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -E2BIG;
}

static int open_beneath(const char *dir, const char *path, bool folder, bool walk)
{
    int flags = ALWAYS | (folder ? O_DIRECTORY : 0);
    int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (root < 0)
        return -errno;
    int fd = walk ? -ENOSYS : by_kernel(root, *path ? path : ".", flags);
    if (is_missing(fd))
        fd = by_steps(root, path, flags);
    close(root);
    if (fd < 0 || folder)
        return fd;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return -ENOENT;
}

int path_open_beneath(const char *dir, const char *path, bool folder)
{
    return open_beneath(dir, path, folder, false);
}

int path_walk_beneath(const char *dir, const char *path, bool folder)
{
    return open_beneath(dir, path, folder, true);
}
