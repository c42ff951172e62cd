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

CS_C_END
#endif
#endif
