/* SPDX-License-Identifier: Apache-2.0
 * Filters and their mappings: those of web.xml in its order, then the modules' rows. */
#include <string.h>

#include "deploy/build_priv.h"

/* Of a servlet that init may register the name is looked up later. */
static bool map_filter(struct builder *b, const char *filter, const char *const *names,
                       uint32_t count, bool by_url, uint32_t dispatchers, const char *file)
{
    for (uint32_t i = 0; i < count; i++) {
        struct app_filter_mapping_spec spec = {
            .filter = filter, .dispatchers = dispatchers, .late = true, .file = file};
        if (by_url)
            spec.url_pattern = names[i];
        else
            spec.servlet_name = names[i];
        if (!app_add_filter_mapping(b->app, &spec, b->err))
            return err_at(b->err, file, 0);
    }
    return true;
}

/* A module's table comes before conf/web.xml. */
static bool row_is_named(struct builder *b, const char *name)
{
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; k < m->filter_count; k++)
            if (strcmp(m->filters[k].name, name) == 0)
                return true;
    }
    return false;
}

static bool xml_filters(struct builder *b)
{
    for (const struct webxml_filter *f = b->xml ? b->xml->filters : NULL; f; f = f->next) {
        struct params params;
        struct app_filter_spec spec = {.name = f->name, .file = f->file, .line = f->line};
        if (f->of_defaults && row_is_named(b, f->name))
            continue;
        spec.row = build_find_filter(b, f->filter_class, &spec.module);
        if (!spec.row)
            return build_no_class(b, f->file, f->line, "filter", f->name, f->filter_class);
        if (!build_take_params(b, &params, f->params, &spec.row->params))
            return false;
        spec.params = params.rows;
        spec.param_count = params.count;
        spec.async_supported = build_async(f->async_supported, spec.row->flags);
        if (!app_add_filter(b->app, &spec, b->err))
            return err_at(b->err, f->file, f->line);
    }
    return true;
}

static bool map_listed(struct builder *b, const struct webxml_filter_mapping *m,
                       const struct webxml_pattern *list, bool by_url)
{
    for (; list; list = list->next) {
        struct app_filter_mapping_spec spec = {.filter = m->filter_name,
                                               .url_pattern = by_url ? list->text : NULL,
                                               .servlet_name = by_url ? NULL : list->text,
                                               .dispatchers = m->dispatchers,
                                               .late = true,
                                               .file = m->file,
                                               .line = list->line};
        if (!app_add_filter_mapping(b->app, &spec, b->err))
            return err_at(b->err, m->file, list->line);
    }
    return true;
}

static bool xml_mappings(struct builder *b)
{
    const struct webxml_filter_mapping *m = b->xml ? b->xml->filter_mappings : NULL;
    for (; m; m = m->next) {
        if (m->of_defaults && row_is_named(b, m->filter_name))
            continue;
        if (!map_listed(b, m, m->url_patterns, true) || !map_listed(b, m, m->servlet_names, false))
            return false;
    }
    return true;
}

static const struct webxml_filter *declared(const struct builder *b, const cs_filter *row)
{
    const struct webxml_filter *f = b->xml ? b->xml->filters : NULL;
    while (f && (f->of_defaults || strcmp(f->name, row->name) != 0))
        f = f->next;
    return f;
}

/* Unless the webapp's web.xml declares one of its name. */
static bool row_filter(struct builder *b, uint32_t module, const cs_filter *row)
{
    struct params params;
    const char *file = generation_module(b->generation, module)->file;
    struct app_filter_spec spec = {.name = row->name,
                                   .file = file,
                                   .row = row,
                                   .module = module,
                                   .async_supported = build_async(-1, row->flags)};
    if (declared(b, row))
        return true;
    if (!build_take_params(b, &params, NULL, &row->params))
        return false;
    spec.params = params.rows;
    spec.param_count = params.count;
    return app_add_filter(b->app, &spec, b->err) || err_at(b->err, file, 0);
}

/* A row's own mappings count unless web.xml has some for the filter of its name, or declares another one
 * under it. */
static bool own_mappings_count(struct builder *b, uint32_t module, const cs_filter *row)
{
    const struct webxml_filter *f = declared(b, row);
    const struct webxml_filter_mapping *m = b->xml ? b->xml->filter_mappings : NULL;
    uint32_t found;
    for (; m; m = m->next)
        if (!m->of_defaults && strcmp(m->filter_name, row->name) == 0)
            return false;
    return !f || (build_find_filter(b, f->filter_class, &found) == row && found == module);
}

static bool row_mappings(struct builder *b, uint32_t module, const cs_filter *row)
{
    const char **urls, **names, *file = generation_module(b->generation, module)->file;
    uint32_t url_count, name_count;
    uint32_t dispatchers = row->dispatchers ? row->dispatchers : CS_DISPATCH_REQUEST;
    if (!own_mappings_count(b, module, row))
        return true;
    return build_split_patterns(b, row->url_patterns, &urls, &url_count) &&
           build_split_patterns(b, row->servlet_names, &names, &name_count) &&
           map_filter(b, row->name, urls, url_count, true, dispatchers, file) &&
           map_filter(b, row->name, names, name_count, false, dispatchers, file);
}

static bool each_row(struct builder *b,
                     bool (*add)(struct builder *b, uint32_t module, const cs_filter *row))
{
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; k < m->filter_count; k++)
            if (!add(b, i, &m->filters[k]))
                return false;
    }
    return true;
}

bool build_filters(struct builder *b)
{
    return xml_filters(b) && each_row(b, row_filter) && xml_mappings(b) &&
           each_row(b, row_mappings);
}
