/* SPDX-License-Identifier: Apache-2.0
 * A log's file over days: see day_file.h. Called by the writers of the server's log and the access logs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "observe/day_file.h"
#include "observe/log_limit.h"

enum { RETRY_MS = 1000, FOLDER_MODE = 0750 };

bool day_file_make(struct day_file *f, const struct day_file_options *o, struct err *err)
{
    *f = (struct day_file){.fd = -1,
                           .rotatable = o->rotatable,
                           .renames = o->rotatable && o->renames,
                           .max_days = o->rotatable ? o->max_days : -1,
                           .cleaned_day = INT64_MIN};
    return dated_names_make(&f->names, o->folder, o->prefix, o->suffix, o->date, err);
}

void day_file_name(const struct day_file *f, int64_t wall_us, char *out)
{
    struct date_time t;
    date_time_of(wall_us, &t);
    if (f->rotatable && !f->renames)
        dated_name(&f->names, &t, out);
    else
        dated_plain_name(&f->names, out);
}

static void name_for(struct day_file *f, int64_t wall_us)
{
    struct date_time t;
    date_time_of(wall_us, &t);
    dated_name(&f->names, &t, f->dated);
    day_file_name(f, wall_us, f->current);
}

/* ---- opening ---- */

bool day_file_check(const struct day_file *f, struct err *err)
{
    char folder[PATH_MAX];
    struct stat st;
    snprintf(folder, sizeof(folder), "%s", f->names.folder);
    while (stat(folder, &st) != 0 && errno == ENOENT && strrchr(folder, '/') > folder)
        *strrchr(folder, '/') = '\0'; /* it would be made there */
    if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
    } else if (access(folder, W_OK | X_OK) == 0) {
        return true;
    }
    err_sys(err, errno, "cannot write logs into %s", f->names.folder);
    return err_hint(err, "Let the server's user write to it: chown or chmod u+wx '%s'", folder);
}

/* Moves the undated file away when it was last written on another date. */
static void put_away(struct day_file *f, const char *dated)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!path_join(from, sizeof(from), f->names.folder, f->current) ||
        !path_join(to, sizeof(to), f->names.folder, dated))
        return;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 || errno == ENOENT)
        return;
    static struct log_limit limit;
    LOG_LIMITED(observe, LOG_ERROR, &limit,
                "cannot rename the log %s to %s: %s; going on in the same file", from, dated,
                errno == EEXIST ? "that file exists" : "error of the system");
}

static void put_away_former(struct day_file *f)
{
    char path[PATH_MAX], dated[FILE_NAME_SIZE];
    struct stat st;
    struct date_time t;
    if (!f->renames || !path_join(path, sizeof(path), f->names.folder, f->current) ||
        lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    date_time_of((int64_t)st.st_mtime * 1000000, &t);
    dated_name(&f->names, &t, dated);
    if (strcmp(dated, f->dated) != 0)
        put_away(f, dated);
}

/* The file that was open is given up when nobody could find there what is written now: it was removed, or
 * a FIFO without a reader has its name. */
static void keep_former(struct day_file *f, int why)
{
    struct stat st;
    if (f->fd < 0 || (why != ENXIO && fstat(f->fd, &st) == 0 && st.st_nlink > 0))
        return;
    close(f->fd);
    f->fd = -1;
}

/* Opens f->current. The file that was open may go on when that fails. */
static int open_current(struct day_file *f, bool *cut)
{
    struct stat st;
    int fd = dated_open(f->names.folder, f->current);
    if (fd < 0 && errno == ENOENT) {
        struct err ignored = ERR_INIT;
        if (path_make_dirs(f->names.folder, FOLDER_MODE, &ignored))
            fd = dated_open(f->names.folder, f->current);
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        keep_former(f, why);
        return why;
    }
    bool same = f->fd >= 0 && st.st_dev == f->device && st.st_ino == f->inode;
    *cut = f->torn && !same;
    f->torn = f->torn && same;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = fd;
    f->device = st.st_dev;
    f->inode = st.st_ino;
    return 0;
}

static bool passes(int why)
{
    return why == ENXIO || why == ENOSPC || why == EDQUOT || why == EMFILE || why == ENFILE;
}

bool day_file_begin(struct day_file *f, int64_t wall_us, int *why, struct err *err)
{
    bool cut;
    if (!path_make_dirs(f->names.folder, FOLDER_MODE, err))
        return false;
    name_for(f, wall_us);
    put_away_former(f);
    *why = open_current(f, &cut);
    if (*why != 0 && !passes(*why))
        return err_sys(err, *why, "cannot open the log %s/%s", f->names.folder, f->current);
    return true;
}

void day_file_end(struct day_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    dated_names_end(&f->names);
    f->fd = -1;
}

/* ---- while it runs ---- */

/* Somebody moved or removed it, or put another one in its place. */
static bool is_replaced(const struct day_file *f)
{
    char path[PATH_MAX];
    struct stat st;
    if (!path_join(path, sizeof(path), f->names.folder, f->current))
        return false;
    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return st.st_dev != f->device || st.st_ino != f->inode;
}

bool day_file_ready(struct day_file *f, bool reopen, int64_t wall_us, int *why, bool *cut)
{
    *why = 0;
    *cut = false;
    if (f->current[0] == '\0')
        name_for(f, wall_us);
    if (f->fd >= 0 && !reopen && !is_replaced(f))
        return true;
    uint64_t now = clock_us();
    if (!reopen && now < f->retry_us)
        return f->fd >= 0;
    *why = open_current(f, cut);
    f->retry_us = *why != 0 ? now + MS_TO_US(RETRY_MS) : 0;
    return f->fd >= 0;
}

void day_file_turn(struct day_file *f, int64_t wall_us)
{
    char former[FILE_NAME_SIZE];
    bool cut;
    if (!f->rotatable)
        return;
    memcpy(former, f->dated, sizeof(former));
    name_for(f, wall_us);
    if (strcmp(former, f->dated) == 0)
        return;
    if (f->renames)
        put_away(f, former);
    if (open_current(f, &cut) == 0 || f->fd < 0)
        return;
    /* What was open is another day's file: better none, then the next write tries again. */
    close(f->fd);
    f->fd = -1;
}

int64_t day_file_next_us(const struct day_file *f, int64_t wall_us)
{
    struct date_time t;
    if (!f->rotatable)
        return INT64_MAX;
    date_time_of(wall_us, &t);
    return date_pattern_next(&f->names.date, &t) * 1000000;
}

void day_file_clean(struct day_file *f, int64_t wall_us)
{
    struct date_time t;
    if (f->max_days < 0)
        return;
    date_time_of(wall_us, &t);
    if (date_day(&t) == f->cleaned_day)
        return;
    f->cleaned_day = date_day(&t);
    unsigned removed = dated_remove_old(&f->names, &t, f->max_days, f->current);
    if (removed > 0)
        LOG(observe, LOG_INFO, "%u log files %s/%s* older than %d days were removed", removed,
            f->names.folder, f->names.prefix, f->max_days);
}
