/* SPDX-License-Identifier: Apache-2.0
 * Every call into module code goes through here: a module written in C++ brings a catch-all, because an
 * exception must not cross the container's frames. */
#include <stdio.h>

#include "engine/engine_priv.h"
#include "observe/log.h"

static void failed(void *arg, const char *text)
{
    struct guarded *g = arg;
    snprintf(g->failure, sizeof(g->failure), "%s",
             text && *text ? text : "an exception without text");
}

int module_invoke(const struct app_module *m, int (*body)(void *guarded), struct guarded *g)
{
    g->failure[0] = '\0';
    if (!m->module->descriptor.invoke)
        return body(g);
    return m->module->descriptor.invoke(body, g, failed);
}

struct cleanup_run {
    struct guarded guarded;
    const struct app_module *module;
    void (*fn)(void *arg);
    void *arg;
};

static int cleanup_body(void *guarded)
{
    struct cleanup_run *r = guarded;
    r->fn(r->arg);
    return CS_OK;
}

static void run_and_tell(struct cleanup_run *r, const char *what)
{
    module_invoke(r->module, cleanup_body, &r->guarded);
    if (r->guarded.failure[0])
        LOG(engine, LOG_ERROR, "%s: %s failed: %s",
            r->module->app ? r->module->app->context->queue_name : r->module->module->name, what,
            r->guarded.failure);
}

void module_free(const struct app_module *m, const char *what, void (*fn)(void *arg), void *arg)
{
    struct cleanup_run r = {.module = m, .fn = fn, .arg = arg};
    run_and_tell(&r, what);
}

static void run_cleanup(void *arg)
{
    run_and_tell(arg, "a cleanup");
}

bool module_cleanup(const struct app_module *m, struct arena *arena, void (*fn)(void *arg),
                    void *arg)
{
    struct cleanup_run *r = arena_alloc(arena, sizeof(*r));
    if (!r)
        return false;
    r->module = m;
    r->fn = fn;
    r->arg = arg;
    return arena_on_cleanup(arena, run_cleanup, r);
}
