/* SPDX-License-Identifier: Apache-2.0
 * Temporary files: made by their first write, without a name, and what reading and writing them means.
 * On io threads, and on workers for the request they serve. */
#include "spool/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/path.h"
#include "observe/counters.h"
#include "spool/spool_priv.h"

#define LOOK_US   100000u                       /* how old the word about the disk may be */
#define LOOK_ROOM ((int64_t)(16 * 1024 * 1024)) /* with less room left every write looks */

/* ---- the system ---- */

const struct spool_system spool_system = {
    .open_file = path_open_unnamed,
    .pwritev = pwritev,
    .preadv = preadv,
    .statvfs = statvfs,
};

static enum spool_result result_of(int error, bool opening)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SPOOL_DISK_FULL;
    case EMFILE:
    case ENFILE:
        return SPOOL_DESCRIPTORS;
    case ENOMEM:
        return SPOOL_NO_MEMORY;
    default:
        return opening ? SPOOL_FOLDER : SPOOL_IO;
    }
}

/* ---- life ---- */

enum spool_result spool_file_new(struct spool_account *a, struct spool_file **out)
{
    *out = NULL;
    enum spool_result r = budget_take_file(a);
    if (r != SPOOL_OK)
        return r;
    struct spool_file *f = calloc(1, sizeof(*f));
    if (!f) {
        budget_give_file(a);
        return spool_refused(a, SPOOL_NO_MEMORY, 0);
    }
    f->account = a;
    f->fd = -1;
    *out = f;
    return SPOOL_OK;
}

uint64_t spool_file_size(const struct spool_file *f)
{
    return f->size;
}

int spool_file_fd(const struct spool_file *f)
{
    return f->fd;
}

void file_close(struct spool_file *f)
{
    if (f->fd >= 0)
        close(f->fd); /* frees its blocks: may take long */
    budget_give_bytes(f->account, f->size);
    budget_give_file(f->account);
    free(f);
}

static void closed(struct spool_job *job)
{
    file_close(job->file);
}

void spool_file_free(struct spool_file **fp)
{
    struct spool_file *f = *fp;
    *fp = NULL;
    if (!f)
        return;
    if (f->fd < 0) {
        file_close(f);
        return;
    }
    f->closing = (struct spool_job){.op = SPOOL_CLOSE, .file = f, .done = closed};
    spool_submit(f->account->spool, &f->closing);
}

/* ---- bytes ---- */

/* Whether N more bytes leave minFreeDisk free, by a word about the disk that is at most LOOK_US old. */
static enum spool_result look_at_disk(struct spool *s, uint64_t n, int *error)
{
    struct statvfs v;
    uint64_t now = clock_us(), looked = atomic_load(&s->looked_us);
    int64_t room = atomic_fetch_sub(&s->room, (int64_t)n) - (int64_t)n;
    if (s->options.min_free == 0 || (now - looked < LOOK_US && room >= LOOK_ROOM))
        return SPOOL_OK;
    if (s->system->statvfs(s->folder, &v) != 0) {
        *error = errno;
        return SPOOL_FOLDER;
    }
    uint64_t keep = (uint64_t)v.f_blocks / 100 * s->options.min_free;
    room = ((int64_t)v.f_bavail - (int64_t)keep) * (int64_t)v.f_frsize - (int64_t)n;
    atomic_store(&s->looked_us, now);
    atomic_store(&s->room, room);
    return room >= 0 ? SPOOL_OK : SPOOL_FREE;
}

static enum spool_result make(struct spool_file *f, int *error)
{
    struct spool *s = f->account->spool;
    if (f->fd >= 0)
        return SPOOL_OK;
    f->fd = s->system->open_file(s->folder);
    if (f->fd < 0) {
        *error = errno;
        return result_of(errno, true);
    }
    counter_add(COUNTER_spool_files, 1);
    return SPOOL_OK;
}

