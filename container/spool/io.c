/* SPDX-License-Identifier: Apache-2.0
 * The io threads: they take jobs in order and say when each is done. What a slow disk costs is paid
 * here, and by the connections whose jobs wait, by nobody else. */
#include <errno.h>
#include <stdio.h>

#include "base/check.h"
#include "spool/spool_priv.h"

static int job_fd(const struct spool_job *job)
{
    return job->file ? job->file->fd : job->fd;
}

static enum spool_result run(struct spool *s, struct spool_job *job)
{
    int *error = &job->error;
    switch (job->op) {
    case SPOOL_WRITE:
        return file_write(job->file, job->iov, job->iov_count, job->offset, &job->moved, error);
    case SPOOL_READ:
        return fd_read(s, job_fd(job), job->iov, job->iov_count, job->offset, &job->moved, error);
    case SPOOL_WARM:
        return fd_warm(s, job_fd(job), job->offset, job->length, &job->moved, error);
    case SPOOL_CLOSE:
        return SPOOL_OK; /* its `done` does it */
    }
    UNREACHABLE();
}

static void run_job(struct spool *s, struct spool_job *job)
{
    job->error = 0;
    job->moved = 0;
    job->result = run(s, job);
    if (job->result != SPOOL_OK && job->op != SPOOL_WRITE && job->file)
        spool_refused(job->file->account, job->result, job->error);
    job->done(job);
}

static void *io_main(void *arg)
{
    struct spool *s = arg;
    lock_acquire(&s->lock);
    for (;;) {
        struct spool_job *job = s->first;
        if (job) {
            s->first = job->next;
            if (!s->first)
                s->end = &s->first;
            lock_release(&s->lock);
            run_job(s, job);
            lock_acquire(&s->lock);
            atomic_fetch_sub_explicit(&s->jobs, 1, memory_order_relaxed);
        } else if (s->stopping) {
            break;
        } else {
            s->idle++;
            cond_wait(&s->work, &s->lock);
            s->idle--;
        }
    }
    lock_release(&s->lock);
    return NULL;
}

void spool_submit(struct spool *s, struct spool_job *job)
{
    job->next = NULL;
    lock_acquire(&s->lock);
    CHECK(!s->stopping);
    *s->end = job;
    s->end = &job->next;
    atomic_fetch_add_explicit(&s->jobs, 1, memory_order_relaxed);
    if (s->idle > 0)
        cond_signal(&s->work);
    lock_release(&s->lock);
}

bool io_start(struct spool *s, struct err *err)
{
    uint32_t n = s->options.threads ? s->options.threads : 2;
    if (n > SPOOL_THREADS_MAX)
        n = SPOOL_THREADS_MAX;
    while (s->thread_count < n) {
        char name[16];
        snprintf(name, sizeof(name), "spool-%u", s->thread_count + 1);
        if (!thread_start(&s->threads[s->thread_count], name, io_main, s))
            return err_sys(err, errno, "cannot start the io thread %s", name);
        s->thread_count++;
    }
    return true;
}

void io_stop(struct spool *s)
{
    lock_acquire(&s->lock);
    s->stopping = true;
    cond_broadcast(&s->work);
    lock_release(&s->lock);
    while (s->thread_count > 0)
        thread_join(&s->threads[--s->thread_count]);
}
