/* SPDX-License-Identifier: Apache-2.0
 * See beneath.h: a path resolved segment by segment. Each folder is opened from the one before it, without
 * following links, and stays open, so that ".." goes back to a folder that was reached from the root and
 * not to wherever somebody has moved this one meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "names.h"

#define DEPTH_MAX 64 /* folders open at once */
#define LINKS_MAX 40 /* as the kernel's */

struct walk {
    int folders[DEPTH_MAX]; /* below the root, innermost last */
    int depth, links;
    int root;
    char rest[2 * PATH_MAX]; /* terminated; what is still to be resolved */
    size_t at;               /* where it begins: targets of links are put before it */
};

static int innermost(const struct walk *w)
{
    return w->depth > 0 ? w->folders[w->depth - 1] : w->root;
}

static void leave(struct walk *w)
{
    close(w->folders[--w->depth]);
}

/* Takes the next segment off the rest. False: there is none. */
static bool next_name(struct walk *w, char name[NAME_MAX + 1], int *error)
{
    while (w->rest[w->at] == '/')
        w->at++;
    size_t n = strcspn(w->rest + w->at, "/");
    *error = n > NAME_MAX ? -ENAMETOOLONG : 0;
    if (n == 0 || n > NAME_MAX)
        return false;
    memcpy(name, w->rest + w->at, n);
    name[n] = '\0';
    w->at += n;
    return true;
}

static bool is_last(const struct walk *w)
{
    return w->rest[w->at] == '\0';
}

/* Puts the target of the link FD before the rest. */
static int follow(struct walk *w, int fd)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(fd, "", target, sizeof(target));
    if (n < 0)
        return -errno;
    if (n == 0 || (size_t)n >= sizeof(target))
        return -ENOENT;
    if (target[0] == '/')
        return -EXDEV;
    if (++w->links > LINKS_MAX)
        return -ELOOP;
    if (w->at < (size_t)n)
        return -ENAMETOOLONG;
    w->at -= (size_t)n;
    memcpy(w->rest + w->at, target, (size_t)n);
    return 0;
}

/* The file NAME, whose O_PATH descriptor's status is SEEN: opened for reading if it is still that one. */
static int open_file(const struct walk *w, const char *name, int flags, const struct stat *seen)
{
    struct stat st;
    if (!S_ISREG(seen->st_mode))
        return -ENXIO;
    int fd = openat(innermost(w), name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? -ENOENT : -errno;
    if (fstat(fd, &st) == 0 && st.st_dev == seen->st_dev && st.st_ino == seen->st_ino)
        return fd;
    close(fd);
    return -ENOENT; /* another one took its name this moment */
}

/* One segment. Returns 1 to go on, a descriptor from 0 on in *RESULT with 0, or -errno. */
static int step(struct walk *w, const char *name, int flags, int *result)
{
    struct stat st;
    if (strcmp(name, ".") == 0)
        return 1;
    if (strcmp(name, "..") == 0) {
        if (w->depth == 0)
            return -EXDEV;
        leave(w);
        return 1;
    }
    if (!name_is_served(name, strlen(name)))
        return -ENOENT;
    int fd = openat(innermost(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = fstat(fd, &st) == 0 ? 1 : -errno;
    if (rc == 1 && S_ISDIR(st.st_mode)) {
        if (w->depth == DEPTH_MAX) {
            close(fd);
            return -ELOOP;
        }
        w->folders[w->depth++] = fd; /* its close is leave's */
        return 1;
    }
    if (rc == 1 && S_ISLNK(st.st_mode)) {
        rc = follow(w, fd);
        rc = rc == 0 ? 1 : rc;
    } else if (rc == 1) {
        rc = is_last(w) && !(flags & O_DIRECTORY) ? open_file(w, name, flags, &st) : -ENOTDIR;
        *result = rc;
        rc = rc >= 0 ? 0 : rc;
    }
    close(fd);
    return rc;
}

int beneath_walk(int root, const char *path, int flags, bool *linked)
{
    struct walk w = {.root = root};
    char name[NAME_MAX + 1];
    size_t n = strlen(path);
    int rc = 1, result = -1, error = 0;
    if (n >= PATH_MAX)
        return -ENAMETOOLONG;
    w.at = sizeof(w.rest) - n - 1;
    memcpy(w.rest + w.at, path, n + 1);
    while (rc == 1 && next_name(&w, name, &error))
        rc = step(&w, name, flags, &result);
    if (rc == 1 && error != 0)
        rc = error;
    if (rc == 1) { /* all of it was folders */
        int how = flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK;
        result = flags & O_DIRECTORY ? openat(innermost(&w), ".", flags | how | O_CLOEXEC) : -1;
        rc = result >= 0 ? 0 : flags & O_DIRECTORY ? -errno : -EISDIR;
    }
    while (w.depth > 0)
        leave(&w);
    if (linked)
        *linked = w.links > 0;
    return rc == 0 ? result : rc;
}
