/* SPDX-License-Identifier: Apache-2.0
 * For listeners.py: listeners, a filter and a servlet that log when they are called, as "<PART WHAT NAME ...>". The
 * context parameter fail names the listener whose context_initialized fails, the query parameter fail the one
 * whose request_initialized does. Compiles as C and as C++. */
#include <cserv/servlet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifndef PART
#define PART "a"
#endif

static int up(cs_ctx *ctx, void **self, const char *name)
{
    const char *fail = cs_ctx_param(ctx, "fail");
    *self = (void *)(uintptr_t)name;
    cs_ctx_log(ctx, CS_LOG_INFO, "<%s up %s>", PART, name);
    return fail && strcmp(fail, name) == 0 ? -1 : CS_OK;
}

static int up_one(cs_ctx *ctx, void **self)
{
    return up(ctx, self, "one");
}

static int up_two(cs_ctx *ctx, void **self)
{
    return up(ctx, self, "two");
}

static int up_three(cs_ctx *ctx, void **self)
{
    return up(ctx, self, "three");
}

static void down(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<%s down %s>", PART, self ? (const char *)self : "-");
}

static void tell(cs_request *req, const char *what, const void *who)
{
    cs_str path = cs_req_get(req, CS_REQ_URI), query = cs_req_get(req, CS_REQ_QUERY);
    cs_ctx_log(cs_req_ctx(req), CS_LOG_INFO, "<%s %s %s %s?%s>", PART, what,
               who ? (const char *)who : "-", path.ptr, query.ptr ? query.ptr : "");
}

static void end_of(void *arg)
{
    cs_ctx_log((cs_ctx *)arg, CS_LOG_INFO, "<%s cleanup>", PART);
}

static int begin(cs_request *req, void *self)
{
    const char *fail = cs_req_param(req, "fail");
    tell(req, "begin", self);
    if (cs_req_self(req) != self || !cs_req_ctx(req))
        return -3;
    cs_req_attr_set(req, "begun", self, NULL);
    if (self && strcmp((const char *)self, "one") == 0)
        cs_req_on_cleanup(req, end_of, cs_req_ctx(req));
    if (fail && self && strcmp(fail, (const char *)self) == 0)
        return cs_req_fail(req, -1, "this request is not wanted");
    return CS_OK;
}

static void finish(cs_request *req, void *self)
{
    tell(req, cs_req_attr(req, "begun") ? "end" : "end-without-attribute", self);
}

static void changed(cs_ctx *ctx, const char *name, void *old_value, void *new_value, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<%s attr %s %s %s %s>", PART, (const char *)self, name,
               old_value ? (const char *)old_value : "-",
               new_value ? (const char *)new_value : "-");
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    tell(req, "filter", self);
    int rc = cs_chain_next(chain, req, res);
    tell(req, "filter-done", self);
    return rc;
}

static int get(cs_request *req, cs_response *res)
{
    const char *began = (const char *)cs_req_attr(req, "begun");
    tell(req, "servlet", NULL);
    if (cs_req_param(req, "broken") && cs_req_dispatch_type(req) == CS_DISPATCH_REQUEST)
        return cs_req_fail(req, CS_EFAIL, "the servlet is broken");
    return cs_res_printf(res, "begun by %s", began ? began : "nobody");
}

static pthread_t thread;
static int thread_begun;

static void *answer_later(void *arg)
{
    cs_async *async = (cs_async *)arg;
    cs_request *req;
    cs_response *res;
    if (cs_async_enter(async, &req, &res) == CS_OK) {
        tell(req, "async", NULL);
        cs_res_printf(res, "later");
        cs_async_leave(async);
    }
    cs_async_complete(async);
    cs_async_release(async);
    return NULL;
}

/* Once in a webapp's life: joined in ended. */
static int async_get(cs_request *req, cs_response *res)
{
    cs_async *async = cs_req_async_start(req, res, 10000);
    if (!async)
        return CS_EFAIL;
    thread_begun = pthread_create(&thread, NULL, answer_later, cs_async_retain(async)) == 0;
    cs_async_release(async);
    return thread_begun ? CS_OK : CS_EFAIL;
}

static void ended(cs_ctx *ctx, void *self)
{
    if (thread_begun)
        pthread_join(thread, NULL);
    thread_begun = 0;
    down(ctx, self);
}

/* Sets, replaces and removes an attribute of the webapp. */
static int attributes(cs_request *req, cs_response *res)
{
    static char one[] = "1", two[] = "2";
    cs_ctx *ctx = cs_req_ctx(req);
    if (cs_ctx_attr_set(ctx, "n", one, NULL) != CS_OK ||
        cs_ctx_attr_set(ctx, "n", two, NULL) != CS_OK || cs_ctx_attr_remove(ctx, "n") != CS_OK ||
        cs_ctx_attr_remove(ctx, "n") != CS_OK || cs_ctx_attr_remove(ctx, "never") != CS_OK)
        return CS_EFAIL;
    return cs_res_printf(res, "done");
}

static int filter_init(cs_config *config, void **self)
{
    *self = (void *)(uintptr_t) "f";
    cs_ctx_log(cs_config_ctx(config), CS_LOG_INFO, "<%s init>", PART);
    return CS_OK;
}

static void filter_destroy(cs_ctx *ctx, void *self)
{
    (void)self;
    cs_ctx_log(ctx, CS_LOG_INFO, "<%s destroy>", PART);
}

static const cs_servlet servlets[] = {
    {.name = PART "-get", .url_patterns = "/" PART "/*", .get = get},
    {.name = PART "-async", .url_patterns = "/" PART "-async", .flags = CS_ASYNC, .get = async_get},
    {.name = PART "-attributes", .url_patterns = "/" PART "-attributes", .get = attributes}};
static const cs_filter filters[] = {{.name = PART "-filter",
                                     .url_patterns = "/" PART "/*",
                                     .init = filter_init,
                                     .destroy = filter_destroy,
                                     .filter = filter}};
static const cs_listener listeners[] = {
    {.name = "one",
     .context_initialized = up_one,
     .context_destroyed = ended,
     .request_initialized = begin,
     .request_destroyed = finish,
     .context_attribute_changed = changed},
    {.name = "two",
     .context_initialized = up_two,
     .context_destroyed = down,
     .request_initialized = begin,
     .request_destroyed = finish},
    {.name = "three", .context_initialized = up_three, .context_destroyed = down},
    {.name = "four", .request_destroyed = finish}};

CS_WEBAPP("listeners", "1.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters),
          .listeners = CS_ROWS(listeners))
