/* SPDX-License-Identifier: Apache-2.0
 * Listeners of requests and of a webapp's attributes; those of the webapp's life are told in app_life.c. Called
 * by serve.c and ctx_attributes.c, on the thread that runs the request or sets the attribute. */
#include "engine/call.h"
#include "observe/log.h"

static const char *name_of(const struct listener *l)
{
    return l->row->name ? l->row->name : "";
}

/* ---- requests ---- */

struct request_run {
    struct guarded guarded;
    const struct listener *listener;
    cs_request *req;
};

static int initialized_body(void *guarded)
{
    struct request_run *r = guarded;
    return r->listener->row->request_initialized(r->req, r->listener->self);
}

static int destroyed_body(void *guarded)
{
    struct request_run *r = guarded;
    r->listener->row->request_destroyed(r->req, r->listener->self);
    return CS_OK;
}

/* Runs BODY as code of the listener's module. False: it failed, and the log has it. */
static bool run(struct call *c, const struct listener *l, int (*body)(void *guarded),
                const char *what)
{
    struct request_run r = {.listener = l, .req = &c->request.pub};
    c->self = l->self;
    c->module = &c->app->modules[l->module];
    int rc = module_invoke(c->module, body, &r.guarded);
    if (rc == CS_OK && !r.guarded.failure[0])
        return true;
    if (r.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, r.guarded.failure));
    LOG(engine, LOG_ERROR, "%s: %.*s %.*s: %s of the listener %s failed with %d%s%.*s",
        call_name(c), SPAN_ARG(c->x->req.method_text), SPAN_ARG(c->x->req.uri.path), what,
        name_of(l), rc, c->detail.n ? ": " : "", SPAN_ARG(c->detail));
    return false;
}

bool listeners_begin_request(struct call *c)
{
    const struct app *a = c->app;
    if (!a->request_listeners)
        return true;
    for (; c->listeners_told < a->listener_count; c->listeners_told++) {
        const struct listener *l = a->listeners[c->listeners_told];
        if (l->row->request_initialized && !run(c, l, initialized_body, "request_initialized"))
            return false;
    }
    return true;
}

void listeners_end_request(struct call *c)
{
    while (c->listeners_told > 0) {
        const struct listener *l = c->app->listeners[--c->listeners_told];
        if (l->row->request_destroyed)
            run(c, l, destroyed_body, "request_destroyed");
    }
}

/* ---- attributes ---- */

struct attribute_run {
    struct guarded guarded;
    const struct listener *listener;
    struct app_module *module;
    const char *name;
    void *old_value, *new_value;
};

static int attribute_body(void *guarded)
{
    struct attribute_run *r = guarded;
    r->listener->row->context_attribute_changed(&r->module->pub, r->name, r->old_value,
                                                r->new_value, r->listener->self);
    return CS_OK;
}

void listeners_attribute(struct app *a, const char *name, void *old_value, void *new_value)
{
    for (uint32_t i = 0; i < a->listener_count; i++) {
        const struct listener *l = a->listeners[i];
        struct attribute_run r = {.listener = l,
                                  .module = &a->modules[l->module],
                                  .name = name,
                                  .old_value = old_value,
                                  .new_value = new_value};
        if (!l->row->context_attribute_changed || !atomic_load(&l->told))
            continue;
        module_invoke(r.module, attribute_body, &r.guarded);
        if (r.guarded.failure[0])
            LOG(engine, LOG_ERROR, "%s: context_attribute_changed of the listener %s failed: %s",
                a->context->queue_name, name_of(l), r.guarded.failure);
    }
}
