/* SPDX-License-Identifier: Apache-2.0
 * WEB-INF/web.xml as a typed model, as far as the engine serves it: display-name, servlet
 * (servlet-name, servlet-class, init-param, load-on-startup), servlet-mapping, filter (filter-name,
 * filter-class, init-param), filter-mapping (url-pattern, servlet-name), welcome-file-list. Read by
 * deploy. Nothing is substituted. An element that protects and is not built yet
 * (security-constraint, login-config, deny-uncovered-http-methods) is an error by name: it must
 * never be served without. Other elements of the servlet specification that are not served yet
 * (once per name and file), and unknown ones, are a WARN by name and line. <jsp-file> and
 * <enabled>false are errors; a filter-mapping without the dispatcher REQUEST is left out with a
 * WARN. Names in servlet-mapping and filter-mapping must exist; names and patterns must not repeat
 * across servlets; a url-pattern must be well formed. */
#ifndef CONFIG_WEBXML_H
#define CONFIG_WEBXML_H
#include <stdint.h>
#include "config/xml.h"

struct webxml_param {
    const char *name, *value;
    struct webxml_param *next;
};
struct webxml_pattern { /* of a mapping, in order */
    const char *text;
    int line;
    struct webxml_pattern *next;
};
struct webxml_servlet {
    int line;
    const char *name, *servlet_class; /* class: "cart" or "libshop.so:cart" */
    int64_t load_on_startup;          /* -1: not given */
    struct webxml_param *params;
    struct webxml_pattern *patterns; /* of all its servlet-mappings */
    struct webxml_servlet *next;
};
struct webxml_filter {
    int line;
    const char *name, *filter_class;
    struct webxml_param *params;
    struct webxml_filter *next;
};
struct webxml_filter_mapping { /* in order of the file */
    int line;
    const char *filter_name;
    struct webxml_pattern *url_patterns, *servlet_names;
    struct webxml_filter_mapping *next;
};
struct webxml {
    struct xml_doc doc;       /* owns everything */
    const char *display_name; /* "" when absent */
    struct webxml_servlet *servlets;
    struct webxml_filter *filters;
    struct webxml_filter_mapping *filter_mappings;
    struct webxml_pattern *welcome_files;
};

bool webxml_read(struct webxml *out, const char *file, struct err *err);
void webxml_free(struct webxml *w);

#endif
