/* SPDX-License-Identifier: Apache-2.0
 * What a webapp registers by itself while it starts: cs_ctx_add_*, cs_ctx_map_*, cs_ctx_set_param. Only between
 * registration_open and registration_close (app_life.c), on that thread. Each call does all or nothing. */
#include <stdio.h>
#include <string.h>

#include "engine/engine_priv.h"
#include "observe/log.h"

#define PARAMS_MAX 256u

/* The app that may be changed on this thread now. */
static _Thread_local struct app *open_app;

void registration_open(struct app *a)
{
    open_app = a;
    a->refusal[0] = '\0';
}

void registration_close(void)
{
    open_app = NULL;
}

static struct app_module *module_of(cs_ctx *ctx)
{
    return CONTAINER_OF(ctx, struct app_module, pub);
}

static bool is_open(const struct app_module *m)
{
    return m->app == open_app;
}

/* The sentence goes to the log, and behind the hook's failure if it fails now. */
static int refused(struct app *a, const struct err *err)
{
    err_text(err, a->refusal, sizeof(a->refusal));
    LOG(engine, LOG_ERROR, "%s: %s", a->context->queue_name, a->refusal);
    return CS_EINVAL;
}

static int done(struct app *a, bool ok, const struct err *err)
{
    return ok ? CS_OK : refused(a, err);
}

/* ---- rows ---- */

static void close_row(void *module)
{
    module_close(module);
}

/* A row is taken as a module that has nothing else: it gets the checks that every row gets. It lives as
 * long as the app. */
static struct module *adopt(struct app_module *m, const cs_module *one, struct err *err)
{
    struct arena *arena = &m->app->arena;
    struct module *module = arena_zalloc(arena, sizeof(*module));
    if (!module) {
        err_set(err, "out of memory");
        return NULL;
    }
    if (!module_adopt(module, one, m->module->file, err))
        return NULL;
    if (arena_on_cleanup(arena, close_row, module))
        return module;
    module_close(module);
    err_set(err, "out of memory");
    return NULL;
}

/* Of a name that comes twice the first counts. FROM was checked. */
static bool take_params(const struct cs_params *from, struct app_param *rows, uint32_t *count,
                        struct err *err)
{
    *count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        const cs_param *p =
            (const cs_param *)(const void *)((const char *)from->rows + (size_t)i * from->row_size);
        uint32_t k = 0;
        while (k < *count && strcmp(rows[k].name, p->name) != 0)
            k++;
        if (k < *count)
            continue;
        if (*count == PARAMS_MAX)
            return err_set(err, "more than %u init parameters", PARAMS_MAX);
        rows[(*count)++] = (struct app_param){.name = p->name, .value = p->value};
    }
    return true;
}

static uint32_t number_of(const struct app_module *m)
{
    return (uint32_t)(m - m->app->modules);
}

static bool add_servlet(struct app_module *m, const cs_module *one, struct arena *scratch,
                        struct err *err)
{
    struct app *a = m->app;
    struct app_param params[PARAMS_MAX];
    const struct module *module = adopt(m, one, err);
    if (!module)
        return false;
    const cs_servlet *row = &module->servlets[0];
    struct app_servlet_spec spec = {.name = row->name,
                                    .file = m->module->file,
                                    .row = row,
                                    .module = number_of(m),
                                    .load_on_startup = row->load_on_startup,
                                    .async_supported = (row->flags & CS_ASYNC) != 0,
                                    .multipart = app_multipart(row->multipart),
                                    .params = params};
    const char **patterns;
    if (!take_params(&row->params, params, &spec.param_count, err))
        return false;
    if (!app_split_words(scratch, row->url_patterns, &patterns, &spec.pattern_count))
        return err_set(err, "out of memory");
    spec.patterns = patterns;
    for (uint32_t i = 0; i < spec.pattern_count; i++)
        if (!app_pattern_is_free(a, NULL, row->name, m->module->file, patterns[i], err))
            return false;
    return app_add_servlet(a, &spec, err);
}

int ctx_add_servlet(cs_ctx *ctx, const cs_servlet *row, uint32_t row_size)
{
    struct app_module *m = module_of(ctx);
    struct arena scratch;
    struct err err = ERR_INIT;
    cs_module one = {.size = sizeof(one), .servlets = {row, 1, row_size}};
    if (!is_open(m))
        return CS_ESTATE;
    arena_init(&scratch);
    int rc = done(m->app, add_servlet(m, &one, &scratch, &err), &err);
    arena_destroy(&scratch);
    return rc;
}

/* ---- filters ---- */

static bool map_words(struct app *a, struct app_filter_mapping_spec *spec, struct arena *scratch,
                      const char *words, bool by_url, struct err *err)
{
    const char **all;
    uint32_t count;
    if (!app_split_words(scratch, words, &all, &count))
        return err_set(err, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        spec->url_pattern = by_url ? all[i] : NULL;
        spec->servlet_name = by_url ? NULL : all[i];
        if (!app_add_filter_mapping(a, spec, err))
            return false;
    }
    return true;
}

/* Behind all mappings that there are, or with none of it. */
static bool map_filter(struct app *a, const char *filter, const char *urls, const char *names,
                       uint32_t dispatchers, struct err *err)
{
    struct app_filter_mapping_spec spec = {
        .filter = filter, .dispatchers = dispatchers ? dispatchers : CS_DISPATCH_REQUEST};
    struct arena scratch;
    uint32_t before = a->mapping_count;
    arena_init(&scratch);
    bool ok = map_words(a, &spec, &scratch, urls, true, err) &&
              map_words(a, &spec, &scratch, names, false, err);
    arena_destroy(&scratch);
    if (!ok)
        a->mapping_count = before;
    return ok;
}

