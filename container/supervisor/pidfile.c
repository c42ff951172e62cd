/* SPDX-License-Identifier: Apache-2.0
 * The pid file under flock. Taken by the supervisor, asked by the commands. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/span.h"
#include "base/state_file.h"
#include "supervisor/pidfile.h"

/* How often a lock in use is tried again. */
enum { RETRY_MS = 20 };

/* Of what stands in BASE/run. The pid file itself has room for a number only: scripts take all of it. */
#define SCHEMA_NAME "cserv-run"
#define SCHEMA      1

struct held {
    int fd;
    char path[PATH_MAX];
};
struct pidfile {
    struct held files[2]; /* the base's own, CSERV_PID's */
};

/* The number in FD; 0 while the holder has not written it yet. */
static pid_t read_pid(int fd)
{
    char text[32];
    uint64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof text, 0);
    if (n <= 0)
        return 0;
    struct span digits = span_make(text, (size_t)n);
    digits = span_cut(digits, 0, span_find(digits, 0, '\n'));
    return span_to_u64(digits, INT_MAX, &pid) ? (pid_t)pid : 0;
}

/* A former holder removes its file before it unlocks: a lock on a file that no longer has its name
 * protects nothing. */
static bool still_named(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* 0: locked; EWOULDBLOCK: another holds it, *holder is set; else errno. */
static int try_take(struct held *h, pid_t *holder)
{
    int fd = path_make_file(h->path, O_RDWR | O_NOFOLLOW, PATH_MODE_FILE);
    if (fd < 0)
        return errno;
    int why = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (why == 0 && !still_named(fd, h->path))
        why = EINTR; /* removed in between: once more */
    if (why == EWOULDBLOCK)
        *holder = read_pid(fd);
    if (why != 0) {
        close(fd);
        return why;
    }
    h->fd = fd;
    return 0;
}

static bool write_pid(struct held *h, struct err *err)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(h->fd, 0) != 0 || pwrite(h->fd, text, (size_t)n, 0) != n)
        return err_sys(err, errno, "cannot write the pid file %s", h->path);
    return true;
}

static bool take_file(struct held *h, const char *base, uint64_t give_up_us, struct err *err)
{
    pid_t holder = 0;
    int why;
    while ((why = try_take(h, &holder)) != 0) {
        bool again = why == EWOULDBLOCK && clock_us() < give_up_us;
        if (why == EINTR || again) {
            poll(NULL, 0, again ? RETRY_MS : 0);
            continue;
        }
        if (why != EWOULDBLOCK)
            return err_sys(err, why, "cannot make the pid file %s", h->path);
        err_set(err, "the base %s is already served by process %ld", base, (long)holder);
        char word[400];
        return path_shell_word(base, word, sizeof word) &&
               err_hint(err, "To stop it, type: cserv stop -b %s", word);
    }
    return write_pid(h, err);
}

/* BASE/run/cserv.schema: "cserv-run 1". It stays when the server ends. */
static bool check_schema(const char *base, struct err *err)
{
    char path[PATH_MAX], line[32];
    struct buf text = BUF_EMPTY;
    if (!path_join(path, sizeof path, base, "run/cserv.schema"))
        return err_set(err, "the path of the base is too long: %s", base);
    bool good = true;
    if (path_exists(path))
        good = path_read_file(path, 4096, &text, err) &&
               state_file_known(buf_span(&text), SCHEMA_NAME, SCHEMA, path, err);
    snprintf(line, sizeof line, "%s %d\n", SCHEMA_NAME, SCHEMA);
    if (good && !span_eq(buf_span(&text), span_of(line)))
        good = path_write_file(path, span_of(line), PATH_MODE_FILE, err);
    buf_free(&text);
    return good;
}

/* The second file, from CSERV_PID; its path stays empty when there is none, or when it is another
 * name of the first, which is locked already. */
static bool second_path(struct pidfile *p, struct err *err)
{
    const char *second = getenv("CSERV_PID");
    if (!second || second[0] == '\0')
        return true;
    if (strlen(second) >= PATH_MAX)
        return err_set(err, "CSERV_PID is too long for a path");
    struct stat ours, named;
    bool same = stat(second, &named) == 0 && fstat(p->files[0].fd, &ours) == 0 &&
                ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
    if (!same)
        memcpy(p->files[1].path, second, strlen(second) + 1);
    return true;
}

struct pidfile *pidfile_take(const char *base, uint32_t wait_ms, struct err *err)
{
    uint64_t give_up_us = clock_us() + MS_TO_US(wait_ms);
    struct pidfile *p = calloc(1, sizeof *p);
    if (!p) {
        err_set(err, "out of memory");
        return NULL;
    }
    p->files[0].fd = p->files[1].fd = -1;
    bool good = path_join(p->files[0].path, PATH_MAX, base, "run/cserv.pid") ||
                err_set(err, "the path of the base is too long: %s", base);
    good = good && take_file(&p->files[0], base, give_up_us, err) && check_schema(base, err) &&
           second_path(p, err);
    if (good && p->files[1].path[0] != '\0')
        good = take_file(&p->files[1], base, give_up_us, err);
    if (!good)
        pidfile_drop(&p);
    return p;
}

void pidfile_drop(struct pidfile **p)
{
    if (!*p)
        return;
    for (size_t i = ARRAY_COUNT((*p)->files); i-- > 0;) {
        struct held *h = &(*p)->files[i];
        if (h->fd < 0)
            continue;
        unlink(h->path); /* while locked: nobody else's file can be hit */
        close(h->fd);
    }
    free(*p);
    *p = NULL;
}

bool pidfile_holder(const char *base, pid_t *pid, struct err *err)
{
    char path[PATH_MAX];
    *pid = 0;
    if (!path_join(path, sizeof path, base, "run/cserv.pid"))
        return err_set(err, "the path of the base is too long: %s", base);
    /* A holder that has locked but not yet written its number needs a moment. */
    for (int tries = 0; tries < 50; tries++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
            return true;
        if (fd < 0)
            return err_sys(err, errno, "cannot read %s", path);
        bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        *pid = is_held ? read_pid(fd) : 0;
        close(fd);
        if (!is_held || *pid != 0)
            return true;
        poll(NULL, 0, RETRY_MS);
    }
    return err_set(err, "%s is locked by a process that does not write its number into it", path);
}
