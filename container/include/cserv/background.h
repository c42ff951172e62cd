/* SPDX-License-Identifier: Apache-2.0
 * <cserv/background.h>: what a webapp does beside its requests, owned by the container: it ends before the
 * webapp's destroy hooks run, so nothing of it is left in a module that is taken away. Included by
 * <cserv/servlet.h>, whose rules on life hold here, too. All calls since minor 3. */
#ifndef CSERV_BACKGROUND_H
#define CSERV_BACKGROUND_H
#include "servlet.h"

#if CS_ABI_MINOR >= 3
CS_C_BEGIN

/* ---- threads -------------------------------------------------------------------------------------- */

/* Starts a thread of the webapp, which runs FN(thread, SELF). For what waits, or works for long; what is short
 * and comes with the time is a timer's. NAME, of 1 to 31 bytes, is what the log, top and gdb show (the kernel
 * its first 15). From hooks, init callbacks, requests and other threads; at once, so one that is started in
 * init may run before the webapp serves. FN may use everything that is valid on any thread: cs_ctx_, and
 * cs_async_ within enter and leave. It returns when cs_thread_should_stop says so, or when it is done. When the
 * webapp ends, its threads are told after the stop hooks and are waited for before anything is destroyed; one
 * that does not return within stopTimeout leaves the webapp's code in memory, and the log names it. What
 * escapes from FN in C++ is logged and ends this thread only. The handle may be used on any thread until FN
 * returns; the last 64 of a webapp that have returned answer as told. NULL: no NAME, a name that is too long,
 * no FN, the webapp is past its stop hooks, or there is no memory or thread: the log says which. */
static inline cs_thread *cs_ctx_thread(cs_ctx *ctx, const char *name,
                                       void (*fn)(cs_thread *thread, void *self), void *self)
{
    return ctx->ops->thread(ctx, cs_str_of(name), fn, self);
}
/* 1 when its function shall return, else 0. Any thread; does not wait. */
static inline int cs_thread_should_stop(cs_thread *thread)
{
    return thread->ops->should_stop(thread);
}
/* Sleeps MS milliseconds (negative: without an end), or until the thread is told to stop: then it returns at
 * once. 1 when it was told, 0 when the time is over: `while (!cs_thread_wait(thread, 1000)) poll();`. Any
 * thread. */
static inline int cs_thread_wait(cs_thread *thread, int64_t ms)
{
    return thread->ops->wait(thread, ms);
}

/* ---- timers --------------------------------------------------------------------------------------- */

/* FN(timer, SELF) runs AFTER_MS from now, on a worker of the server, and then each PERIOD_MS; PERIOD_MS 0: once.
 * AFTER_MS negative: not before cs_timer_set. It runs as a request does: it waits in the webapp's queue and
 * counts for its maxThreads, so it is some milliseconds late, and later while all its threads are busy. Never
 * twice at the same time: what falls into a run is left out, the period keeps its beat. Many timers are no
 * problem; what takes long is a thread's. From hooks, init callbacks, requests, threads and other timers, on
 * any thread; no timer runs before the webapp serves (until then AFTER_MS does not count), nor once it has begun
 * to stop. What escapes from FN in C++ is logged and ends this run only. The handle may be used on any thread
 * until cs_timer_cancel, also when FN has run; a webapp that makes timers again and again cancels them, a run of
 * its own may be the place. Those that are left end with the webapp: after its stop hooks their runs are waited
 * for, and from then on every call answers CS_EGONE until destroy has returned. NULL: no FN, PERIOD_MS is
 * negative, the webapp is past its stop hooks, or memory is short: the log says which. */
static inline cs_timer *cs_ctx_timer(cs_ctx *ctx, int64_t after_ms, int64_t period_ms,
                                     void (*fn)(cs_timer *timer, void *self), void *self)
{
    return ctx->ops->timer(ctx, after_ms, period_ms, fn, self);
}
/* From now on it runs as a timer that is made with AFTER_MS and PERIOD_MS; a run that was due and has not begun
 * is left out, one that has begun goes on beside this. Any thread, also in its own run. Does not wait.
 * CS_EINVAL: PERIOD_MS is negative; CS_EGONE: it is cancelled, or the webapp has ended its timers. */
static inline int cs_timer_set(cs_timer *timer, int64_t after_ms, int64_t period_ms)
{
    return timer->ops->set(timer, after_ms, period_ms);
}
/* It does not run again, and the handle is given back. Waits while it runs on another thread: after this call
 * SELF may be freed; so do not hold a lock that FN takes. In its own run it does not wait. CS_ESTATE: two runs
 * cancel each other, and this call has not waited: the other run is still under way. CS_EGONE: it was cancelled,
 * or the webapp has ended its timers. A cancelled handle answers so until the webapps of the server have
 * cancelled 256 more. */
static inline int cs_timer_cancel(cs_timer *timer)
{
    return timer->ops->cancel(timer);
}

/* ---- values of workers ---------------------------------------------------------------------------- */

/* A slot that has a value of its own for each worker of the server: a buffer, a parser, a connection that no other
 * thread uses meanwhile. In place of thread_local and pthread_key_create, which outlive the webapp's code. The
 * value is what MAKE(SELF) returns, called by the worker that first asks for it; FREE_FN(value, SELF), which may
 * be NULL, is called when that worker ends, on its thread, or with the webapp, on its life-cycle thread: after its
 * stop hooks, timers and threads, before anything is destroyed. Each worker that has served the webapp keeps its
 * values, so they are many: small, or cheap to keep. From hooks and init callbacks, until the webapp serves.
 * Returns the slot's number, from 0. CS_EINVAL: no MAKE; CS_ESTATE: it serves already; CS_ELIMIT: it has 64. */
static inline int cs_ctx_slot(cs_ctx *ctx, void *(*make)(void *self),
                              void (*free_fn)(void *value, void *self), void *self)
{
    return ctx->ops->slot(ctx, make, free_fn, self);
}
/* The value of SLOT, of any module of the webapp, for the calling worker. From servlets, filters, timers
 * and listeners of requests. It is the worker's: keep it no longer than the callback, for the next one may
 * run on another. NULL: MAKE gave none or threw (it is asked again the next time), MAKE is running, memory is
 * short, there is no such slot, or the thread is no worker: hooks, init, threads of the webapp. */
static inline void *cs_slot_get(cs_ctx *ctx, int slot)
{
    return ctx->ops->slot_get(ctx, slot);
}

CS_C_END
#endif
#endif
