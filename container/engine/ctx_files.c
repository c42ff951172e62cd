/* SPDX-License-Identifier: Apache-2.0
 * The webapp's own files for its code: cs_ctx_open and cs_ctx_list, on any thread. Whatever is asked for,
 * nothing outside of its folder is opened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "engine/engine_priv.h"

static struct app_module *module_of(cs_ctx *ctx)
{
    return CONTAINER_OF(ctx, struct app_module, pub);
}

static int result_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EXDEV:
    case ENXIO:
    case ENAMETOOLONG:
        return CS_ENOENT;
    case ENOMEM:
        return CS_ENOMEM;
    default:
        return CS_EFAIL;
    }
}

static int open_in(const struct app *a, cs_str path, bool folder)
{
    if (!path.ptr || path.ptr[0] != '/' || strlen(path.ptr) != path.len || path_climbs(path.ptr))
        return CS_EINVAL;
    if (!*a->doc_base)
        return CS_ENOENT;
    int fd = path_open_beneath(a->doc_base, path.ptr + strspn(path.ptr, "/"), folder);
    return fd < 0 ? result_of(-fd) : fd;
}

int ctx_open(cs_ctx *ctx, cs_str path)
{
    return open_in(module_of(ctx)->app, path, false);
}

/* ---- listing ---- */

struct listing {
    char **names; /* each with a byte to spare for its slash */
    size_t count, cap;
};
struct entry_run {
    struct guarded guarded;
    int (*entry)(void *arg, const char *name);
    void *arg;
    const char *name;
};

static bool add_name(struct listing *l, const char *name, bool folder)
{
    size_t n = strlen(name);
    if (l->count == l->cap) {
        size_t more = l->cap ? l->cap * 2 : 32;
        char **bigger = realloc(l->names, more * sizeof(*bigger));
        if (!bigger)
            return false;
        l->names = bigger;
        l->cap = more;
    }
    char *copy = malloc(n + 2);
    if (!copy)
        return false;
    memcpy(copy, name, n);
    memcpy(copy + n, folder ? "/" : "", folder ? 2 : 1);
    l->names[l->count++] = copy;
    return true;
}

/* FD is taken over. */
static int read_names(int fd, struct listing *l)
{
    DIR *dir = fdopendir(fd);
    int rc = CS_OK;
    if (!dir) {
        close(fd);
        return CS_ENOMEM;
    }
    for (struct dirent *e; rc == CS_OK && (e = readdir(dir));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        bool folder = e->d_type == DT_DIR;
        if (e->d_type == DT_UNKNOWN)
            folder = fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(st.st_mode);
        if (!add_name(l, e->d_name, folder))
            rc = CS_ENOMEM;
    }
    closedir(dir);
    return rc;
}

static int by_bytes(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int entry_body(void *guarded)
{
    struct entry_run *r = guarded;
    return r->entry(r->arg, r->name);
}

int ctx_list(cs_ctx *ctx, cs_str path, int (*entry)(void *arg, const char *name), void *arg)
{
    struct app_module *m = module_of(ctx);
    struct listing l = {.names = NULL};
    if (!entry)
        return CS_EINVAL;
    int fd = open_in(m->app, path, true);
    int rc = fd < 0 ? fd : read_names(fd, &l);
    if (rc == CS_OK && l.count > 0)
        qsort(l.names, l.count, sizeof(*l.names), by_bytes);
    for (size_t i = 0; rc == CS_OK && i < l.count; i++) {
        struct entry_run r = {.entry = entry, .arg = arg, .name = l.names[i]};
        rc = module_invoke(m, entry_body, &r.guarded); /* nothing may fly over these frames */
    }
    for (size_t i = 0; i < l.count; i++)
        free(l.names[i]);
    free(l.names);
    return rc;
}
