/* SPDX-License-Identifier: Apache-2.0
 * <cserv/async.h>: requests whose answer is made by others, when their servlet has returned: long polls, event
 * streams, what waits for another server. No thread of the container waits for them. Included by
 * <cserv/servlet.h>, whose rules on life hold here, too. All calls since minor 3. */
#ifndef CSERV_ASYNC_H
#define CSERV_ASYNC_H
#include "servlet.h"

#if CS_ABI_MINOR >= 3
CS_C_BEGIN

/* 1 when every filter and servlet that this request has reached so far says CS_ASYNC (or web.xml
 * async-supported), else 0. */
static inline int cs_req_async_supported(cs_request *req)
{
    return req->ops->async_supported(req);
}
#define CS_ASYNC_TIMEOUT 30000 /* ms, of cs_req_async_start with 0 */
/* The answer will be made by others: when servlet and filters have returned, no thread waits for it, and
 * the request goes on until somebody calls cs_async_complete or cs_async_dispatch, or its time is over.
 * REQ and RES are what cs_async_enter will give, wrapped ones (cs_req_wrap) and those of a forward or include
 * too: wrappers live until the request is over. Text of the request stays valid until the end, cleanups run
 * then. TIMEOUT_MS counts from the return of the servlet: 0 is 30 seconds, negative never. Only from servlet
 * or filter, on their thread, once; again in a dispatch of it. What a thread of the webapp writes before the
 * servlet has returned waits until then. Returns a handle that is valid on any thread until it is given to
 * cs_async_release, once for this call and for each cs_async_retain. NULL: a filter or servlet on the way does
 * not support it, a valve or an error page asks, it was started already, or memory is short; the reason is
 * attached as by cs_req_fail: `return CS_ESTATE;`. */
static inline cs_async *cs_req_async_start(cs_request *req, cs_response *res, int64_t timeout_ms)
{
    return req->ops->async_start(req, res, timeout_ms);
}
/* 1 from cs_req_async_start until somebody completes or dispatches it: the answer is open, and others will go on
 * with it when this callback has returned. 0 before, afterwards, and in what it was dispatched to until it is
 * started again there. So a filter learns it behind cs_chain_next. */
static inline int cs_req_async_started(cs_request *req)
{
    return req->ops->async_started(req);
}
/* The handle of a request that was started, by whomever: to listen, to give it more time, to complete it. Another
 * reference, for cs_async_release, as of cs_async_retain. NULL when cs_req_async_started answers 0. */
static inline cs_async *cs_req_async(cs_request *req)
{
    return req->ops->async(req);
}
/* Before request or response are used outside of the callbacks that got them: *REQ and *RES are the
 * calling thread's until cs_async_leave. Waits while another thread is inside, or servlet, filters or a
 * listener of this request run; time-out and end wait meanwhile, too. May be nested. CS_EGONE: it was
 * completed or is over; CS_ESTATE: it was dispatched, or has failed and is not yet with its listeners. Then
 * there is nothing to leave. What is written is sent as far as the client takes it; a write waits for a client
 * only past outputMemory and outputSpool. */
static inline int cs_async_enter(cs_async *async, cs_request **req, cs_response **res)
{
    return async->ops->enter(async, req, res);
}
/* CS_ESTATE: the calling thread is not inside. */
static inline int cs_async_leave(cs_async *async)
{
    return async->ops->leave(async);
}
/* The answer is complete: it ends as soon as nobody is inside. Any thread, once; does not wait. CS_EGONE: it
 * is over or was completed; CS_ESTATE: it was dispatched, or has failed and is not yet with its listeners. */
static inline int cs_async_complete(cs_async *async)
{
    return async->ops->complete(async);
}
/* Gives the request back to a worker: the filters that are mapped for CS_DISPATCH_ASYNC, then the servlet
 * of PATH, within the webapp: "/show", with "?query" too; NULL: the path of the request. What was written
 * stays. After it the request ends, unless it is started again. Any thread; does not wait. Errors as
 * cs_async_complete; CS_EINVAL: PATH does not begin with a slash; CS_ENOMEM. */
