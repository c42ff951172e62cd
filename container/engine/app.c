/* SPDX-License-Identifier: Apache-2.0
 * Putting an app together: registrations, mappings, their conflicts. Called by deploy on the life-cycle
 * thread; its life is in app_life.c. */
#include <stdlib.h>
#include <string.h>

#include "engine/background.h"

struct app *app_new(struct context *context, struct generation *generation,
                    const char *display_name, const char *doc_base, const char *server_name,
                    struct err *err)
{
    struct app *a = calloc(1, sizeof(*a));
    if (!a) {
        err_set(err, "out of memory for the webapp %s", context->queue_name);
        return NULL;
    }
    arena_init(&a->arena);
    a->context = context;
    a->generation = generation;
    struct server_modules *shared = context->engine->shared;
    a->own_count = generation_module_count(generation);
    a->module_count = a->own_count + server_modules_count(shared);
    a->mapper = mapper_new();
    a->mimes = map_new();
    a->params = map_new();
    a->env = map_new();
    a->default_patterns = map_new();
    a->temp_folder = "";
    a->background = background_new();
    ctx_attributes_init(&a->attributes);
    a->display_name = arena_strdup(&a->arena, display_name);
    a->doc_base = arena_strdup(&a->arena, doc_base);
    a->server_name = arena_strdup(&a->arena, server_name);
    a->modules = arena_zalloc(&a->arena, (a->module_count + 1) * sizeof(*a->modules));
    if (!a->mapper || !a->mimes || !a->params || !a->env || !a->default_patterns ||
        !a->display_name || !a->doc_base || !a->server_name || !a->modules || !a->background) {
        err_set(err, "out of memory for the webapp %s", context->queue_name);
        app_free(&a);
        return NULL;
    }
    for (uint32_t i = 0; i < a->module_count; i++) {
        struct app_module *m = &a->modules[i];
        m->app = a;
        m->host = i < a->own_count ? NULL : server_modules_at(shared, i - a->own_count);
        m->module = m->host ? m->host->as.module : generation_module(generation, i);
        m->pub.ops = &ctx_ops;
        arena_init(&m->arena);
    }
    /* Regression 220: the module of rows that stand in, where there is no other (app_not_implemented). */
    static struct module nobody;
    a->modules[a->module_count] =
        (struct app_module){.app = a, .module = &nobody, .pub = {.ops = &ctx_ops}};
    return a;
}

void app_free(struct app **ap)
{
    struct app *a = *ap;
    *ap = NULL;
    for (uint32_t i = 0; a->modules && i < a->module_count; i++)
        arena_destroy(&a->modules[i].arena);
    if (a->mapper)
        mapper_free(&a->mapper);
    if (a->mimes)
        map_free(&a->mimes);
    free(a->servlets);
    free(a->filters);
    free(a->mappings);
    free(a->listeners);
    free(a->error_pages);
    if (a->params)
        map_free(&a->params);
    if (a->env)
        map_free(&a->env);
    if (a->default_patterns)
        map_free(&a->default_patterns);
    ctx_attributes_free(&a->attributes);
    if (a->background)
        background_free(&a->background);
    arena_destroy(&a->arena);
    free(a);
}

struct generation *app_generation(const struct app *a)
{
    return a->generation;
}

const char *app_name(const struct app *a)
{
    if (*a->display_name)
        return a->display_name;
    return a->own_count > 0 ? a->modules[0].module->name : "";
}

const char *app_version(const struct app *a)
{
    return a->own_count > 0 ? a->modules[0].module->version : "";
}

uint32_t app_module_count(const struct app *a)
{
    return a->module_count;
}

const struct module *app_module_at(const struct app *a, uint32_t i)
{
    return a->modules[i].module;
}

cs_ctx *app_ctx(struct app *a, uint32_t i)
{
    return &a->modules[i].pub;
}

/* ---- adding ---- */

/* Room for one more pointer in a growing array. */
static bool room(void ***array, uint32_t count, uint32_t *cap)
{
    if (count < *cap)
        return true;
    uint32_t more = *cap ? *cap * 2 : 16;
    void **bigger = realloc(*array, more * sizeof(*bigger));
    if (!bigger)
        return false;
    *array = bigger;
    *cap = more;
    return true;
}

static bool no_memory(const struct app *a, struct err *err)
{
    return err_set(err, "out of memory for the webapp %s", a->context->queue_name);
}

