/* SPDX-License-Identifier: Apache-2.0
 * Between the files that make an app of web.xml and the modules' tables. */
#ifndef DEPLOY_BUILD_PRIV_H
#define DEPLOY_BUILD_PRIV_H
#include "base/map.h"
#include "deploy/webapp_priv.h"

#define PARAMS_MAX 256u

struct builder {
    struct generation *generation;
    struct app *app;
    const struct webxml *xml;
    const struct context_config *config; /* NULL: none */
    /* Patterns that the webapp itself maps: conf/web.xml does not count for them. */
    struct map *taken;
    struct arena arena;
    struct err *err;
};

/* build_rows.c: rows by class, "cart" or "libshop.so:cart"; NULL: no module has it. */
const cs_servlet *build_find_servlet(struct builder *b, const char *class, uint32_t *module);
const cs_filter *build_find_filter(struct builder *b, const char *class, uint32_t *module);
const cs_listener *build_find_listener(struct builder *b, const char *class, uint32_t *module);
/* Always false, with err. */
bool build_no_class(struct builder *b, const char *file, int line, const char *kind,
                    const char *name, const char *class);

/* web.xml's word (-1: none), else the row's flag. */
static inline bool build_async(int xml, uint32_t flags)
{
    return xml >= 0 ? xml == 1 : (flags & CS_ASYNC) != 0;
}

struct params {
    struct app_param rows[PARAMS_MAX];
    uint32_t count;
};
/* web.xml's, then those of the row that it does not name. */
bool build_take_params(struct builder *b, struct params *p, const struct webxml_param *xml,
                       const struct cs_params *row);
/* Blank-separated text, or a list of web.xml, to an array; "" is the one empty pattern. */
bool build_split_patterns(struct builder *b, const char *text, const char ***out, uint32_t *count);
bool build_list_patterns(struct builder *b, const struct webxml_pattern *list, const char ***out,
                         uint32_t *count);

/* build_filters.c */
bool build_filters(struct builder *b);

/* build_names.c: every name in web.xml's mappings is declared there, in conf/web.xml or in a module's table. Those
 * of servlets in filter-mappings may also be registered by init: the engine looks them up after it. */
bool build_check_names(struct builder *b);

#endif
