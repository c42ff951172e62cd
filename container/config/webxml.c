/* SPDX-License-Identifier: Apache-2.0
 * Reads web.xml into the model of webxml.h. Two passes: servlets and filters first, then the mappings,
 * because the file may have them in any order. Called by deploy. */
#include "config/webxml.h"

#include "config/schema.h"
#include "config/webxml_priv.h"

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
    struct webxml_listener **listeners = &out->listeners;
    struct webxml_pattern **welcome_files = &out->welcome_files;
    struct webxml_mime **mimes = &out->mimes;
    struct webxml_env **env_entries = &out->env_entries;
    struct webxml_error_page **error_pages = &out->error_pages;
    const char *display_name = xml_child_text(root, "display-name");
    bool ok = true;
    out->display_name = display_name ? display_name : "";
    for (const struct xml_node *c = root->children; c; c = c->next) {
        if (is_named(c, "servlet"))
            ok = webxml_read_servlet(r, c, &servlets);
        else if (is_named(c, "filter"))
            ok = webxml_read_filter(r, c, &filters);
        else if (is_named(c, "listener"))
            ok = webxml_read_listener(r, c, &listeners);
        else if (is_named(c, "welcome-file-list"))
            ok = read_welcome_files(r, c, &welcome_files);
        else if (is_named(c, "context-param"))
            ok = webxml_param_add(r, c, &out->context_params);
        else if (is_named(c, "env-entry"))
            ok = webxml_read_env(r, c, &env_entries);
        else if (is_named(c, "mime-mapping"))
            ok = webxml_read_mime(r, c, &mimes);
        else if (is_named(c, "error-page"))
            ok = webxml_read_error_page(r, c, &error_pages);
        else if (is_named(c, "session-config"))
            ok = webxml_read_session(r, c);
        else if (is_named(c, "request-character-encoding"))
            ok = webxml_read_encoding(r, c, &out->request_encoding);
        else if (is_named(c, "response-character-encoding"))
            ok = webxml_read_encoding(r, c, &out->response_encoding);
        if (!ok)
            webxml_mistake(r);
        ok = true;
    }
}

static void read_mappings(struct webxml_reader *r, const struct xml_node *root)
{
    struct webxml_filter_mapping **filter_mappings = &r->out->filter_mappings;
    struct webxml_mapping **mappings = &r->out->mappings;
    bool ok = true;
    for (const struct xml_node *c = root->children; c; c = c->next) {
        if (is_named(c, "servlet-mapping"))
            ok = webxml_map_servlet(r, c, &mappings);
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
    r->mapped = map_new();
    r->patterns = map_new();
    r->codes = map_new();
    r->extensions = map_new();
    r->env = map_new();
    r->listeners = map_new();
    r->warned = map_new();
    return r->servlets && r->filters && r->mapped && r->patterns && r->codes && r->extensions &&
           r->env && r->listeners && r->warned;
}

static void maps_free(struct webxml_reader *r)
{
    map_free(&r->servlets);
    map_free(&r->filters);
    map_free(&r->mapped);
    map_free(&r->patterns);
    map_free(&r->codes);
    map_free(&r->extensions);
    map_free(&r->env);
    map_free(&r->listeners);
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