static bool fill_registration(struct app *a, struct registration *reg, const char *name,
                              uint32_t module, const struct app_param *params, uint32_t count,
                              struct err *err)
{
    reg->name = arena_strdup(&a->arena, name);
    reg->module = module;
    reg->param_count = count;
    reg->params = arena_zalloc(&a->arena, (count + 1) * sizeof(*reg->params));
    if (!reg->name || !reg->params)
        return no_memory(a, err);
    for (uint32_t i = 0; i < count; i++) {
        reg->params[i].name = arena_strdup(&a->arena, params[i].name);
        reg->params[i].value = arena_strdup(&a->arena, params[i].value);
        if (!reg->params[i].name || !reg->params[i].value)
            return no_memory(a, err);
    }
    return true;
}

/* RFC 9110 10.2.1. */
static const char *allow_value(struct arena *a, const cs_servlet *s)
{
    if (s->service)
        return "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";
    const char *get = s->get ? "GET, HEAD, " : s->head ? "HEAD, " : "";
    return arena_printf(a, "%s%s%s%s%sOPTIONS", get, s->post ? "POST, " : "", s->put ? "PUT, " : "",
                        s->del ? "DELETE, " : "", s->patch ? "PATCH, " : "");
}

/* Where the first of two is declared, when that is not the place that is named anyway. */
static void say_where(const struct servlet *first, const char *file, struct err *err)
{
    if (first->line > 0)
        err_why(err, "the first is in %s:%d", first->file, first->line);
    else if (*first->file && strcmp(first->file, file ? file : "") != 0)
        err_why(err, "the first is in %s", first->file);
}

bool app_pattern_is_free(const struct app *a, const struct servlet *s, const char *name,
                         const char *file, const char *pattern, struct err *err)
{
    if (!mapper_pattern_ok(span_of(pattern))) {
        err_set(err, "servlet %s has the malformed URL pattern '%s'", name, pattern);
        return err_hint(err, "A pattern is \"\", \"/\", \"/path\", \"/path/*\" or \"*.ext\"");
    }
    const struct servlet *other = mapper_owner(a->mapper, pattern);
    if (!other || other == s || map_get(a->default_patterns, span_of(pattern)))
        return true;
    err_set(err, "servlets %s and %s both have the URL pattern '%s'", other->reg.name, name,
            pattern);
    say_where(other, file, err);
    return err_hint(err, "Give each pattern to one servlet");
}

static bool add_pattern(struct app *a, struct servlet *s, const char *pattern, bool is_default,
                        struct err *err)
{
    if (!app_pattern_is_free(a, s, s->reg.name, s->file, pattern, err))
        return false;
    if (!mapper_set(a->mapper, pattern, s))
        return no_memory(a, err);
    if (!is_default)
        map_remove(a->default_patterns, span_of(pattern));
    return !is_default || map_put(a->default_patterns, span_of(pattern), s, NULL) ||
           no_memory(a, err);
}

static struct servlet *find_servlet(const struct app *a, const char *name)
{
    for (uint32_t i = 0; i < a->servlet_count; i++) {
        if (strcmp(a->servlets[i]->reg.name, name) == 0)
            return a->servlets[i];
    }
    return NULL;
}

bool app_add_servlet(struct app *a, const struct app_servlet_spec *spec, struct err *err)
{
    const struct servlet *same = find_servlet(a, spec->name);
    if (same) {
        err_set(err, "two servlets are named %s", spec->name);
        say_where(same, spec->file, err);
        return err_hint(err, "Give each servlet of a webapp a name of its own");
    }
    struct servlet *s = arena_zalloc(&a->arena, sizeof(*s));
    if (!s || !room((void ***)&a->servlets, a->servlet_count, &a->servlet_cap))
        return no_memory(a, err);
    if (!fill_registration(a, &s->reg, spec->name, spec->module, spec->params, spec->param_count,
                           err))
        return false;
    s->row = spec->row;
    atomic_init(&s->average_us, UINT32_MAX);
    s->load_on_startup = spec->load_on_startup;
    s->reg.async_supported = spec->async_supported;
    s->disabled = spec->disabled;
    if (spec->disabled)
        atomic_init(&s->unavailable_until_us, UINT64_MAX);
    s->file = arena_strdup(&a->arena, spec->file ? spec->file : "");
    s->line = spec->line;
    s->multipart = spec->multipart;
    s->multipart.location =
        arena_strdup(&a->arena, s->multipart.location ? s->multipart.location : "");
    s->allow = allow_value(&a->arena, spec->row);
    if (!s->allow || !s->multipart.location || !s->file)
        return no_memory(a, err);
    a->servlets[a->servlet_count++] = s;
    uint32_t own = spec->pattern_count - spec->default_count;
    for (uint32_t i = 0; i < spec->pattern_count; i++) {
        if (!add_pattern(a, s, spec->patterns[i], i >= own, err))
            return false;
    }
    return true;
}

