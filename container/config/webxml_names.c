/* SPDX-License-Identifier: Apache-2.0
 * The element names of web.xml: which are read, which are passed over with a WARN, and which are
 * refused because a page would be open without them. Called by webxml.c for each element. */
#include "base/check.h"
#include "config/schema.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The parts of a security-constraint, too: where one stands without it, it was meant to be in one. */
static const char *const protecting[] = {"security-constraint",         "login-config",
                                         "deny-uncovered-http-methods", "auth-constraint",
                                         "user-data-constraint",        "web-resource-collection"};
#define DESCRIPTION NAMES("description", "display-name", "icon")

const struct webxml_element webxml_app = {
    "web-app",
    NAMES("context-param", "display-name", "env-entry", "error-page", "filter", "filter-mapping",
          "listener", "mime-mapping", "request-character-encoding", "response-character-encoding",
          "servlet", "servlet-mapping", "session-config", "welcome-file-list"),
    NAMES("description", "icon"),
    NAMES("default-context-path", "distributable", "resource-ref", "security-role"),
    NAMES("absolute-ordering", "administered-object", "connection-factory", "data-source",
          "ejb-local-ref", "ejb-ref", "jms-connection-factory", "jms-destination", "jsp-config",
          "locale-encoding-mapping-list", "mail-session", "message-destination",
          "message-destination-ref", "module-name", "ordering", "persistence-context-ref",
          "persistence-unit-ref", "post-construct", "pre-destroy", "resource-env-ref",
          "service-ref", "taglib")};
const struct webxml_element webxml_servlet_element = {
    "servlet",
    NAMES("async-supported", "enabled", "init-param", "jsp-file", "load-on-startup",
          "multipart-config", "servlet-class", "servlet-name"),
    DESCRIPTION, NAMES("run-as", "security-role-ref"), NULL};
const struct webxml_element webxml_servlet_mapping = {
    "servlet-mapping", NAMES("servlet-name", "url-pattern"), NULL, NULL, NULL};
const struct webxml_element webxml_filter_element = {
    "filter", NAMES("async-supported", "filter-class", "filter-name", "init-param"), DESCRIPTION,
    NULL, NULL};
const struct webxml_element webxml_filter_mapping_element = {
    "filter-mapping", NAMES("dispatcher", "filter-name", "servlet-name", "url-pattern"), NULL, NULL,
    NULL};
const struct webxml_element webxml_init_param = {"init-param", NAMES("param-name", "param-value"),
                                                 NAMES("description"), NULL, NULL};
const struct webxml_element webxml_context_param = {
    "context-param", NAMES("param-name", "param-value"), NAMES("description"), NULL, NULL};
const struct webxml_element webxml_welcome_list = {"welcome-file-list", NAMES("welcome-file"), NULL,
                                                   NULL, NULL};
const struct webxml_element webxml_mime_mapping = {"mime-mapping", NAMES("extension", "mime-type"),
                                                   NULL, NULL, NULL};
const struct webxml_element webxml_error_page_element = {
    "error-page", NAMES("error-code", "exception-type", "location"), NULL, NULL, NULL};
const struct webxml_element webxml_listener_element = {"listener", NAMES("listener-class"),
                                                       DESCRIPTION, NULL, NULL};
const struct webxml_element webxml_env_element = {
    "env-entry", NAMES("env-entry-name", "env-entry-type", "env-entry-value"), NAMES("description"),
    NULL, NAMES("injection-target", "lookup-name", "mapped-name")};
const struct webxml_element webxml_session_element = {
    "session-config", NAMES("cookie-config", "session-timeout", "tracking-mode"), NULL, NULL, NULL};
const struct webxml_element webxml_cookie_element = {
    "cookie-config",
    NAMES("attribute", "comment", "domain", "http-only", "max-age", "name", "path", "secure"), NULL,
    NULL, NULL};
const struct webxml_element webxml_multipart_element = {
    "multipart-config",
    NAMES("file-size-threshold", "location", "max-file-size", "max-request-size"), NULL, NULL,
    NULL};

/* Whole classes, so that a module may be written for any other of Tomcat's. */
static const char *const jvm_classes[] = {
    "org.apache.catalina.servlets.CGIServlet",    "org.apache.catalina.servlets.DefaultServlet",
    "org.apache.catalina.servlets.WebdavServlet", "org.apache.catalina.ssi.SSIServlet",
    "org.apache.jasper.servlet.JspServlet",       NULL};

bool webxml_is_jvm_class(const char *servlet_class)
{
    return schema_listed(jvm_classes, servlet_class);
}

static bool refuse(struct webxml_reader *r, const struct xml_node *node, const char *meant)
{
    if (strcmp(node->name, meant) == 0) {
        err_set(r->err, "<%s> is not served yet", node->name);
        err_why(r->err, "it protects, and nothing is served without it");
        err_hint(r->err, "remove the element once the pages may be open to everybody");
    } else {
        err_set(r->err, "<%.64s> is not an element of web.xml", node->name);
        err_hint(r->err, "did you mean <%s>? It protects, so it is not passed over", meant);
    }
    return webxml_fail(r, node->line);
}

/* Whoever misspelled a protecting element, or put it in the wrong place, meant to protect. */
static bool protection_check(struct webxml_reader *r, const struct xml_node *node)
{
    const char *meant = schema_nearest(node->name, protecting, ARRAY_COUNT(protecting));
    if (meant)
        return refuse(r, node, meant);
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (!protection_check(r, c))
            return false;
    return true;
}

static const char *nearest_of(const struct webxml_element *e, const char *name)
{
    const char *const *lists[] = {e->served, e->silent, e->unserved, e->jvm};
    const char *nearest = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(lists) && !nearest; i++)
        for (const char *const *n = lists[i]; n && *n && !nearest; n++)
            nearest = schema_nearest(name, n, 1);
    return nearest;
}

static bool stranger_check(struct webxml_reader *r, const struct webxml_element *e,
                           const struct xml_node *node)
{
    const char *file = r->out->doc.file;
    if (!protection_check(r, node))
        return false;
    if (schema_listed(e->jvm, node->name)) {
        config_known(r->report, e->name, node->name);
        return true;
    }
    if (schema_listed(e->unserved, node->name)) {
        if (map_get(r->warned, span_of(node->name)))
            return true;
        LOG(config, LOG_WARN,
            "%s:%d: <%s> in <%s> is not served yet: it has no effect, as others "
            "of its name in this file",
            file, node->line, node->name, e->name);
        return map_put(r->warned, span_of(node->name), r, NULL) || webxml_no_memory(r);
    }
    config_unknown_element(r->report, e->name, node->name, nearest_of(e, node->name), file,
                           node->line);
    return true;
}

bool webxml_children_check(struct webxml_reader *r, const struct webxml_element *e,
                           const struct xml_node *node)
{
    for (const struct xml_node *c = node->children; c; c = c->next) {
        if (schema_listed(e->served, c->name))
            continue;
        if (!(schema_listed(e->silent, c->name) ? protection_check(r, c) : stranger_check(r, e, c)))
            return false;
    }
    return true;
}
