/* SPDX-License-Identifier: Apache-2.0
 * Building and ending the spool, and its accounts: see spool.h. Called by cli (the spool) and by
 * connectors (accounts). */
#include "spool/spool.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/check.h"
#include "base/path.h"
#include "observe/log.h"
#include "spool/spool_priv.h"

/* Said at start, so that nobody has to wait for the first large upload to learn it. */
static void look_at_folder(struct spool *s)
{
    struct err err = ERR_INIT;
    struct statfs fs;
    if (!path_make_dirs(s->folder, 0700, &err)) {
        log_err(LOG_ROOM_spool, LOG_WARN, &err);
        return;
    }
    int fd = s->system->open_file(s->folder);
    if (fd < 0) {
        LOG(spool, LOG_WARN,
            "no file can be made in %s (%s): request bodies above bodyMemory will be answered 503. "
            "Make the folder writable for the server's user",
            s->folder, strerror(errno));
        return;
    }
    close(fd);
    if (statfs(s->folder, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
        LOG(spool, LOG_WARN,
            "%s is a tmpfs: what is put there against running out of memory takes memory. Put the "
            "temp folder on a disk, or lower maxSpool",
            s->folder);
}

struct spool *spool_new(const struct spool_options *options, struct err *err)
{
    struct spool *s = calloc(1, sizeof(*s));
    if (s)
        s->folder = strdup(options->folder);
    if (!s || !s->folder) {
        free(s);
        err_set(err, "out of memory for the spool");
        return NULL;
    }
    s->options = *options;
    s->options.folder = s->folder;
    s->system = options->system ? options->system : &spool_system;
    s->end = &s->first;
    lock_init(&s->lock, "spool");
    cond_init(&s->work);
    look_at_folder(s);
    if (!io_start(s, err))
        spool_destroy(&s);
    return s;
}

void spool_destroy(struct spool **sp)
{
    struct spool *s = *sp;
    *sp = NULL;
    io_stop(s);
    CHECK(atomic_load(&s->used.memory) == 0 && atomic_load(&s->used.files) == 0);
    while (s->accounts) {
        struct spool_account *a = s->accounts;
        s->accounts = a->next;
        free(a);
    }
    cond_destroy(&s->work);
    lock_destroy(&s->lock);
    free(s->folder);
    free(s);
}

static struct spool_account *find_locked(struct spool *s, const void *owner, uint32_t number)
{
    struct spool_account *a = s->accounts;
    while (a && (a->owner != owner || a->number != number))
        a = a->next;
    return a;
}

struct spool_account *spool_account(struct spool *s, const void *owner, uint32_t number,
                                    const char *name)
{
    lock_acquire(&s->lock);
    struct spool_account *a = find_locked(s, owner, number);
    if (!a && (a = calloc(1, sizeof(*a) + strlen(name) + 1))) {
        a->spool = s;
        a->owner = owner;
        a->number = number;
        memcpy(a->name, name, strlen(name) + 1);
        a->next = s->accounts;
        s->accounts = a;
    }
    lock_release(&s->lock);
    return a;
}
