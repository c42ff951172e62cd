/* SPDX-License-Identifier: Apache-2.0
 * The life of an app, on its generation's life-cycle thread: hooks, listeners, filters, servlets in order;
 * back in reverse. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/background.h"
#include "observe/log.h"

/* ---- calling one callback ---- */

struct hook_run {
    struct guarded guarded;
    struct app_module *module;
    int (*hook)(cs_ctx *ctx);
    void (*end)(cs_ctx *ctx);
    uint32_t attempt;
};
struct init_run {
    struct guarded guarded;
    int (*init)(cs_config *config, void **self);
    void (*destroy)(cs_ctx *ctx, void *self);
    struct config_handle config;
    struct registration *reg;
};
struct listener_run {
    struct guarded guarded;
    struct listener *listener;
    struct app_module *module;
};

/* BODY, heard: what it logs as an error is why it fails. */
static int invoke(const struct app_module *m, int (*body)(void *guarded), struct guarded *g,
                  struct said *said)
{
    module_listen(said);
    int rc = module_invoke(m, body, g);
    module_listen(NULL);
    return rc;
}

static bool failed(const struct app *a, const char *what, const char *name, int rc,
                   const struct guarded *g, const struct said *said, struct err *err)
{
    err_set(err, "%s: %s%s%s failed with %d", a->context->queue_name, what, *name ? " " : "", name,
            rc);
    const char *why = g->failure[0] ? g->failure : said->text[0] ? said->text : a->refusal;
    if (*why)
        err_why(err, "%s", why);
    return false;
}

/* What ends cannot fail, but its code may throw. */
static void tell_thrown(const struct app *a, const char *what, const char *name,
                        const struct guarded *g)
{
    if (g->failure[0])
        LOG(engine, LOG_ERROR, "%s: %s %s failed: %s", a->context->queue_name, what, name,
            g->failure);
}

static int hook_body(void *guarded)
{
    struct hook_run *r = guarded;
    return r->hook(&r->module->pub);
}

static bool run_hook(struct app *a, struct app_module *m, int (*hook)(cs_ctx *), const char *name,
                     struct err *err)
{
    struct hook_run r = {.module = m, .hook = hook};
    if (!hook)
        return true;
    struct said said;
    int rc = invoke(m, hook_body, &r.guarded, &said);
    return (rc == CS_OK && !r.guarded.failure[0]) ||
           failed(a, name, "", rc, &r.guarded, &said, err);
}

static int init_body(void *guarded)
{
    struct init_run *r = guarded;
    return r->init(&r->config.pub, &r->reg->self);
}

static bool run_init(struct app *a, struct registration *reg, const char *kind,
                     int (*init)(cs_config *, void **), int *rc, struct err *err)
{
    struct app_module *m = &a->modules[reg->module];
    struct init_run r = {
        .init = init, .config = {.pub = {.ops = &config_ops}, .reg = reg, .module = m}, .reg = reg};
    struct said said;
    *rc = init ? invoke(m, init_body, &r.guarded, &said) : CS_OK;
    if (*rc != CS_OK || r.guarded.failure[0])
        return failed(a, kind, reg->name, *rc, &r.guarded, &said, err);
    reg->initialised = true;
    return true;
}

static int destroy_body(void *guarded)
{
    struct init_run *r = guarded;
    r->destroy(&r->config.module->pub, r->reg->self);
    return CS_OK;
}

static void run_destroy(struct app *a, struct registration *reg, const char *what,
                        void (*destroy)(cs_ctx *, void *))
{
    struct app_module *m = &a->modules[reg->module];
    struct init_run r = {.destroy = destroy, .config = {.module = m}, .reg = reg};
    if (reg->initialised && destroy)
        module_invoke(m, destroy_body, &r.guarded);
    tell_thrown(a, what, reg->name, &r.guarded);
    reg->initialised = false;
}

static int listener_begin(void *guarded)
{
    struct listener_run *r = guarded;
    return r->listener->row->context_initialized(&r->module->pub, &r->listener->self);
}

static int listener_end(void *guarded)
{
    struct listener_run *r = guarded;
    r->listener->row->context_destroyed(&r->module->pub, r->listener->self);
    return CS_OK;
}

static bool tell_listener(struct app *a, struct listener *l, struct err *err)
{
    struct app_module *m = &a->modules[l->module];
    struct listener_run r = {.listener = l, .module = m};
    struct said said;
    int rc = l->row->context_initialized ? invoke(m, listener_begin, &r.guarded, &said) : CS_OK;
    if (rc != CS_OK || r.guarded.failure[0])
        return failed(a, "listener", l->row->name ? l->row->name : "", rc, &r.guarded, &said, err);
    atomic_store(&l->told, true);
    return true;
}

/* ---- phases ---- */

/* Ascending load-on-startup, those without one last; equal ones in order of registration. */
static int by_startup(const void *left, const void *right)
{
    const struct servlet *const *a = left, *const *b = right;
    int64_t x = (*a)->load_on_startup, y = (*b)->load_on_startup;
    uint64_t ux = x < 0 ? UINT64_MAX : (uint64_t)x, uy = y < 0 ? UINT64_MAX : (uint64_t)y;
    return ux < uy ? -1 : ux > uy;
}

/* A servlet's init may say that it is unavailable, or fail: the others are served, unless the webapp is
 * told to be whole. It is not initialised and stays unavailable until the webapp is started again. */
