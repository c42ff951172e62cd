/* SPDX-License-Identifier: Apache-2.0
 * The servlet at the end of a chain: which of its functions, the condition of last_modified, its time, and
 * for how long it is unavailable. Called by chain.c and serve.c on the worker that runs the request. */
#include <stdio.h>

#include "base/clock.h"
#include "engine/async.h"
#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"
#include "http/date.h"
#include "observe/log.h"

struct servlet_run {
    struct guarded guarded;
    struct call *call;
    cs_request *req;
    cs_response *res;
    cs_service_fn fn;
    int64_t when; /* of last_modified */
};

static int servlet_body(void *guarded)
{
    struct servlet_run *r = guarded;
    return r->fn(r->req, r->res);
}

static int last_modified_body(void *guarded)
{
    struct servlet_run *r = guarded;
    r->when = r->call->servlet->row->last_modified(r->req);
    return 0;
}

cs_service_fn servlet_function(const cs_servlet *row, enum method m)
{
    if (row->service)
        return m == METHOD_TRACE || m == METHOD_CONNECT ? NULL : row->service;
    switch (m) {
    case METHOD_GET:
        return row->get;
    case METHOD_HEAD:
        return row->head ? row->head : row->get;
    case METHOD_POST:
        return row->post;
    case METHOD_PUT:
        return row->put;
    case METHOD_DELETE:
        return row->del;
    case METHOD_PATCH:
        return row->patch;
    case METHOD_OPTIONS:
        return row->options;
    default:
        return NULL;
    }
}

/* What an include may not change it does not change here either. */
static int refuse_method(struct call *c, cs_response *res, enum method m)
{
    res->ops->header(res, (cs_str)CS_LIT("Allow"), to_str(span_of(c->servlet->allow)),
                     CS_HEADER_SET);
    if (m != METHOD_OPTIONS)
        res->ops->error(res, 405, (cs_str){NULL, 0});
    return CS_OK;
}

#define DATE_MAX 253402300799 /* the last second of the year 9999 */

/* A GET with last_modified: true when 304 answers it (RFC 9110 13.1.3), or when it threw: *rc. Not of what
 * is a part of an answer, or the page of an error. */
static bool not_modified(struct call *c, enum method m, cs_request *req, cs_response *res, int *rc)
{
    if (!c->servlet->row->last_modified || (m != METHOD_GET && m != METHOD_HEAD) ||
        frame_type(request_frame(req)) == CS_DISPATCH_INCLUDE || frame_failure(request_frame(req)))
        return false;
    struct servlet_run r = {.call = c, .req = req, .when = -1};
    *rc = module_invoke(c->module, last_modified_body, &r.guarded);
    if (*rc != CS_OK)
        c->detail = span_of(arena_strdup(&c->x->arena, r.guarded.failure));
    if (*rc != CS_OK || r.when < 0)
        return *rc != CS_OK;
    if (r.when > DATE_MAX)
        r.when = DATE_MAX;
    res->ops->date(res, (cs_str)CS_LIT("Last-Modified"), r.when);
    int64_t since = req->ops->date(req, (cs_str)CS_LIT("If-Modified-Since"));
    bool other = req->ops->header(req, (cs_str)CS_LIT("If-None-Match"), 0).ptr != NULL;
    if (other || since < 0 || r.when > since)
        return false;
    return res->ops->status(res, 304) == CS_OK;
}

/* One long call in so many is forgiven: its thread was moved aside for another one's while it answered,
 * which says nothing of the servlet. Without that, one such call makes the next twenty wait behind slow
 * ones, just when the machine is busy. A servlet that really takes long does so again before. */
#define FORGIVE_EVERY 64u

