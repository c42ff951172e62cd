/* SPDX-License-Identifier: Apache-2.0
 * context.xml: conf/context.xml for every webapp, META-INF/context.xml for one. Called by server.c and
 * deploy. Its <Context> has the attributes that one in server.xml has, but for path and docBase, which
 * the place of the file says. */
#include <limits.h>

#include "base/path.h"
#include "config/server_priv.h"

/* A copy of the list, so that two contexts can each go on from it. */
static bool copy_valves(struct arena *arena, const struct valve_config *from,
                        struct valve_config **to)
{
    *to = NULL;
    for (; from; from = from->next) {
        struct valve_config *copy = arena_alloc(arena, sizeof(*copy));
        if (!copy)
            return false;
        *copy = *from;
        copy->next = NULL;
        *to = copy;
        to = &copy->next;
    }
    return true;
}

void server_read_context_children(struct server_reader *r, const struct xml_node *node,
                                  struct context_config *context)
{
    const struct schema_element *e = server_schema(ELEMENT_CONTEXT);
    struct valve_config *own = NULL;
    if (!copy_valves(&r->doc->arena, context->valves, &own)) {
        server_no_memory(r);
        return;
    }
    context->valves = own;
    if (!server_copy_texts(r, context))
        return;
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (strcmp(child->name, "Valve") == 0)
            server_read_valve(r, e, child, &context->valves);
        else if (strcmp(child->name, "Parameter") == 0)
            server_read_text(r, child, false, context);
        else if (strcmp(child->name, "Environment") == 0)
            server_read_text(r, child, true, context);
        else
            server_skip(r, e, child);
    }
}

/* r->doc is read already; over what CONTEXT holds. */
static void read_root(struct server_reader *r, struct context_config *context)
{
    const struct xml_node *root = r->doc->root;
    struct err err = ERR_INIT;
    if (strcmp(root->name, "Context") != 0) {
        err_set(&err, "the document is a <%.64s>", root->name);
        err_why(&err, "expected <Context>");
        server_mistake(r, root->line, &err);
        return;
    }
    schema_apply(server_schema(ELEMENT_CONTEXT), root, r->doc->file, context, r->report);
    if (xml_attribute(root, "path"))
        config_known(r->report, "Context", "path");
    if (xml_attribute(root, "docBase"))
        config_known(r->report, "Context", "docBase");
    context->path = context->doc_base = "";
    context->override = false;
    context->file = r->doc->file;
    context->line = root->line;
    server_read_context_children(r, root, context);
}

void server_read_context_defaults(struct server_reader *r, const struct variables *variables)
{
    struct server_reader inner = {.c = r->c, .doc = &r->c->context_doc, .report = r->report};
    struct context_config *defaults = &r->c->context_defaults;
    struct variables copy = *variables;
    struct err err = ERR_INIT;
    char file[PATH_MAX];
    schema_defaults(server_schema(ELEMENT_CONTEXT), defaults);
    if (!path_join(file, sizeof(file), variables->base, "conf/context.xml"))
        return;
    enum path_look found = path_look(file, &err);
    if (found == PATH_ABSENT)
        return;
    if (found == PATH_THERE && xml_read(inner.doc, file, variable_find, &copy, &err))
        read_root(&inner, defaults);
    else
        config_mistake(r->report, &err);
    config_known_tell(r->report, file);
}

bool context_file_read(struct context_file *out, const char *file,
                       const struct engine_config *engine, const char *base, const char *home,
                       struct config_report *report)
{
    struct server_reader r = {.doc = &out->doc, .report = report};
    struct variables variables = {.base = base, .home = home};
    unsigned mistakes = report->count;
    struct err err = ERR_INIT;
    bool override = false;
    *out = (struct context_file){.doc = {.root = NULL}};
    if (!xml_read(&out->doc, file, variable_find, &variables, &err))
        return config_mistake(report, &err);
    const char *given = xml_attribute(out->doc.root, "override");
    override = given && span_ieq(span_of(given), SPAN_LIT("true"));
    if (override)
        schema_defaults(server_schema(ELEMENT_CONTEXT), &out->context);
    else
        context_config_defaults(engine, &out->context);
    read_root(&r, &out->context);
    config_known_tell(report, file);
    if (report->count == mistakes)
        return true;
    context_file_free(out);
    return false;
}

void context_file_free(struct context_file *f)
{
    xml_free(&f->doc);
    f->context = (struct context_config){.line = 0};
}
