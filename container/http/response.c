/* SPDX-License-Identifier: Apache-2.0
 * See response.h. The common case, a small answer, stays in `pending` until finish, so that it gets a
 * Content-Length and leaves in one piece with its head. */
#include "http/response.h"

#include <sys/stat.h>
#include <unistd.h>

#include "http/status.h"

static enum response_result from_channel(enum channel_result r)
{
    switch (r) {
    case CHANNEL_OK:
        return RESPONSE_OK;
    case CHANNEL_FAILED: /* these are not of writing */
    case CHANNEL_MALFORMED:
    case CHANNEL_LIMIT:
    case CHANNEL_WAITS:
    case CHANNEL_GONE:
        return RESPONSE_GONE;
    case CHANNEL_NO_MEMORY:
        return RESPONSE_NO_MEMORY;
    }
    return RESPONSE_GONE;
}

/* Freezes the head; what it says about length and body is decided with what is known now. */
static void commit(struct exchange *x)
{
    if (x->res.committed)
        return;
    void (*before)(void *arg) = x->res.before_commit;
    x->res.before_commit = NULL;
    if (before)
        before(x->res.before_commit_arg);
    x->res.committed = true;
    if (x->req.method == METHOD_HEAD || status_sends_no_body(x->res.status))
        x->res.discard = true;
}

static enum response_result send_pending(struct exchange *x)
{
    commit(x);
    struct buf *pending = &x->res.pending;
    if (x->res.discard || buf_len(pending) == 0) {
        buf_clear(pending);
        return RESPONSE_OK;
    }
    enum channel_result r = x->channel->write(x, buf_span(pending), NULL, NULL);
    if (r != CHANNEL_NO_MEMORY) /* then it was not taken and may be tried again */
        buf_clear(pending);
    return from_channel(r);
}

/* How much of N the announced length still allows. */
static size_t within_length(const struct exchange *x, size_t n)
{
    if (x->res.length < 0)
        return n;
    uint64_t left = (uint64_t)x->res.length - x->res.written;
    return left < n ? (size_t)left : n;
}

static enum response_result write_through(struct exchange *x, struct span bytes,
                                          chain_release_fn *release, void *arg)
{
    enum response_result r = send_pending(x);
    if (r == RESPONSE_OK && !x->res.discard)
        return from_channel(x->channel->write(x, bytes, release, arg));
    if (release)
        release(arg);
    return r;
}

static enum response_result write_some(struct exchange *x, struct span bytes,
                                       chain_release_fn *release, void *arg)
{
    size_t fits = within_length(x, bytes.n);
    bool cut = fits < bytes.n;
    enum response_result r = RESPONSE_OK;
    bytes.n = fits;
    if (x->res.ended) {
        r = RESPONSE_GONE;
        fits = 0;
    } else if (!x->res.committed && buf_len(&x->res.pending) + fits <= x->res.buffer) {
        if (!buf_append(&x->res.pending, bytes.p, fits))
            r = RESPONSE_NO_MEMORY;
    } else if (fits > 0) {
        r = write_through(x, bytes, release, arg);
        release = NULL;
    }
    if (release)
        release(arg);
    if (r != RESPONSE_OK)
        return r;
    x->res.written += fits;
    return cut ? RESPONSE_TOO_LONG : RESPONSE_OK;
}

enum response_result response_write(struct exchange *x, struct span bytes)
{
    return write_some(x, bytes, NULL, NULL);
}

/* Small pieces are copied together, also behind the head; what has no room there goes on as it is. */
enum response_result response_gather(struct exchange *x, struct span bytes)
{
    size_t fits = within_length(x, bytes.n);
    bool cut = fits < bytes.n;
    enum response_result r = RESPONSE_OK;
    bytes.n = fits;
    if (x->res.ended)
        return RESPONSE_GONE;
    if (buf_len(&x->res.pending) + fits <= x->res.buffer)
        r = buf_append(&x->res.pending, bytes.p, fits) ? RESPONSE_OK : RESPONSE_NO_MEMORY;
    else if (fits > 0)
        r = write_through(x, bytes, NULL, NULL);
    if (r != RESPONSE_OK)
        return r;
    x->res.written += fits;
    return cut ? RESPONSE_TOO_LONG : RESPONSE_OK;
}

