/* SPDX-License-Identifier: Apache-2.0
 * The folder of this container's private copies: work/<number>, held by a lock as long as the process
 * lives. Folders whose lock is free belong to dead containers and are removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/path.h"
#include "deploy/webapp_priv.h"
#include "observe/log.h"

static int lock_dir(const char *dir)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/lock", dir);
    int fd = path_make_file(path, O_RDWR | O_NOFOLLOW, PATH_MODE_SECRET);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void remove_if_dead(const char *dir)
{
    struct err err = ERR_INIT;
    int fd = lock_dir(dir);
    if (fd < 0)
        return;
    if (!path_remove_tree(dir, &err))
        log_err(LOG_ROOM_deploy, LOG_WARN, &err);
    close(fd);
}

bool epoch_open(struct deployment *d, struct err *err)
{
    char work[400], **names;
    size_t count;
    uint64_t highest = 0, number;
    int n = snprintf(work, sizeof(work), "%s/work", d->options.base);
    if (n < 0 || (size_t)n >= sizeof(work))
        return err_set(err, "the path of the base is too long: %s", d->options.base);
    if (!path_make_dirs(work, PATH_MODE_DIR, err) || !path_list(work, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!span_to_u64(span_of(names[i]), UINT32_MAX, &number))
            continue;
        if (number > highest)
            highest = number;
        snprintf(d->epoch_dir, sizeof(d->epoch_dir), "%s/%s", work, names[i]);
        remove_if_dead(d->epoch_dir);
    }
    path_names_free(&names, &count);
    snprintf(d->epoch_dir, sizeof(d->epoch_dir), "%s/%llu", work, (unsigned long long)highest + 1);
    if (!path_make_dirs(d->epoch_dir, PATH_MODE_DIR, err))
        return false;
    d->epoch_lock = lock_dir(d->epoch_dir);
    return d->epoch_lock >= 0 || err_sys(err, errno, "cannot lock %s", d->epoch_dir);
}

void epoch_close(struct deployment *d)
{
    struct err err = ERR_INIT;
    if (d->epoch_lock < 0)
        return;
    if (!path_remove_tree(d->epoch_dir, &err))
        log_err(LOG_ROOM_deploy, LOG_WARN, &err);
    close(d->epoch_lock);
    d->epoch_lock = -1;
}
