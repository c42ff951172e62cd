/* SPDX-License-Identifier: Apache-2.0
 * From web.xml and the modules' tables to an app's registrations: web.xml first, then modules by file
 * name, then rows. A <servlet> with a row's name and class overrides that row; any other name makes one
 * more instance. On the life-cycle thread. */
#include <string.h>

#include "deploy/build_priv.h"

/* ---- servlets ---- */

/* A row's own patterns count unless web.xml has some for the servlet of its name. */
static bool row_patterns(struct builder *b, const cs_servlet *row, const char ***out,
                         uint32_t *count)
{
    const struct webxml_mapping *m = b->xml ? webxml_mapping_of(b->xml, row->name) : NULL;
    return m ? build_list_patterns(b, m->patterns, out, count)
             : build_split_patterns(b, row->url_patterns, out, count);
}

static bool own_patterns(struct builder *b, const struct webxml_servlet *s, const cs_servlet *row,
                         const char ***out, uint32_t *count)
{
    bool overrides = strcmp(row->name, s->name) == 0 && !s->of_defaults;
    return s->patterns || !overrides || !row->url_patterns
               ? build_list_patterns(b, s->patterns, out, count)
               : build_split_patterns(b, row->url_patterns, out, count);
}

/* Behind them, those of conf/web.xml that are free. */
static bool all_patterns(struct builder *b, const struct webxml_servlet *s, const cs_servlet *row,
                         struct app_servlet_spec *spec)
{
    const char **own, **all;
    uint32_t n;
    size_t more = 0;
    if (!own_patterns(b, s, row, &own, &n))
        return false;
    for (const struct webxml_pattern *p = s->default_patterns; p; p = p->next)
        more++;
    all = arena_alloc(&b->arena, (n + more + 1) * sizeof(*all));
    if (!all)
        return err_set(b->err, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        all[i] = own[i];
    for (const struct webxml_pattern *p = s->default_patterns; p; p = p->next)
        if (!map_get(b->taken, span_of(p->text)))
            all[n + spec->default_count++] = p->text;
    spec->patterns = all;
    spec->pattern_count = n + spec->default_count;
    return true;
}

static struct multipart_config xml_multipart(const struct webxml_multipart *xml)
{
    return (struct multipart_config){.set = xml->set,
                                     .location = xml->location,
                                     .max_file_size = xml->max_file_size,
                                     .max_request_size = xml->max_request_size,
                                     .file_size_threshold = xml->file_size_threshold};
}

/* For a class that no module has; NULL: a mistake. */
static const cs_servlet *stand_in(const char *class)
{
    if (default_servlet_class(class)) /* told once, at start */
        return &app_no_files;
    return webxml_is_jvm_class(class) ? &app_not_implemented : NULL;
}

static bool add_xml_servlet(struct builder *b, const struct webxml_servlet *s)
{
    struct params params;
    struct app_servlet_spec spec = {
        .name = s->name, .file = s->file, .line = s->line, .disabled = s->enabled == 0};
    spec.row = build_find_servlet(b, s->servlet_class, &spec.module);
    if (!spec.row && !(spec.row = stand_in(s->servlet_class)))
        return build_no_class(b, s->file, s->line, "servlet", s->name, s->servlet_class);
    if (!all_patterns(b, s, spec.row, &spec) ||
        !build_take_params(b, &params, s->params, &spec.row->params))
        return false;
    spec.load_on_startup = s->load_on_startup >= 0 ? s->load_on_startup : spec.row->load_on_startup;
    spec.params = params.rows;
    spec.param_count = params.count;
    spec.async_supported = build_async(s->async_supported, spec.row->flags);
    spec.multipart =
        s->multipart.set ? xml_multipart(&s->multipart) : app_multipart(spec.row->multipart);
    return app_add_servlet(b->app, &spec, b->err) || err_at(b->err, s->file, s->line);
}

static bool xml_overrides(struct builder *b, uint32_t module, const cs_servlet *row)
{
    for (const struct webxml_servlet *s = b->xml ? b->xml->servlets : NULL; s; s = s->next) {
        uint32_t found;
        if (!s->of_defaults && strcmp(s->name, row->name) == 0 &&
            build_find_servlet(b, s->servlet_class, &found) == row && found == module)
            return true;
    }
    return false;
}

static bool add_row_servlet(struct builder *b, uint32_t module, const cs_servlet *row)
{
    struct params params;
    struct app_servlet_spec spec = {.name = row->name,
                                    .file = generation_module(b->generation, module)->file,
                                    .row = row,
                                    .module = module,
                                    .load_on_startup = row->load_on_startup,
                                    .async_supported = build_async(-1, row->flags),
                                    .multipart = app_multipart(row->multipart)};
    const char **patterns;
    if (xml_overrides(b, module, row))
        return true;
    if (!build_take_params(b, &params, NULL, &row->params) ||
        !row_patterns(b, row, &patterns, &spec.pattern_count))
        return false;
    spec.params = params.rows;
    spec.param_count = params.count;
    spec.patterns = patterns;
    return app_add_servlet(b->app, &spec, b->err) ||
           err_at(b->err, generation_module(b->generation, module)->file, 0);
}

/* ---- together ---- */

static bool add_rows(struct builder *b, uint32_t module)
{
    const struct module *m = generation_module(b->generation, module);
    for (uint32_t i = 0; i < m->servlet_count; i++) {
        if (!add_row_servlet(b, module, &m->servlets[i]))
            return false;
    }
    return true;
}

static bool take_pattern(struct builder *b, const char *pattern)
{
    return map_put(b->taken, span_of(pattern), b, NULL) || err_set(b->err, "out of memory");
}

static bool take_all(struct builder *b, const char *const *patterns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!take_pattern(b, patterns[i]))
            return false;
    return true;
}