enum response_result response_gathered(struct exchange *x)
{
    if (!x->res.committed || x->res.ended)
        return RESPONSE_OK;
    enum response_result r = send_pending(x);
    return r == RESPONSE_NO_MEMORY ? RESPONSE_OK : r; /* kept: it goes with what follows */
}

enum response_result response_write_ref(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    return write_some(x, bytes, release, arg);
}

static bool has_range(int fd, int64_t offset, int64_t length)
{
    struct stat st;
    return offset >= 0 && length >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           offset <= st.st_size && length <= st.st_size - offset;
}

/* As write_through; LENGTH > 0. */
static enum response_result send_file_through(struct exchange *x, int fd, uint64_t offset,
                                              uint64_t length)
{
    enum response_result r = send_pending(x);
    if (r == RESPONSE_OK && !x->res.discard)
        return from_channel(x->channel->send_file(x, fd, offset, length));
    close(fd);
    return r;
}

enum response_result response_send_file(struct exchange *x, int fd, int64_t offset, int64_t length)
{
    enum response_result r = RESPONSE_OK;
    uint64_t fits = 0;
    if (!has_range(fd, offset, length))
        r = RESPONSE_INVALID;
    else if (x->res.ended)
        r = RESPONSE_GONE;
    else
        fits = within_length(x, (size_t)length);
    if (fits > 0)
        r = send_file_through(x, fd, (uint64_t)offset, fits);
    else if (fd >= 0)
        close(fd);
    if (r != RESPONSE_OK)
        return r;
    x->res.written += fits;
    return fits < (uint64_t)length ? RESPONSE_TOO_LONG : RESPONSE_OK;
}

enum response_result response_flush(struct exchange *x)
{
    if (x->res.ended)
        return RESPONSE_GONE;
    enum response_result r = send_pending(x);
    if (r != RESPONSE_OK)
        return r;
    return from_channel(x->channel->flush(x));
}

bool response_is_short(const struct exchange *x)
{
    bool bodyless = x->req.method == METHOD_HEAD || status_sends_no_body(x->res.status);
    return !bodyless && x->res.length >= 0 && x->res.written < (uint64_t)x->res.length;
}

enum response_result response_finish(struct exchange *x)
{
    if (x->res.ended)
        return RESPONSE_OK;
    if (response_is_short(x)) {
        response_abort(x);
        return RESPONSE_GONE;
    }
    if (!x->res.committed && x->res.length < 0)
        x->res.length = (int64_t)x->res.written;
    enum response_result r = send_pending(x);
    if (r == RESPONSE_NO_MEMORY) {
        response_abort(x);
        return r;
    }
    x->res.ended = true;
    enum response_result end = from_channel(x->channel->finish(x));
    return r == RESPONSE_OK ? end : r;
}

void response_abort(struct exchange *x)
{
    if (x->res.ended)
        return;
    x->res.ended = true;
    x->res.close = true;
    x->channel->abort(x);
}

enum response_result response_reset_body(struct exchange *x)
{
    if (x->res.committed || x->res.ended)
        return RESPONSE_COMMITTED;
    buf_clear(&x->res.pending);
    x->res.length = -1;
    x->res.written = 0;
    return RESPONSE_OK;
}

enum response_result response_reset(struct exchange *x)
{
    if (response_reset_body(x) != RESPONSE_OK)
        return RESPONSE_COMMITTED;
    x->res.headers.n = 0;
    x->res.status = 200;
    return RESPONSE_OK;
}

enum response_result response_set_buffer(struct exchange *x, uint64_t size)
{
    if (x->res.committed || x->res.ended || x->res.written > 0)
        return RESPONSE_COMMITTED;
    if (size > RESPONSE_BUFFER_MAX)
        return RESPONSE_INVALID;
    x->res.buffer = size > RESPONSE_BUFFER ? (uint32_t)size : RESPONSE_BUFFER;
    return RESPONSE_OK;
}

enum response_result response_hint(struct exchange *x)
{
    if (x->res.committed || x->res.ended)
        return RESPONSE_COMMITTED;
    if (!x->channel->hint || !headers_find(&x->res.headers, SPAN_LIT("Link"), 0).p)
        return RESPONSE_OK;
    return from_channel(x->channel->hint(x));
}
