/* SPDX-License-Identifier: Apache-2.0
 * The effective configuration as text, for configtest --effective: what is in force, and which of it
 * nobody asked for. The tree of the document is walked beside the model, since only the tree knows
 * what was given; both are in the order of the file. */
#include <inttypes.h>

#include "base/check.h"
#include "config/server_priv.h"

static bool put_indent(struct buf *out, int depth)
{
    return buf_printf(out, "%*s", depth * 4, "");
}

static bool put_text(struct buf *out, const char *text)
{
    bool ok = true;
    for (const char *p = text; ok && *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("\"&<", *p))
            ok = buf_printf(out, "&#%d;", *p);
        else
            ok = buf_append(out, p, 1);
    }
    return ok;
}

static bool put_value(struct buf *out, const struct schema_attribute *a, const void *element)
{
    const void *member = (const char *)element + a->offset;
    switch (a->type) {
    case SCHEMA_STRING:
        return put_text(out, *(const char *const *)member);
    case SCHEMA_INT:
        return buf_printf(out, "%" PRId64, *(const int64_t *)member);
    case SCHEMA_BOOL:
        return buf_append_str(out, *(const bool *)member ? "true" : "false");
    case SCHEMA_ENUM:
        return buf_append_str(out, a->choices[*(const int32_t *)member]);
    }
    UNREACHABLE();
}

static bool put_element(struct buf *out, enum server_element which, const struct xml_node *node,
                        const void *element, int depth)
{
    const struct schema_element *e = server_schema(which);
    bool ok = put_indent(out, depth) && buf_printf(out, "<%s> line %d\n", e->name, node->line);
    for (size_t i = 0; ok && i < e->count; i++) {
        const struct schema_attribute *a = &e->attributes[i];
        ok = put_indent(out, depth + 1) && buf_printf(out, "%s=\"", a->name) &&
             put_value(out, a, element) &&
             buf_printf(out, "\"%s%s%s\n", a->unit[0] ? " " : "", a->unit,
                        xml_attribute(node, a->name) ? "" : " (default)");
    }
    return ok;
}

/* The first element called NAME at or after NODE. The model was made from these very nodes. */
static const struct xml_node *node_find(const struct xml_node *node, const char *name)
{
    while (node && strcmp(node->name, name) != 0)
        node = node->next;
    CHECK(node);
    return node;
}

static bool put_host(struct buf *out, const struct host_config *host, const struct xml_node *node)
{
    const struct xml_node *at = node->children;
    bool ok = put_element(out, ELEMENT_HOST, node, host, 3);
    for (const struct alias_config *a = host->aliases; ok && a; a = a->next)
        ok = put_indent(out, 4) && buf_printf(out, "<Alias> line %d\n", a->line) &&
             put_indent(out, 5) && put_text(out, a->name) && buf_append_str(out, "\n");
    for (const struct context_config *c = host->contexts; ok && c; c = c->next) {
        at = node_find(at, "Context");
        ok = put_element(out, ELEMENT_CONTEXT, at, c, 4);
        at = at->next;
    }
    return ok;
}

static bool put_service(struct buf *out, const struct service_config *service,
                        const struct xml_node *node)
{
    const struct xml_node *at = node->children, *engine;
    bool ok = put_element(out, ELEMENT_SERVICE, node, service, 1);
    for (const struct connector_config *k = service->connectors; ok && k; k = k->next) {
        at = node_find(at, "Connector");
        ok = put_element(out, ELEMENT_CONNECTOR, at, k, 2);
        at = at->next;
    }
    engine = node_find(node->children, "Engine");
    at = engine->children;
    ok = ok && put_element(out, ELEMENT_ENGINE, engine, &service->engine, 2);
    for (const struct host_config *h = service->engine.hosts; ok && h; h = h->next) {
        at = node_find(at, "Host");
        ok = put_host(out, h, at);
        at = at->next;
    }
    return ok;
}

bool server_config_print(const struct server_config *c, struct buf *out)
{
    const struct xml_node *at = c->doc.root->children;
    bool ok = put_element(out, ELEMENT_SERVER, c->doc.root, c, 0);
    for (const struct service_config *s = c->services; ok && s; s = s->next) {
        at = node_find(at, "Service");
        ok = put_service(out, s, at);
        at = at->next;
    }
    return ok;
}
