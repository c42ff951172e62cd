/* SPDX-License-Identifier: Apache-2.0
 * Filters and their mappings: those of web.xml in its order, then the modules' rows. */
#include <string.h>

#include "deploy/build_priv.h"

static bool map_filter(struct builder *b, const char *filter, const char *const *names,
                       uint32_t count, bool by_url, uint32_t dispatchers)
{
    for (uint32_t i = 0; i < count; i++) {
        struct app_filter_mapping_spec spec = {.filter = filter, .dispatchers = dispatchers};
        if (by_url)
            spec.url_pattern = names[i];
        else
            spec.servlet_name = names[i];
        if (!app_add_filter_mapping(b->app, &spec, b->err))
            return false;
    }
    return true;
}

bool build_xml_filters(struct builder *b)
{
    for (const struct webxml_filter *f = b->xml->filters; f; f = f->next) {
        struct params params;
        struct app_filter_spec spec = {.name = f->name, .file = f->file, .line = f->line};
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

bool build_xml_filter_mappings(struct builder *b)
{
    for (const struct webxml_filter_mapping *m = b->xml->filter_mappings; m; m = m->next) {
        const char **urls, **names;
        uint32_t url_count, name_count;
        if (!build_list_patterns(b, m->url_patterns, &urls, &url_count) ||
            !build_list_patterns(b, m->servlet_names, &names, &name_count))
            return false;
        if (!map_filter(b, m->filter_name, urls, url_count, true, m->dispatchers) ||
            !map_filter(b, m->filter_name, names, name_count, false, m->dispatchers))
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
    return build_find_filter(b, f->filter_class, &found) == row && found == module ? BY_BOTH
                                                                                   : BY_XML;
}

bool build_row_filter(struct builder *b, uint32_t module, const cs_filter *row)
{
    struct params params;
    struct app_filter_spec spec = {.name = row->name,
                                   .file = generation_module(b->generation, module)->file,
                                   .row = row,
                                   .module = module,
                                   .async_supported = build_async(-1, row->flags)};
    const char **urls, **names;
    uint32_t url_count, name_count;
    enum filter_rule rule = filter_rule(b, module, row);
    uint32_t dispatchers = row->dispatchers ? row->dispatchers : CS_DISPATCH_REQUEST;
    if (rule == BY_XML)
        return true;
    if (rule == BY_ROW) {
        if (!build_take_params(b, &params, NULL, &row->params))
            return false;
        spec.params = params.rows;
        spec.param_count = params.count;
        if (!app_add_filter(b->app, &spec, b->err))
            return err_at(b->err, generation_module(b->generation, module)->file, 0);
    }
    return (build_split_patterns(b, row->url_patterns, &urls, &url_count) &&
            build_split_patterns(b, row->servlet_names, &names, &name_count) &&
            map_filter(b, row->name, urls, url_count, true, dispatchers) &&
            map_filter(b, row->name, names, name_count, false, dispatchers)) ||
           err_at(b->err, generation_module(b->generation, module)->file, 0);
}
