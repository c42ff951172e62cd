/* SPDX-License-Identifier: Apache-2.0
 * What build.c and build_filters.c need for each registration: the row of a class, its init parameters,
 * its patterns. */
#include <string.h>

#include "base/path.h"
#include "deploy/build_priv.h"
#include "engine/server_modules.h"

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

const cs_servlet *build_find_servlet(struct builder *b, const char *class, uint32_t *module)
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

const cs_filter *build_find_filter(struct builder *b, const char *class, uint32_t *module)
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

const cs_listener *build_find_listener(struct builder *b, const char *class, uint32_t *module)
{
    struct span file, name;
    split_class(class, &file, &name);
    for (uint32_t i = 0; i < app_module_count(b->app); i++) {
        const struct module *m = app_module_at(b->app, i);
        for (uint32_t k = 0; module_is(m, file) && k < m->listener_count; k++) {
            const char *row = m->listeners[k].name;
            if (row && span_eq(span_of(row), name)) {
                *module = i;
                return &m->listeners[k];
            }
        }
    }
    return NULL;
}

bool build_no_class(struct builder *b, const char *file, int line, const char *kind,
                    const char *name, const char *class)
{
    err_set(b->err, "%s %s has the class '%s', which no module of this webapp or in modules/ has",
            kind, name, class);
    err_at(b->err, file, line);
    return err_hint(b->err, "The class is the name of a row in the module's table, or "
                            "FILE.so:NAME; `cserv inspect` lists them");
}

/* ---- parameters: web.xml's, then those of the row that it does not name ---- */

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

bool build_take_params(struct builder *b, struct params *p, const struct webxml_param *xml,
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

bool build_split_patterns(struct builder *b, const char *text, const char ***out, uint32_t *count)
{
    return app_split_words(&b->arena, text, out, count) || err_set(b->err, "out of memory");
}

bool build_list_patterns(struct builder *b, const struct webxml_pattern *list, const char ***out,
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
