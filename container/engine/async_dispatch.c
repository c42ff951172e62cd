/* SPDX-License-Identifier: Apache-2.0
 * cs_async_dispatch: an asynchronous request comes back to a worker, through the filters that are mapped for
 * it, to the servlet of a path of its webapp. Called by async.c on that worker. */
#include "engine/async.h"
#include "engine/dispatch_priv.h"

int async_dispatch(struct async *a, const char *path)
{
    struct call *c = a->call;
    struct arena *arena = &c->x->arena;
    const struct frame *outer = request_frame(a->req);
    struct frame *f = arena_alloc(arena, sizeof(*f));
    if (!f)
        return CS_ENOMEM;
    *f = (struct frame){.type = CS_DISPATCH_ASYNC, .caller = a->req, .outer = outer};
    struct span to =
        path ? arena_copy(arena, span_of(path)) : uri_encode_path(frame_map(c, outer)->path, arena);
    if (!to.p)
        return CS_ENOMEM;
    int rc = dispatch_resolve(c, to, f);
    if (rc != CS_OK)
        return rc;
    struct servlet *s = f->map.value;
    unsigned status = s ? servlet_unavailable_status(c, s) : 0;
    if (status)
        return a->res->ops->error(a->res, status, (cs_str){NULL, 0});
    rc = dispatch_run(c, f, s, a->req, a->res);
    if (rc > -0x1000000 || !s)
        return rc;
    status = servlet_unavailable_status(c, s);
    return a->res->ops->error(a->res, status, to_str(c->detail));
}
