/* SPDX-License-Identifier: Apache-2.0
 * Reads server.xml into the model of server.h: walks the tree, lets the tables fill each struct, and
 * hands the result to server_check.c. Called by cli and deploy. */
#include "config/server.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/path.h"
#include "config/server_priv.h"
#include "observe/log.h"

bool variable_find(void *variables, const char *name, const char **value)
{
    const struct variables *v = variables;
    if (strcmp(name, "catalina.base") == 0 || strcmp(name, "cserv.base") == 0)
        *value = v->base;
    else if (strcmp(name, "catalina.home") == 0 || strcmp(name, "cserv.home") == 0)
        *value = v->home;
    else
        *value = getenv(name);
    return *value != NULL;
}

bool server_mistake(struct server_reader *r, int line, struct err *err)
{
    err_at(err, r->doc->file, line);
    return config_mistake(r->report, err);
}

bool server_no_memory(struct server_reader *r)
{
    struct err err = ERR_INIT;
    err_set(&err, "out of memory");
    return config_mistake(r->report, &err);
}

static bool is_named(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

static bool fill(struct server_reader *r, enum server_element which, const struct xml_node *node,
                 void *out)
{
    return schema_fill(server_schema(which), node, r->doc->file, out, r->report);
}

static void skip(struct server_reader *r, enum server_element which, const struct xml_node *child)
{
    server_skip(r, server_schema(which), child);
}

/* For elements none of whose children are served. */
static void skip_children(struct server_reader *r, enum server_element which,
                          const struct xml_node *node)
{
    for (const struct xml_node *child = node->children; child; child = child->next)
        skip(r, which, child);
}

static void *room(struct server_reader *r, size_t size)
{
    void *p = arena_zalloc(&r->doc->arena, size);
    if (!p)
        server_no_memory(r);
    return p;
}

static void read_executor(struct server_reader *r, const struct xml_node *node,
                          struct executor_config ***tail)
{
    struct executor_config *executor = room(r, sizeof(*executor));
    if (!executor)
        return;
    executor->line = node->line;
    **tail = executor;
    *tail = &executor->next;
    fill(r, ELEMENT_EXECUTOR, node, executor);
    skip_children(r, ELEMENT_EXECUTOR, node);
}

static void read_connector(struct server_reader *r, const struct xml_node *node,
                           struct connector_config ***tail)
{
    struct connector_config *connector = room(r, sizeof(*connector));
    if (!connector)
        return;
    connector->line = node->line;
    **tail = connector;
    *tail = &connector->next;
    fill(r, ELEMENT_CONNECTOR, node, connector);
    skip_children(r, ELEMENT_CONNECTOR, node);
    server_check_connector(r, connector);
}

static void read_context(struct server_reader *r, const struct xml_node *node,
                         struct context_config ***tail)
{
    const struct schema_element *e = server_schema(ELEMENT_CONTEXT);
    const char *override = xml_attribute(node, "override");
    struct context_config *context = room(r, sizeof(*context));
    if (!context)
        return;
    **tail = context;
    *tail = &context->next;
    if (override && span_ieq(span_of(override), SPAN_LIT("true")))
        schema_defaults(e, context);
    else
        *context = r->c->context_defaults;
    schema_apply(e, node, r->doc->file, context, r->report);
    schema_require(e, node, r->doc->file, r->report);
    context->file = r->doc->file;
    context->line = node->line;
    context->next = NULL;
    server_read_context_children(r, node, context);
    if (xml_attribute(node, "path"))
        server_check_context(r, context);
}

static void read_alias(struct server_reader *r, const struct xml_node *node,
                       struct alias_config ***tail)
{
    struct alias_config *alias = room(r, sizeof(*alias));
    if (!alias)
        return;
    alias->line = node->line;
    alias->name = node->text;
    **tail = alias;
    *tail = &alias->next;
    fill(r, ELEMENT_ALIAS, node, alias);
    skip_children(r, ELEMENT_ALIAS, node);
    server_check_host_name(r, &alias->name, alias->line);
}

static void read_host(struct server_reader *r, const struct xml_node *node,
                      struct host_config ***tail)
{
    struct host_config *host = room(r, sizeof(*host));
    if (!host)
        return;
    host->line = node->line;
    **tail = host;
    *tail = &host->next;
    struct alias_config **aliases = &host->aliases;
    struct context_config **contexts = &host->contexts;
    fill(r, ELEMENT_HOST, node, host);
    if (xml_attribute(node, "name"))
        server_check_host_name(r, &host->name, host->line);
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (is_named(child, "Alias"))
            read_alias(r, child, &aliases);
        else if (is_named(child, "Context"))
            read_context(r, child, &contexts);
        else if (is_named(child, "Valve"))
            server_read_valve(r, server_schema(ELEMENT_HOST), child, &host->valves);
        else
            skip(r, ELEMENT_HOST, child);
    }
}

