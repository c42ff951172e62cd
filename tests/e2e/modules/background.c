/* SPDX-License-Identifier: Apache-2.0
 * For ../background.py: what a webapp does beside its requests. Each servlet takes its orders from the query. */
#include <cserv/servlet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic int turns, shorts, refusals;
static cs_thread *feeder;

static int number(cs_request *req, const char *name, int fallback)
{
    const char *text = cs_req_param(req, name);
    return text ? atoi(text) : fallback;
}

/* ---- threads ---- */

static void feed(cs_thread *thread, void *self)
{
    cs_ctx *ctx = self;
    cs_ctx_log(ctx, CS_LOG_INFO, "the feeder of %s begins", cs_ctx_get(ctx, CS_CTX_PATH).ptr);
    while (!cs_thread_wait(thread, 5))
        atomic_fetch_add(&turns, 1);
    cs_ctx_log(ctx, CS_LOG_INFO, "the feeder was told, %d", cs_thread_should_stop(thread));
}
static void sleep_until_told(cs_thread *thread, void *self)
{
    (void)cs_thread_wait(thread, -1);
    cs_ctx_log(self, CS_LOG_INFO, "the sleeper was told, %d", cs_thread_wait(thread, 60000));
}
static void be_short(cs_thread *thread, void *self)
{
    (void)thread;
    (void)self;
    atomic_fetch_add(&shorts, 1);
}
static void never_end(cs_thread *thread, void *self)
{
    (void)self;
    for (;;) {
        if (cs_thread_wait(thread, 60000)) {
            struct timespec hour = {3600, 0};
            nanosleep(&hour, NULL);
        }
    }
}
static void answer(cs_thread *thread, void *self)
{
    cs_async *async = self;
    cs_request *req;
    cs_response *res;
    int told = cs_thread_wait(thread, 20);
    if (cs_async_enter(async, &req, &res) == CS_OK) {
        cs_res_printf(res, "from a thread %d", told);
        cs_async_leave(async);
        cs_async_complete(async);
    }
    cs_async_release(async);
}

static int threads_get(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    static const char *const bad[] = {NULL, "", "a-name-that-is-longer-than-31-byte"};
    if (number(req, "bad", -1) >= 0)
        return cs_res_printf(res, "%d",
                             !cs_ctx_thread(ctx, bad[number(req, "bad", 0)], be_short, NULL));
    if (cs_req_param(req, "no-function"))
        return cs_res_printf(res, "%d", !cs_ctx_thread(ctx, "idle", NULL, NULL));
    if (cs_req_param(req, "never"))
        return cs_res_printf(res, "%d", cs_ctx_thread(ctx, "never-ends", never_end, NULL) != NULL);
    if (cs_req_param(req, "told"))
        return cs_res_printf(res, "%d", cs_thread_should_stop(feeder) + cs_thread_wait(feeder, 1));
    for (int i = number(req, "short", 0); i > 0; i--) {
        if (!cs_ctx_thread(ctx, "short one", be_short, NULL))
            return CS_EFAIL;
    }
    return cs_res_printf(res, "%d %d", atomic_load(&turns), atomic_load(&shorts));
}
static int async_get(cs_request *req, cs_response *res)
{
    cs_async *async = cs_req_async_start(req, res, -1);
    if (!async)
        return CS_ESTATE;
    return cs_ctx_thread(cs_req_ctx(req), "answers", answer, async) ? CS_OK : CS_EFAIL;
}

/* ---- life ---- */

static int init(cs_ctx *ctx)
{
    feeder = cs_ctx_thread(ctx, "feeder", feed, ctx);
    return feeder && cs_ctx_thread(ctx, "sleeper", sleep_until_told, ctx) ? CS_OK : CS_EFAIL;
}
static int stop(cs_ctx *ctx, uint32_t attempt)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "stop %u, told %d", attempt, cs_thread_should_stop(feeder));
    return attempt < 2 ? CS_EAGAIN : CS_OK;
}
static void destroy(cs_ctx *ctx)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "destroy, late thread %d",
               cs_ctx_thread(ctx, "late", be_short, NULL) != NULL);
}

static const cs_servlet servlets[] = {
    {.name = "threads", .url_patterns = "/threads", .get = threads_get},
    {.name = "async", .url_patterns = "/async", .flags = CS_ASYNC, .get = async_get},
};
CS_WEBAPP("background", "1.0", .init = init, .stop = stop, .destroy = destroy,
          .servlets = CS_ROWS(servlets))
