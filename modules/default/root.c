/* SPDX-License-Identifier: Apache-2.0
 * The webapp's folder, kept open. A folder that was replaced (renamed, or a link that leads elsewhere now)
 * is opened anew by the next request that has to look at the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "site.h"

void root_release(struct root *r)
{
    if (r && atomic_fetch_sub_explicit(&r->holders, 1, memory_order_acq_rel) == 1) {
        close(r->fd);
        free(r);
    }
}

static struct root *root_open(const char *folder, int *error)
{
    struct stat st;
    struct root *r = calloc(1, sizeof(*r));
    if (!r) {
        *error = -ENOMEM;
        return NULL;
    }
    r->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r->fd < 0 || fstat(r->fd, &st) != 0) {
        *error = -errno;
        if (r->fd >= 0)
            close(r->fd);
        free(r);
        return NULL;
    }
    r->dev = st.st_dev;
    r->ino = st.st_ino;
    atomic_init(&r->holders, 1);
    return r;
}

struct root *site_root(struct site *s, int *error)
{
    struct stat st;
    if (!s->folder.ptr || stat(s->folder.ptr, &st) != 0) {
        *error = s->folder.ptr ? -errno : -ENOENT;
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    if (!s->root || s->root->dev != st.st_dev || s->root->ino != st.st_ino) {
        struct root *fresh = root_open(s->folder.ptr, error);
        if (fresh) {
            root_release(s->root);
            s->root = fresh;
        } else {
            pthread_mutex_unlock(&s->lock);
            return NULL;
        }
    }
    struct root *r = s->root;
    atomic_fetch_add_explicit(&r->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&s->lock);
    return r;
}

struct root *site_last_root(struct site *s)
{
    pthread_mutex_lock(&s->lock);
    struct root *r = s->root;
    if (r)
        atomic_fetch_add_explicit(&r->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&s->lock);
    return r;
}
