/* SPDX-License-Identifier: Apache-2.0
 * Asynchronous requests inside the engine: an exchange whose answer goes on when its worker has left. The
 * struct lives as long as its exchange and as any handle that a module holds. Whoever uses the request or
 * the answer is its owner meanwhile: a worker (servlet, callback, listener), or a thread of the webapp
 * between cs_async_enter and cs_async_leave; at most one at a time. */
#ifndef ENGINE_ASYNC_H
#define ENGINE_ASYNC_H
#include "base/thread.h"
#include "engine/async_state.h"
#include "engine/call.h"

struct async_listener {
    struct async_listener *next;
    cs_async_listener row;
    void *self;
    struct app_module *module; /* whose code it is */
};

struct async {
    cs_async pub;
    _Atomic uint32_t refs;  /* the exchange's, and those of handles */
    enum async_state state; /* under the lock */
    struct lock lock;
    struct cond free; /* the owner left */
    /* under the lock, too */
    uint32_t owner, depth; /* its thread_self_id, 0: nobody; how often it has entered */
    bool worker;           /* the owner is a worker: it stays that when it leaves what it entered */
    bool wanted;           /* there is something to do for a worker when the owner leaves */
    bool detached;         /* the worker of the request has left (channel.h) */
    bool gone, told_gone;  /* the client; ... and the listeners know */
    bool ask, asked;       /* the webapp shall stop; ... and the listeners know */
    bool end;              /* ... at once */
    int64_t timeout_ms;    /* negative: none */
    uint64_t deadline_us;  /* of STARTED; 0: none */
    char *path;            /* to dispatch to; NULL: the request's own */
    struct async_listener *listeners, **listeners_end;
    struct async_io *io;                  /* NULL: no callbacks */
    struct async_listener *old_listeners; /* of before the last start: freed with the rest */
    /* the owner's */
    struct call *call;
    struct exchange *x; /* held until the end */
    cs_request *req;    /* as they were given to cs_req_async_start */
    cs_response *res;
    void *self; /* of the servlet that started it */
    struct app_module *module;
    uint64_t start; /* how often it was started; under the lock */
    int run_error;  /* under the lock: a function of cs_async_run failed, which is not told yet */
    char *run_failure;   /* ... and its exception's text; NULL: none */
    int error;           /* what went wrong, for the listeners */
    unsigned status;     /* ... and the client; 0: what ERROR stands for */
    const char *message; /* with STATUS; a constant */
    /* of the context's list */
    struct list link;
};

typedef int async_io_fn(cs_async *async, cs_request *req, cs_response *res, void *self);
struct async_side {  /* cs_async_on_writable, or cs_async_on_readable */
    async_io_fn *fn; /* NULL: none */
    void *self;
    bool due; /* it is called as soon as there is room, or something to read */
    bool ran; /* in the task that runs: then others have their turn first */
};
struct async_io {
    struct async_side read, write;
    struct async_side *runs; /* whose turn it is */
};

enum listen_event { LISTEN_COMPLETE, LISTEN_TIMEOUT, LISTEN_ERROR, LISTEN_START, LISTEN_STOP };

/* async.c. The worker that has run filters and servlet of C, which started async. True: the answer has
 * ended. False: nothing of C may be used any more. */
bool async_returned(struct async *a);
/* conclude: whether the failure RC of C is told to the listeners first. */
bool async_takes_failure(struct call *c, int rc);
/* Whether the answer goes on when the worker that runs the request has returned, and what it was given
 * must live. */
bool async_waits(struct async *a);
/* Under the lock: whose code calls, or will be called for it. */
struct app_module *async_caller_locked(const struct async *a);
/* Under the lock: a worker looks at A. */
void async_want_locked(struct async *a);
/* Under the lock: its time runs from now on. */
void async_set_alarm_locked(struct async *a);
/* The owner: every listener's function for WHAT. */
void async_tell(struct async *a, enum listen_event what);

/* It was started, and nobody has ended it, nor has its time or a failure. */
static inline bool async_goes_on(enum async_state s)
{
    return s == ASYNC_STARTING || s == ASYNC_STARTED || s == ASYNC_READ_WRITE_OP;
}

/* async_start.c */
cs_async *async_start(struct call *c, cs_request *req, cs_response *res, int64_t timeout_ms);
void async_leave_list(struct async *a);

/* async_handle.c */
extern const struct cs_async_ops async_ops;
void async_hold(struct async *a);
void async_drop(void *async); /* signature of exchange.async_free */

/* Under the lock: the owner, which has entered, leaves once. */
void async_leave_locked(struct async *a);

/* async_run.c */
typedef int async_run_fn(cs_async *async, void *self);
int async_run(cs_async *pub, async_run_fn *fn, void *self);
/* The owner, whose request goes another way: a failure that its listeners have not heard yet is logged. */
void async_run_too_late(struct async *a);

/* async_io.c */
int async_on_writable(cs_async *pub, async_io_fn *fn, void *self);
int async_ready_to_write(cs_async *pub);
int async_on_readable(cs_async *pub, async_io_fn *fn, void *self);
int async_ready_to_read(cs_async *pub);
/* The owner, whose read found nothing: the callback is due when there is something. */
void async_body_waits(struct async *a);
/* Under the lock: a new task begins. */
void async_io_fresh_locked(struct async *a);
/* Under the lock, in state STARTED: a callback has to run now. */
bool async_io_begins_locked(struct async *a);
/* The owner: runs it; what it returned. */
int async_io_call(struct async *a);
/* Under the lock: the callbacks of before are none of the new start's. */
void async_io_forget_locked(struct async *a);

/* async_dispatch.c: filters of kind ASYNC and the servlet that PATH (NULL: the request's own) leads to; what
 * it returned. */
int async_dispatch(struct async *a, const char *path);

#endif
