/* SPDX-License-Identifier: Apache-2.0
 * Log files with a date in their name: see dated_file.h. Called by the writer threads of the server's
 * log and of the access logs, and by the supervisor. */
#include "observe/dated_file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/path.h"

enum { FILE_MODE = 0640, SECONDS_PER_DAY = 86400 };

static bool fits_in_name(const char *s)
{
    return strchr(s, '/') == NULL && strlen(s) < FILE_NAME_SIZE / 4;
}

bool dated_names_make(struct dated_names *names, const char *folder, const char *prefix,
                      const char *suffix, const char *date, struct err *err)
{
    *names = (struct dated_names){.folder = NULL};
    if (!fits_in_name(prefix) || !fits_in_name(suffix))
        return err_set(err,
                       "\"%.80s\" cannot be a part of a file's name: it has a / or is too long",
                       fits_in_name(prefix) ? suffix : prefix);
    if (!fits_in_name(date))
        return err_set(err, "the date pattern \"%.80s\" has a / or is too long", date);
    if (!date_pattern_parse(span_of(date), &names->date, err))
        return false;
    names->folder = strdup(folder);
    names->prefix = strdup(prefix);
    names->suffix = strdup(suffix);
    return (names->folder && names->prefix && names->suffix) ||
           err_set(err, "out of memory for the name of a log file");
}

void dated_names_end(struct dated_names *names)
{
    free(names->folder);
    free(names->prefix);
    free(names->suffix);
    *names = (struct dated_names){.folder = NULL};
}

void dated_name(const struct dated_names *names, const struct date_time *t, char *out)
{
    char date[FILE_NAME_SIZE / 2];
    size_t n = date_pattern_print(&names->date, t, date, sizeof(date));
    snprintf(out, FILE_NAME_SIZE, "%s%.*s%s", names->prefix, (int)n, date, names->suffix);
}

void dated_plain_name(const struct dated_names *names, char *out)
{
    snprintf(out, FILE_NAME_SIZE, "%s%s", names->prefix, names->suffix);
}

/* ---- removing ---- */

/* Whether NAME is one of ours; *DAY as date_pattern_match gives it. */
static bool is_ours(const struct dated_names *names, const char *name, int64_t *day)
{
    struct span s = span_of(name), prefix = span_of(names->prefix), suffix = span_of(names->suffix);
    if (s.n < prefix.n + suffix.n || !span_starts(s, prefix) || !span_ends(s, suffix))
        return false;
    return date_pattern_match(&names->date, span_cut(s, prefix.n, s.n - prefix.n - suffix.n), day);
}

unsigned dated_remove_old(const struct dated_names *names, const struct date_time *t, int32_t days,
                          const char *keep)
{
    unsigned removed = 0;
    struct stat st;
    DIR *folder = opendir(names->folder);
    if (!folder)
        return 0;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        int64_t day;
        if (strcmp(e->d_name, keep) == 0 || !is_ours(names, e->d_name, &day) ||
            fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        bool old = day != INT64_MIN
                       ? day < date_day(t) - days
                       : (int64_t)st.st_mtime < t->second - (int64_t)days * SECONDS_PER_DAY;
        if (old && unlinkat(dirfd(folder), e->d_name, 0) == 0)
            removed++;
    }
    closedir(folder);
    return removed;
}

/* ---- opening ---- */

int append_open(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
    struct stat st;
    /* The mode is ours whatever the umask says; not that of a device somebody logs to. When the file
     * is another user's it stays as it is. */
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_mode & 07777) != FILE_MODE) {
        int ignored = fchmod(fd, FILE_MODE);
        (void)ignored;
    }
    return fd;
}

int dated_open(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if (!path_join(path, sizeof(path), folder, name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return append_open(path);
}
