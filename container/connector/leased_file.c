/* SPDX-License-Identifier: Apache-2.0
 * Files on the direct path: the worker sends while the socket takes them, and may wait for the disk, for
 * it is its own request. What the socket does not take is the poller's, as for other output. */
#include <errno.h>
#include <unistd.h>

#include "connector/group_priv.h"

#define FILE_WINDOW (2048u * 1024u) /* per call: one for most files, the socket ends it sooner */
#define FILE_COPY   16384u          /* files up to this are read into the gathered output */

struct file_left { /* fd < 0: somebody else's by now */
    int fd;
    uint64_t offset, length;
};

static size_t at_most(uint64_t n, size_t limit)
{
    return n < limit ? (size_t)n : limit;
}

/* The answer cannot be completed: the client can tell, for its end does not come. */
static enum channel_result file_failed(struct lease *l)
{
    lease_flush(l, false); /* what was written before belongs to the client */
    if (!l->broken)
        lease_break(l, CLOSE_file);
    return CHANNEL_GONE;
}

/* The socket is full: what is gathered, the rest of the file, and what goes behind it go to the poller. */
static enum channel_result file_to_poller(struct lease *l, struct exchange *x, struct file_left *f,
                                          const struct proto_frame *frame)
{
    struct chain one = CHAIN_EMPTY;
    enum channel_result r = lease_end_early(l, x, f->length + frame->after_n);
    if (r != CHANNEL_OK || f->length + frame->after_n == 0)
        return r;
    if (f->length > 0) {
        if (!chain_file(&one, f->fd, f->offset, f->length, chain_close_fd, CHAIN_FD(f->fd))) {
            posted_give_up(x->channel_state, CLOSE_memory);
            return CHANNEL_GONE;
        }
        f->fd = -1;
        r = posted_raw_piece(x, &one);
    }
    if (r == CHANNEL_OK)
        r = posted_raw(x, frame->after, frame->after_n);
    return r == CHANNEL_OK ? posted_raw_end(x) : r;
}

/* Reads what comes next of F behind what is gathered. */
static bool read_some(struct buf *gather, struct file_left *f)
{
    size_t n = at_most(f->length, FILE_COPY);
    ssize_t got;
    do
        got = pread(f->fd, gather->mem + gather->tail, n, (off_t)f->offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    buf_produced(gather, (size_t)got);
    f->offset += (uint64_t)got;
    f->length -= (uint64_t)got;
    return true;
}

/* Small files, which leave together with their head, and transports that cannot do better. */
static enum channel_result send_copied(struct lease *l, struct exchange *x, struct file_left *f,
                                       const struct proto_frame *frame)
{
    struct buf *gather = &l->a->gather;
    while (f->length > 0) {
        if (!buf_reserve(gather, FILE_COPY + sizeof(frame->after))) {
            lease_break(l, CLOSE_memory);
            return CHANNEL_NO_MEMORY;
        }
        if (!read_some(gather, f))
            return file_failed(l);
        enum send_result sent = f->length > 0 ? lease_flush(l, true) : SEND_DONE;
        if (sent != SEND_DONE)
            return l->broken ? CHANNEL_GONE : file_to_poller(l, x, f, frame);
    }
    buf_append(gather, frame->after, frame->after_n); /* there is room */
    return buf_len(gather) > FILE_COPY ? lease_push(l, x) : CHANNEL_OK;
}

static enum channel_result send_windows(struct lease *l, struct exchange *x, struct file_left *f,
                                        const struct proto_frame *frame)
{
    if (lease_flush(l, true) != SEND_DONE)
        return l->broken ? CHANNEL_GONE : file_to_poller(l, x, f, frame);
    while (f->length > 0) {
        long sent =
            l->c->transport->sendfile(l->c, f->fd, f->offset, at_most(f->length, FILE_WINDOW));
        if (sent == TRANSPORT_WANT_READ || sent == TRANSPORT_WANT_WRITE)
            return file_to_poller(l, x, f, frame);
        if (sent == TRANSPORT_FILE)
            return file_failed(l);
        if (sent < 0) {
            lease_break(l, CLOSE_reset);
            return CHANNEL_GONE;
        }
        f->offset += (uint64_t)sent;
        f->length -= (uint64_t)sent;
    }
    if (buf_append(&l->a->gather, frame->after, frame->after_n))
        return CHANNEL_OK;
    lease_break(l, CLOSE_memory);
    return CHANNEL_NO_MEMORY;
}

enum channel_result leased_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t length)
{
    struct lease *l = x->channel_state;
    struct file_left f = {fd, offset, length};
    struct proto_frame frame;
    enum channel_result r = CHANNEL_GONE;
    if (!l->broken && lease_have_head(l, x)) {
        l->a->proto->encode_frame(x, length, &frame);
        if (!buf_append(&l->a->gather, frame.before, frame.before_n)) {
            lease_break(l, CLOSE_memory);
            r = CHANNEL_NO_MEMORY;
        } else if (length <= FILE_COPY || !l->c->transport->sendfile || l->streams) {
            r = send_copied(l, x, &f, &frame);
        } else {
            r = send_windows(l, x, &f, &frame);
        }
    }
    if (f.fd >= 0)
        close(f.fd);
    return r;
}
