/* SPDX-License-Identifier: Apache-2.0
 * What is in a folder: listing it, and removing it with all below. Removing works on descriptors,
 * never on paths, so that a link swapped in meanwhile leads nowhere. Used by deployment and the
 * command line. */
#include "base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 128 /* each level below holds a descriptor and a stack frame */

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads all names of D. Fails with an errno; what was read so far is in *names then. */
static int read_names(DIR *d, char ***names, size_t *count)
{
    size_t room = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry)
            return errno;
        if (is_dots(entry->d_name))
            continue;
        if (*count == room) {
            room = room ? room * 2 : 16;
            char **more = reallocarray(*names, room, sizeof(*more));
            if (!more)
                return ENOMEM;
            *names = more;
        }
        char *copy = strdup(entry->d_name);
        if (!copy)
            return ENOMEM;
        (*names)[(*count)++] = copy;
    }
}

bool path_list(const char *dir, char ***names, size_t *count, struct err *err)
{
    *names = NULL;
    *count = 0;
    DIR *d = opendir(dir); /* opens with O_CLOEXEC */
    if (!d)
        return err_sys(err, errno, "cannot read folder '%s'", dir);
    int errnum = read_names(d, names, count);
    closedir(d);
    if (errnum != 0) {
        path_names_free(names, count);
        return err_sys(err, errnum, "cannot read folder '%s'", dir);
    }
    if (*count > 1)
        qsort(*names, *count, sizeof(**names), by_bytes);
    return true;
}

void path_names_free(char ***names, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        free((*names)[i]);
    free(*names);
    *names = NULL;
    *count = 0;
}

struct removal {
    const char *top; /* as the caller named it, for the error */
    dev_t device;
    struct err *err;
};

static bool cannot_remove(const struct removal *r, int errnum, const char *name)
{
    return err_sys(r->err, errnum, "cannot remove '%s' in '%s'", name, r->top);
}

static bool remove_below(const struct removal *r, int fd, const char *name, int depth);

/* Opens the folder NAME in PARENT for removal: no link, and on the file system where it began. */
static bool descend(const struct removal *r, int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || cannot_remove(r, errno, name);
    struct stat st;
    int errnum = 0;
    if (fstat(fd, &st) != 0)
        errnum = errno;
    else if (st.st_dev != r->device)
        errnum = EXDEV;
    else if (depth > DEPTH_MAX)
        errnum = ENAMETOOLONG;
    if (errnum != 0) {
        close(fd);
        return cannot_remove(r, errnum, name);
    }
    if (!remove_below(r, fd, name, depth))
        return false;
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return cannot_remove(r, errno, name);
    return true;
}

static bool remove_entry(const struct removal *r, int parent, const struct dirent *entry, int depth)
{
    bool is_dir = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
        struct stat st;
        if (fstatat(parent, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT || cannot_remove(r, errno, entry->d_name);
        is_dir = S_ISDIR(st.st_mode);
    }
    if (is_dir)
        return descend(r, parent, entry->d_name, depth + 1);
    if (unlinkat(parent, entry->d_name, 0) != 0 && errno != ENOENT)
        return cannot_remove(r, errno, entry->d_name);
    return true;
}

/* Empties the folder FD, called NAME, and closes it. */
static bool remove_below(const struct removal *r, int fd, const char *name, int depth)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        int errnum = errno;
        close(fd);
        return cannot_remove(r, errnum, name);
    }
    bool ok = true;
    while (ok) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) {
            ok = errno == 0 || cannot_remove(r, errno, name);
            break;
        }
        if (!is_dots(entry->d_name))
            ok = remove_entry(r, fd, entry, depth);
    }
    closedir(d);
    return ok;
}

bool path_remove_tree(const char *dir, struct err *err)
{
    char top[PATH_MAX];
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--; /* a slash behind a link would make the kernel follow it */
    if (n >= sizeof(top))
        return err_sys(err, ENAMETOOLONG, "cannot remove '%s'", dir);
    memcpy(top, dir, n);
    top[n] = '\0';
    const char *name = path_base(top);
    if (name[0] == '\0' || is_dots(name)) /* "", "/", "x/..": never meant, and not removable */
        return err_sys(err, EINVAL, "cannot remove '%s'", dir);
    struct stat st;
    if (lstat(top, &st) != 0)
        return errno == ENOENT || err_sys(err, errno, "cannot remove '%s'", dir);
    if (S_ISLNK(st.st_mode)) {
        if (unlink(top) != 0 && errno != ENOENT)
            return err_sys(err, errno, "cannot remove '%s'", dir);
        return true;
    }
    struct removal r = {.top = dir, .device = st.st_dev, .err = err};
    return descend(&r, AT_FDCWD, top, 0);
}
