/* SPDX-License-Identifier: Apache-2.0
 * The server modules of an engine and their handle (cs_host_*): see server_modules.h. */
#include "engine/server_modules.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/engine_priv.h"
#include "observe/log.h"

struct server_modules {
    uint32_t count;
    struct host_module modules[];
};

uint32_t server_modules_count(const struct server_modules *s)
{
    return s ? s->count : 0;
}

struct host_module *server_modules_at(struct server_modules *s, uint32_t i)
{
    CHECK(i < s->count);
    return &s->modules[i];
}

/* ---- the handle ---- */

static struct host_module *host_of(cs_host *host)
{
    return CONTAINER_OF(host, struct host_module, pub);
}

static cs_str host_get(cs_host *host, uint32_t what)
{
    const struct host_module *h = host_of(host);
    switch (what) {
    case CS_HOST_BASE:
        return to_str(span_of(h->base));
    case CS_HOST_SERVER:
        return to_str(span_of(h->server_name));
    case CS_HOST_MODULE:
        return to_str(span_of(h->as.module->name));
    default:
        return (cs_str){NULL, 0};
    }
}

__attribute__((format(printf, 3, 0))) static int host_vlog(cs_host *host, uint32_t level,
                                                           const char *format, va_list args)
{
    return module_log(host_of(host)->as.module->name, level, format, args);
}

static int host_set_state(cs_host *host, void *state)
{
    host_of(host)->state = state;
    return CS_OK;
}

static void *host_state(cs_host *host)
{
    return host_of(host)->state;
}

static void *host_alloc(cs_host *host, size_t size)
{
    return arena_zalloc(&host_of(host)->as.arena, size);
}

static const struct cs_host_ops host_ops = {
    .size = sizeof(struct cs_host_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = host_get,
    .vlog = host_vlog,
    .set_state = host_set_state,
    .state = host_state,
    .alloc = host_alloc,
};

/* ---- life ---- */

bool engine_set_modules(struct engine *e, struct generation *g, const char *base,
                        const char *server_name, struct err *err)
{
    uint32_t n = generation_module_count(g);
    struct server_modules *s = calloc(1, sizeof(*s) + n * sizeof(s->modules[0]));
    CHECK(!e->shared);
    if (!s)
        return err_set(err, "out of memory for the server modules");
    s->count = n;
    for (uint32_t i = 0; i < n; i++) {
        struct host_module *h = &s->modules[i];
        h->as.module = generation_module(g, i);
        CHECK(h->as.module->server);
        h->as.host = h;
        arena_init(&h->as.arena);
        h->pub.ops = &host_ops;
        h->base = base;
        h->server_name = server_name;
    }
    e->shared = s;
    return true;
}

struct host_run {
    struct guarded guarded;
    struct host_module *module;
    const struct valve *valve;
};

static int init_body(void *guarded)
{
    struct host_run *r = guarded;
    return r->module->as.module->host.init(&r->module->pub);
}

bool server_modules_init(struct engine *e, struct err *err)
{
    for (uint32_t i = 0; i < server_modules_count(e->shared); i++) {
        struct host_run r = {.module = &e->shared->modules[i]};
        const struct module *m = r.module->as.module;
        r.module->begun = true;
        int rc = m->host.init ? module_invoke(&r.module->as, init_body, &r.guarded) : CS_OK;
        if (rc == CS_OK && !r.guarded.failure[0])
            continue;
        err_set(err, "the init hook of the server module %s (%s) failed with %d", m->name, m->file,
                rc);
        if (r.guarded.failure[0])
            err_why(err, "%s", r.guarded.failure);
        return err_hint(err, "Mend it, or remove it from modules/");
    }
    return true;
}

static int destroy_valve_body(void *guarded)
{
    struct host_run *r = guarded;
    r->valve->row->destroy(&r->module->pub, r->valve->reg.self);
    return CS_OK;
}

static int destroy_body(void *guarded)
{
    struct host_run *r = guarded;
    r->module->as.module->host.destroy(&r->module->pub);
    return CS_OK;
}

static void end_pipeline(struct pipeline *p)
{
    for (const struct valve *v = p->first; v; v = v->next) {
        struct host_run r = {.module = v->module, .valve = v};
        if (v->row->destroy)
            module_invoke(&v->module->as, destroy_valve_body, &r.guarded);
    }
    *p = (struct pipeline){.first = NULL};
}

void server_modules_end(struct engine *e)
{
    struct server_modules *s = e->shared;
    for (uint32_t i = 0; i < e->context_count; i++)
        end_pipeline(&e->contexts[i]->pipeline);
    for (uint32_t i = 0; i < e->host_count; i++)
        end_pipeline(&e->all_hosts[i]->pipeline);
    end_pipeline(&e->pipeline);
    e->has_valves = false;
    e->takers = NULL;
    for (uint32_t i = server_modules_count(s); i-- > 0;) {
        struct host_run r = {.module = &s->modules[i]};
        if (r.module->begun && r.module->as.module->host.destroy)
            module_invoke(&r.module->as, destroy_body, &r.guarded);
        arena_destroy(&r.module->as.arena);
    }
    free(s);
    e->shared = NULL;
}
