/* SPDX-License-Identifier: Apache-2.0
 * Forward and include, by path or by a servlet's name: cs_req_forward and its like. Each runs a chain of its
 * own within the request, on its worker, with handles of its own over the caller's. */
#include "engine/async.h"
#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"

int dispatch_run(struct call *c, struct frame *f, struct servlet *s, cs_request *req,
                 cs_response *res)
{
    struct servlet *servlet = c->servlet;
    struct app_module *module = c->module;
    void *self = c->self;
    const struct wrap *mark = c->wraps;
    cs_request *target_req = wrap_dispatched_request(c, req, f);
    cs_response *target_res = wrap_dispatched_response(c, res, f, f->type == CS_DISPATCH_INCLUDE);
    const char *sync_only = c->sync_only;
    c->servlet = s;
    c->dispatches++;
    int rc = target_req && target_res ? run_chain(c, target_req, target_res) : CS_ENOMEM;
    rc = wraps_end(c, mark, rc);
    if (rc <= -0x1000000 && s) /* it is said of the servlet that was reached, not of its caller */
        servlet_unavailable(c, rc);
    c->dispatches--;
    c->sync_only = sync_only; /* what was dispatched to is no longer on the way */
    c->servlet = servlet;
    c->module = module;
    c->self = self;
    return rc;
}

static struct servlet *find_named(const struct app *a, struct span name)
{
    for (uint32_t i = 0; i < a->servlet_count; i++) {
        if (span_eq(span_of(a->servlets[i]->reg.name), name))
            return a->servlets[i];
    }
    return NULL;
}

static int not_now(struct call *c, const struct servlet *s)
{
    c->detail = span_of(arena_printf(&c->x->arena, "the servlet %s is unavailable", s->reg.name));
    return CS_EFAIL;
}

/* The answer is then the target's as a whole. */
static int forward(struct call *c, struct frame *f, struct servlet *s, cs_request *req,
                   cs_response *res)
{
    int rc = response_drop_body(res);
    if (rc != CS_OK)
        return rc;
    unsigned status = s ? servlet_unavailable_status(c, s) : 0;
    rc = status ? res->ops->error(res, status, (cs_str){NULL, 0}) : dispatch_run(c, f, s, req, res);
    if (rc <= -0x1000000 && s) {
        status = servlet_unavailable_status(c, s);
        rc = res->ops->error(res, status, to_str(c->detail));
    }
    if (!c->async || !async_waits(c->async))
        response_close(res);
    return rc;
}

static int include(struct call *c, struct frame *f, struct servlet *s, cs_request *req,
                   cs_response *res)
{
    if (!s)
        return CS_ENOENT;
    if (servlet_is_unavailable(s))
        return not_now(c, s);
    int rc = dispatch_run(c, f, s, req, res);
    return rc <= -0x1000000 ? not_now(c, s) : rc;
}

static bool may_dispatch(const struct call *c, uint32_t type, cs_response *res)
{
    return !c->in_valve && c->app && !call_body_is_shut(c) &&
           !CONTAINER_OF(res, struct response_handle, pub)->closed &&
           (type != CS_DISPATCH_FORWARD || !res->ops->committed(res));
}

/* The frame is in the arena: an asynchronous request that begins in it goes on when this has returned. */
int request_dispatch(cs_request *req, cs_response *res, cs_str target, uint32_t how)
{
    struct call *c = request_call(req);
    const struct frame *outer = request_frame(req);
    uint32_t type = how & ~CS_DISPATCH_NAMED;
    bool named = (how & CS_DISPATCH_NAMED) != 0;
    if ((type != CS_DISPATCH_FORWARD && type != CS_DISPATCH_INCLUDE) || !res ||
        response_call(res) != c || response_frame(res) != outer)
        return CS_EINVAL;
    if (!may_dispatch(c, type, res))
        return CS_ESTATE;
    if (c->dispatches >= DISPATCH_DEPTH) {
        c->detail = SPAN_LIT("more than 64 forwards and includes are nested");
        return CS_ELIMIT;
    }
    struct frame *f = arena_alloc(&c->x->arena, sizeof(*f));
    if (!f)
        return CS_ENOMEM;
    *f = (struct frame){.type = type, .named = named, .caller = req, .outer = outer};
    int rc = named ? CS_OK : dispatch_resolve(c, from_str(target), f);
    if (rc != CS_OK)
        return rc;
    struct servlet *s = named ? find_named(c->app, from_str(target)) : f->map.value;
    if (named && !s)
        return CS_ENOENT;
    return type == CS_DISPATCH_FORWARD ? forward(c, f, s, req, res) : include(c, f, s, req, res);
}