static void read_engine(struct server_reader *r, const struct xml_node *node,
                        struct engine_config *engine)
{
    struct host_config **hosts = &engine->hosts;
    struct err err = ERR_INIT;
    if (engine->line) {
        err_set(&err, "a second <Engine> in one <Service>");
        err_why(&err, "the first is on line %d", engine->line);
        server_mistake(r, node->line, &err);
        return;
    }
    engine->line = node->line;
    engine->context_defaults = &r->c->context_defaults;
    fill(r, ELEMENT_ENGINE, node, engine);
    if (!xml_attribute(node, "defaultHost"))
        engine->default_host = NULL; /* told: nothing more is said of it */
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (is_named(child, "Host"))
            read_host(r, child, &hosts);
        else if (is_named(child, "Valve"))
            server_read_valve(r, server_schema(ELEMENT_ENGINE), child, &engine->valves);
        else
            skip(r, ELEMENT_ENGINE, child);
    }
}

static void read_service(struct server_reader *r, const struct xml_node *node,
                         struct service_config ***tail)
{
    struct service_config *service = room(r, sizeof(*service));
    if (!service)
        return;
    service->line = node->line;
    **tail = service;
    *tail = &service->next;
    struct executor_config **executors = &service->executors;
    struct connector_config **connectors = &service->connectors;
    fill(r, ELEMENT_SERVICE, node, service);
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (is_named(child, "Executor"))
            read_executor(r, child, &executors);
        else if (is_named(child, "Connector"))
            read_connector(r, child, &connectors);
        else if (is_named(child, "Engine"))
            read_engine(r, child, &service->engine);
        else
            skip(r, ELEMENT_SERVICE, child);
    }
    server_check_executors(r, service);
}

static void read_server(struct server_reader *r)
{
    const struct xml_node *root = r->doc->root;
    struct service_config **services = &r->c->services;
    struct err err = ERR_INIT;
    if (!is_named(root, "Server")) {
        err_set(&err, "the document is a <%.64s>", root->name);
        err_why(&err, "expected <Server>");
        server_mistake(r, root->line, &err);
        return;
    }
    fill(r, ELEMENT_SERVER, root, r->c);
    for (const struct xml_node *child = root->children; child; child = child->next) {
        if (is_named(child, "Service"))
            read_service(r, child, &services);
        else
            skip(r, ELEMENT_SERVER, child);
    }
    server_check(r);
}

/* BASE as an absolute path, and its server.xml. */
static bool find_files(const char *base, char *absolute, char *file, struct err *err)
{
    if (base[0] != '/' && !realpath(base, absolute))
        return err_sys(err, errno, "cannot find the base '%s'", base);
    if ((base[0] == '/' && !path_join(absolute, PATH_MAX, "/", base)) ||
        !path_join(file, PATH_MAX, absolute, "conf/server.xml"))
        return err_set(err, "the base's path is longer than %d bytes", PATH_MAX);
    return true;
}

static void read_files(struct server_config *out, const char *home, const char *file,
                       struct variables *variables, struct config_report *report)
{
    struct server_reader r = {.c = out, .doc = &out->doc, .report = report};
    struct err err = ERR_INIT;
    server_read_context_defaults(&r, variables);
    if (!xml_read(&out->doc, file, variable_find, variables, &err)) {
        config_mistake(report, &err);
        return;
    }
    out->base = arena_strdup(&out->doc.arena, variables->base);
    out->home = arena_strdup(&out->doc.arena, home);
    if (out->base && out->home)
        read_server(&r);
    else
        server_no_memory(&r);
    config_known_tell(report, file);
}

bool server_config_read_all(struct server_config *out, const char *base, const char *home,
                            struct config_report *report)
{
    char absolute[PATH_MAX], file[PATH_MAX];
    struct variables variables = {.base = absolute, .home = home};
    unsigned mistakes = report->count;
    struct err err = ERR_INIT;
    *out = (struct server_config){.base = NULL};
    arena_init(&out->doc.arena);
    arena_init(&out->context_doc.arena);
    if (find_files(base, absolute, file, &err))
        read_files(out, home, file, &variables, report);
    else
        config_mistake(report, &err);
    if (report->count == mistakes)
        return true;
    server_config_free(out);
    return false;
}

bool server_config_read(struct server_config *out, const char *base, const char *home,
                        struct err *err)
{
    struct config_report report = CONFIG_REPORT_INIT;
    server_config_read_all(out, base, home, &report);
    return config_report_end(&report, err);
}

void server_config_free(struct server_config *c)
{
    xml_free(&c->doc);
    xml_free(&c->context_doc);
    c->base = c->home = NULL;
    c->services = NULL;
}

void context_config_defaults(const struct engine_config *engine, struct context_config *c)
{
    *c = (struct context_config){.line = 0};
    if (engine->context_defaults)
        *c = *engine->context_defaults;
    else
        schema_defaults(server_schema(ELEMENT_CONTEXT), c);
}