static bool take_row_patterns(struct builder *b, uint32_t module)
{
    const struct module *m = generation_module(b->generation, module);
    const char **patterns;
    uint32_t count;
    for (uint32_t i = 0; i < m->servlet_count; i++) {
        if (xml_overrides(b, module, &m->servlets[i]))
            continue;
        if (!row_patterns(b, &m->servlets[i], &patterns, &count) || !take_all(b, patterns, count))
            return false;
    }
    return true;
}

/* Every pattern of the webapp's own. */
static bool take_patterns(struct builder *b)
{
    const char **patterns;
    uint32_t count, module;
    if (!(b->taken = map_new()))
        return err_set(b->err, "out of memory");
    for (const struct webxml_servlet *s = b->xml ? b->xml->servlets : NULL; s; s = s->next) {
        const cs_servlet *row = build_find_servlet(b, s->servlet_class, &module);
        if (!own_patterns(b, s, row ? row : &app_not_implemented, &patterns, &count) ||
            !take_all(b, patterns, count))
            return false;
    }
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++)
        if (!take_row_patterns(b, i))
            return false;
    return true;
}

static bool row_is_named(struct builder *b, const char *name)
{
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; k < m->servlet_count; k++)
            if (strcmp(m->servlets[k].name, name) == 0)
                return true;
    }
    return false;
}

/* Those of the webapp's own web.xml, or those that only conf/web.xml has. */
static bool add_xml_servlets(struct builder *b, bool of_defaults)
{
    for (const struct webxml_servlet *s = b->xml ? b->xml->servlets : NULL; s; s = s->next) {
        if (s->of_defaults != of_defaults || (of_defaults && row_is_named(b, s->name)))
            continue;
        if (!add_xml_servlet(b, s))
            return false;
    }
    return true;
}

static bool add_welcome_files(struct builder *b)
{
    static const char *const usual[] = {"index.html", "index.htm"};
    const struct webxml_pattern *files = b->xml ? b->xml->welcome_files : NULL;
    for (const struct webxml_pattern *p = files; p; p = p->next)
        if (!app_add_welcome_file(b->app, p->text, b->err))
            return false;
    for (size_t i = 0; !files && i < 2; i++)
        if (!app_add_welcome_file(b->app, usual[i], b->err))
            return false;
    return true;
}

static bool add_mimes(struct builder *b)
{
    for (const struct webxml_mime *m = b->xml ? b->xml->mimes : NULL; m; m = m->next)
        if (!app_add_mime(b->app, m->extension, m->type, b->err))
            return false;
    return true;
}

