/* SPDX-License-Identifier: Apache-2.0
 * A spool whose system calls can be short, fail, or stand still until the test lets them go on. Used by
 * unit tests of the rooms spool and connector. */
#ifndef SUPPORT_SPOOL_FAULTS_H
#define SUPPORT_SPOOL_FAULTS_H
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/path.h"
#include "spool/spool.h"
#include "spool/system.h"

/* Set before, or while, jobs run; 0: no fault. */
struct spool_faults {
    _Atomic int open_error, write_error, read_error;
    _Atomic uint64_t write_room; /* bytes until write_error comes; with write_error only */
    _Atomic uint64_t piece;      /* a call moves at most so many bytes */
    _Atomic uint32_t free_percent;
    _Atomic uint32_t opens, writes, reads, interrupts;
    /* With `held` reads and writes wait in the kernel, as far as the spool can tell. */
    struct lock lock;
    struct cond cond;
    bool held;
    _Atomic uint32_t waiting;
};
static struct spool_faults faults;

static inline void faults_hold(bool held)
{
    lock_acquire(&faults.lock);
    faults.held = held;
    cond_broadcast(&faults.cond);
    lock_release(&faults.lock);
}

static inline void faults_gate(void)
{
    lock_acquire(&faults.lock);
    atomic_fetch_add(&faults.waiting, 1);
    while (faults.held)
        cond_wait(&faults.cond, &faults.lock);
    atomic_fetch_sub(&faults.waiting, 1);
    lock_release(&faults.lock);
}

static inline int faulty_open(const char *folder)
{
    atomic_fetch_add(&faults.opens, 1);
    if ((errno = atomic_load(&faults.open_error)) != 0)
        return -1;
    return spool_system.open_file(folder);
}

static inline int cut(const struct iovec *iov, int n, uint64_t most, struct iovec out[16])
{
    int k = 0;
    for (; k < n && k < 16 && most > 0; k++) {
        out[k] = iov[k];
        if (out[k].iov_len > most)
            out[k].iov_len = (size_t)most;
        most -= out[k].iov_len;
    }
    return k;
}

static inline ssize_t faulty_pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
    struct iovec some[16];
    uint64_t most = atomic_load(&faults.piece) ? atomic_load(&faults.piece) : UINT64_MAX;
    atomic_fetch_add(&faults.writes, 1);
    faults_gate();
    if (atomic_load(&faults.interrupts) > 0) {
        atomic_fetch_sub(&faults.interrupts, 1);
        errno = EINTR;
        return -1;
    }
    if (atomic_load(&faults.write_error) != 0) {
        if (atomic_load(&faults.write_room) == 0) {
            errno = atomic_load(&faults.write_error);
            return -1;
        }
        if (most > atomic_load(&faults.write_room))
            most = atomic_load(&faults.write_room);
    }
    ssize_t moved = spool_system.pwritev(fd, some, cut(iov, n, most, some), offset);
    if (moved > 0 && atomic_load(&faults.write_error) != 0)
        atomic_fetch_sub(&faults.write_room, (uint64_t)moved);
    return moved;
}

static inline ssize_t faulty_preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
    struct iovec some[16];
    uint64_t most = atomic_load(&faults.piece) ? atomic_load(&faults.piece) : UINT64_MAX;
    atomic_fetch_add(&faults.reads, 1);
    faults_gate();
    if ((errno = atomic_load(&faults.read_error)) != 0)
        return -1;
    return spool_system.preadv(fd, some, cut(iov, n, most, some), offset);
}

static inline int faulty_statvfs(const char *folder, struct statvfs *out)
{
    (void)folder;
    *out = (struct statvfs){.f_frsize = 1 << 20, .f_blocks = 10000};
    out->f_bavail = 100 * (fsblkcnt_t)atomic_load(&faults.free_percent);
    return 0;
}

static const struct spool_system faulty_system = {
    .open_file = faulty_open,
    .pwritev = faulty_pwritev,
    .preadv = faulty_preadv,
    .statvfs = faulty_statvfs,
};

/* In FOLDER, which is made. NULL options but these three get values that no test reaches. */
static inline struct spool *faults_spool(char *folder, uint64_t memory, uint64_t bytes,
                                         uint32_t files)
{
    struct err err = ERR_INIT;
    atomic_store(&faults.free_percent, 50);
    lock_init(&faults.lock, "faults");
    cond_init(&faults.cond);
    if (!mkdtemp(folder))
        return NULL;
    struct spool_options o = {
        .folder = folder,
        .max_memory = memory ? memory : UINT64_MAX / 4,
        .max_bytes = bytes ? bytes : UINT64_MAX / 4,
        .max_files = files ? files : 1000,
        .min_free = 5,
        .system = &faulty_system,
    };
    struct spool *s = spool_new(&o, &err);
    if (!s)
        fprintf(stderr, "%s\n", err.what);
    return s;
}

static inline void faults_end(struct spool **s, const char *folder)
{
    struct err err = ERR_INIT;
    spool_destroy(s);
    cond_destroy(&faults.cond);
    lock_destroy(&faults.lock);
    path_remove_tree(folder, &err);
}

#endif