bool app_map_servlet(struct app *a, const char *name, const char *file, const char *const *patterns,
                     uint32_t count, struct err *err)
{
    struct servlet *s = find_servlet(a, name);
    if (!s) {
        err_set(err, "the servlet '%s', which is to be mapped, does not exist", name);
        return err_hint(err, "Mend the name, or declare the servlet");
    }
    for (uint32_t i = 0; i < count; i++)
        if (!app_pattern_is_free(a, s, name, file, patterns[i], err))
            return false;
    for (uint32_t i = 0; i < count; i++)
        if (!add_pattern(a, s, patterns[i], false, err))
            return false;
    return true;
}

static struct filter *find_filter(const struct app *a, const char *name)
{
    for (uint32_t i = 0; i < a->filter_count; i++) {
        if (strcmp(a->filters[i]->reg.name, name) == 0)
            return a->filters[i];
    }
    return NULL;
}

bool app_add_filter(struct app *a, const struct app_filter_spec *spec, struct err *err)
{
    if (find_filter(a, spec->name)) {
        err_set(err, "two filters are named %s", spec->name);
        return err_hint(err, "Give each filter of a webapp a name of its own");
    }
    struct filter *f = arena_zalloc(&a->arena, sizeof(*f));
    if (!f || !room((void ***)&a->filters, a->filter_count, &a->filter_cap))
        return no_memory(a, err);
    f->row = spec->row;
    f->reg.async_supported = spec->async_supported;
    f->file = arena_strdup(&a->arena, spec->file ? spec->file : "");
    f->line = spec->line;
    if (!f->file)
        return no_memory(a, err);
    if (!fill_registration(a, &f->reg, spec->name, spec->module, spec->params, spec->param_count,
                           err))
        return false;
    a->filters[a->filter_count++] = f;
    return true;
}

bool app_add_filter_mapping(struct app *a, const struct app_filter_mapping_spec *spec,
                            struct err *err)
{
    struct filter_mapping *m = arena_zalloc(&a->arena, sizeof(*m));
    if (!m || !room((void ***)&a->mappings, a->mapping_count, &a->mapping_cap))
        return no_memory(a, err);
    m->filter = find_filter(a, spec->filter);
    if (!m->filter) {
        err_set(err, "a filter mapping names the filter %s, which does not exist", spec->filter);
        return err_hint(err, "Mend the name, or declare the filter");
    }
    struct span url = span_of(spec->url_pattern);
    if (url.p && !span_eq(url, SPAN_LIT("*")) && !mapper_pattern_ok(url)) {
        err_set(err, "filter %s has the malformed URL pattern '%s'", spec->filter,
                spec->url_pattern);
        return err_hint(err, "A pattern is \"\", \"/\", \"/path\", \"/path/*\" or \"*.ext\"");
    }
    m->dispatchers = spec->dispatchers;
    if (url.p)
        m->url_pattern = arena_copy(&a->arena, url);
    else
        m->servlet_name = arena_copy(&a->arena, span_of(spec->servlet_name));
    m->file = arena_strdup(&a->arena, spec->file ? spec->file : "");
    m->line = spec->line;
    if ((!m->url_pattern.p && !m->servlet_name.p) || !m->file)
        return no_memory(a, err);
    if (!url.p && !spec->late && strcmp(spec->servlet_name, "*") != 0 &&
        !find_servlet(a, spec->servlet_name)) {
        err_set(err, "filter %s is mapped to the servlet '%s', which does not exist", spec->filter,
                spec->servlet_name);
        return err_hint(err, "Mend the name, or declare the servlet");
    }
    a->mappings[a->mapping_count++] = m;
    return true;
}

bool app_add_listener(struct app *a, const cs_listener *row, uint32_t module, struct err *err)
{
    for (uint32_t i = 0; i < a->listener_count; i++)
        if (a->listeners[i]->row == row)
            return true;
    struct listener *l = arena_zalloc(&a->arena, sizeof(*l));
    if (!l || !room((void ***)&a->listeners, a->listener_count, &a->listener_cap))
        return no_memory(a, err);
    l->row = row;
    l->module = module;
    a->listeners[a->listener_count++] = l;
    a->request_listeners =
        a->request_listeners || row->request_initialized || row->request_destroyed;
    return true;
}
