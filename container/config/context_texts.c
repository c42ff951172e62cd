/* SPDX-License-Identifier: Apache-2.0
 * <Parameter> and <Environment> inside a <Context>: context parameters and env-entries that whoever runs the
 * server gives a webapp. Called by context_file.c. */
#include "config/server_priv.h"
#include "config/webxml.h"

bool server_copy_texts(struct server_reader *r, struct context_config *context)
{
    struct context_text *from = context->texts, **to = &context->texts;
    *to = NULL;
    for (; from; from = from->next) {
        struct context_text *copy = arena_alloc(&r->doc->arena, sizeof(*copy));
        if (!copy)
            return server_no_memory(r);
        *copy = *from;
        copy->next = NULL;
        *to = copy;
        to = &copy->next;
    }
    return true;
}

static bool check_value(struct server_reader *r, const struct context_text *t)
{
    struct err err = ERR_INIT;
    const char *expected;
    if (!t->name[0]) {
        err_set(&err, "<%s> name=\"\" is not valid", t->environment ? "Environment" : "Parameter");
        err_why(&err, "expected a name");
        return server_mistake(r, t->line, &err);
    }
    if (!t->environment || webxml_env_fits(t->type, t->value, &expected))
        return true;
    err_set(&err, "<Environment> '%.128s' has value=\"%.64s\", which is no %s", t->name, t->value,
            t->type);
    err_why(&err, "expected %s", expected);
    return server_mistake(r, t->line, &err);
}

/* The one of that kind and name, or the place at the end. */
static struct context_text **place_of(struct context_config *context, const struct context_text *t)
{
    struct context_text **at = &context->texts;
    while (*at && ((*at)->environment != t->environment || strcmp((*at)->name, t->name) != 0))
        at = &(*at)->next;
    return at;
}

void server_read_text(struct server_reader *r, const struct xml_node *node, bool environment,
                      struct context_config *context)
{
    const struct schema_element *e =
        server_schema(environment ? ELEMENT_ENVIRONMENT : ELEMENT_PARAMETER);
    struct context_text *t = arena_zalloc(&r->doc->arena, sizeof(*t));
    if (!t) {
        server_no_memory(r);
        return;
    }
    t->type = "";
    bool good = schema_fill(e, node, r->doc->file, t, r->report);
    t->file = r->doc->file;
    t->line = node->line;
    t->environment = environment;
    for (const struct xml_node *child = node->children; child; child = child->next)
        server_skip(r, e, child);
    if (!good || !check_value(r, t))
        return;
    struct context_text **at = place_of(context, t);
    struct err err = ERR_INIT;
    if (*at && (*at)->file == t->file) {
        err_set(&err, "two <%s> elements are called '%.128s'", e->name, t->name);
        err_why(&err, "the first is on line %d", (*at)->line);
        server_mistake(r, t->line, &err);
        return;
    }
    t->next = *at ? (*at)->next : NULL; /* what is nearer to the webapp wins */
    *at = t;
}
