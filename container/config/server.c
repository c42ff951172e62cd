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

struct variables {
    const char *base, *home;
};

static bool variable_find(void *arg, const char *name, const char **value)
{
    const struct variables *v = arg;
    if (strcmp(name, "catalina.base") == 0 || strcmp(name, "cserv.base") == 0)
        *value = v->base;
    else if (strcmp(name, "catalina.home") == 0 || strcmp(name, "cserv.home") == 0)
        *value = v->home;
    else
        *value = getenv(name);
    return *value != NULL;
}

static bool is_named(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

static bool fill(struct server_config *c, enum server_element which, const struct xml_node *node,
                 void *out, struct err *err)
{
    return schema_fill(server_schema(which), node, c->doc.file, out, err);
}

static bool skip(struct server_config *c, enum server_element which, const struct xml_node *child,
                 struct err *err)
{
    return server_skip(server_schema(which), child, c->doc.file, err);
}

/* For elements none of whose children are served. */
static bool skip_children(struct server_config *c, enum server_element which,
                          const struct xml_node *node, struct err *err)
{
    for (const struct xml_node *child = node->children; child; child = child->next)
        if (!skip(c, which, child, err))
            return false;
    return true;
}

static bool read_connector(struct server_config *c, const struct xml_node *node,
                           struct connector_config ***tail, struct err *err)
{
    struct connector_config *connector = arena_zalloc(&c->doc.arena, sizeof(*connector));
    if (!connector)
        return err_set(err, "out of memory");
    connector->line = node->line;
    **tail = connector;
    *tail = &connector->next;
    return fill(c, ELEMENT_CONNECTOR, node, connector, err) &&
           skip_children(c, ELEMENT_CONNECTOR, node, err) &&
           server_check_connector(c, connector, err);
}

static bool read_context(struct server_config *c, const struct xml_node *node,
                         struct context_config ***tail, struct err *err)
{
    struct context_config *context = arena_zalloc(&c->doc.arena, sizeof(*context));
    if (!context)
        return err_set(err, "out of memory");
    context->line = node->line;
    **tail = context;
    *tail = &context->next;
    return fill(c, ELEMENT_CONTEXT, node, context, err) &&
           skip_children(c, ELEMENT_CONTEXT, node, err) && server_check_context(c, context, err);
}

static bool read_alias(struct server_config *c, const struct xml_node *node,
                       struct alias_config ***tail, struct err *err)
{
    struct alias_config *alias = arena_zalloc(&c->doc.arena, sizeof(*alias));
    if (!alias)
        return err_set(err, "out of memory");
    alias->line = node->line;
    alias->name = node->text;
    **tail = alias;
    *tail = &alias->next;
    return fill(c, ELEMENT_ALIAS, node, alias, err) && skip_children(c, ELEMENT_ALIAS, node, err) &&
           server_check_host_name(c, &alias->name, alias->line, err);
}

static bool read_host(struct server_config *c, const struct xml_node *node,
                      struct host_config ***tail, struct err *err)
{
    struct host_config *host = arena_zalloc(&c->doc.arena, sizeof(*host));
    bool ok;
    if (!host)
        return err_set(err, "out of memory");
    host->line = node->line;
    **tail = host;
    *tail = &host->next;
    struct alias_config **aliases = &host->aliases;
    struct context_config **contexts = &host->contexts;
    if (!fill(c, ELEMENT_HOST, node, host, err) ||
        !server_check_host_name(c, &host->name, host->line, err))
        return false;
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (is_named(child, "Alias"))
            ok = read_alias(c, child, &aliases, err);
        else if (is_named(child, "Context"))
            ok = read_context(c, child, &contexts, err);
        else
            ok = skip(c, ELEMENT_HOST, child, err);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_engine(struct server_config *c, const struct xml_node *node,
                        struct engine_config *engine, struct err *err)
{
    struct host_config **hosts = &engine->hosts;
    if (engine->line) {
        err_set(err, "a second <Engine> in one <Service>");
        err_why(err, "the first is on line %d", engine->line);
        return err_at(err, c->doc.file, node->line);
    }
    engine->line = node->line;
    if (!fill(c, ELEMENT_ENGINE, node, engine, err))
        return false;
    for (const struct xml_node *child = node->children; child; child = child->next) {
        bool ok = is_named(child, "Host") ? read_host(c, child, &hosts, err)
                                          : skip(c, ELEMENT_ENGINE, child, err);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_service(struct server_config *c, const struct xml_node *node,
                         struct service_config ***tail, struct err *err)
{
    struct service_config *service = arena_zalloc(&c->doc.arena, sizeof(*service));
    struct connector_config **connectors;
    bool ok;
    if (!service)
        return err_set(err, "out of memory");
    service->line = node->line;
    connectors = &service->connectors;
    **tail = service;
    *tail = &service->next;
    if (!fill(c, ELEMENT_SERVICE, node, service, err))
        return false;
    for (const struct xml_node *child = node->children; child; child = child->next) {
        if (is_named(child, "Connector"))
            ok = read_connector(c, child, &connectors, err);
        else if (is_named(child, "Engine"))
            ok = read_engine(c, child, &service->engine, err);
        else
            ok = skip(c, ELEMENT_SERVICE, child, err);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_server(struct server_config *c, struct err *err)
{
    const struct xml_node *root = c->doc.root;
    struct service_config **services = &c->services;
    if (!is_named(root, "Server")) {
        err_set(err, "the document is a <%.64s>", root->name);
        err_why(err, "expected <Server>");
        return err_at(err, c->doc.file, root->line);
    }
    if (!fill(c, ELEMENT_SERVER, root, c, err))
        return false;
    for (const struct xml_node *child = root->children; child; child = child->next) {
        bool ok = is_named(child, "Service") ? read_service(c, child, &services, err)
                                             : skip(c, ELEMENT_SERVER, child, err);
        if (!ok)
            return false;
    }
    return server_check(c, err);
}

bool server_config_read(struct server_config *out, const char *base, const char *home,
                        struct err *err)
{
    char absolute[PATH_MAX], file[PATH_MAX];
    struct variables variables = {.base = absolute, .home = home};
    *out = (struct server_config){.base = NULL};
    arena_init(&out->doc.arena);
    if (base[0] != '/' && !realpath(base, absolute))
        return err_sys(err, errno, "cannot find the base '%s'", base);
    if (base[0] == '/' && !path_join(absolute, sizeof(absolute), "/", base))
        return err_set(err, "the base's path is longer than %d bytes", PATH_MAX);
    if (!path_join(file, sizeof(file), absolute, "conf/server.xml"))
        return err_set(err, "the base's path is longer than %d bytes", PATH_MAX);
    if (!xml_read(&out->doc, file, variable_find, &variables, err))
        return false;
    out->base = arena_strdup(&out->doc.arena, absolute);
    if (out->base ? read_server(out, err) : err_set(err, "out of memory"))
        return true;
    server_config_free(out);
    return false;
}

void server_config_free(struct server_config *c)
{
    xml_free(&c->doc);
    c->base = NULL;
    c->services = NULL;
}

void context_config_defaults(struct context_config *c)
{
    *c = (struct context_config){.line = 0};
    schema_defaults(server_schema(ELEMENT_CONTEXT), c);
}
