/* SPDX-License-Identifier: Apache-2.0
 * The connection of a tested request: http/channel.h with a client in memory, which sends its body in
 * pieces, takes everything at once, and may leave. */
#include <unistd.h>

#include "base/clock.h"
#include "testkit/testkit_priv.h"

static struct cs_test_request *request_of(struct exchange *x)
{
    return x->channel_state;
}

/* ---- answers made by others: the thread of cs_test_run goes on with them ---- */

static void wake_locked(struct cs_test_request *q)
{
    q->wake = true;
    cond_signal(&q->woken);
}

static void gone_locked(struct cs_test_request *q)
{
    atomic_fetch_or(&q->x->events, EXCHANGE_GONE);
    wake_locked(q);
}

static enum channel_result memory_detach(struct exchange *x)
{
    struct cs_test_request *q = request_of(x);
    lock_acquire(&q->lock);
    q->detached = true;
    if (q->left)
        gone_locked(q);
    lock_release(&q->lock);
    return CHANNEL_OK;
}

static void memory_wake(struct exchange *x)
{
    struct cs_test_request *q = request_of(x);
    lock_acquire(&q->lock);
    wake_locked(q);
    lock_release(&q->lock);
}

static void memory_alarm(struct exchange *x, int64_t ms)
{
    struct cs_test_request *q = request_of(x);
    lock_acquire(&q->lock);
    q->alarm_us = ms < 0 ? 0 : clock_us() + (uint64_t)ms * 1000;
    cond_signal(&q->woken);
    lock_release(&q->lock);
}

bool channel_wait_for_wake(struct cs_test_request *q, uint64_t deadline_us)
{
    bool in_time = true;
    lock_acquire(&q->lock);
    while (!q->wake) {
        uint64_t now = clock_us(), until = deadline_us;
        if (q->alarm_us > 0 && q->alarm_us < until)
            until = q->alarm_us;
        if (now < until) {
            cond_wait_until(&q->woken, &q->lock, until);
        } else if (q->alarm_us > 0 && now >= q->alarm_us) {
            q->alarm_us = 0;
            atomic_fetch_or(&q->x->events, EXCHANGE_ALARM);
            q->wake = true;
        } else {
            in_time = false;
            q->left = true;
            gone_locked(q);
        }
    }
    q->wake = false;
    lock_release(&q->lock);
    return in_time;
}

/* ---- what the client gets ---- */

static enum channel_result put_locked(struct cs_test_request *q, struct span bytes)
{
    uint64_t room = q->leaves_after - buf_len(&q->got);
    if (q->left || q->ended)
        return CHANNEL_GONE;
    q->left = bytes.n > room;
    if (q->left)
        bytes.n = (size_t)room;
    if (q->left)
        gone_locked(q);
    if (!buf_append_span(&q->got, bytes))
        return CHANNEL_NO_MEMORY;
    q->waiting += bytes.n;
    return q->left ? CHANNEL_GONE : CHANNEL_OK;
}

static enum channel_result put(struct cs_test_request *q, struct span bytes)
{
    lock_acquire(&q->lock);
    enum channel_result r = put_locked(q, bytes);
    lock_release(&q->lock);
    return r;
}

static enum channel_result memory_write(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg)
{
    enum channel_result r = put(request_of(x), bytes);
    if (release)
        release(arg);
    return r;
}

static void end(struct cs_test_request *q, bool complete)
{
    lock_acquire(&q->lock);
    q->ended = true;
    q->complete = complete && !q->left;
    cond_broadcast(&q->done);
    lock_release(&q->lock);
}

static void memory_abort(struct exchange *x)
{
    end(request_of(x), false);
}