static inline int cs_async_dispatch(cs_async *async, const char *path)
{
    return async->ops->dispatch(async, cs_str_of(path));
}
/* From now on it has TIMEOUT_MS more (negative: no limit; 0: 30 seconds); before the servlet has returned,
 * from then on. Any thread. CS_EGONE, CS_ESTATE as cs_async_enter. */
static inline int cs_async_set_timeout(cs_async *async, int64_t timeout_ms)
{
    return async->ops->set_timeout(async, timeout_ms);
}
/* Milliseconds; negative: none. */
static inline int64_t cs_async_timeout(cs_async *async)
{
    return async->ops->timeout(async);
}
/* LISTENER is copied; its functions get SELF. In the order of the calls. Any thread. CS_EGONE when it is
 * over, CS_EINVAL, CS_ENOMEM. */
static inline int cs_async_listen(cs_async *async, const cs_async_listener *listener, void *self)
{
    return async->ops->listen(async, listener, self);
}
/* FN(async, SELF) runs soon on a worker of the server, for work that must not hold up the thread that calls. As a
 * request it waits in the webapp's queue and counts for its maxThreads; several run at the same time. It is not
 * inside: it uses request and response between cs_async_enter and cs_async_leave (which waits for the servlet to
 * return), and the request's time-out, its end and other threads go on beside it. The handle is valid until FN
 * returns, without a reference of its own; what FN is still inside of then is left for it. It runs exactly once,
 * so SELF is its own, also when the request is over meanwhile, which cs_async_enter tells; a webapp that ends waits
 * for it, and one that takes longer than stopTimeout leaves the webapp's code in memory. A result other than CS_OK, or an
 * exception, is as that of a servlet: on_error of the listeners hears it, then the request ends; when the request
 * was completed or dispatched before, it is logged only. Any thread; does not wait. CS_EGONE: it was completed
 * or is over; CS_ESTATE: it was dispatched, has failed, a listener of time-outs or errors asks, or the server has
 * stopped serving; CS_EINVAL: no FN; CS_ENOMEM. After all of these FN does not run. */
static inline int cs_async_run(cs_async *async, int (*fn)(cs_async *async, void *self), void *self)
{
    return async->ops->run(async, fn, self);
}
/* One more reference, for one more cs_async_release. Any thread. */
static inline cs_async *cs_async_retain(cs_async *async)
{
    return async->ops->retain(async);
}
/* The caller will not use ASYNC any more. The request does not end by it. Any thread. */
static inline int cs_async_release(cs_async *async)
{
    return async->ops->release(async);
}

/* ---- long answers and bodies that still come: no thread waits for the client ---- */

/* FN writes a part of the answer whenever a write need not wait for the client: the first time when the servlet
 * has returned (or whoever calls this has left), then once each time after cs_async_ready_to_write answered
 * 0. So it writes until that answers 0, or completes:
 *
 *     static int more(cs_async *async, cs_request *req, cs_response *res, void *self)
 *     {
 *         while (cs_async_ready_to_write(async) == 1) {
 *             int rc = ... cs_res_write(res, piece, size) ...
 *             if (rc != CS_OK)
 *                 return rc;
 *             if (that was the last piece)
 *                 return cs_async_complete(async);
 *         }
 *         return CS_OK;
 *     }
 *
 * One that returns while it is ready, without completing, is not called again by itself. FN runs on a thread of
 * the container, as a task in its webapp's queue, inside (as between cs_async_enter and cs_async_leave; so
 * never two at a time, and a time-out waits), with cs_req_self() of the servlet that started and what
 * it gave to cs_req_async_start. Its time counts as that of any asynchronous request: for a long answer say -1
 * there; sendTimeout and sendMinRate end a client that takes nothing. A result other than CS_OK, or an
 * exception, is as that of a servlet: on_error of the listeners hears it, then the request ends. When the
 * client leaves, on_error hears CS_EGONE, and FN is not called any more; nor after cs_async_complete or
 * cs_async_dispatch (what is started again in a dispatch may register anew). Only from inside, once for each start.
 * CS_ESTATE: not inside, registered already, dispatched, or a listener of time-outs or errors asks; CS_EGONE: completed
 * or over; CS_EINVAL: no FN; CS_ENOMEM. */
