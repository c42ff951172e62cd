/* SPDX-License-Identifier: Apache-2.0
 * How a request looks from within a dispatch: a forward and an error page show their target's path, an include
 * and a dispatch by name their caller's. On the worker that runs the request. */
#include "engine/dispatch_priv.h"

struct span frame_uri(const struct call *c, const struct frame *f)
{
    return frame_is_shown(f) ? f->uri : c->x->req.uri.raw_path;
}

struct span frame_query(const struct call *c, const struct frame *f)
{
    return frame_is_shown(f) && f->query.p ? f->query : c->x->req.uri.query;
}

const struct mapper_result *frame_map(const struct call *c, const struct frame *f)
{
    return frame_is_shown(f) ? &f->map : &c->map;
}

struct span frame_filter_path(const struct call *c, const struct frame *f)
{
    if (!f)
        return c->map.path;
    return f->named ? SPAN_NONE : f->map.path;
}

struct span frame_target_path(const struct call *c, const struct frame *f)
{
    while (f && f->named)
        f = f->outer;
    return f ? f->map.path : c->map.path;
}

const struct failure *frame_failure(const struct frame *f)
{
    while (f && !f->failure)
        f = f->outer;
    return f ? f->failure : NULL;
}

/* An error page is asked for by GET, as of Servlet 6.1; what it includes, too. */
enum method frame_method(const struct call *c, const struct frame *f)
{
    return frame_failure(f) ? METHOD_GET : c->x->req.method;
}

uint32_t request_dispatch_type(cs_request *req)
{
    return frame_type(request_frame(req));
}
