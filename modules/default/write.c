/* SPDX-License-Identifier: Apache-2.0
 * PUT and DELETE, where readonly is false. A PUT writes beside its target and renames, so that readers see
 * the old bytes or the new ones. One at a time for each registration: a condition that held holds until
 * the change is made. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "names.h"
#include "serve.h"

#define PIECE (64u * 1024u)

struct target {
    int folder;       /* O_PATH descriptor of the one that holds it */
    const char *name; /* within it */
    bool exists, is_folder;
    int64_t size;
};

/* ---- where ---- */

static bool ends_with_slash(
    struct ask *a) /* of the URL: welcome files are not written by their folder */
{
    cs_str raw = cs_req_get(a->req, CS_REQ_URI);
    const char *slash = raw.ptr ? strrchr(raw.ptr, '/') : NULL;
    return !slash || slash[1] == '\0' || slash[1] == ';';
}

/* 0 or -errno; -EISDIR for a URL that can only be a folder. */
static int open_target(struct ask *a, struct target *t)
{
    struct stat st;
    int error = -ENOMEM;
    *t = (struct target){.folder = -1};
    if (!path_is_served(a->path, false))
        return -ENOENT;
    if (ends_with_slash(a) || a->path.ptr[a->path.len - 1] == '/')
        return -EISDIR;
    char *path = cs_req_alloc(a->req, a->path.len + 1);
    struct root *root = path ? site_root(a->site, &error) : NULL;
    if (!root)
        return error;
    memcpy(path, a->path.ptr, a->path.len);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    t->name = slash + 1;
    t->folder = beneath_open(root->fd, path + (*path == '/'), O_PATH | O_DIRECTORY, NULL);
    root_release(root);
    if (t->folder < 0)
        return t->folder;
    if (fstatat(t->folder, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        t->exists = true;
        t->is_folder = S_ISDIR(st.st_mode);
        t->size = S_ISREG(st.st_mode) ? st.st_size : 0;
    }
    return 0;
}

static void close_target(struct target *t)
{
    if (t->folder >= 0)
        close(t->folder);
}

static uint32_t refusal_of(int error)
{
    switch (-error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return 403;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return 507;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    case EIO:
        return 500;
    default: /* the folder above is missing, or is none; the target is a folder */
        return 409;
    }
}

/* True: the request's conditions let it be changed. */
static bool conditions_hold(struct ask *a)
{
    struct file f = {.fd = -1};
    struct validators v = {.modified = 0};
    if (lookup_file(a->site, a->path, (cs_str){NULL, 0}, &f) == 0) {
        v.etag = cs_str_of(f.entry->etag);
        v.modified = f.entry->id.modified_ns / 1000000000;
    }
    bool hold = conditions_judge(&a->conditions, &v, false) == CONDITIONS_PERFORM;
    lookup_end(&f);
    return hold;
}

/* ---- Content-Range: bytes FIRST-LAST/LENGTH ---- */

struct piece {
    bool asked;
    int64_t first, length; /* where it goes; how long the whole is then */
};

static bool take_number(const char **p, int64_t *out)
{
    char *end;
    errno = 0;
    if (**p < '0' || **p > '9')
        return false;
    *out = strtoll(*p, &end, 10);
    *p = end;
    return errno == 0;
}

/* False: malformed, or not the size of the body. */
static bool read_piece(const struct ask *a, int64_t body, struct piece *out)
{
    const char *p = cs_str_text(a->content_range);
    int64_t last;
    *out = (struct piece){.asked = a->content_range.ptr != NULL};
    if (!out->asked)
        return true;
    return a->site->settings.partial_put && p && strncasecmp(p, "bytes ", 6) == 0 && (p += 6) &&
           take_number(&p, &out->first) && *p++ == '-' && take_number(&p, &last) && *p++ == '/' &&
           take_number(&p, &out->length) && *p == '\0' && last >= out->first &&
           last < out->length && last - out->first + 1 == body;
}

/* ---- bytes ---- */

static int write_all(int fd, const char *bytes, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        bytes += done;
        n -= (size_t)done;
        at += done;
    }
    return 0;
}

