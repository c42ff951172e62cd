/* SPDX-License-Identifier: Apache-2.0
 * From web.xml and the modules' tables to an app's registrations: web.xml first, then modules by file
 * name, then rows. A <servlet> with a row's name and class overrides that row; any other name makes one
 * more instance. On the life-cycle thread. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "deploy/webapp_priv.h"
#include "engine/server_modules.h"

#define PARAMS_MAX 256u

struct builder {
    struct generation *generation;
    struct app *app;
    const struct webxml *xml;
    struct map
        *taken; /* patterns that the webapp itself maps: conf/web.xml does not count for them */
    struct arena arena;
    struct err *err;
};

/* ---- looking rows up by class: "cart", or "libshop.so:cart" ---- */

static bool module_is(const struct module *m, struct span file)
{
    return !file.p || span_eq(span_of(path_base(m->file)), file);
}

/* A server module's rows may be named in other ways, too. */
static bool row_is(const struct module *m, const char *name, const char *aliases, struct span class)
{
    return span_eq(span_of(name), class) || (m->server && is_alias(aliases, class));
}

static void split_class(const char *text, struct span *file, struct span *name)
{
    struct span all = span_of(text);
    size_t colon = span_rfind(all, ':');
    *file = colon < all.n ? span_cut(all, 0, colon) : SPAN_NONE;
    *name = colon < all.n ? span_from(all, colon + 1) : all;
}

static const cs_servlet *find_servlet(struct builder *b, const char *class, uint32_t *module)
{
    struct span file, name;
    split_class(class, &file, &name);
    for (uint32_t i = 0; i < app_module_count(b->app); i++) {
        const struct module *m = app_module_at(b->app, i);
        for (uint32_t k = 0; module_is(m, file) && k < m->servlet_count; k++) {
            if (row_is(m, m->servlets[k].name, m->servlets[k].aliases, name)) {
                *module = i;
                return &m->servlets[k];
            }
        }
    }
    return NULL;
}

static const cs_filter *find_filter(struct builder *b, const char *class, uint32_t *module)
{
    struct span file, name;
    split_class(class, &file, &name);
    for (uint32_t i = 0; i < app_module_count(b->app); i++) {
        const struct module *m = app_module_at(b->app, i);
        for (uint32_t k = 0; module_is(m, file) && k < m->filter_count; k++) {
            if (row_is(m, m->filters[k].name, m->filters[k].aliases, name)) {
                *module = i;
                return &m->filters[k];
            }
        }
    }
    return NULL;
}

static bool no_class(struct builder *b, const char *file, int line, const char *kind,
                     const char *name, const char *class)
{
    err_set(b->err, "%s %s has the class '%s', which no module of this webapp or in modules/ has",
            kind, name, class);
    err_at(b->err, file, line);
    return err_hint(b->err, "The class is the name of a row in the module's table, or "
                            "FILE.so:NAME; `cserv inspect` lists them");
}

/* ---- parameters: web.xml's, then those of the row that it does not name ---- */

struct params {
    struct app_param rows[PARAMS_MAX];
    uint32_t count;
};

static bool add_param(struct builder *b, struct params *p, const char *name, const char *value)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (strcmp(p->rows[i].name, name) == 0)
            return true;
    }
    if (p->count == PARAMS_MAX)
        return err_set(b->err, "more than %u init parameters", PARAMS_MAX);
    p->rows[p->count++] = (struct app_param){.name = name, .value = value};
    return true;
}

static bool take_params(struct builder *b, struct params *p, const struct webxml_param *xml,
                        const struct cs_params *row)
{
    p->count = 0;
    for (; xml; xml = xml->next) {
        if (!add_param(b, p, xml->name, xml->value))
            return false;
    }
    for (uint32_t i = 0; i < row->count; i++) {
        const cs_param *param =
            (const cs_param *)(const void *)((const char *)row->rows + (size_t)i * row->row_size);
        if (row->row_size < sizeof(*param) || !param->name || !param->value)
            return err_set(b->err, "a table of init parameters is malformed; use CS_ROWS");
        if (!add_param(b, p, param->name, param->value))
            return false;
    }
    return true;
}

/* ---- patterns ---- */

