/* SPDX-License-Identifier: Apache-2.0
 * The effective configuration as XML, for configtest --effective: what is in force, and, as comments,
 * where it comes from. The tree of the document is walked beside the model, since only the tree knows
 * what was given; both are in the order of the file. */
#include "base/check.h"
#include "config/server_priv.h"

struct printer {
    const struct server_config *c;
    struct buf *out;
    struct buf value; /* of one attribute */
    bool ok;
};

static void put(struct printer *p, const char *text)
{
    p->ok = p->ok && buf_append_str(p->out, text);
}

static void put_indent(struct printer *p, int depth)
{
    p->ok = p->ok && buf_printf(p->out, "%*s", depth * 4, "");
}

/* TEXT so that it is read as itself: escaped for XML, and without a ${ that would be substituted. */
static void put_text(struct printer *p, const char *text)
{
    for (const char *c = text; p->ok && *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || strchr("\"&<>", *c))
            p->ok = buf_printf(p->out, "&#%d;", *c);
        else if (*c == '$' && c[1] == '{')
            put(p, "${.:-$}"); /* no variable is called so */
        else
            p->ok = buf_append(p->out, c, 1);
    }
}

static void put_attribute(struct printer *p, int depth, const char *name, const char *value)
{
    put(p, "\n");
    put_indent(p, depth + 2);
    put(p, name);
    put(p, "=\"");
    put_text(p, value);
    put(p, "\"");
}

static void put_member(struct printer *p, int depth, const struct schema_attribute *a,
                       const void *element)
{
    const char *value;
    buf_clear(&p->value);
    p->ok = p->ok && schema_value_text(a, element, &p->value) && (value = buf_cstr(&p->value));
    if (p->ok)
        put_attribute(p, depth, a->name, buf_cstr(&p->value));
}

/* ---- where values come from ---- */

static bool is_from_executor(const struct xml_node *node, const char *attribute)
{
    const char *executor = xml_attribute(node, "executor");
    return executor && executor[0] && strcmp(node->name, "Connector") == 0 &&
           schema_word("maxThreads minSpareThreads threadsMaxIdleTime maxQueueSize", attribute,
                       NULL);
}

static bool is_from_context_xml(const struct printer *p, const struct xml_node *node,
                                const char *attribute)
{
    const struct xml_node *root = p->c->context_doc.root;
    const char *override = xml_attribute(node, "override");
    return root && strcmp(node->name, "Context") == 0 && xml_attribute(root, attribute) &&
           !(override && span_ieq(span_of(override), SPAN_LIT("true")));
}

enum origin { FROM_FILE, FROM_EXECUTOR, FROM_CONTEXT_XML, FROM_DEFAULT };

static enum origin origin_of(const struct printer *p, const struct xml_node *node,
                             const char *attribute)
{
    if (is_from_executor(node, attribute))
        return FROM_EXECUTOR;
    if (xml_attribute(node, attribute))
        return FROM_FILE;
    return is_from_context_xml(p, node, attribute) ? FROM_CONTEXT_XML : FROM_DEFAULT;
}

static void put_origins(struct printer *p, const struct schema_element *e,
                        const struct xml_node *node, enum origin wanted, const char *label)
{
    bool first = true;
    for (size_t i = 0; i < e->count; i++) {
        if (origin_of(p, node, e->attributes[i].name) != wanted)
            continue;
        put(p, first ? "; " : " ");
        put(p, first ? label : "");
        put(p, e->attributes[i].name);
        first = false;
    }
}

static void put_comment(struct printer *p, int line, int depth)
{
    put_indent(p, depth);
    p->ok = p->ok && buf_printf(p->out, "<!-- line %d", line);
}

/* ---- elements ---- */

/* The comment and the opening tag, without its end. */
static void open_element(struct printer *p, enum server_element which, const struct xml_node *node,
                         const void *element, int depth)
{
    const struct schema_element *e = server_schema(which);
    put_comment(p, node->line, depth);
    put_origins(p, e, node, FROM_EXECUTOR, "of its Executor: ");
    put_origins(p, e, node, FROM_CONTEXT_XML, "of conf/context.xml: ");
    put_origins(p, e, node, FROM_DEFAULT, "default: ");
    put(p, " -->\n");
    put_indent(p, depth);
    put(p, "<");
    put(p, e->name);
    for (size_t i = 0; i < e->count; i++)
        put_member(p, depth, &e->attributes[i], element);
}

static void close_element(struct printer *p, enum server_element which, int depth)
{
    put_indent(p, depth);
    p->ok = p->ok && buf_printf(p->out, "</%s>\n", server_schema(which)->name);
}