static bool is_forgiven(struct servlet *s, uint32_t average, uint32_t took)
{
    uint32_t left = atomic_load_explicit(&s->forgive_in, memory_order_relaxed);
    if (left > 0)
        atomic_store_explicit(&s->forgive_in, left - 1, memory_order_relaxed);
    if (left > 0 || average >= SERVLET_QUICK_US || took < SERVLET_QUICK_US)
        return false;
    atomic_store_explicit(&s->forgive_in, FORGIVE_EVERY, memory_order_relaxed);
    return true;
}

static void note_time(struct servlet *s, uint64_t took_us)
{
    uint32_t took = took_us > 1000000 ? 1000000 : (uint32_t)took_us;
    uint32_t old = atomic_load_explicit(&s->average_us, memory_order_relaxed);
    if (is_forgiven(s, old, took))
        return;
    /* Up at once, down slowly; UINT32_MAX: never measured, so never taken for quick. */
    bool jump = old == UINT32_MAX || took > (uint64_t)old * 4;
    uint32_t average = jump ? took : (old * 7 + took) / 8;
    atomic_store_explicit(&s->average_us, average, memory_order_relaxed);
}

int call_servlet(struct call *c, cs_request *req, cs_response *res)
{
    struct servlet *s = c->servlet;
    if (!s)
        return res->ops->error(res, 404, (cs_str){NULL, 0});
    const struct frame *f = request_frame(req);
    enum method m = frame_method(c, f);
    cs_service_fn fn = servlet_function(s->row, m);
    if (!fn)
        return refuse_method(c, res, m);
    c->self = s->reg.self;
    c->module = &c->app->modules[s->reg.module];
    call_passes(c, &s->reg);
    int rc = CS_OK;
    if (not_modified(c, m, req, res, &rc))
        return rc;
    struct servlet_run r = {.call = c, .req = req, .res = res, .fn = fn};
    const struct wrap *mark = c->wraps;
    rc = module_invoke(c->module, servlet_body, &r.guarded);
    if (!f) { /* filters and what it dispatched to included */
        c->x->at.served = clock_us();
        note_time(s, c->x->at.served - c->x->at.taken);
    }
    if (r.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, r.guarded.failure));
    if (rc == CS_ESTATE && CONTAINER_OF(res, struct response_handle, pub)->closed)
        rc = CS_OK; /* a write behind a forward */
    return wraps_end(c, mark, rc);
}

/* ---- unavailable ---- */

void servlet_unavailable(struct call *c, int rc)
{
    uint32_t seconds = (0u - (uint32_t)rc - 0x1000000u) & 0xffffffu; /* rc may be any number */
    uint64_t until = seconds == 0 ? UINT64_MAX : clock_us() + (uint64_t)seconds * 1000000u;
    atomic_store_explicit(&c->servlet->unavailable_until_us, until, memory_order_relaxed);
    LOG(engine, LOG_WARN, "%s: servlet %s is unavailable %s", call_name(c), c->servlet->reg.name,
        seconds ? "for some time" : "for good");
}

/* For how many us it still is, UINT64_MAX: for good; 0: it is not. */
static uint64_t unavailable_for(const struct servlet *s)
{
    uint64_t until = atomic_load_explicit(&s->unavailable_until_us, memory_order_relaxed);
    if (until == 0 || until == UINT64_MAX)
        return until;
    uint64_t now = clock_us(); /* once: it goes on */
    return now < until ? until - now : 0;
}

bool servlet_is_unavailable(const struct servlet *s)
{
    return unavailable_for(s) != 0;
}

unsigned servlet_unavailable_status(struct call *c, struct servlet *s)
{
    uint64_t us = unavailable_for(s);
    if (us == 0)
        return 0;
    if (s->init_failed)
        return 503;
    uint64_t left = us == UINT64_MAX ? s->retry_after : (us + 999999) / 1000000;
    if (left == 0)
        return 404;
    char seconds[24];
    snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)left);
    headers_set_copy(&c->x->res.headers, &c->x->arena, SPAN_LIT("Retry-After"), span_of(seconds));
    return 503;
}