/* Blank-separated text to an array; "" is the one empty pattern. */
static bool split_patterns(struct builder *b, const char *text, const char ***out, uint32_t *count)
{
    char *copy = arena_strdup(&b->arena, text ? text : "");
    const char **rows = arena_alloc(&b->arena, (strlen(text ? text : "") + 1) * sizeof(*rows));
    *count = 0;
    if (!copy || !rows)
        return err_set(b->err, "out of memory");
    *out = rows;
    if (text && !*text)
        rows[(*count)++] = copy;
    for (char *p = copy; *p;) {
        p += strspn(p, " \t\n");
        size_t n = strcspn(p, " \t\n");
        if (n > 0)
            rows[(*count)++] = p;
        p += n;
        if (*p)
            *p++ = '\0';
    }
    return true;
}

static bool list_patterns(struct builder *b, const struct webxml_pattern *list, const char ***out,
                          uint32_t *count)
{
    size_t n = 0;
    for (const struct webxml_pattern *p = list; p; p = p->next)
        n++;
    const char **rows = arena_alloc(&b->arena, (n + 1) * sizeof(*rows));
    if (!rows)
        return err_set(b->err, "out of memory");
    *count = 0;
    for (const struct webxml_pattern *p = list; p; p = p->next)
        rows[(*count)++] = p->text;
    *out = rows;
    return true;
}

/* ---- servlets ---- */

/* A row's own patterns count unless web.xml has some for the servlet of its name. */
static bool own_patterns(struct builder *b, const struct webxml_servlet *s, const cs_servlet *row,
                         const char ***out, uint32_t *count)
{
    bool overrides = strcmp(row->name, s->name) == 0 && !s->of_defaults;
    return s->patterns || !overrides || !row->url_patterns
               ? list_patterns(b, s->patterns, out, count)
               : split_patterns(b, row->url_patterns, out, count);
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
            all[n++] = p->text;
    spec->patterns = all;
    spec->pattern_count = n;
    return true;
}

static bool add_xml_servlet(struct builder *b, const struct webxml_servlet *s)
{
    struct params params;
    struct app_servlet_spec spec = {.name = s->name};
    spec.row = find_servlet(b, s->servlet_class, &spec.module);
    bool missing = !spec.row;
    if (missing && !webxml_is_jvm_class(s->servlet_class))
        return no_class(b, s->file, s->line, "servlet", s->name, s->servlet_class);
    if (missing)
        spec.row = &app_not_implemented;
    if (!all_patterns(b, s, spec.row, &spec) ||
        !take_params(b, &params, s->params, &spec.row->params))
        return false;
    spec.load_on_startup = s->load_on_startup >= 0 ? s->load_on_startup : spec.row->load_on_startup;
    spec.params = params.rows;
    spec.param_count = params.count;
    return app_add_servlet(b->app, &spec, b->err) || err_at(b->err, s->file, s->line);
}

static bool xml_overrides(struct builder *b, uint32_t module, const cs_servlet *row)
{
    for (const struct webxml_servlet *s = b->xml ? b->xml->servlets : NULL; s; s = s->next) {
        uint32_t found;
        if (!s->of_defaults && strcmp(s->name, row->name) == 0 &&
            find_servlet(b, s->servlet_class, &found) == row && found == module)
            return true;
    }
    return false;
}

static bool add_row_servlet(struct builder *b, uint32_t module, const cs_servlet *row)
{
    struct params params;
    struct app_servlet_spec spec = {
        .name = row->name, .row = row, .module = module, .load_on_startup = row->load_on_startup};
    const char **patterns;
    if (xml_overrides(b, module, row))
        return true;
    if (!take_params(b, &params, NULL, &row->params) ||
        !split_patterns(b, row->url_patterns, &patterns, &spec.pattern_count))
        return false;
    spec.params = params.rows;
    spec.param_count = params.count;
    spec.patterns = patterns;
    return app_add_servlet(b->app, &spec, b->err) ||
           err_at(b->err, generation_module(b->generation, module)->file, 0);
}

/* ---- filters ---- */

static bool map_filter(struct builder *b, const char *filter, const char *const *names,
                       uint32_t count, bool by_url)
{
    for (uint32_t i = 0; i < count; i++) {
        struct app_filter_mapping_spec spec = {.filter = filter};
        if (by_url)
            spec.url_pattern = names[i];
        else
            spec.servlet_name = names[i];
        if (!app_add_filter_mapping(b->app, &spec, b->err))
            return false;
    }
    return true;
}

static bool add_xml_filters(struct builder *b)
{
    for (const struct webxml_filter *f = b->xml->filters; f; f = f->next) {
        struct params params;
        struct app_filter_spec spec = {.name = f->name};
        spec.row = find_filter(b, f->filter_class, &spec.module);
        if (!spec.row)
            return no_class(b, f->file, f->line, "filter", f->name, f->filter_class);
        if (!take_params(b, &params, f->params, &spec.row->params))
            return false;
        spec.params = params.rows;
        spec.param_count = params.count;
        if (!app_add_filter(b->app, &spec, b->err))
            return err_at(b->err, f->file, f->line);
    }
    return true;
}