static bool add_filter(struct app_module *m, const cs_module *one, struct err *err)
{
    struct app *a = m->app;
    struct app_param params[PARAMS_MAX];
    const struct module *module = adopt(m, one, err);
    if (!module)
        return false;
    const cs_filter *row = &module->filters[0];
    struct app_filter_spec spec = {.name = row->name,
                                   .row = row,
                                   .module = number_of(m),
                                   .async_supported = (row->flags & CS_ASYNC) != 0,
                                   .params = params};
    if (!take_params(&row->params, params, &spec.param_count, err) ||
        !app_add_filter(a, &spec, err))
        return false;
    if (map_filter(a, row->name, row->url_patterns, row->servlet_names, row->dispatchers, err))
        return true;
    a->filter_count--;
    return false;
}

int ctx_add_filter(cs_ctx *ctx, const cs_filter *row, uint32_t row_size)
{
    struct app_module *m = module_of(ctx);
    struct err err = ERR_INIT;
    cs_module one = {.size = sizeof(one), .filters = {row, 1, row_size}};
    return is_open(m) ? done(m->app, add_filter(m, &one, &err), &err) : CS_ESTATE;
}

/* The last COUNT mappings go behind those that were put first before. */
static bool put_first(struct app *a, uint32_t count, struct err *err)
{
    uint32_t begin = a->mapping_count - count;
    struct filter_mapping **kept =
        arena_alloc(&a->arena, (count + 1) * sizeof(struct filter_mapping *));
    if (!kept) {
        a->mapping_count = begin;
        return err_set(err, "out of memory");
    }
    for (uint32_t i = 0; i < count; i++)
        kept[i] = a->mappings[begin + i];
    for (uint32_t i = begin; i-- > a->mapped_first;)
        a->mappings[i + count] = a->mappings[i];
    for (uint32_t i = 0; i < count; i++)
        a->mappings[a->mapped_first++] = kept[i];
    return true;
}

static bool is_text(cs_str s)
{
    return s.ptr && strlen(s.ptr) == s.len;
}

static bool is_text_or_absent(cs_str s)
{
    return !s.ptr || is_text(s);
}

#define DISPATCHERS                                                                        \
    (CS_DISPATCH_REQUEST | CS_DISPATCH_FORWARD | CS_DISPATCH_INCLUDE | CS_DISPATCH_ERROR | \
     CS_DISPATCH_ASYNC)

int ctx_map_filter(cs_ctx *ctx, cs_str filter, cs_str urls, cs_str names, uint32_t dispatchers,
                   uint32_t where)
{
    struct app *a = module_of(ctx)->app;
    struct err err = ERR_INIT;
    uint32_t before = a->mapping_count;
    if (!is_open(module_of(ctx)))
        return CS_ESTATE;
    if (!is_text(filter) || !is_text_or_absent(urls) || !is_text_or_absent(names) ||
        (dispatchers & ~DISPATCHERS) || where > CS_MAP_FIRST)
        return CS_EINVAL;
    bool ok = map_filter(a, filter.ptr, urls.ptr, names.ptr, dispatchers, &err) &&
              (where != CS_MAP_FIRST || put_first(a, a->mapping_count - before, &err));
    return done(a, ok, &err);
}

/* ---- listeners, mappings, parameters ---- */

static bool add_listener(struct app_module *m, const cs_module *one, struct err *err)
{
    struct module *module = adopt(m, one, err);
    if (!module)
        return false;
    cs_listener *row = &module->listeners[0];
    row->name = arena_strdup(&module->arena, row->name ? row->name : "");
    if (!row->name)
        return err_set(err, "out of memory");
    return app_add_listener(m->app, row, number_of(m), err);
}

int ctx_add_listener(cs_ctx *ctx, const cs_listener *row, uint32_t row_size)
{
    struct app_module *m = module_of(ctx);
    struct err err = ERR_INIT;
    cs_module one = {.size = sizeof(one), .listeners = {row, 1, row_size}};
    return is_open(m) ? done(m->app, add_listener(m, &one, &err), &err) : CS_ESTATE;
}

int ctx_map_servlet(cs_ctx *ctx, cs_str servlet, cs_str urls)
{
    struct app *a = module_of(ctx)->app;
    struct err err = ERR_INIT;
    struct arena scratch;
    const char **patterns;
    uint32_t count;
    if (!is_open(module_of(ctx)))
        return CS_ESTATE;
    if (!is_text(servlet) || !is_text(urls))
        return CS_EINVAL;
    arena_init(&scratch);
    bool ok =
        app_split_words(&scratch, urls.ptr, &patterns, &count)
            ? app_map_servlet(a, servlet.ptr, module_of(ctx)->module->file, patterns, count, &err)
            : err_set(&err, "out of memory");
    arena_destroy(&scratch);
    return done(a, ok, &err);
}

int ctx_set_param(cs_ctx *ctx, cs_str name, cs_str value)
{
    struct app *a = module_of(ctx)->app;
    struct err err = ERR_INIT;
    if (!is_open(module_of(ctx)))
        return CS_ESTATE;
    if (!is_text(name) || !*name.ptr || !is_text(value) || map_get(a->params, from_str(name)))
        return CS_EINVAL;
    return app_add_context_param(a, name.ptr, value.ptr, &err) ? CS_OK : CS_ENOMEM;
}
