/* SPDX-License-Identifier: Apache-2.0
 * Files on the poller, which must not wait for the disk: a window is sent when it is in memory, else an io
 * thread reads it first, and the connection waits for that. */
#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "connector/group_priv.h"
#include "observe/counters.h"

#define WINDOW    (256u * 1024u)
#define PAGE      4096u
#define COPY_SIZE 65536u   /* read at a time for transports without sendfile */
#define WARM_US   1000000u /* how long what is in memory is expected to stay there */

struct file_job { /* from submission until its node is popped, or its bytes have left */
    struct inbox_node node;
    struct spool_job job;
    struct group *group;
    struct conn *c;
    struct iovec iov;
    char bytes[];
};

/* ---- io thread ---- */

static void job_done(struct spool_job *job)
{
    struct file_job *j = CONTAINER_OF(job, struct file_job, job);
    group_give_job(j->group, &j->node);
}

/* ---- poller ---- */

static uint64_t at_most(uint64_t n, uint64_t limit)
{
    return n < limit ? n : limit;
}

static enum send_result read_first(struct conn *c, const struct chain_range *f)
{
    struct active *a = c->active;
    struct connector *k = a->group->connector;
    bool copies = !c->transport->sendfile;
    struct file_job *j = malloc(sizeof(*j) + (copies ? COPY_SIZE : 0));
    if (!j)
        return SEND_NO_MEMORY;
    *j = (struct file_job){
        .node = {.kind = NODE_FILE},
        .job = {.op = copies ? SPOOL_READ : SPOOL_WARM,
                .fd = f->fd,
                .offset = f->offset,
                .iov = &j->iov,
                .iov_count = 1,
                .length = at_most(f->length, WINDOW),
                .done = job_done},
        .group = a->group,
        .c = c,
        .iov = {.iov_base = j->bytes, .iov_len = at_most(f->length, COPY_SIZE)},
    };
    a->reading = true;
    c->io_jobs++;
    atomic_fetch_add(&k->jobs, 1);
    counter_add(COUNTER_cold_reads, 1);
    spool_submit(k->options.spool, &j->job);
    return SEND_DISK;
}

/* How many bytes of the next window are in memory: 0 at the end of the file, -1 if it is not known that
 * the first is. The kernel's own answer: it copies what is there, always onto the same page, which costs
 * half of asking for every page alone, and can be trusted where mincore's cannot. */
static int64_t probe(const struct chain_range *f)
{
    char page[PAGE];
    struct iovec iov[WINDOW / PAGE];
    uint64_t left = at_most(f->length, WINDOW);
    int n = 0;
    for (; left > 0; n++) {
        iov[n] = (struct iovec){.iov_base = page, .iov_len = at_most(left, PAGE)};
        left -= iov[n].iov_len;
    }
    return preadv2(f->fd, iov, n, (off_t)f->offset, RWF_NOWAIT);
}

/* SEND_DONE: a->warm bytes can be sent without waiting for the disk. */
static enum send_result warm_up(struct conn *c, const struct chain_range *f)
{
    struct active *a = c->active;
    uint64_t now = poller_now_us(c->poller);
    if (a->warm > 0 && now - a->warm_us < WARM_US)
        return SEND_DONE;
    int64_t there = probe(f);
    if (there < 0) /* not there, or the file system cannot tell */
        return read_first(c, f);
    a->warm = (uint64_t)there;
    a->warm_us = now;
    return there > 0 ? SEND_DONE : SEND_FILE;
}

enum send_result conn_send_file(struct conn *c, const struct chain_range *f, size_t *sent)
{
    struct active *a = c->active;
    if (a->reading)
        return SEND_DISK;
    if (!c->transport->sendfile)
        return read_first(c, f);
    enum send_result r = warm_up(c, f);
    if (r != SEND_DONE)
        return r;
    long k = c->transport->sendfile(c, f->fd, f->offset, at_most(f->length, a->warm));
    if (k == TRANSPORT_WANT_READ || k == TRANSPORT_WANT_WRITE)
        return SEND_BLOCKED;
    if (k < 0)
        return k == TRANSPORT_FILE ? SEND_FILE : SEND_FAILED;
    a->warm -= (uint64_t)k;
    *sent = (size_t)k;
    return SEND_DONE;
}

/* The bytes that were read take the place of the range they are of. False: out of memory. */
static bool take_bytes(struct active *a, struct file_job *j)
{
    size_t n = (size_t)j->job.moved;
    if (!chain_put_front(&a->out, j->bytes, n, free, j)) {
        free(j);
        return false;
    }
    return true;
}

void conn_file_read(struct group *g, struct inbox_node *node)
{
    struct file_job *j = CONTAINER_OF(node, struct file_job, node);
    struct conn *c = j->c;
    struct active *a = c->active;
    uint64_t moved = j->job.result == SPOOL_OK ? j->job.moved : 0;
    bool copied = j->job.op == SPOOL_READ;
    c->io_jobs--;
    if (c->state == CONN_DEAD || moved == 0) {
        free(j);
        if (c->state == CONN_DEAD)
            conn_job_done(g, c);
        else
            conn_die(g, c, CLOSE_file);
        return;
    }
    a->reading = false;
    if (copied) {
        chain_consume(&a->out, (size_t)moved);
        if (!take_bytes(a, j)) {
            conn_die(g, c, CLOSE_memory);
            return;
        }
    } else {
        a->warm = moved;
        a->warm_us = poller_now_us(c->poller);
        free(j);
    }
    conn_run(g, c);
}
