/* SPDX-License-Identifier: Apache-2.0
 * Whether the names in a webapp's mappings are anybody's: see build_priv.h. On the life-cycle thread. */
#include "deploy/build_priv.h"

/* The names of all rows. */
static bool take_names(struct builder *b, struct webxml_names *out)
{
    const char **servlets, **filters;
    size_t servlet_count = 0, filter_count = 0;
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        servlet_count += generation_module(b->generation, i)->servlet_count;
        filter_count += generation_module(b->generation, i)->filter_count;
    }
    servlets = arena_alloc(&b->arena, (servlet_count + 1) * sizeof(*servlets));
    filters = arena_alloc(&b->arena, (filter_count + 1) * sizeof(*filters));
    if (!servlets || !filters)
        return err_set(b->err, "out of memory");
    for (uint32_t i = 0; i < generation_module_count(b->generation); i++) {
        const struct module *m = generation_module(b->generation, i);
        for (uint32_t k = 0; k < m->servlet_count; k++)
            servlets[out->servlet_count++] = m->servlets[k].name;
        for (uint32_t k = 0; k < m->filter_count; k++)
            filters[out->filter_count++] = m->filters[k].name;
    }
    out->servlets = servlets;
    out->filters = filters;
    return true;
}

bool build_check_names(struct builder *b)
{
    struct webxml_names names = {.where = WEBAPP_NAMES, .servlets_come = true};
    struct config_report report = CONFIG_REPORT_INIT;
    if (!b->xml)
        return true;
    if (!take_names(b, &names))
        return false;
    webxml_names_check(b->xml, &names, &report);
    return config_report_end(&report, b->err);
}
