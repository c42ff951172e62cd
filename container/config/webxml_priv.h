/* SPDX-License-Identifier: Apache-2.0
 * Between webxml.c, which walks web.xml, and the files that know its names and its mappings. */
#ifndef CONFIG_WEBXML_PRIV_H
#define CONFIG_WEBXML_PRIV_H
#include "base/map.h"
#include "config/webxml.h"

struct webxml_reader {
    struct webxml *out;
    struct map *servlets;   /* servlet-name -> struct webxml_servlet */
    struct map *filters;    /* filter-name -> struct webxml_filter */
    struct map *mapped;     /* names of other servlets -> struct webxml_mapping */
    struct map *patterns;   /* url-pattern -> the struct xml_node with the name it leads to */
    struct map *codes;      /* error codes and "" -> struct webxml_error_page */
    struct map *extensions; /* of mime-mappings */
    struct map *env;        /* names of env-entries -> struct webxml_env */
    struct map *listeners;  /* their classes */
    struct map *warned; /* names of elements that had their WARN: a file may have 1,000 of one */
    struct config_report *report;
    struct err *err; /* of the element being read */
};

/* An element and what may stand in it; each list of names ends with NULL. */
struct webxml_element {
    const char *name;
    const char *const *served;   /* read by webxml.c */
    const char *const *silent;   /* for people and tools only: without effect in any container */
    const char *const *unserved; /* of the specification, without effect here yet: a WARN */
    const char *const *jvm;      /* of the specification, without a meaning here */
};
extern const struct webxml_element webxml_app, webxml_servlet_element, webxml_servlet_mapping,
    webxml_filter_element, webxml_filter_mapping_element, webxml_init_param, webxml_context_param,
    webxml_welcome_list, webxml_mime_mapping, webxml_error_page_element, webxml_multipart_element,
    webxml_env_element, webxml_listener_element, webxml_session_element, webxml_cookie_element;

/* Every child of NODE is known to E, or had its WARN; false: one of them protects. */
bool webxml_children_check(struct webxml_reader *r, const struct webxml_element *e,
                           const struct xml_node *node);

/* The text of a child that must be there and not be empty; NULL with err. */
const char *webxml_text(struct webxml_reader *r, const struct xml_node *node, const char *name);
/* Tells the error that a reader left in r->err, and clears it. */
void webxml_mistake(struct webxml_reader *r);
/* Sets the error's place as well; always false. */
bool webxml_fail(struct webxml_reader *r, int line);
bool webxml_no_memory(struct webxml_reader *r);

/* webxml_session.c. A session-config is checked, and told of: nothing serves it yet. */
bool webxml_read_session(struct webxml_reader *r, const struct xml_node *node);
/* OUT: one of r->out's. */
bool webxml_read_encoding(struct webxml_reader *r, const struct xml_node *node, const char **out);

/* webxml_servlets.c: add one init-param or context-param, servlet, filter or listener. */
bool webxml_param_add(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_param **list);
bool webxml_read_servlet(struct webxml_reader *r, const struct xml_node *node,
                         struct webxml_servlet ***tail);
bool webxml_read_listener(struct webxml_reader *r, const struct xml_node *node,
                          struct webxml_listener ***tail);
bool webxml_read_filter(struct webxml_reader *r, const struct xml_node *node,
                        struct webxml_filter ***tail);

/* webxml_pages.c: add one mime-mapping or error-page. */
bool webxml_read_mime(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_mime ***tail);
bool webxml_read_error_page(struct webxml_reader *r, const struct xml_node *node,
                            struct webxml_error_page ***tail);

/* webxml_env.c */
bool webxml_read_env(struct webxml_reader *r, const struct xml_node *node,
                     struct webxml_env ***tail);

/* Add one servlet-mapping or filter-mapping; all servlets are known by then. */
bool webxml_map_servlet(struct webxml_reader *r, const struct xml_node *node,
                        struct webxml_mapping ***tail);
bool webxml_map_filter(struct webxml_reader *r, const struct xml_node *node,
                       struct webxml_filter_mapping ***tail);

#endif
