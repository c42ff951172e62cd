/* SPDX-License-Identifier: Apache-2.0
 * Between webxml.c, which walks web.xml, and the files that know its names and its mappings. */
#ifndef CONFIG_WEBXML_PRIV_H
#define CONFIG_WEBXML_PRIV_H
#include "base/map.h"
#include "config/webxml.h"

struct webxml_reader {
    struct webxml *out;
    struct map *servlets; /* servlet-name -> struct webxml_servlet */
    struct map *filters;  /* filter-name -> struct webxml_filter */
    struct map *patterns; /* url-pattern -> the struct webxml_servlet it leads to */
    struct map *warned;   /* names of elements that had their WARN: a file may have 1,000 of one */
    struct err *err;
};

/* An element and what may stand in it; each list of names ends with NULL. */
struct webxml_element {
    const char *name;
    const char *const *served;   /* read by webxml.c */
    const char *const *silent;   /* for people and tools only: without effect in any container */
    const char *const *unserved; /* of the specification, without effect here yet: a WARN */
};
extern const struct webxml_element webxml_app, webxml_servlet_element, webxml_servlet_mapping,
    webxml_filter_element, webxml_filter_mapping_element, webxml_init_param, webxml_welcome_list;

/* Every child of NODE is known to E, or had its WARN; false: one of them protects. */
bool webxml_children_check(struct webxml_reader *r, const struct webxml_element *e,
                           const struct xml_node *node);

/* Sets the error's place as well; always false. */
bool webxml_fail(struct webxml_reader *r, int line);
bool webxml_no_memory(struct webxml_reader *r);

/* Add one servlet-mapping or filter-mapping; all servlets and filters are known by then. */
bool webxml_map_servlet(struct webxml_reader *r, const struct xml_node *node);
bool webxml_map_filter(struct webxml_reader *r, const struct xml_node *node,
                       struct webxml_filter_mapping ***tail);

#endif
