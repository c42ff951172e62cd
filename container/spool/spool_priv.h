/* SPDX-License-Identifier: Apache-2.0
 * Inside the spool room. */
#ifndef SPOOL_SPOOL_PRIV_H
#define SPOOL_SPOOL_PRIV_H
#include <stdatomic.h>
#include "observe/log_limit.h"
#include "base/lock.h"
#include "base/thread.h"
#include "spool/spool.h"
#include "spool/system.h"

#define SPOOL_THREADS_MAX 16u

struct used { /* of the whole spool, and of each account */
    _Atomic uint64_t memory, bytes, files;
    _Atomic uint64_t refused[SPOOL_RESULT_COUNT];
};
struct spool_account {
    struct spool_account *next;
    struct spool *spool;
    struct used used;
    const void *owner;
    uint32_t number;
    char name[];
};
struct spool_file {
    struct spool_account *account;
    int fd; /* -1: not made yet */
    uint64_t size;
    struct spool_job closing;
};

struct spool {
    char *folder;
    const struct spool_system *system;
    struct spool_options options; /* its folder is not ours */
    struct used used;
    struct log_limit told[SPOOL_RESULT_COUNT]; /* of the lines of the log */
    /* What may still be written before minFreeDisk, by the last look at the disk. */
    _Atomic int64_t room;
    _Atomic uint64_t looked_us;
    struct thread threads[SPOOL_THREADS_MAX];
    uint32_t thread_count;
    struct lock lock;
    struct cond work;
    /* under the lock */
    struct spool_account *accounts;
    struct spool_job *first, **end;
    uint32_t idle;
    bool stopping;
    _Atomic uint32_t jobs; /* queued or under way; read by anyone */
};

/* budget.c */
enum spool_result budget_take_bytes(struct spool_account *a, uint64_t n);
void budget_give_bytes(struct spool_account *a, uint64_t n);
enum spool_result budget_take_file(struct spool_account *a);
void budget_give_file(struct spool_account *a);
/* Counts and logs a refusal; returns R. ERROR: errno behind it, or 0. */
enum spool_result spool_refused(struct spool_account *a, enum spool_result r, int error);

/* file.c: on an io thread, or on a worker for its own request. */
enum spool_result file_write(struct spool_file *f, struct iovec *iov, int n, uint64_t offset,
                             uint64_t *moved, int *error);
enum spool_result fd_read(struct spool *s, int fd, struct iovec *iov, int n, uint64_t offset,
                          uint64_t *moved, int *error);
enum spool_result fd_warm(struct spool *s, int fd, uint64_t offset, uint64_t length,
                          uint64_t *moved, int *error);
void file_close(struct spool_file *f);

/* io.c */
bool io_start(struct spool *s, struct err *err);
void io_stop(struct spool *s);

#endif