static inline int cs_async_on_writable(cs_async *async,
                                       int (*fn)(cs_async *async, cs_request *req, cs_response *res,
                                                 void *self),
                                       void *self)
{
    return async->ops->on_writable(async, fn, self);
}
/* 1: at most half of outputMemory (of 64 KiB, unless server.xml says otherwise) waits for the client, and none
 * of it in a file, so a write of up to the other half neither waits nor goes to the disk, unless the totals
 * maxBufferedMemory and maxSpool are used up. 0: more waits; FN of cs_async_on_writable will be called, once, when
 * it is at most a quarter. Without one this only tells: who feeds many may leave out one that is slow.
 * Before the servlet has returned it may also be 1 because a write goes to the client's socket. It is about what
 * has reached the connection: what a wrapper (cs_res_wrap) still holds does not count, and one that makes much of
 * little may wait. Only from inside. CS_ESTATE: not inside, or dispatched; CS_EGONE: the client left, or it is
 * completed or over. */
static inline int cs_async_ready_to_write(cs_async *async)
{
    return async->ops->ready_to_write(async);
}
/* As cs_async_on_writable, of the request's body: FN reads a part of it whenever cs_req_read has something to
 * tell, the first time when the servlet has returned, then once each time after cs_req_read answered CS_EAGAIN
 * or cs_async_ready_to_read 0. So it reads until CS_EAGAIN, or to the end:
 *
 *     static int take(cs_async *async, cs_request *req, cs_response *res, void *self)
 *     {
 *         char piece[4096];
 *         int64_t n;
 *         while ((n = cs_req_read(req, piece, sizeof(piece))) > 0)
 *             ... use N bytes ...
 *         if (n == CS_EAGAIN)
 *             return CS_OK;
 *         return n < 0 ? (int)n : ... the end: answer, cs_async_complete(async) ...
 *     }
 *
 * For a servlet with CS_STREAMING and CS_ASYNC. When it has returned without having read to the end, no read of
 * this request waits any more, on whatever thread inside: CS_EAGAIN says that nothing has come (of
 * cs_req_read_line: a line may come in several pieces). 16 KiB are received ahead, more when they are taken; a client
 * that waits for 100 Continue gets it when the servlet has returned. bodyTimeout and bodyMinRate go on to
 * hold while the client is waited for: past them cs_req_read answers CS_EGONE, and the client gets 408 when
 * that is returned before the answer has begun. Malformed: CS_EINVAL; more than maxBodySize: CS_ELIMIT. Parameters of a
 * form and parts want the whole body: ask for them in the servlet, or not at all. Without CS_STREAMING
 * the body is complete before the servlet runs: FN is called once and reads all of it. */
static inline int cs_async_on_readable(cs_async *async,
                                       int (*fn)(cs_async *async, cs_request *req, cs_response *res,
                                                 void *self),
                                       void *self)
{
    return async->ops->on_readable(async, fn, self);
}
/* 1: cs_req_read has something to tell at once: bytes, the end, or a failure. 0: nothing has come; FN of
 * cs_async_on_readable will be called, once, when something has; before the servlet of a body that comes has
 * returned: a read waits. So who has no room for more bytes does not read, and asks this later. It does not know
 * of what a wrapper (cs_req_wrap) has read ahead. Errors as of cs_async_ready_to_write. */
static inline int cs_async_ready_to_read(cs_async *async)
{
    return async->ops->ready_to_read(async);
}

CS_C_END
#endif
#endif
