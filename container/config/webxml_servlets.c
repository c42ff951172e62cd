/* SPDX-License-Identifier: Apache-2.0
 * servlet, filter and listener of web.xml, and their parameters. Called by webxml.c. */
#include "config/schema.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

static bool is_named(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

bool webxml_param_add(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_param **list)
{
    struct webxml_param *param = arena_zalloc(&r->out->doc.arena, sizeof(*param));
    if (!param)
        return webxml_no_memory(r);
    const struct webxml_element *e =
        is_named(node, "init-param") ? &webxml_init_param : &webxml_context_param;
    if (!webxml_children_check(r, e, node) || !(param->name = webxml_text(r, node, "param-name")))
        return false;
    if (!(param->value = xml_child_text(node, "param-value"))) {
        err_set(r->err, "<%s> '%.128s' has no <param-value>", node->name, param->name);
        return webxml_fail(r, node->line);
    }
    for (; *list; list = &(*list)->next) {
        if (strcmp((*list)->name, param->name) != 0)
            continue;
        LOG(config, LOG_WARN, "%s:%d: <%s> '%s' is given twice: the first one counts",
            r->out->doc.file, node->line, node->name, param->name);
        return true;
    }
    *list = param;
    return true;
}

static bool read_params(struct webxml_reader *r, const struct xml_node *node,
                        struct webxml_param **list)
{
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (is_named(c, "init-param") && !webxml_param_add(r, c, list))
            return false;
    return true;
}

/* A negative number and an empty element both leave it to the container: at the first request. */
static bool read_load_on_startup(struct webxml_reader *r, const struct xml_node *node, int64_t *out)
{
    const struct xml_node *child = xml_child(node, "load-on-startup");
    struct span digits = span_of(child ? child->text : "");
    bool negative = span_starts(digits, SPAN_LIT("-"));
    uint64_t value = 0;
    *out = -1;
    if (digits.n == 0)
        return true;
    if (!span_to_u64(span_from(digits, negative ? 1 : 0), INT32_MAX, &value)) {
        err_set(r->err, "<load-on-startup> '%.64s' is not a valid value", child->text);
        err_why(r->err, "expected a whole number up to %d", INT32_MAX);
        return webxml_fail(r, child->line);
    }
    if (!negative)
        *out = (int64_t)value;
    return true;
}

/* Element NAME, true or false; -1 without one. */
static bool read_switch(struct webxml_reader *r, const struct xml_node *node, const char *name,
                        int *out)
{
    const struct xml_node *child = xml_child(node, name);
    *out = !child ? -1 : strcmp(child->text, "true") == 0;
    if (!child || *out || strcmp(child->text, "false") == 0)
        return true;
    err_set(r->err, "<%s> '%.64s' is not valid", name, child->text);
    err_why(r->err, "expected true or false");
    return webxml_fail(r, child->line);
}

/* A number of bytes; negative ones are all -1. FALLBACK when it is not given. */
static bool read_bytes(struct webxml_reader *r, const struct xml_node *node, const char *name,
                       int64_t fallback, int64_t *out)
{
    const struct xml_node *child = xml_child(node, name);
    struct span digits = span_of(child ? child->text : "");
    bool negative = span_starts(digits, SPAN_LIT("-"));
    uint64_t value = 0;
    *out = fallback;
    if (!child)
        return true;
    if (!span_to_u64(span_from(digits, negative ? 1 : 0), INT64_MAX, &value)) {
        err_set(r->err, "<%s> '%.64s' is not valid", name, child->text);
        err_why(r->err, "expected a number of bytes, or -1");
        return webxml_fail(r, child->line);
    }
    *out = negative ? -1 : (int64_t)value;
    return true;
}

static bool read_multipart(struct webxml_reader *r, const struct xml_node *servlet,
                           struct webxml_multipart *m)
{
    const struct xml_node *node = xml_child(servlet, "multipart-config");
    const char *location = node ? xml_child_text(node, "location") : NULL;
    m->set = node != NULL;
    m->location = location ? location : "";
    if (!node)
        return true;
    if (!webxml_children_check(r, &webxml_multipart_element, node) ||
        !read_bytes(r, node, "max-file-size", -1, &m->max_file_size) ||
        !read_bytes(r, node, "max-request-size", -1, &m->max_request_size) ||
        !read_bytes(r, node, "file-size-threshold", 0, &m->file_size_threshold))
        return false;
    if (m->file_size_threshold < 0)
        m->file_size_threshold = 0;
    return true;
}

/* A page's servlet is Tomcat's for pages: its source is never sent. */
static const char *servlet_class(struct webxml_reader *r, const struct xml_node *node)
{
    const char *class = xml_child(node, "jsp-file") ? "org.apache.jasper.servlet.JspServlet"
                                                    : webxml_text(r, node, "servlet-class");
    /* Files have a servlet of ours, under Tomcat's name. */
    if (class && webxml_is_jvm_class(class) && !strstr(class, ".DefaultServlet"))
        config_known(r->report, "servlet-class", class);
    return class;
}

static bool name_repeated(struct webxml_reader *r, const struct xml_node *node, const char *name,
                          int first)
{
    err_set(r->err, "two <%s> elements are called '%.128s'", node->name, name);
    err_why(r->err, "the first is on line %d", first);
    return webxml_fail(r, node->line);
}

bool webxml_read_servlet(struct webxml_reader *r, const struct xml_node *node,
                         struct webxml_servlet ***tail)
{
    struct webxml_servlet *servlet = arena_zalloc(&r->out->doc.arena, sizeof(*servlet));
    const struct webxml_servlet *first;
    if (!servlet)
        return webxml_no_memory(r);
    servlet->file = r->out->doc.file;
    servlet->line = node->line;
    if (!webxml_children_check(r, &webxml_servlet_element, node) ||
        !(servlet->name = webxml_text(r, node, "servlet-name")) ||
        !(servlet->servlet_class = servlet_class(r, node)) ||
        !read_load_on_startup(r, node, &servlet->load_on_startup) ||
        !read_switch(r, node, "async-supported", &servlet->async_supported) ||
        !read_switch(r, node, "enabled", &servlet->enabled) ||
        !read_multipart(r, node, &servlet->multipart) || !read_params(r, node, &servlet->params))
        return false;
    if ((first = map_get(r->servlets, span_of(servlet->name))))
        return name_repeated(r, node, servlet->name, first->line);
    **tail = servlet;
    *tail = &servlet->next;
    return map_put(r->servlets, span_of(servlet->name), servlet, NULL) || webxml_no_memory(r);
}

bool webxml_read_filter(struct webxml_reader *r, const struct xml_node *node,
                        struct webxml_filter ***tail)
{
    struct webxml_filter *filter = arena_zalloc(&r->out->doc.arena, sizeof(*filter));
    const struct webxml_filter *first;
    if (!filter)
        return webxml_no_memory(r);
    filter->file = r->out->doc.file;
    filter->line = node->line;
    if (!webxml_children_check(r, &webxml_filter_element, node) ||
        !(filter->name = webxml_text(r, node, "filter-name")) ||
        !(filter->filter_class = webxml_text(r, node, "filter-class")) ||
        !read_switch(r, node, "async-supported", &filter->async_supported) ||
        !read_params(r, node, &filter->params))
        return false;
    if ((first = map_get(r->filters, span_of(filter->name))))
        return name_repeated(r, node, filter->name, first->line);
    **tail = filter;
    *tail = &filter->next;
    return map_put(r->filters, span_of(filter->name), filter, NULL) || webxml_no_memory(r);
}

bool webxml_read_listener(struct webxml_reader *r, const struct xml_node *node,
                          struct webxml_listener ***tail)
{
    struct webxml_listener *listener = arena_zalloc(&r->out->doc.arena, sizeof(*listener));
    if (!listener)
        return webxml_no_memory(r);
    listener->file = r->out->doc.file;
    listener->line = node->line;
    if (!webxml_children_check(r, &webxml_listener_element, node) ||
        !(listener->listener_class = webxml_text(r, node, "listener-class")))
        return false;
    if (map_get(r->listeners, span_of(listener->listener_class))) {
        LOG(config, LOG_WARN, "%s:%d: <listener> '%s' is given twice: the first one counts",
            listener->file, listener->line, listener->listener_class);
        return true;
    }
    if (!map_put(r->listeners, span_of(listener->listener_class), listener, NULL))
        return webxml_no_memory(r);
    **tail = listener;
    *tail = &listener->next;
    return true;
}
