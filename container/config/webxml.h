/* SPDX-License-Identifier: Apache-2.0
 * WEB-INF/web.xml and conf/web.xml as a typed model: display-name, context-param, servlet (servlet-name,
 * servlet-class, init-param, load-on-startup), servlet-mapping, filter (filter-name, filter-class,
 * init-param), filter-mapping (url-pattern, servlet-name), welcome-file-list, mime-mapping, error-page
 * (by error-code, by a CS_E name as exception-type, or for all), async-supported, multipart-config, the two
 * character encodings, env-entry, listener; session-config is checked only. Read by deploy. Nothing is substituted. An element that protects and is
 * not built yet (security-constraint, login-config, deny-uncovered-http-methods) is a mistake by name: it
 * must never be served without. Elements for a Java virtual machine are one INFO per file; other
 * elements of the servlet specification that are not served yet (once per name and file), and unknown
 * ones, are a WARN by name and line. A <jsp-file> makes the servlet one of
 * Tomcat's JspServlet. Names and patterns must not repeat across servlets; a url-pattern must be well
 * formed. What the names in servlet-mapping and filter-mapping lead to may stand elsewhere: it is checked
 * by webxml_names_check, when all of it is known. */
#ifndef CONFIG_WEBXML_H
#define CONFIG_WEBXML_H
#include <stdint.h>
#include "config/report.h"
#include "config/xml.h"

struct webxml_param {
    const char *name, *value;
    struct webxml_param *next;
};
struct webxml_pattern { /* of a mapping, in order; a url-pattern is decoded */
    const char *text;
    int line;
    struct webxml_pattern *next;
};
struct webxml_multipart {
    bool set;
    const char *location;                    /* "" when not given */
    int64_t max_file_size, max_request_size; /* bytes; -1: no limit */
    int64_t file_size_threshold;             /* bytes */
};
struct webxml_servlet {
    const char *file;
    int line;
    const char *name, *servlet_class; /* class: "cart" or "libshop.so:cart" */
    int64_t load_on_startup;          /* -1: not given */
    int async_supported, enabled;     /* -1: not given, else 0 or 1 */
    struct webxml_multipart multipart;
    struct webxml_param *params;
    struct webxml_pattern *patterns; /* of all its servlet-mappings */
    /* Of conf/web.xml: each for a pattern that nothing in the webapp has. */
    struct webxml_pattern *default_patterns;
    bool of_defaults; /* only conf/web.xml has this servlet */
    struct webxml_servlet *next;
};
struct webxml_mapping { /* the servlet-mappings of one servlet that the file does not declare */
    const char *file;
    int line; /* of the first <servlet-name> */
    const char *servlet_name;
    struct webxml_pattern *patterns;
    struct webxml_mapping *next;
};
struct webxml_filter {
    const char *file;
    int line;
    const char *name, *filter_class;
    int async_supported; /* as of a servlet */
    bool of_defaults;    /* only conf/web.xml has this filter */
    struct webxml_param *params;
    struct webxml_filter *next;
};
/* Bits of struct webxml_filter_mapping.dispatchers: the numbers of CS_DISPATCH_ in <cserv/abi.h>. */
enum {
    WEBXML_REQUEST = 1,
    WEBXML_FORWARD = 2,
    WEBXML_INCLUDE = 4,
    WEBXML_ERROR = 8,
    WEBXML_ASYNC = 16
};
struct webxml_filter_mapping { /* in order of the file */
    const char *file;
    int line;
    const char *filter_name;
    int name_line;
    struct webxml_pattern *url_patterns, *servlet_names;
    unsigned dispatchers; /* WEBXML_REQUEST ... */
    bool of_defaults;     /* of conf/web.xml */
    struct webxml_filter_mapping *next;
};
struct webxml_env { /* an <env-entry> that has a value */
    int line;
    const char *name, *value;
    struct webxml_env *next;
};
struct webxml_listener { /* in order of the file */
    const char *file;
    int line;
    const char *listener_class; /* as of a servlet */
    struct webxml_listener *next;
};
struct webxml_mime {
    const char *extension, *type; /* extension lower-cased, without the dot */
    struct webxml_mime *next;
};
struct webxml_error_page {
    const char *file;
    int line;
    unsigned code;        /* 0 without cs_code: every failure that has no page of its own */
    int cs_code;          /* a CS_E code; 0: by status */
    const char *location; /* begins with '/', below the context */
    struct webxml_error_page *next;
};
struct webxml {
    struct xml_doc doc;                               /* owns everything */
    const char *display_name;                         /* "" when absent */
    const char *request_encoding, *response_encoding; /* NULL: not given */
    struct webxml_param *context_params;
    struct webxml_env *env_entries;
    struct webxml_servlet *servlets;
    struct webxml_mapping *mappings;
    struct webxml_filter *filters;
    struct webxml_filter_mapping *filter_mappings;
    struct webxml_listener *listeners;
    struct webxml_pattern *welcome_files;
    struct webxml_mime *mimes;
    struct webxml_error_page *error_pages;
};

/* False: err is the first mistake, OUT is empty. */
bool webxml_read(struct webxml *out, const char *file, struct err *err);
/* The same, with every mistake told to REPORT. */
bool webxml_read_all(struct webxml *out, const char *file, struct config_report *report);
void webxml_free(struct webxml *w);
/* An empty one, for a webapp without a web.xml. */
void webxml_empty(struct webxml *w);

/* What a webapp's mappings may name besides what its web.xml declares. */
struct webxml_names {
    const char *where; /* ends "expected the name of a <servlet> " */
    const char *const *servlets, *const *filters;
    size_t servlet_count, filter_count;
    bool servlets_come; /* a <filter-mapping> may name a servlet that is registered later */
};
/* Each name in W's mappings that neither W nor MORE (NULL: nothing) has is a mistake for REPORT, with the
 * nearest one. */
bool webxml_names_check(const struct webxml *w, const struct webxml_names *more,
                        struct config_report *report);
/* The mapping of a servlet that is called NAME and not declared in W; NULL: W has none. */
const struct webxml_mapping *webxml_mapping_of(const struct webxml *w, const char *name);

/* Adds DEFAULTS (conf/web.xml), which has to live as long as APP, below APP: by name or code or
 * extension, what APP has counts; a servlet or filter of both gets the init-params that it does not have
 * itself; filter-mappings come behind; welcome files only when APP has none. A servlet that APP maps
 * itself keeps these mappings alone, but one of Tomcat's for a Java virtual machine is never unmapped:
 * what it is to run must not be sent as a file. False: out of memory. */
bool webxml_merge(struct webxml *app, const struct webxml *defaults, struct err *err);

/* VALUE is of TYPE (java.lang.Integer ...; NULL and unknown ones take all); else *expected tells what is. */
bool webxml_env_fits(const char *type, const char *value, const char **expected);

/* One of Tomcat's own servlet classes that needs a Java virtual machine: it is served with 501 where no
 * module has it. */
bool webxml_is_jvm_class(const char *servlet_class);

#endif
