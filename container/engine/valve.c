/* SPDX-License-Identifier: Apache-2.0
 * The valves of a request: the engine's, its host's, its context's, in order of server.xml, then the
 * webapp. On the worker that runs the request. */
#include <stdlib.h>
#include <string.h>

#include "engine/call.h"

struct valve_step { /* one valve's place in the chain; lives while the valve runs */
    struct guarded guarded;
    cs_chain pub;
    struct call *call;
    const struct valve *valve;
    uint32_t level; /* of its pipeline */
    bool used;
};

enum { LEVEL_ENGINE, LEVEL_HOST, LEVEL_CONTEXT, LEVEL_COUNT };

/* V or the first behind it that is in the way of requests; NULL: none. */
static const struct valve *invoked(const struct valve *v)
{
    while (v && !v->row->invoke)
        v = v->next;
    return v;
}

static const struct valve *first_of(const struct call *c, uint32_t level)
{
    const struct engine_host *h = c->x->route.host;
    if (level == LEVEL_ENGINE)
        return invoked(c->engine->pipeline.first);
    if (level == LEVEL_HOST)
        return h ? invoked(h->pipeline.first) : NULL;
    return c->context ? invoked(c->context->pipeline.first) : NULL;
}

static int run_from(struct call *c, const struct valve *v, uint32_t level);

static int chain_next(cs_chain *chain, cs_request *req, cs_response *res)
{
    struct valve_step *s = CONTAINER_OF(chain, struct valve_step, pub);
    struct call *c = s->call;
    if (s->used || req != &c->request.pub || res != &c->response.pub)
        return CS_ESTATE;
    s->used = true;
    void *self = c->self;
    struct app_module *module = c->module;
    int rc = run_from(c, invoked(s->valve->next), s->level);
    c->self = self;
    c->module = module;
    c->in_valve = true;
    return rc;
}

static const struct cs_chain_ops chain_ops = {
    .size = sizeof(struct cs_chain_ops), .minor = CS_ABI_MINOR_MAX, .next = chain_next};

static int valve_body(void *guarded)
{
    struct valve_step *s = guarded;
    return s->valve->row->invoke(&s->call->request.pub, &s->call->response.pub, &s->pub,
                                 s->valve->reg.self);
}

static int run_valve(struct call *c, const struct valve *v, uint32_t level)
{
    struct valve_step s = {.pub = {.ops = &chain_ops}, .call = c, .valve = v, .level = level};
    c->self = v->reg.self;
    c->module = &v->module->as;
    c->in_valve = true;
    int rc = module_invoke(c->module, valve_body, &s.guarded);
    s.used = true;
    if (s.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, s.guarded.failure));
    return rc;
}

/* V NULL: goes on with the next level that has one. */
static int run_from(struct call *c, const struct valve *v, uint32_t level)
{
    while (!v && ++level < LEVEL_COUNT)
        v = first_of(c, level);
    if (v)
        return run_valve(c, v, level);
    c->in_valve = false;
    return serve_target(c);
}

int run_valves(struct call *c)
{
    return run_from(c, first_of(c, LEVEL_ENGINE), LEVEL_ENGINE);
}

/* ---- adding ---- */

bool is_alias(const char *aliases, struct span name)
{
    struct span rest = span_of(aliases), word;
    while (rest.p && span_split(&rest, ' ', &word)) {
        if (word.n > 0 && span_eq(word, name))
            return true;
    }
    return false;
}

static const cs_valve *find_row(const struct engine *e, const char *class_name,
                                struct host_module **module)
{
    struct span name = span_of(class_name);
    for (uint32_t i = 0; i < server_modules_count(e->shared); i++) {
        struct host_module *h = server_modules_at(e->shared, i);
        for (uint32_t k = 0; k < h->as.module->valve_count; k++) {
            const cs_valve *row = &h->as.module->valves[k];
            if (span_eq(span_of(row->name), name) || is_alias(row->aliases, name)) {
                *module = h;
                return row;
            }
        }
    }
    return NULL;
}

bool engine_has_valve(const struct engine *e, const char *class_name)
{
    struct host_module *module;
    return find_row(e, class_name, &module) != NULL;
}

struct valve_init {
    struct guarded guarded;
    struct config_handle config;
    struct valve *valve;
};

static int init_body(void *guarded)
{
    struct valve_init *r = guarded;
    return r->valve->row->init(&r->config.pub, &r->valve->reg.self);
}

static bool init_valve(struct valve *v, struct err *err)
{
    struct valve_init r = {
        .config = {.pub = {.ops = &config_ops}, .reg = &v->reg, .module = &v->module->as},
        .valve = v};
    struct said said;
    module_listen(&said);
    int rc = v->row->init ? module_invoke(&v->module->as, init_body, &r.guarded) : CS_OK;
    module_listen(NULL);
    if (rc == CS_OK && !r.guarded.failure[0])
        return true;
    err_set(err, "init of the valve %s failed with %d", v->reg.name, rc);
    err_why(err, "%s", r.guarded.failure[0] ? r.guarded.failure : said.text);
    return err_hint(err, "Mend its attributes, or leave it out");
}

static bool fill(struct valve *v, const struct valve_spec *spec)
{
    struct arena *a = &v->module->as.arena;
    v->reg.name = arena_strdup(a, v->row->name);
    v->reg.params = arena_zalloc(a, (spec->param_count + 1) * sizeof(*v->reg.params));
    if (!v->reg.name || !v->reg.params)
        return false;
    for (uint32_t i = 0; i < spec->param_count; i++) {
        v->reg.params[i].name = arena_strdup(a, spec->params[i].name);
        v->reg.params[i].value = arena_strdup(a, spec->params[i].value);
        if (!v->reg.params[i].name || !v->reg.params[i].value)
            return false;
    }
    v->reg.param_count = spec->param_count;
    return true;
}

bool engine_add_valve(struct engine *e, struct engine_host *host, struct context *context,
                      const struct valve_spec *spec, struct err *err)
{
    struct pipeline *p = context ? &context->pipeline : host ? &host->pipeline : &e->pipeline;
    struct host_module *module;
    const cs_valve *row = find_row(e, spec->class_name, &module);
    if (!row) {
        err_set(err, "no module in modules/ has the valve %s", spec->class_name);
        return err_hint(err, "Mend the className, or put its module there");
    }
    struct valve *v = arena_zalloc(&module->as.arena, sizeof(*v));
    if (v) {
        v->row = row;
        v->module = module;
        v->host = host;
        v->context = context;
    }
    if (!v || !fill(v, spec))
        return err_set(err, "out of memory for the valve %s", spec->class_name);
    if (!init_valve(v, err))
        return false;
    v->reg.initialised = true;
    if (p->last)
        p->last->next = v;
    else
        p->first = v;
    p->last = v;
    e->has_valves = e->has_valves || row->invoke;
    if (row->records) {
        p->takes = true;
        v->next_taker = e->takers;
        e->takers = v;
    }
    return true;
}
