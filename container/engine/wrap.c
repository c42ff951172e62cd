/* SPDX-License-Identifier: Apache-2.0
 * Making and ending handles over handles: see wrap_priv.h. On the worker that runs the request. */
#include "engine/wrap_priv.h"

#include <stdlib.h>
#include <string.h>

#include "engine/async.h"
#include "engine/dispatch_priv.h"

/* ---- memory: what died rests for a while, so that a stale handle is nobody else's ---- */

#define WRAPS_REST 256u /* so many younger ones must have died before one is used again */

static struct wrap *take_rested(struct resting_wraps *r)
{
    struct wrap *w = NULL;
    lock_acquire(&r->lock);
    if (r->count > WRAPS_REST) {
        w = r->oldest;
        r->oldest = w->older;
        r->count--;
    }
    lock_release(&r->lock);
    return w;
}

static void rest(struct resting_wraps *r, struct wrap *w)
{
    lock_acquire(&r->lock);
    w->older = NULL;
    if (r->count++ == 0)
        r->oldest = w;
    else
        r->newest->older = w;
    r->newest = w;
    lock_release(&r->lock);
}

void wraps_free(struct engine *e)
{
    struct wrap *w = e->resting.oldest;
    while (w) {
        struct wrap *next = w->older;
        free(w);
        w = next;
    }
}

/* ---- making ---- */

static struct wrap *begin(struct call *c, bool of_request)
{
    struct wrap *w = take_rested(&c->engine->resting);
    if (!w)
        w = malloc(sizeof(*w));
    if (!w)
        return NULL;
    *w = (struct wrap){
        .older = c->wraps, .module = c->module, .module_self = c->self, .of_request = of_request};
    c->wraps = w;
    return w;
}

static cs_request *over_request(struct wrap *w, struct call *c, cs_request *inner,
                                const struct frame *f)
{
    w->req.handle =
        (struct request_handle){.pub = {.ops = &wrapped_request_ops}, .call = c, .frame = f};
    w->req.inner = inner;
    return &w->req.handle.pub;
}

static cs_response *over_response(struct wrap *w, struct call *c, cs_response *inner,
                                  const struct frame *f)
{
    w->res.handle =
        (struct response_handle){.pub = {.ops = &wrapped_response_ops}, .call = c, .frame = f};
    w->res.inner = inner;
    return &w->res.handle.pub;
}

cs_request *wrap_dispatched_request(struct call *c, cs_request *req, const struct frame *f)
{
    struct wrap *w = begin(c, true);
    if (!w)
        return NULL;
    w->of_dispatch = true;
    return over_request(w, c, req, f);
}

cs_response *wrap_dispatched_response(struct call *c, cs_response *res, const struct frame *f,
                                      bool ignores)
{
    struct wrap *w = begin(c, false);
    if (!w)
        return NULL;
    w->of_dispatch = true;
    w->res.ignores = ignores;
    return over_response(w, c, res, f);
}

/* Members that an older module does not have are NULL; what a newer one has that we do not know must be. */
static bool take_struct(const void *given, void *out, size_t known)
{
    uint32_t size;
    if (!given)
        return false;
    memcpy(&size, given, sizeof(size));
    if (size < 2 * sizeof(uint32_t))
        return false;
    for (size_t i = known; i < size; i++) {
        if (((const char *)given)[i] != 0)
            return false;
    }
    memset(out, 0, known);
    memcpy(out, given, size < known ? size : known);
    return true;
}

cs_request *request_wrap(cs_request *req, const struct cs_override_req *over, void *self)
{
    struct call *c = request_call(req);
    struct cs_override_req copy;
    struct wrap *w = NULL;
    if (!c->in_valve && take_struct(over, &copy, sizeof(copy)) && copy.reserved == 0)
        w = begin(c, true);
    if (!w)
        return NULL;
    w->self = self;
    w->req.over = copy;
    return over_request(w, c, req, request_frame(req));
}

cs_response *response_wrap(cs_response *res, const struct cs_override_res *over, void *self)
{
    struct call *c = response_call(res);
    struct cs_override_res copy;
    struct wrap *w = NULL;
    if (!c->in_valve && !c->in_head && take_struct(over, &copy, sizeof(copy)) && copy.reserved == 0)
        w = begin(c, false);
    if (!w)
        return NULL;
    w->self = self;
    w->res.over = copy;
    return over_response(w, c, res, response_frame(res));
}

/* ---- ending ---- */

int wrap_invoke(const struct wrap *w, int (*body)(void *guarded), struct guarded *g)
{
    struct call *c = w->of_request ? w->req.handle.call : w->res.handle.call;
    struct app_module *module = c->module;
    void *self = c->self;
    c->module = w->module;
    c->self = w->module_self;
    int rc = module_invoke(w->module, body, g);
    c->module = module;
    c->self = self;
    if (g->failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, g->failure));
    return rc > 0 ? CS_EFAIL : rc;
}

/* Dead before `end` runs, which has the inner handle. */
static int finish(struct call *c, struct wrap *w)
{
    int rc = CS_OK;
    if (w->of_request) {
        w->req.handle.pub.ops = &dead_request_ops;
    } else {
        w->res.handle.pub.ops = &dead_response_ops;
        if (w->res.over.end)
            rc = wrap_tell_end(w);
    }
    rest(&c->engine->resting, w);
    bool instead = c->concluded || (rc == CS_ESTATE && call_is_over(c)); /* of its bytes: a page */
    return instead ? CS_OK : rc;
}

static int end_down_to(struct call *c, const struct wrap *mark, int rc)
{
    while (c->wraps != mark) {
        struct wrap *w = c->wraps;
        c->wraps = w->older;
        int ended = finish(c, w);
        if (rc == CS_OK)
            rc = ended;
    }
    return rc;
}

int wraps_end(struct call *c, const struct wrap *mark, int rc)
{
    bool waits = c->async && !c->in_error_page && async_waits(c->async);
    return waits ? rc : end_down_to(c, mark, rc); /* who writes later needs them */
}

int wraps_end_all(struct call *c)
{
    return end_down_to(c, NULL, CS_OK);
}
