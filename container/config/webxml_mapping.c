/* SPDX-License-Identifier: Apache-2.0
 * servlet-mapping and filter-mapping of web.xml: the form of url-patterns, and that every pattern leads to
 * one servlet. Called by webxml.c once all servlets of the file are known; whether the names are anybody's
 * is webxml_lookup.c's question. */
#include "base/check.h"
#include "config/schema.h"
#include "config/webxml_priv.h"

/* Forms of the servlet specification: empty, a lone slash, an exact path, a path ending in slash and
 * star, star dot extension. */
static bool is_url_pattern(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return false;
    if (strncmp(text, "*.", 2) == 0)
        return text[2] != '\0' && !strpbrk(text + 2, "/*");
    return text[0] == '\0' || (text[0] == '/' && !strstr(text, "*."));
}

static bool bad_pattern(struct webxml_reader *r, const struct xml_node *node)
{
    err_set(r->err, "<url-pattern> '%.128s' is not well formed", node->text);
    err_why(r->err, "expected \"\", \"/\", \"/exact\", \"/prefix/*\" or \"*.extension\"");
    if (node->text[0] && !strpbrk(node->text, "/*"))
        err_hint(r->err, "did you mean '/%.128s'?", node->text);
    return webxml_fail(r, node->line);
}

static bool pattern_add(struct webxml_reader *r, const struct xml_node *node, const char *text,
                        struct webxml_pattern **list)
{
    struct webxml_pattern *pattern = arena_zalloc(&r->out->doc.arena, sizeof(*pattern));
    if (!pattern)
        return webxml_no_memory(r);
    pattern->text = text;
    pattern->line = node->line;
    while (*list)
        list = &(*list)->next;
    *list = pattern;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* Regression 260: web.xml writes patterns as they stand in a URL, "/a%20b", and they meet decoded paths. NULL, with
 * err, when one is not well formed. */
static const char *pattern_text(struct webxml_reader *r, const struct xml_node *node)
{
    char *text = arena_strdup(&r->out->doc.arena, node->text), *to = text;
    if (!text) {
        webxml_no_memory(r);
        return NULL;
    }
    for (const char *from = text; *from; to++) {
        bool encoded = *from == '%';
        int high = encoded ? hex_digit(from[1]) : 0,
            low = encoded && high >= 0 ? hex_digit(from[2]) : 0;
        if (high < 0 || low < 0 || (encoded && high + low == 0)) {
            err_set(
                r->err,
                "<url-pattern> '%.128s' has a '%%' without two hexadecimal digits of a character",
                node->text);
            err_hint(r->err, "write a percent sign as '%%25'");
            webxml_fail(r, node->line);
            return NULL;
        }
        *to = encoded ? (char)(high * 16 + low) : *from;
        from += encoded ? 3 : 1;
    }
    *to = '\0';
    return text;
}

static const struct xml_node *child_required(struct webxml_reader *r, const struct xml_node *node,
                                             const char *name)
{
    const struct xml_node *child = xml_child(node, name);
    if (child)
        return child;
    err_set(r->err, "<%s> has no <%s>", node->name, name);
    webxml_fail(r, node->line);
    return NULL;
}

/* Where the patterns of the servlet NAME go; NULL: out of memory. */
static struct webxml_pattern **patterns_of(struct webxml_reader *r, const struct xml_node *name,
                                           struct webxml_mapping ***tail)
{
    struct webxml_servlet *servlet = map_get(r->servlets, span_of(name->text));
    struct webxml_mapping *mapping = map_get(r->mapped, span_of(name->text));
    if (servlet)
        return &servlet->patterns;
    if (mapping)
        return &mapping->patterns;
    mapping = arena_zalloc(&r->out->doc.arena, sizeof(*mapping));
    if (!mapping || !map_put(r->mapped, span_of(name->text), mapping, NULL)) {
        webxml_no_memory(r);
        return NULL;
    }
    mapping->file = r->out->doc.file;
    mapping->line = name->line;
    mapping->servlet_name = name->text;
    **tail = mapping;
    *tail = &mapping->next;
    return &mapping->patterns;
}

static bool map_pattern(struct webxml_reader *r, const struct xml_node *node, struct xml_node *name,
                        struct webxml_pattern **patterns)
{
    const char *text = pattern_text(r, node);
    const struct xml_node *owner = text ? map_get(r->patterns, span_of(text)) : NULL;
    if (!text || !is_url_pattern(text))
        return text && bad_pattern(r, node);
    if (owner && strcmp(owner->text, name->text) != 0) {
        err_set(r->err, "<url-pattern> '%.128s' leads to two servlets", node->text);
        err_why(r->err, "'%.128s' has it already, here it is given to '%.128s'", owner->text,
                name->text);
        return webxml_fail(r, node->line);
    }
    if (owner)
        return true;
    if (!map_put(r->patterns, span_of(text), name, NULL))
        return webxml_no_memory(r);
    return pattern_add(r, node, text, patterns);
}

bool webxml_map_servlet(struct webxml_reader *r, const struct xml_node *node,
                        struct webxml_mapping ***tail)
{
    struct xml_node *name = xml_child(node, "servlet-name");
    struct webxml_pattern **patterns;
    if (!webxml_children_check(r, &webxml_servlet_mapping, node) ||
        !child_required(r, node, "servlet-name") || !child_required(r, node, "url-pattern") ||
        !(patterns = patterns_of(r, name, tail)))
        return false;
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (strcmp(c->name, "url-pattern") == 0 && !map_pattern(r, c, name, patterns))
            return false;
    return true;
}

static bool bad_dispatcher(struct webxml_reader *r, const struct xml_node *node,
                           const char *const *known)
{
    const char *nearest = schema_nearest(node->text, known, 5);
    err_set(r->err, "<dispatcher> '%.64s' is not valid", node->text);
    err_why(r->err, "expected one of: REQUEST, FORWARD, INCLUDE, ERROR, ASYNC");
    if (nearest)
        err_hint(r->err, "did you mean '%s'?", nearest);
    return webxml_fail(r, node->line);
}

/* Without any <dispatcher> a mapping is for requests from outside. */
static bool read_dispatchers(struct webxml_reader *r, const struct xml_node *node, unsigned *out)
{
    static const char *const known[] = {"REQUEST", "FORWARD", "INCLUDE", "ERROR", "ASYNC", NULL};
    *out = xml_child(node, "dispatcher") ? 0 : WEBXML_REQUEST;
    for (const struct xml_node *c = node->children; c; c = c->next) {
        if (strcmp(c->name, "dispatcher") != 0)
            continue;
        if (!schema_listed(known, c->text))
            return bad_dispatcher(r, c, known);
        for (unsigned i = 0; known[i]; i++)
            if (strcmp(c->text, known[i]) == 0)
                *out |= 1u << i;
    }
    return true;
}

static bool read_targets(struct webxml_reader *r, const struct xml_node *node,
                         struct webxml_filter_mapping *mapping)
{
    bool ok = true;
    for (const struct xml_node *c = node->children; ok && c; c = c->next) {
        if (strcmp(c->name, "url-pattern") == 0) {
            const char *text = pattern_text(r, c);
            ok = text && (is_url_pattern(text) || strcmp(text, "*") == 0 || bad_pattern(r, c));
            ok = ok && pattern_add(r, c, text, &mapping->url_patterns);
        } else if (strcmp(c->name, "servlet-name") == 0) {
            ok = pattern_add(r, c, c->text, &mapping->servlet_names);
        }
    }
    if (!ok || mapping->url_patterns || mapping->servlet_names)
        return ok;
    err_set(r->err, "<filter-mapping> has neither <url-pattern> nor <servlet-name>");
    return webxml_fail(r, node->line);
}

bool webxml_map_filter(struct webxml_reader *r, const struct xml_node *node,
                       struct webxml_filter_mapping ***tail)
{
    struct webxml_filter_mapping *mapping = arena_zalloc(&r->out->doc.arena, sizeof(*mapping));
    const struct xml_node *name;
    if (!mapping)
        return webxml_no_memory(r);
    if (!webxml_children_check(r, &webxml_filter_mapping_element, node) ||
        !(name = child_required(r, node, "filter-name")) || !read_targets(r, node, mapping) ||
        !read_dispatchers(r, node, &mapping->dispatchers))
        return false;
    mapping->file = r->out->doc.file;
    mapping->line = node->line;
    mapping->filter_name = name->text;
    mapping->name_line = name->line;
    **tail = mapping;
    *tail = &mapping->next;
    return true;
}
