/* SPDX-License-Identifier: Apache-2.0
 * Reads web.xml into the model of webxml.h. Two passes: servlets and filters first, then what refers
 * to them by name, because the file may have them in any order. Called by deploy. */
#include "config/webxml.h"

#include "config/schema.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

bool webxml_fail(struct webxml_reader *r, int line)
{
    return err_at(r->err, r->out->doc.file, line);
}

bool webxml_no_memory(struct webxml_reader *r)
{
    return err_set(r->err, "out of memory");
}

void webxml_mistake(struct webxml_reader *r)
{
    config_mistake(r->report, r->err);
    *r->err = ERR_INIT;
}

static bool is_named(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

const char *webxml_text(struct webxml_reader *r, const struct xml_node *node, const char *name)
{
    const char *text = xml_child_text(node, name);
    if (text && text[0])
        return text;
    err_set(r->err, "<%s> has %s <%s>", node->name, text ? "an empty" : "no", name);
    webxml_fail(r, node->line);
    return NULL;
}

static bool param_add(struct webxml_reader *r, const struct xml_node *node,
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
        if (is_named(c, "init-param") && !param_add(r, c, list))
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

/* A servlet that somebody switched off. */
static bool check_enabled(struct webxml_reader *r, const struct xml_node *node)
{
    const struct xml_node *enabled = xml_child(node, "enabled");
    if (!enabled || strcmp(enabled->text, "true") == 0)
        return true;
    err_set(r->err, "<enabled> '%.64s' is not served yet", enabled->text);
    err_why(r->err, "expected true: a servlet that was switched off must not answer");
    err_hint(r->err, "remove the <servlet> and its <servlet-mapping>");
    return webxml_fail(r, enabled->line);
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

static bool read_servlet(struct webxml_reader *r, const struct xml_node *node,
                         struct webxml_servlet ***tail)
{
    struct webxml_servlet *servlet = arena_zalloc(&r->out->doc.arena, sizeof(*servlet));
    const struct webxml_servlet *first;
    if (!servlet)
        return webxml_no_memory(r);
    servlet->file = r->out->doc.file;
    servlet->line = node->line;
    if (!webxml_children_check(r, &webxml_servlet_element, node) || !check_enabled(r, node) ||
        !(servlet->name = webxml_text(r, node, "servlet-name")) ||
        !(servlet->servlet_class = servlet_class(r, node)) ||
        !read_load_on_startup(r, node, &servlet->load_on_startup) ||
        !read_params(r, node, &servlet->params))
        return false;
    if ((first = map_get(r->servlets, span_of(servlet->name))))
        return name_repeated(r, node, servlet->name, first->line);
    **tail = servlet;
    *tail = &servlet->next;
    return map_put(r->servlets, span_of(servlet->name), servlet, NULL) || webxml_no_memory(r);
}

static bool read_filter(struct webxml_reader *r, const struct xml_node *node,
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
        !read_params(r, node, &filter->params))
        return false;
    if ((first = map_get(r->filters, span_of(filter->name))))
        return name_repeated(r, node, filter->name, first->line);
    **tail = filter;
    *tail = &filter->next;
    return map_put(r->filters, span_of(filter->name), filter, NULL) || webxml_no_memory(r);
}

static bool read_welcome_files(struct webxml_reader *r, const struct xml_node *node,
                               struct webxml_pattern ***tail)
{
    if (!webxml_children_check(r, &webxml_welcome_list, node))
        return false;
    for (const struct xml_node *c = node->children; c; c = c->next) {
        if (!is_named(c, "welcome-file"))
            continue;
        if (c->text[0] == '\0' || c->text[0] == '/') {
            err_set(r->err, "<welcome-file> '%.128s' is not valid", c->text);
            err_why(r->err, "expected a name like index.html, without a '/' in front");
            return webxml_fail(r, c->line);
        }
        struct webxml_pattern *file = arena_zalloc(&r->out->doc.arena, sizeof(*file));
        if (!file)
            return webxml_no_memory(r);
        file->text = c->text;
        file->line = c->line;
        **tail = file;
        *tail = &file->next;
    }
    return true;
}

static void read_declarations(struct webxml_reader *r, const struct xml_node *root)
{
    struct webxml *out = r->out;
    struct webxml_servlet **servlets = &out->servlets;
    struct webxml_filter **filters = &out->filters;
    struct webxml_pattern **welcome_files = &out->welcome_files;
    struct webxml_mime **mimes = &out->mimes;
    struct webxml_error_page **error_pages = &out->error_pages;
    const char *display_name = xml_child_text(root, "display-name");
    bool ok = true;
    out->display_name = display_name ? display_name : "";
    for (const struct xml_node *c = root->children; c; c = c->next) {
        if (is_named(c, "servlet"))
            ok = read_servlet(r, c, &servlets);
        else if (is_named(c, "filter"))
            ok = read_filter(r, c, &filters);
        else if (is_named(c, "welcome-file-list"))
            ok = read_welcome_files(r, c, &welcome_files);
        else if (is_named(c, "context-param"))
            ok = param_add(r, c, &out->context_params);
        else if (is_named(c, "mime-mapping"))
            ok = webxml_read_mime(r, c, &mimes);
        else if (is_named(c, "error-page"))
            ok = webxml_read_error_page(r, c, &error_pages);
        if (!ok)
            webxml_mistake(r);
        ok = true;
    }
}

static void read_mappings(struct webxml_reader *r, const struct xml_node *root)
{
    struct webxml_filter_mapping **filter_mappings = &r->out->filter_mappings;
    bool ok = true;
    for (const struct xml_node *c = root->children; c; c = c->next) {
        if (is_named(c, "servlet-mapping"))
            ok = webxml_map_servlet(r, c);
        else if (is_named(c, "filter-mapping"))
            ok = webxml_map_filter(r, c, &filter_mappings);
        if (!ok)
            webxml_mistake(r);
        ok = true;
    }
}

static void read_app(struct webxml_reader *r)
{
    const struct xml_node *root = r->out->doc.root;
    unsigned mistakes = r->report->count;
    if (!is_named(root, "web-app")) {
        err_set(r->err, "the document is a <%.64s>", root->name);
        err_why(r->err, "expected <web-app>");
        webxml_fail(r, root->line);
        webxml_mistake(r);
        return;
    }
    if (!webxml_children_check(r, &webxml_app, root))
        webxml_mistake(r);
    read_declarations(r, root);
    if (r->report->count == mistakes) /* else names would seem to lead nowhere */
        read_mappings(r, root);
}

static bool maps_make(struct webxml_reader *r)
{
    r->servlets = map_new();
    r->filters = map_new();
    r->patterns = map_new();
    r->codes = map_new();
    r->extensions = map_new();
    r->warned = map_new();
    return r->servlets && r->filters && r->patterns && r->codes && r->extensions && r->warned;
}

static void maps_free(struct webxml_reader *r)
{
    map_free(&r->servlets);
    map_free(&r->filters);
    map_free(&r->patterns);
    map_free(&r->codes);
    map_free(&r->extensions);
    map_free(&r->warned);
}

bool webxml_read_all(struct webxml *out, const char *file, struct config_report *report)
{
    struct err err = ERR_INIT;
    struct webxml_reader r = {.out = out, .report = report, .err = &err};
    unsigned mistakes = report->count;
    webxml_empty(out);
    if (!xml_read(&out->doc, file, NULL, NULL, &err))
        return config_mistake(report, &err);
    if (maps_make(&r)) {
        read_app(&r);
    } else {
        webxml_no_memory(&r);
        webxml_mistake(&r);
    }
    maps_free(&r);
    config_known_tell(report, file);
    if (report->count == mistakes)
        return true;
    webxml_free(out);
    return false;
}

bool webxml_read(struct webxml *out, const char *file, struct err *err)
{
    struct config_report report = CONFIG_REPORT_INIT;
    webxml_read_all(out, file, &report);
    return config_report_end(&report, err);
}

void webxml_empty(struct webxml *w)
{
    *w = (struct webxml){.display_name = ""};
    arena_init(&w->doc.arena);
}

void webxml_free(struct webxml *w)
{
    xml_free(&w->doc);
    *w = (struct webxml){.doc = w->doc, .display_name = ""};
}
