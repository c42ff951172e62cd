/* SPDX-License-Identifier: Apache-2.0
 * Names and whole files, on cold paths: configuration, deployment, the command line. Folders with
 * all that is in them are in path_tree.c. */
#include "base/path.h"
#include "base/check.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536u

bool path_join(char *buf, size_t size, const char *dir, const char *name)
{
    size_t n = strlen(dir);
    bool alone = name[0] == '/' || n == 0;
    const char *slash = n > 0 && dir[n - 1] == '/' ? "" : "/";
    int written = snprintf(buf, size, "%s%s%s", alone ? "" : dir, alone ? "" : slash, name);
    return written >= 0 && (size_t)written < size;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static bool is_missing(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

enum path_look path_look(const char *path, struct err *err)
{
    struct stat st;
    char target[256];
    ssize_t n = -1;
    if (lstat(path, &st) == 0) {
        if (stat(path, &st) == 0)
            return PATH_THERE;
        if (is_missing(errno))
            n = readlink(path, target, sizeof(target));
    } else if (is_missing(errno)) {
        return PATH_ABSENT;
    }
    if (n < 0) {
        err_sys(err, errno, "cannot look at '%s'", path);
    } else {
        err_set(err, "'%s' is a symbolic link that leads nowhere", path);
        err_why(err, "'%.*s' does not exist", (int)n, target);
    }
    return PATH_UNSURE;
}

bool path_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* PART was just made: the umask may have taken bits away. A set-group-ID bit that it has from its parent
 * stays. */
static bool set_dir_mode(const char *part, mode_t mode)
{
    struct stat st;
    return stat(part, &st) == 0 &&
           ((st.st_mode & 0777) == mode || chmod(part, (st.st_mode & 07000) | mode) == 0);
}

bool path_make_dirs(const char *dir, mode_t mode, struct err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(dir);
    if (n == 0 || n >= sizeof(part))
        return err_sys(err, n == 0 ? ENOENT : ENAMETOOLONG, "cannot make folder '%s'", dir);
    memcpy(part, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, mode) == 0) {
            if (!set_dir_mode(part, mode))
                return err_sys(err, errno, "cannot set the mode of folder '%s'", part);
        } else {
            int errnum =
                errno; /* any of several where the folder exists on a read-only file system */
            if (!path_is_dir(part))
                return err_sys(err, errnum == EEXIST ? ENOTDIR : errnum, "cannot make folder '%s'",
                               part);
        }
        part[i] = dir[i];
    }
    return true;
}

static int with_mode(int fd, mode_t mode)
{
    struct stat st;
    if (fd < 0 || (fstat(fd, &st) == 0 && ((st.st_mode & 07777) == mode || fchmod(fd, mode) == 0)))
        return fd;
    int errnum = errno;
    close(fd);
    errno = errnum;
    return -1;
}

int path_make_file(const char *path, int flags, mode_t mode)
{
    flags |= O_CLOEXEC;
    int fd = open(path, flags | O_CREAT | O_EXCL, mode);
    if (fd >= 0 || errno != EEXIST || (flags & O_EXCL))
        return with_mode(fd, mode);
    fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    /* A link that leads to nothing yet, or a file removed in between: now it is made. */
    return with_mode(open(path, flags | O_CREAT, mode), mode);
}

/* Appends to OUT until the end of the file. Fails with an errno: EFBIG beyond MAX bytes. */
static int read_to_end(int fd, size_t max, struct buf *out)
{
    struct stat st; /* only a guess of how much to reserve: files in /proc say 0 */
    size_t guess = READ_STEP;
    if (fstat(fd, &st) == 0 && st.st_size > 0 && (uintmax_t)st.st_size < READ_STEP)
        guess = (size_t)st.st_size + 1;
    for (size_t total = 0;;) {
        if (!buf_reserve(out, guess))
            return ENOMEM;
        ssize_t n = read(fd, out->mem + out->tail, buf_room(out));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return 0;
        if ((size_t)n > max - total)
            return EFBIG;
        total += (size_t)n;
        buf_produced(out, (size_t)n);
        guess = buf_room(out) > 0 ? 1 : READ_STEP;
    }
}

