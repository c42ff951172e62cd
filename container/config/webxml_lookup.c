/* SPDX-License-Identifier: Apache-2.0
 * Whether the names in the mappings of web.xml are anybody's, once all that may be named is known. Called by
 * deploy: for a webapp when its modules are loaded, without them by configtest. */
#include <string.h>

#include "base/map.h"
#include "config/schema.h"
#include "config/webxml.h"

struct lookup {
    struct map *names; /* what there is */
    const char *kind;  /* "servlet", "filter" */
    const char *where;
    struct config_report *report;
};

static bool know(struct lookup *l, const char *name)
{
    return map_put(l->names, span_of(name), l, NULL);
}

static bool know_servlets(struct lookup *l, const struct webxml *w, const struct webxml_names *more)
{
    bool ok = (l->names = map_new()) != NULL;
    for (const struct webxml_servlet *s = w->servlets; ok && s; s = s->next)
        ok = know(l, s->name);
    for (size_t i = 0; ok && more && i < more->servlet_count; i++)
        ok = know(l, more->servlets[i]);
    return ok;
}

static bool know_filters(struct lookup *l, const struct webxml *w, const struct webxml_names *more)
{
    bool ok = (l->names = map_new()) != NULL;
    for (const struct webxml_filter *f = w->filters; ok && f; f = f->next)
        ok = know(l, f->name);
    for (size_t i = 0; ok && more && i < more->filter_count; i++)
        ok = know(l, more->filters[i]);
    return ok;
}

static void look_up(struct lookup *l, const char *name, const char *file, int line)
{
    struct schema_guess guess;
    struct err err = ERR_INIT;
    if (map_get(l->names, span_of(name)))
        return;
    err_set(&err, "<%s-name> '%.128s' names no <%s>", l->kind, name, l->kind);
    err_why(&err, "expected the name of a <%s> %s", l->kind, l->where);
    schema_guess_begin(&guess, name);
    for (size_t i = 0; i < map_count(l->names); i++) {
        struct span known;
        void *value;
        map_at(l->names, i, &known, &value);
        schema_guess_try(&guess, known);
    }
    if (schema_guess_name(&guess))
        err_hint(&err, "did you mean '%s'?", schema_guess_name(&guess));
    err_at(&err, file, line);
    config_mistake(l->report, &err);
}

static void look_up_servlets(struct lookup *l, const struct webxml *w, bool of_filters)
{
    for (const struct webxml_mapping *m = w->mappings; m; m = m->next)
        look_up(l, m->servlet_name, m->file, m->line);
    for (const struct webxml_filter_mapping *m = w->filter_mappings; of_filters && m; m = m->next)
        for (const struct webxml_pattern *p = m->servlet_names; p; p = p->next)
            if (strcmp(p->text, "*") != 0)
                look_up(l, p->text, m->file, p->line);
}

bool webxml_names_check(const struct webxml *w, const struct webxml_names *more,
                        struct config_report *report)
{
    const char *where = more ? more->where : "of this file";
    struct lookup servlets = {.kind = "servlet", .where = where, .report = report};
    struct lookup filters = {.kind = "filter", .where = where, .report = report};
    unsigned mistakes = report->count;
    if (know_servlets(&servlets, w, more) && know_filters(&filters, w, more)) {
        look_up_servlets(&servlets, w, !more || !more->servlets_come);
        for (const struct webxml_filter_mapping *m = w->filter_mappings; m; m = m->next)
            look_up(&filters, m->filter_name, m->file, m->name_line);
    } else {
        struct err err = ERR_INIT;
        err_set(&err, "out of memory for the names of web.xml");
        config_mistake(report, &err);
    }
    if (servlets.names)
        map_free(&servlets.names);
    if (filters.names)
        map_free(&filters.names);
    return report->count == mistakes;
}

const struct webxml_mapping *webxml_mapping_of(const struct webxml *w, const char *name)
{
    const struct webxml_mapping *m = w->mappings;
    while (m && strcmp(m->servlet_name, name) != 0)
        m = m->next;
    return m;
}