/* The numbers of web.xml's reader are those of the ABI. */
#define ERROR_NAME(name, code) _Static_assert((name) == (code), #name);
#include "config/error_names.def"
#undef ERROR_NAME
_Static_assert(WEBXML_REQUEST == CS_DISPATCH_REQUEST && WEBXML_FORWARD == CS_DISPATCH_FORWARD &&
                   WEBXML_INCLUDE == CS_DISPATCH_INCLUDE && WEBXML_ERROR == CS_DISPATCH_ERROR &&
                   WEBXML_ASYNC == CS_DISPATCH_ASYNC,
               "dispatchers");

static bool add_pages(struct builder *b)
{
    if (!b->xml)
        return true;
    for (const struct webxml_error_page *p = b->xml->error_pages; p; p = p->next)
        if (!app_add_error_page(b->app, p->code, p->cs_code, p->location, b->err))
            return false;
    return app_set_encodings(b->app, b->xml->request_encoding, b->xml->response_encoding, b->err);
}

/* Of what comes twice the first counts. */
static bool add_context_texts(struct builder *b, const struct context_text *t, bool override)
{
    for (; t; t = t->next) {
        if (t->override != override)
            continue;
        if (!(t->environment ? app_add_env(b->app, t->name, t->value, b->err)
                             : app_add_context_param(b->app, t->name, t->value, b->err)))
            return false;
    }
    return true;
}

/* web.xml's, but for what a <Context> insists on; then what it gives besides. */
static bool add_texts(struct builder *b)
{
    const struct context_text *texts = b->config ? b->config->texts : NULL;
    if (!add_context_texts(b, texts, false))
        return false;
    for (const struct webxml_param *p = b->xml ? b->xml->context_params : NULL; p; p = p->next)
        if (!app_add_context_param(b->app, p->name, p->value, b->err))
            return false;
    for (const struct webxml_env *e = b->xml ? b->xml->env_entries : NULL; e; e = e->next)
        if (!app_add_env(b->app, e->name, e->value, b->err))
            return false;
    return add_context_texts(b, texts, true);
}

/* Those that web.xml names, in its order, then the others. */
static bool add_listeners(struct builder *b)
{
    for (const struct webxml_listener *l = b->xml ? b->xml->listeners : NULL; l; l = l->next) {
        uint32_t module;
        const cs_listener *row = build_find_listener(b, l->listener_class, &module);
        if (!row)
            return build_no_class(b, l->file, l->line, "listener", l->listener_class,
                                  l->listener_class);
        if (!app_add_listener(b->app, row, module, b->err))
            return false;
    }
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; k < m->listener_count; k++)
            if (!app_add_listener(b->app, &m->listeners[k], i, b->err))
                return false;
    }
    return true;
}

static bool add_all(struct builder *b)
{
    uint32_t modules = generation_module_count(b->generation);
    bool ok =
        build_check_names(b) && take_patterns(b) && add_listeners(b) && add_xml_servlets(b, false);
    for (uint32_t i = 0; ok && i < modules; i++)
        ok = add_rows(b, i);
    ok = ok && add_xml_servlets(b, true) && build_filters(b);
    return ok && add_welcome_files(b) && add_mimes(b) && add_pages(b) && add_texts(b);
}

/* The Context's word, else the Host's. A webapp alone (alone.h) has neither: whoever tests it wants to know. */
static bool servlets_must_start(const struct webapp *w)
{
    if (!w->config)
        return true;
    return w->config->fail_ctx ? w->config->fail_ctx == 2 : w->host_config->fail_ctx;
}

struct app *build_app(const struct webapp *w, struct generation *generation,
                      const struct webxml *xml, const char *server_name, struct err *err)
{
    struct builder b = {.generation = generation, .xml = xml, .config = w->config, .err = err};
    b.app = app_new(w->context, generation, xml ? xml->display_name : "",
                    w->kind == WEBAPP_FOLDER ? w->doc_base : "", server_name, err);
    if (!b.app)
        return NULL;
    arena_init(&b.arena);
    app_servlets_must_start(b.app, servlets_must_start(w));
    bool ok = app_set_temp_folder(b.app, w->temp_folder, err) && add_all(&b);
    arena_destroy(&b.arena);
    if (b.taken)
        map_free(&b.taken);
    if (!ok)
        app_free(&b.app);
    return b.app;
}
