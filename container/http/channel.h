/* SPDX-License-Identifier: Apache-2.0
 * The way an answer leaves: the only face of a connection that engine and facades see. Implemented
 * twice in connector: leased (the worker writes to the socket itself) and posted (a locked queue that
 * the poller drains). A channel may change from leased to posted in the middle of an answer; callers
 * always go through exchange->channel. */
#ifndef HTTP_CHANNEL_H
#define HTTP_CHANNEL_H
#include <stdint.h>
#include "base/chain.h"
#include "base/span.h"

struct exchange;

enum channel_result {
    CHANNEL_OK = 0,
    CHANNEL_GONE = -1, /* the client left, or was slower than sendTimeout: the answer is over */
    CHANNEL_NO_MEMORY = -2, /* nothing of this call was taken */
    /* read: x->body_failed is the status to tell */
    CHANNEL_FAILED = -3,    /* the body cannot be had */
    CHANNEL_MALFORMED = -4, /* it is no body */
    CHANNEL_LIMIT = -5,     /* it is larger than it may be */
    CHANNEL_WAITS = -6      /* not now */
};

struct channel_ops {
    /* Worker (or any one thread at a time when posted). Takes body bytes; the head goes first, from
     * x->res, which must not change any more. RELEASE NULL: the bytes are copied or sent before the
     * call returns; else they stay valid until RELEASE(ARG), which is called exactly once, also on
     * failure. May wait when posted. */
    enum channel_result (*write)(struct exchange *x, struct span bytes, chain_release_fn *release,
                                 void *arg);
    /* As write, for the body bytes [offset, offset + length) of the regular file FD; length > 0. Takes FD
     * over: it is closed exactly once, also on failure. A file that has fewer bytes when they are sent
     * ends the answer as abort does. The worker's read of the file may wait for the disk, the poller's
     * never does. */
    enum channel_result (*send_file)(struct exchange *x, int fd, uint64_t offset, uint64_t length);
    /* Head and everything written so far leave without further calls. Does not wait for the client. */
    enum channel_result (*flush)(struct exchange *x);
    /* Up to SIZE bytes of the request's body; 0 at its end; an enum channel_result below 0. A collected
     * one may wait for the disk: what is large lies in a file. Under ROUTE_STREAM it waits for the client,
     * as long as that keeps the pace; of a detached X it does not: CHANNEL_WAITS, and X is woken once when
     * there is something. */
    int64_t (*read)(struct exchange *x, void *p, size_t size);
    /* As room: whether read has something to tell (CHANNEL_OK), or CHANNEL_WAITS. */
    enum channel_result (*readable)(struct exchange *x, bool tell);
    /* The answer is complete. Nothing may be called after it. */
    enum channel_result (*finish)(struct exchange *x);
    /* The answer is given up: the client must be able to tell, so no regular end is sent and the
     * connection is closed. Nothing may be called after it. */
    void (*abort)(struct exchange *x);
    /* Whether a write of some bytes would be taken without waiting. */
    bool (*writable)(struct exchange *x);
    /* Whoever makes the answer: CHANNEL_OK: little of it waits for the client (at most half of outputMemory,
     * nothing in files), so more may follow without waiting; CHANNEL_WAITS; CHANNEL_GONE. TELL: X is detached,
     * and CHANNEL_WAITS wakes it once, when it is worth while. */
    enum channel_result (*room)(struct exchange *x, bool tell);
    /* The Link fields of x->res, whose head is not frozen yet, leave as an interim answer when the client
     * and its connection take one now; else nothing is sent. NULL: it never does. */
    enum channel_result (*hint)(struct exchange *x);

    /* Worker that serves X, before finish and abort: the answer will be made by others, when this worker has
     * gone. From here on X is posted, `wake` and `alarm` work, and exchange_event tells what happens.
     * CHANNEL_NO_MEMORY: the answer can only be aborted. Once. */
    enum channel_result (*detach)(struct exchange *x);
    /* Any thread that knows X to be detached and not over: engine_resume(X) will be called on a worker of
     * X's queue, soon and never twice at the same time. Does not wait. */
    void (*wake)(struct exchange *x);
    /* The same threads: EXCHANGE_ALARM in MS milliseconds, or up to a tick later; negative: never. */
    void (*alarm)(struct exchange *x, int64_t ms);
};

#endif