static int copy_old(const struct target *t, int to)
{
    char piece[PIECE];
    int64_t at = 0;
    ssize_t n = 0;
    int rc = 0, from = openat(t->folder, t->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from < 0)
        return -errno;
    while (rc == 0 && (n = pread(from, piece, sizeof(piece), (off_t)at)) > 0) {
        rc = write_all(to, piece, (size_t)n, at);
        at += n;
    }
    if (n < 0)
        rc = -errno;
    close(from);
    return rc;
}

static int copy_body(struct ask *a, int to, int64_t at)
{
    char piece[PIECE];
    for (;;) {
        int64_t n = cs_req_read(a->req, piece, sizeof(piece));
        if (n <= 0)
            return n == 0 ? 0 : -EIO;
        int rc = write_all(to, piece, (size_t)n, at);
        if (rc != 0)
            return rc;
        at += n;
    }
}

static int fill(struct ask *a, const struct target *t, const struct piece *p, int fd)
{
    int rc = p->asked && t->exists ? copy_old(t, fd) : 0;
    if (rc == 0)
        rc = copy_body(a, fd, p->first);
    if (rc == 0 && p->asked && ftruncate(fd, (off_t)p->length) != 0)
        rc = -errno;
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    return rc;
}

static int replace(struct ask *a, const struct target *t, const struct piece *p)
{
    char name[64];
    uint64_t number = atomic_fetch_add_explicit(&a->site->counter, 1, memory_order_relaxed);
    snprintf(name, sizeof(name), NAMES_TEMPORARY "%016llx-%llx",
             (unsigned long long)a->site->secret, (unsigned long long)number);
    int fd = openat(t->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    int rc = fill(a, t, p, fd);
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && renameat(t->folder, name, t->folder, t->name) != 0)
        rc = -errno;
    if (rc != 0)
        unlinkat(t->folder, name, 0);
    return rc;
}

/* ---- the methods ---- */

static int put_locked(struct ask *a, struct target *t)
{
    struct piece piece;
    if (t->is_folder)
        return serve_error(a, 409);
    if (!conditions_hold(a))
        return serve_error(a, 412);
    int64_t body = cs_req_get_int(a->req, CS_REQ_CONTENT_LENGTH);
    if (!read_piece(a, body < 0 ? 0 : body, &piece))
        return serve_error(a, 400);
    if (piece.first > t->size ||
        (piece.asked && piece.length > piece.first + body && piece.length > t->size))
        return serve_error(a, 409); /* it would leave a hole */
    int rc = replace(a, t, &piece);
    if (rc != 0)
        return serve_error(a, refusal_of(rc));
    return cs_res_status(a->res, t->exists ? 204 : 201);
}

int serve_put(struct ask *a)
{
    struct target t;
    int rc = open_target(a, &t);
    if (rc != 0)
        return serve_error(a, refusal_of(rc));
    pthread_mutex_lock(&a->site->writing);
    rc = put_locked(a, &t);
    pthread_mutex_unlock(&a->site->writing);
    close_target(&t);
    return rc;
}

static int delete_locked(struct ask *a, struct target *t)
{
    if (!t->exists)
        return serve_error(a, 404);
    if (!conditions_hold(a))
        return serve_error(a, 412);
    if (unlinkat(t->folder, t->name, t->is_folder ? AT_REMOVEDIR : 0) == 0)
        return cs_res_status(a->res, 204);
    return serve_error(a, errno == ENOENT ? 404 : refusal_of(-errno));
}

int serve_delete(struct ask *a)
{
    struct target t;
    int rc = open_target(a, &t);
    if (rc != 0)
        return serve_error(a, rc == -EISDIR ? 409 : status_of(rc));
    pthread_mutex_lock(&a->site->writing);
    rc = delete_locked(a, &t);
    pthread_mutex_unlock(&a->site->writing);
    close_target(&t);
    return rc;
}
