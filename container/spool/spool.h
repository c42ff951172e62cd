/* SPDX-License-Identifier: Apache-2.0
 * Temporary files and the io threads that touch them, and the one budget of what bodies and answers may
 * hold in memory, on disk and in descriptors. One per process, made by cli, because memory, disk and
 * descriptors are the process's: two connectors must not each take all of them. Used by the connector.
 *
 * Who may touch a file's bytes: io threads by jobs, on behalf of a poller; a worker by the _now calls,
 * for the request it serves. Never a poller. One job or call at a time on one file. */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "base/err.h"

struct spool;
struct spool_account; /* one webapp's share of the budget; lives as long as the spool */
struct spool_file;    /* has no name in the folder; ends with its owner */
struct spool_system;  /* spool/system.h: system calls, replaced by tests */

/* Why something was not taken: RESULT(name, the attribute to raise or NULL, sentence). Counted, and
 * logged by the spool itself (at most a line per cause and ten seconds): callers need not. */
enum spool_result {
    SPOOL_OK,
#define X(name, setting, text) SPOOL_##name,
#include "spool/results.def"
#undef X
    SPOOL_RESULT_COUNT
};
const char *spool_result_name(enum spool_result r);
const char *spool_result_setting(enum spool_result r); /* NULL: no attribute would help */
const char *spool_result_text(enum spool_result r);    /* a constant */

struct spool_options {
    const char *folder;  /* for the files: BASE/temp. Made when it is missing */
    uint32_t threads;    /* io threads; 0: 2 */
    uint64_t max_memory; /* maxBufferedMemory, bytes; of each maximum one account gets 3/4 */
    uint64_t max_bytes;  /* maxSpool */
    uint32_t max_files;  /* maxSpoolFiles */
    uint32_t min_free;   /* minFreeDisk: percent of the disk that stay free */
    const struct spool_system *system; /* NULL: the real one */
};

/* Starts the io threads. A folder that cannot be used (or is a tmpfs) is a WARN, not an error: all that
 * needs no file is still served. NULL: err. FOLDER is copied. */
struct spool *spool_new(const struct spool_options *options, struct err *err);
/* Waits for the jobs under way. Every file was freed, all memory given back. */
void spool_destroy(struct spool **s);

/* The account of OWNER's part NUMBER (an engine and its queue), made at the first call. NAME is copied.
 * Any thread. NULL: out of memory. */
struct spool_account *spool_account(struct spool *s, const void *owner, uint32_t number,
                                    const char *name);

/* ---- memory ----
 * Any thread, no lock. N bytes more are held for A: SPOOL_OK, or nothing was taken and SPOOL_MEMORY or
 * SPOOL_MEMORY_SHARE says which cap is reached. What was taken has to be given back, in any pieces. */
enum spool_result spool_memory_take(struct spool_account *a, size_t n);
void spool_memory_give(struct spool_account *a, size_t n);

/* ---- files ---- */

/* Any thread, does not touch the disk: the first write makes the file. SPOOL_OK, SPOOL_FILES,
 * SPOOL_FILES_SHARE, SPOOL_NO_MEMORY (*OUT is NULL then). */
enum spool_result spool_file_new(struct spool_account *a, struct spool_file **out);
/* Any thread, does not touch the disk: an io thread closes it and gives its bytes back. No job is under
 * way on it. *F becomes NULL; NULL is fine. */
void spool_file_free(struct spool_file **f);
/* Bytes from the start to the end of what was written. Not while a write is under way. */
uint64_t spool_file_size(const struct spool_file *f);
/* For sendfile and the like; -1 before the first write. Not while a write is under way. */
int spool_file_fd(const struct spool_file *f);
/* Whether LENGTH more bytes of A would fit now, by maxSpool alone: for early refusals. Takes nothing. */
enum spool_result spool_would_fit(struct spool_account *a, uint64_t length);
/* The largest file that one account could ever have. */
uint64_t spool_file_max(const struct spool *s);

/* ---- jobs ---- */

enum spool_op {
    SPOOL_WRITE, /* all of iov to file at offset */
    SPOOL_READ,  /* from file (or fd) at offset into iov; less only at the file's end */
    SPOOL_WARM,  /* `length` bytes of file (or fd) at offset come into the page cache */
    SPOOL_CLOSE  /* the spool's own: see spool_file_free */
};
struct spool_job { /* lives in the caller's object until done is called */
    enum spool_op op;
    struct spool_file *file; /* or NULL: fd, which stays open until done */
    int fd;
    uint64_t offset;
    struct iovec *iov; /* the caller's; changed by the job; what it points to stays until done */
    int iov_count;     /* at most IOV_MAX */
    uint64_t length;   /* SPOOL_WARM */
    /* On an io thread, as the last thing: JOB may be gone when it returns. Must not block. */
    void (*done)(struct spool_job *job);
    /* set before done */
    enum spool_result result;
    int error;              /* errno behind result, or 0 */
    uint64_t moved;         /* bytes; of a failed write: what is in the file all the same */
    struct spool_job *next; /* the spool's */
};
/* Any thread; never fails and never waits: what goes wrong is the job's result. Jobs begin in order of
 * submission and may end in another. */
void spool_submit(struct spool *s, struct spool_job *job);

/* The same at once, on a worker. A write that fails leaves what it moved in *MOVED. */
enum spool_result spool_write_now(struct spool_file *f, struct iovec *iov, int n, uint64_t offset,
                                  uint64_t *moved);
enum spool_result spool_read_now(struct spool_file *f, void *p, size_t n, uint64_t offset,
                                 size_t *moved);

/* ---- looking ---- */

struct spool_stats {
    uint64_t memory, max_memory; /* bytes held now */
    uint64_t bytes, max_bytes;   /* of files now */
    uint32_t files, max_files;
    uint32_t jobs; /* queued or under way; 0 for an account */
    uint64_t refused[SPOOL_RESULT_COUNT];
};
void spool_stats(struct spool *s, struct spool_stats *out); /* any thread */
void spool_account_stats(const struct spool_account *a, struct spool_stats *out);

#endif