static bool map_xml_filters(struct builder *b)
{
    for (const struct webxml_filter_mapping *m = b->xml->filter_mappings; m; m = m->next) {
        const char **urls, **names;
        uint32_t url_count, name_count;
        if (!list_patterns(b, m->url_patterns, &urls, &url_count) ||
            !list_patterns(b, m->servlet_names, &names, &name_count))
            return false;
        if (!map_filter(b, m->filter_name, urls, url_count, true) ||
            !map_filter(b, m->filter_name, names, name_count, false))
            return err_at(b->err, m->file, m->line);
    }
    return true;
}

/* What web.xml makes of a row's filter: BY_ROW, the row is registered and mapped as it says; BY_BOTH,
 * web.xml registers it (with its parameters) and leaves the mappings to the row; BY_XML. */
enum filter_rule { BY_ROW, BY_BOTH, BY_XML };

static enum filter_rule filter_rule(struct builder *b, uint32_t module, const cs_filter *row)
{
    const struct webxml_filter *f = b->xml ? b->xml->filters : NULL;
    uint32_t found;
    while (f && strcmp(f->name, row->name) != 0)
        f = f->next;
    if (!f)
        return BY_ROW;
    for (const struct webxml_filter_mapping *m = b->xml->filter_mappings; m; m = m->next) {
        if (strcmp(m->filter_name, row->name) == 0)
            return BY_XML;
    }
    return find_filter(b, f->filter_class, &found) == row && found == module ? BY_BOTH : BY_XML;
}

static bool add_row_filter(struct builder *b, uint32_t module, const cs_filter *row)
{
    struct params params;
    struct app_filter_spec spec = {.name = row->name, .row = row, .module = module};
    const char **urls, **names;
    uint32_t url_count, name_count;
    enum filter_rule rule = filter_rule(b, module, row);
    if (rule == BY_XML)
        return true;
    if (rule == BY_ROW) {
        if (!take_params(b, &params, NULL, &row->params))
            return false;
        spec.params = params.rows;
        spec.param_count = params.count;
        if (!app_add_filter(b->app, &spec, b->err))
            return err_at(b->err, generation_module(b->generation, module)->file, 0);
    }
    return (split_patterns(b, row->url_patterns, &urls, &url_count) &&
            split_patterns(b, row->servlet_names, &names, &name_count) &&
            map_filter(b, row->name, urls, url_count, true) &&
            map_filter(b, row->name, names, name_count, false)) ||
           err_at(b->err, generation_module(b->generation, module)->file, 0);
}

/* ---- together ---- */

static bool add_rows(struct builder *b, uint32_t module)
{
    const struct module *m = generation_module(b->generation, module);
    for (uint32_t i = 0; i < m->listener_count; i++) {
        if (!app_add_listener(b->app, &m->listeners[i], module, b->err))
            return false;
    }
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
        if (!split_patterns(b, m->servlets[i].url_patterns, &patterns, &count) ||
            !take_all(b, patterns, count))
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
        const cs_servlet *row = find_servlet(b, s->servlet_class, &module);
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

static bool add_all(struct builder *b)
{
    uint32_t modules = generation_module_count(b->generation);
    bool ok = take_patterns(b) && add_xml_servlets(b, false);
    for (uint32_t i = 0; ok && i < modules; i++)
        ok = add_rows(b, i);
    ok = ok && add_xml_servlets(b, true);
    ok = ok && (!b->xml || (add_xml_filters(b) && map_xml_filters(b)));
    for (uint32_t i = 0; ok && i < modules; i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; ok && k < m->filter_count; k++)
            ok = add_row_filter(b, i, &m->filters[k]);
    }
    return ok && add_welcome_files(b) && add_mimes(b);
}

struct app *build_app(const struct webapp *w, struct generation *generation,
                      const struct webxml *xml, const char *server_name, struct err *err)
{
    struct builder b = {.generation = generation, .xml = xml, .err = err};
    b.app = app_new(w->context, generation, xml ? xml->display_name : "",
                    w->kind == WEBAPP_FOLDER ? w->doc_base : "", server_name, err);
    if (!b.app)
        return NULL;
    arena_init(&b.arena);
    bool ok = add_all(&b);
    arena_destroy(&b.arena);
    if (b.taken)
        map_free(&b.taken);
    if (!ok)
        app_free(&b.app);
    return b.app;
}