/* Those of conf/context.xml are in each context's list: they come back from there. */
static void put_valves(struct printer *p, const struct valve_config *v, int depth)
{
    for (; v; v = v->next) {
        if (v->file != p->c->doc.file)
            continue;
        bool first = true;
        put_comment(p, v->line, depth);
        for (const struct valve_param *a = v->params; a; a = a->next) {
            if (a->given)
                continue;
            put(p, first ? "; default: " : " ");
            put(p, a->name);
            first = false;
        }
        put(p, " -->\n");
        put_indent(p, depth);
        put(p, "<Valve");
        put_attribute(p, depth, "className", v->class_name);
        for (const struct valve_param *a = v->params; a; a = a->next)
            if (a->given || a->value[0])
                put_attribute(p, depth, a->name, a->value);
        put(p, "/>\n");
    }
}

/* As the valves. */
static void put_texts(struct printer *p, const struct context_text *t, int depth)
{
    for (; t; t = t->next) {
        enum server_element which = t->environment ? ELEMENT_ENVIRONMENT : ELEMENT_PARAMETER;
        const struct schema_element *e = server_schema(which);
        if (t->file != p->c->doc.file)
            continue;
        put_comment(p, t->line, depth);
        put(p, " -->\n");
        put_indent(p, depth);
        put(p, "<");
        put(p, e->name);
        for (size_t i = 0; i < e->count; i++)
            put_member(p, depth, &e->attributes[i], t);
        put(p, "/>\n");
    }
}

/* The first element called NAME at or after NODE. The model was made from these very nodes. */
static const struct xml_node *node_find(const struct xml_node *node, const char *name)
{
    while (node && strcmp(node->name, name) != 0)
        node = node->next;
    CHECK(node);
    return node;
}

static void put_host(struct printer *p, const struct host_config *host, const struct xml_node *node)
{
    const struct xml_node *at = node->children;
    open_element(p, ELEMENT_HOST, node, host, 3);
    put(p, ">\n");
    for (const struct alias_config *a = host->aliases; a; a = a->next) {
        put_comment(p, a->line, 4);
        put(p, " -->\n");
        put_indent(p, 4);
        put(p, "<Alias>");
        put_text(p, a->name);
        put(p, "</Alias>\n");
    }
    put_valves(p, host->valves, 4);
    for (const struct context_config *c = host->contexts; c; c = c->next) {
        at = node_find(at, "Context");
        open_element(p, ELEMENT_CONTEXT, at, c, 4);
        put(p, ">\n");
        put_valves(p, c->valves, 5);
        put_texts(p, c->texts, 5);
        close_element(p, ELEMENT_CONTEXT, 4);
        at = at->next;
    }
    close_element(p, ELEMENT_HOST, 3);
}

static void put_engine(struct printer *p, const struct engine_config *engine,
                       const struct xml_node *node)
{
    const struct xml_node *at = node->children;
    open_element(p, ELEMENT_ENGINE, node, engine, 2);
    put(p, ">\n");
    put_valves(p, engine->valves, 3);
    for (const struct host_config *h = engine->hosts; h; h = h->next) {
        at = node_find(at, "Host");
        put_host(p, h, at);
        at = at->next;
    }
    close_element(p, ELEMENT_ENGINE, 2);
}

static void put_service(struct printer *p, const struct service_config *service,
                        const struct xml_node *node)
{
    const struct xml_node *at = node->children;
    open_element(p, ELEMENT_SERVICE, node, service, 1);
    put(p, ">\n");
    for (const struct executor_config *e = service->executors; e; e = e->next) {
        at = node_find(at, "Executor");
        open_element(p, ELEMENT_EXECUTOR, at, e, 2);
        put(p, "/>\n");
        at = at->next;
    }
    at = node->children;
    for (const struct connector_config *k = service->connectors; k; k = k->next) {
        at = node_find(at, "Connector");
        open_element(p, ELEMENT_CONNECTOR, at, k, 2);
        put(p, "/>\n");
        at = at->next;
    }
    put_engine(p, &service->engine, node_find(node->children, "Engine"));
    close_element(p, ELEMENT_SERVICE, 1);
}

bool server_config_print(const struct server_config *c, struct buf *out)
{
    struct printer p = {.c = c, .out = out, .value = BUF_EMPTY, .ok = true};
    const struct xml_node *at = c->doc.root->children;
    put(&p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open_element(&p, ELEMENT_SERVER, c->doc.root, c, 0);
    put(&p, ">\n");
    for (const struct service_config *s = c->services; s; s = s->next) {
        at = node_find(at, "Service");
        put_service(&p, s, at);
        at = at->next;
    }
    close_element(&p, ELEMENT_SERVER, 0);
    buf_free(&p.value);
    return p.ok;
}