bool path_read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "cannot open '%s'", path);
    size_t before = buf_len(out);
    int errnum = read_to_end(fd, max, out);
    close(fd);
    if (errnum == 0)
        return true;
    out->tail = out->head + before;
    if (errnum == EFBIG) {
        err_set(err, "cannot read '%s'", path);
        return err_why(err, "it is larger than %zu bytes", max);
    }
    return err_sys(err, errnum, "cannot read '%s'", path);
}

static bool write_all(int fd, struct span s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        s = span_from(s, (size_t)n);
    }
    return true;
}

/* The folder of PATH into BUF: "." when it names none. */
static bool dir_of(const char *path, char *buf, size_t size)
{
    size_t n = (size_t)(path_base(path) - path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    int written = snprintf(buf, size, "%.*s", n ? (int)n : 1, n ? path : ".");
    return written >= 0 && (size_t)written < size;
}

static int open_new(const char *folder, char *buf, size_t size)
{
    if (path_join(buf, size, folder, ".new-XXXXXX"))
        return mkostemp(buf, O_CLOEXEC); /* 0600 */
    errno = ENAMETOOLONG;
    return -1;
}

int path_open_beside(const char *path, char *buf, size_t size)
{
    char dir[PATH_MAX];
    if (dir_of(path, dir, sizeof(dir)))
        return open_new(dir, buf, size);
    errno = ENAMETOOLONG;
    return -1;
}

/* Without O_TMPFILE (NFS, old overlays) the name exists for a moment. */
int path_open_unnamed(const char *folder)
{
    char name[PATH_MAX];
    int fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, PATH_MODE_SECRET);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    fd = open_new(folder, name, sizeof(name));
    if (fd >= 0)
        unlink(name);
    return fd;
}

bool path_write_file(const char *path, struct span content, mode_t mode, struct err *err)
{
    char dir[PATH_MAX], temporary[PATH_MAX];
    if (strlen(path) >= PATH_MAX || !dir_of(path, dir, sizeof(dir)))
        return err_sys(err, ENAMETOOLONG, "cannot write '%s'", path);
    bool ok = false, renamed = false;
    int fd = -1;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return err_sys(err, errno, "cannot write '%s'", path);
    fd = open_new(dir, temporary, sizeof(temporary));
    if (fd < 0) {
        err_sys(err, errno, "cannot write '%s'", path);
        goto out;
    }
    if (!write_all(fd, content) || fchmod(fd, mode) != 0 || fsync(fd) != 0 ||
        rename(temporary, path) != 0) {
        err_sys(err, errno, "cannot write '%s'", path);
        goto out;
    }
    renamed = true;
    if (fsync(dir_fd) != 0 && errno != EINVAL && errno != ENOTSUP) { /* some cannot sync a folder */
        err_sys(err, errno, "wrote '%s', but cannot sync its folder", path);
        goto out;
    }
    ok = true;
out:
    if (fd >= 0 && !renamed)
        unlink(temporary);
    if (fd >= 0)
        close(fd);
    close(dir_fd);
    return ok;
}

bool path_program_dir(char *buf, size_t size, struct err *err)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (n < 0)
        return err_sys(err, errno, "cannot read where this program stands");
    program[n] = '\0';
    if (!dir_of(program, buf, size))
        return err_sys(err, ENAMETOOLONG, "cannot read where this program stands");
    return true;
}

const char *path_shell_word(const char *path, char *buf, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:@%=";
    size_t n = 0;
    if (path[0] != '\0' && strspn(path, plain) == strlen(path))
        return (size_t)snprintf(buf, size, "%s", path) < size ? buf : NULL;
    if (size < 3)
        return NULL;
    buf[n++] = '\'';
    for (; *path && n + 6 < size; path++) {
        const char *piece = *path == '\'' ? "'\\''" : (char[2]){*path, '\0'};
        memcpy(buf + n, piece, strlen(piece));
        n += strlen(piece);
    }
    buf[n++] = '\'';
    buf[n] = '\0';
    return *path == '\0' ? buf : NULL;
}

bool path_climbs(const char *path)
{
    for (const char *p = strstr(path, ".."); p; p = strstr(p + 1, ".."))
        if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
            return true;
    return false;
}