/* What is left of IOV after N bytes; returns how many pieces were used up. */
static int advance(struct iovec *iov, int count, size_t n)
{
    int i = 0;
    while (i < count && n >= iov[i].iov_len)
        n -= iov[i++].iov_len;
    if (i < count) {
        iov[i].iov_base = (char *)iov[i].iov_base + n;
        iov[i].iov_len -= n;
    }
    return i;
}

typedef ssize_t move_fn(int fd, const struct iovec *iov, int n, off_t offset);

/* Until all of IOV moved, an error, or (reading) the end of the file. */
static enum spool_result move_all(move_fn *fn, bool writing, int fd, struct iovec *iov, int n,
                                  uint64_t offset, uint64_t *moved, int *error)
{
    int i = advance(iov, n, 0); /* empty pieces in front */
    while (i < n) {
        ssize_t k = fn(fd, iov + i, n - i, (off_t)(offset + *moved));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 || (k == 0 && writing)) {
            *error = k < 0 ? errno : EIO;
            return result_of(*error, false);
        }
        if (k == 0)
            break;
        *moved += (uint64_t)k;
        i += advance(iov + i, n - i, (size_t)k);
    }
    return SPOOL_OK;
}

/* The file may only grow at its end or be written within: no holes. */
enum spool_result file_write(struct spool_file *f, struct iovec *iov, int n, uint64_t offset,
                             uint64_t *moved, int *error)
{
    struct spool *s = f->account->spool;
    uint64_t bytes = 0;
    *moved = 0;
    *error = 0;
    for (int i = 0; i < n; i++)
        bytes += iov[i].iov_len;
    CHECK(offset <= f->size);
    uint64_t more = offset + bytes > f->size ? offset + bytes - f->size : 0;
    enum spool_result r = more > 0 ? budget_take_bytes(f->account, more) : SPOOL_OK;
    if (r != SPOOL_OK) /* counted and told already */
        return r;
    r = look_at_disk(s, more, error);
    if (r == SPOOL_OK)
        r = make(f, error);
    if (r == SPOOL_OK)
        r = move_all(s->system->pwritev, true, f->fd, iov, n, offset, moved, error);
    uint64_t size = offset + *moved > f->size ? offset + *moved : f->size;
    budget_give_bytes(f->account, f->size + more - size);
    f->size = size;
    counter_add(COUNTER_spool_bytes_written, *moved);
    return r == SPOOL_OK ? r : spool_refused(f->account, r, *error);
}

enum spool_result fd_read(struct spool *s, int fd, struct iovec *iov, int n, uint64_t offset,
                          uint64_t *moved, int *error)
{
    *moved = 0;
    *error = 0;
    enum spool_result r = move_all(s->system->preadv, false, fd, iov, n, offset, moved, error);
    counter_add(COUNTER_spool_bytes_read, *moved);
    return r;
}

enum spool_result fd_warm(struct spool *s, int fd, uint64_t offset, uint64_t length,
                          uint64_t *moved, int *error)
{
    char scratch[65536];
    enum spool_result r = SPOOL_OK;
    *moved = 0;
    *error = 0;
    while (r == SPOOL_OK && *moved < length) {
        uint64_t left = length - *moved, k = 0;
        struct iovec iov = {.iov_base = scratch,
                            .iov_len = left < sizeof(scratch) ? (size_t)left : sizeof(scratch)};
        size_t asked = iov.iov_len;
        r = move_all(s->system->preadv, false, fd, &iov, 1, offset + *moved, &k, error);
        *moved += k;
        if (k < asked)
            break;
    }
    return r;
}

enum spool_result spool_write_now(struct spool_file *f, struct iovec *iov, int n, uint64_t offset,
                                  uint64_t *moved)
{
    int error;
    return file_write(f, iov, n, offset, moved, &error);
}

enum spool_result spool_read_now(struct spool_file *f, void *p, size_t n, uint64_t offset,
                                 size_t *moved)
{
    struct iovec iov = {.iov_base = p, .iov_len = n};
    uint64_t k;
    int error;
    enum spool_result r = fd_read(f->account->spool, f->fd, &iov, 1, offset, &k, &error);
    *moved = (size_t)k;
    return r == SPOOL_OK ? r : spool_refused(f->account, r, error);
}