static enum channel_result memory_send_file(struct exchange *x, int fd, uint64_t offset,
                                            uint64_t length)
{
    char piece[65536];
    enum channel_result r = CHANNEL_OK;
    while (length > 0 && r == CHANNEL_OK) {
        size_t want = length < sizeof(piece) ? (size_t)length : sizeof(piece);
        ssize_t n = pread(fd, piece, want, (off_t)offset);
        if (n <= 0) { /* it became shorter */
            memory_abort(x);
            r = CHANNEL_GONE;
            break;
        }
        r = put(request_of(x), span_make(piece, (size_t)n));
        offset += (uint64_t)n;
        length -= (uint64_t)n;
    }
    close(fd);
    return r;
}

static enum channel_result memory_flush(struct exchange *x)
{
    return put(request_of(x), SPAN_LIT(""));
}

static enum channel_result memory_finish(struct exchange *x)
{
    struct cs_test_request *q = request_of(x);
    end(q, true);
    return q->complete ? CHANNEL_OK : CHANNEL_GONE;
}

static bool memory_writable(struct exchange *x)
{
    (void)x;
    return true;
}

#define ROOM 32768u /* as with the outputMemory of a server that says nothing about it */

/* The client takes what was written when the answer would have to wait for it. */
static enum channel_result memory_room(struct exchange *x, bool tell)
{
    struct cs_test_request *q = request_of(x);
    enum channel_result r = CHANNEL_OK;
    lock_acquire(&q->lock);
    if (q->left || q->ended) {
        r = CHANNEL_GONE;
    } else if (q->waiting > ROOM) {
        r = CHANNEL_WAITS;
        if (tell) {
            q->waiting = 0;
            wake_locked(q);
        }
    }
    lock_release(&q->lock);
    return r;
}

/* ---- what it sends ---- */

static int64_t body_end(struct exchange *x, int code)
{
    switch (code) {
    case CS_OK:
        return 0;
    case CS_EINVAL:
        x->body_failed = 400;
        return CHANNEL_MALFORMED;
    case CS_ELIMIT:
        x->body_failed = 413;
        return CHANNEL_LIMIT;
    default:
        return CHANNEL_GONE;
    }
}

/* Under ROUTE_STREAM each piece comes when somebody has waited for it, once no thread has the request. */
static enum channel_result await_piece(struct cs_test_request *q, bool tell)
{
    enum channel_result r = CHANNEL_OK;
    bool between = !q->reading || q->read_of_piece == q->reading->size || q->read_of_piece == 0;
    lock_acquire(&q->lock);
    if (q->left) {
        r = CHANNEL_GONE;
    } else if (q->detached && q->x->route.mode == ROUTE_STREAM && between && !q->arrived) {
        r = CHANNEL_WAITS;
        q->arrived = tell;
        if (tell)
            wake_locked(q);
    }
    lock_release(&q->lock);
    return r;
}

static enum channel_result memory_readable(struct exchange *x, bool tell)
{
    return await_piece(request_of(x), tell);
}

static int64_t memory_read(struct exchange *x, void *p, size_t size)
{
    struct cs_test_request *q = request_of(x);
    if (size == 0)
        return 0;
    enum channel_result r = await_piece(q, true);
    if (r == CHANNEL_WAITS)
        return r;
    while (q->reading && q->read_of_piece == q->reading->size) {
        q->reading = q->reading->next;
        q->read_of_piece = 0;
    }
    if (!q->reading)
        return body_end(x, q->body_end);
    size_t have = q->reading->size - q->read_of_piece;
    size_t n = have < size ? have : size;
    memcpy(p, q->reading->bytes + q->read_of_piece, n);
    q->read_of_piece += n;
    q->arrived = q->read_of_piece < q->reading->size;
    x->body_read += n;
    return (int64_t)n;
}

const struct channel_ops memory_channel = {
    .write = memory_write,
    .send_file = memory_send_file,
    .flush = memory_flush,
    .read = memory_read,
    .finish = memory_finish,
    .abort = memory_abort,
    .writable = memory_writable,
    .readable = memory_readable,
    .room = memory_room,
    .detach = memory_detach,
    .wake = memory_wake,
    .alarm = memory_alarm,
};
