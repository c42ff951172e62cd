/* SPDX-License-Identifier: Apache-2.0
 * The filter chain of a request, and of each dispatch within it: filters mapped by URL in order of their
 * mappings, then those mapped by servlet name, then the servlet. */
#include <stdio.h>

#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"

struct step { /* one filter's place in the chain; lives while the filter runs */
    struct guarded guarded;
    cs_chain pub;
    struct call *call;
    cs_request *req; /* the handles the filter gets */
    cs_response *res;
    const struct frame *frame; /* of all handles in this chain */
    uint32_t position;         /* of the next mapping to look at */
    bool used;
    struct filter *filter;
};

static int run_from(struct call *c, uint32_t position, cs_request *req, cs_response *res);

static int chain_next(cs_chain *chain, cs_request *req, cs_response *res)
{
    struct step *s = CONTAINER_OF(chain, struct step, pub);
    struct call *c = s->call;
    if (s->used || !req || !res || request_call(req) != c || response_call(res) != c ||
        request_frame(req) != s->frame || response_frame(res) != s->frame)
        return CS_ESTATE;
    s->used = true;
    void *self = c->self;
    struct app_module *module = c->module;
    int rc = run_from(c, s->position, req, res);
    c->self = self;
    c->module = module;
    return rc;
}

static const struct cs_chain_ops chain_ops = {
    .size = sizeof(struct cs_chain_ops), .minor = CS_ABI_MINOR_MAX, .next = chain_next};

static int filter_body(void *guarded)
{
    struct step *s = guarded;
    return s->filter->row->filter(s->req, s->res, &s->pub, s->filter->reg.self);
}

static int run_filter(struct call *c, struct filter *f, uint32_t next, cs_request *req,
                      cs_response *res)
{
    struct step s = {.pub = {.ops = &chain_ops},
                     .call = c,
                     .req = req,
                     .res = res,
                     .frame = request_frame(req),
                     .position = next,
                     .filter = f};
    const struct wrap *mark = c->wraps;
    c->self = f->reg.self;
    c->module = &c->app->modules[f->reg.module];
    call_passes(c, &f->reg);
    int rc = module_invoke(c->module, filter_body, &s.guarded);
    s.used = true;
    if (s.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, s.guarded.failure));
    return wraps_end(c, mark, rc);
}

static bool matches(const struct call *c, const struct frame *f, const struct filter_mapping *m,
                    bool by_name)
{
    if (by_name != (m->url_pattern.p == NULL) || !(m->dispatchers & frame_type(f)))
        return false;
    if (by_name)
        return c->servlet && (span_eq(m->servlet_name, SPAN_LIT("*")) ||
                              span_eq(m->servlet_name, span_of(c->servlet->reg.name)));
    struct span path = frame_filter_path(c, f);
    return path.p ? mapper_filter_matches(m->url_pattern, path)
                  : span_eq(m->url_pattern, SPAN_LIT("*"));
}

/* Positions 0 .. n-1 are the pass by URL, n .. 2n-1 the pass by servlet name. */
static int run_from(struct call *c, uint32_t position, cs_request *req, cs_response *res)
{
    uint32_t n = c->app->mapping_count;
    for (; position < 2 * n; position++) {
        struct filter_mapping *m = c->app->mappings[position % n];
        if (matches(c, request_frame(req), m, position >= n))
            return run_filter(c, m->filter, position + 1, req, res);
    }
    return call_servlet(c, req, res);
}

int run_chain(struct call *c, cs_request *req, cs_response *res)
{
    return run_from(c, 0, req, res);
}