static bool init_servlet(struct app *a, struct servlet *s, struct err *err)
{
    int rc = CS_OK;
    if (s->disabled || run_init(a, &s->reg, "init of servlet", s->row->init, &rc, err))
        return true;
    if (a->servlets_must_start) {
        err_hint(err, "failCtxIfServletStartFails wants all servlets to start; mend this one, or "
                      "switch it off with <enabled>false in web.xml");
        return false;
    }
    char text[1024];
    s->init_failed = rc > CS_UNAVAILABLE(0);
    LOG(engine, s->init_failed ? LOG_ERROR : LOG_WARN, "%s: it is unavailable",
        err_text(err, text, sizeof(text)));
    *err = ERR_INIT;
    if (s->init_failed) {
        atomic_store(&s->unavailable_until_us, UINT64_MAX);
        return true;
    }
    uint32_t seconds = (0u - (uint32_t)rc - 0x1000000u) & 0xffffffu;
    s->retry_after = seconds;
    atomic_store(&s->unavailable_until_us, UINT64_MAX);
    return true;
}

static bool init_servlets(struct app *a, struct err *err)
{
    size_t n = a->servlet_count;
    struct servlet **order = arena_alloc(&a->arena, (n + 1) * sizeof(*order));
    if (!order)
        return err_set(err, "out of memory for the webapp %s", a->context->queue_name);
    /* Insertion keeps the order of equals, which qsort does not. */
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && by_startup(&order[at - 1], &a->servlets[i]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = a->servlets[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (!init_servlet(a, order[i], err))
            return false;
    }
    return true;
}

/* Those who may register more: so the listeners' number grows while they are told. */
static bool init_modules(struct app *a, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < a->module_count; i++) {
        struct app_module *m = &a->modules[i];
        m->begun = true;
        registration_open(a);
        ok = run_hook(a, m, m->module->descriptor.init, "the init hook", err);
    }
    for (uint32_t i = 0; ok && i < a->listener_count; i++) {
        registration_open(a);
        ok = tell_listener(a, a->listeners[i], err);
    }
    registration_close();
    a->refusal[0] = '\0';
    return ok;
}

bool app_init(struct app *a, struct err *err)
{
    if (!init_modules(a, err) || !app_check_names(a, err))
        return false;
    for (uint32_t i = 0; i < a->filter_count; i++) {
        struct filter *f = a->filters[i];
        int rc;
        if (!run_init(a, &f->reg, "init of filter", f->row->init, &rc, err)) {
            err_hint(err, "Mend the filter's init-params, or leave it out");
            return err_at(err, f->file, f->line);
        }
    }
    return init_servlets(a, err);
}

bool app_start(struct app *a, struct err *err)
{
    for (uint32_t i = 0; i < a->module_count; i++) {
        struct app_module *m = &a->modules[i];
        if (!run_hook(a, m, m->module->descriptor.start, "the start hook", err))
            return false;
    }
    return true;
}

bool app_health(struct app *a, struct err *err)
{
    for (uint32_t i = 0; i < a->module_count; i++) {
        struct app_module *m = &a->modules[i];
        if (!run_hook(a, m, m->module->descriptor.health, "the health hook", err))
            return false;
    }
    return true;
}

static int stop_body(void *guarded)
{
    struct hook_run *r = guarded;
    return r->module->module->descriptor.stop(&r->module->pub, r->attempt);
}

bool app_stop(struct app *a, uint32_t attempt)
{
    bool all = true;
    for (uint32_t i = a->module_count; i-- > 0;) {
        struct app_module *m = &a->modules[i];
        struct hook_run r = {.module = m, .attempt = attempt};
        if (!m->begun || m->stopped)
            continue;
        int rc = m->module->descriptor.stop ? module_invoke(m, stop_body, &r.guarded) : CS_OK;
        if (r.guarded.failure[0])
            rc = CS_EFAIL;
        if (rc != CS_OK && rc != CS_EAGAIN)
            LOG(engine, LOG_WARN, "%s: the stop hook of %s failed with %d%s%s",
                a->context->queue_name, m->module->name, rc, r.guarded.failure[0] ? ": " : "",
                r.guarded.failure);
        m->stopped = rc != CS_EAGAIN;
        all = all && m->stopped;
    }
    return all;
}

static int end_body(void *guarded)
{
    struct hook_run *r = guarded;
    r->end(&r->module->pub);
    return CS_OK;
}

void app_destroy_all(struct app *a)
{
    worker_slots_end(a);
    for (uint32_t i = a->servlet_count; i-- > 0;)
        run_destroy(a, &a->servlets[i]->reg, "destroy of servlet", a->servlets[i]->row->destroy);
    for (uint32_t i = a->filter_count; i-- > 0;)
        run_destroy(a, &a->filters[i]->reg, "destroy of filter", a->filters[i]->row->destroy);
    for (uint32_t i = a->listener_count; i-- > 0;) {
        struct listener *l = a->listeners[i];
        struct app_module *m = &a->modules[l->module];
        struct listener_run r = {.listener = l, .module = m};
        if (atomic_load(&l->told) && l->row->context_destroyed)
            module_invoke(m, listener_end, &r.guarded);
        tell_thrown(a, "context_destroyed of listener", l->row->name ? l->row->name : "",
                    &r.guarded);
        atomic_store(&l->told, false);
    }
    ctx_attributes_end(&a->attributes);
    for (uint32_t i = a->module_count; i-- > 0;) {
        struct app_module *m = &a->modules[i];
        struct hook_run r = {.module = m, .end = m->module->descriptor.destroy};
        if (!m->begun)
            continue;
        arena_run_cleanups(&m->arena);
        if (r.end)
            module_invoke(m, end_body, &r.guarded);
        tell_thrown(a, "the destroy hook of", m->module->name, &r.guarded);
        m->begun = false;
    }
}
