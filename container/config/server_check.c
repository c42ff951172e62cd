/* SPDX-License-Identifier: Apache-2.0
 * What the tables cannot say: values with a grammar of their own, and what needs more than one
 * element. Called by server.c; brings values into the form that server.h promises. */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/check.h"
#include "base/map.h"
#include "config/server_priv.h"
#include "observe/log.h"

static bool name_repeated(const struct server_config *c, const char *what, const char *name,
                          int line, int first, struct err *err)
{
    err_set(err, "%s '%.128s' is given twice", what, name);
    err_why(err, "the first is on line %d", first);
    return err_at(err, c->doc.file, line);
}

static bool check_protocol(struct connector_config *connector, struct err *err)
{
    static const char *const spoken[] = {"HTTP/1.1", "org.apache.coyote.http11.Http11NioProtocol",
                                         "org.apache.coyote.http11.Http11Nio2Protocol"};
    const char *nearest;
    for (size_t i = 0; i < ARRAY_COUNT(spoken); i++) {
        if (strcmp(connector->protocol, spoken[i]) == 0) {
            connector->protocol = spoken[0];
            return true;
        }
    }
    nearest = schema_nearest(connector->protocol, spoken, ARRAY_COUNT(spoken));
    err_set(err, "<Connector> protocol=\"%.128s\" is not served", connector->protocol);
    err_why(err, "expected HTTP/1.1 (or Tomcat's Http11NioProtocol, Http11Nio2Protocol)");
    return nearest ? err_hint(err, "did you mean '%s'?", nearest) : false;
}

static bool is_address(const char *text, bool *any)
{
    struct in_addr v4;
    struct in6_addr v6;
    *any = text[0] == '\0';
    if (*any)
        return true;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        *any = v4.s_addr == INADDR_ANY;
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    *any = IN6_IS_ADDR_UNSPECIFIED(&v6);
    return true;
}

static bool check_address(struct connector_config *connector, struct err *err)
{
    bool any;
    if (strcmp(connector->address, "localhost") == 0)
        connector->address = "127.0.0.1";
    if (is_address(connector->address, &any))
        return true;
    err_set(err, "<Connector> address=\"%.128s\" is not an IP address", connector->address);
    return err_why(err, "expected one like 127.0.0.1 or ::1, or nothing for all addresses");
}

static bool check_relaxed(const char *attribute, const char *chars, struct err *err)
{
    static const char allowed[] = "\"<>[\\]^`{|}";
    if (chars[strspn(chars, allowed)] == '\0')
        return true;
    err_set(err, "<Connector> %s=\"%.64s\" is not a valid value", attribute, chars);
    return err_why(err, "expected characters out of %s", allowed);
}

/* It goes into every response head. */
static bool check_server_header(const char *value, struct err *err)
{
    for (const char *p = value; *p; p++) {
        if (*p >= ' ' && *p <= '~')
            continue;
        err_set(err, "<Connector> server holds a byte that a header cannot have");
        return err_why(err, "expected printable ASCII");
    }
    return true;
}

bool server_check_connector(const struct server_config *c, struct connector_config *connector,
                            struct err *err)
{
    if (!check_protocol(connector, err) || !check_address(connector, err) ||
        !check_relaxed("relaxedPathChars", connector->relaxed_path_chars, err) ||
        !check_relaxed("relaxedQueryChars", connector->relaxed_query_chars, err) ||
        !check_server_header(connector->server, err))
        return err_at(err, c->doc.file, connector->line);
    /* As Tomcat: maxThreads alone may be set below the default of minSpareThreads. */
    if (connector->min_spare_threads > connector->max_threads)
        connector->min_spare_threads = connector->max_threads;
    if (connector->keep_alive_timeout == 0)
        connector->keep_alive_timeout = -1;
    if (connector->max_keep_alive_requests == 0)
        connector->max_keep_alive_requests = -1;
    return true;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(".-_:[]", c));
}

bool server_check_host_name(struct server_config *c, const char **name, int line, struct err *err)
{
    char *lower = arena_strdup(&c->doc.arena, *name);
    const char *rest;
    if (!lower)
        return err_set(err, "out of memory");
    for (char *p = lower; *p; p++)
        *p = ascii_lower(*p);
    rest = strncmp(lower, "*.", 2) == 0 ? lower + 2 : lower;
    *name = lower;
    for (const char *p = rest; *p; p++) {
        if (!is_host_byte(*p)) {
            rest = "";
            break;
        }
    }
    if (rest[0] && rest[0] != '.')
        return true;
    err_set(err, "'%.128s' is not a host name", lower);
    err_why(err, "expected one like www.example.org, or *.example.org for a whole domain");
    return err_at(err, c->doc.file, line);
}

static bool is_context_path(const char *path)
{
    if (path[0] == '\0')
        return true;
    if (path[0] != '/' || path[strlen(path) - 1] == '/' || strstr(path, "//"))
        return false;
    for (const char *p = path; *p; p++) {
        const unsigned char byte = (unsigned char)*p;
        if (byte < ' ' || byte == 0x7f || strchr("?#%;\\", *p))
            return false;
        if (*p == '/' && p[1] == '.' && (strchr("/", p[2]) || (p[2] == '.' && strchr("/", p[3]))))
            return false; /* "/." or "/.." as a segment; strchr also finds the end */
    }
    return true;
}

bool server_check_context(struct server_config *c, struct context_config *context, struct err *err)
{
    char *doc_base;
    if (strcmp(context->path, "/") == 0)
        context->path = "";
    if (!is_context_path(context->path)) {
        err_set(err, "<Context> path=\"%.128s\" is not a context path", context->path);
        err_why(err, "expected nothing for the root, or one like /shop, decoded, without a '/' at "
                     "the end");
        if (context->path[0] != '/')
            err_hint(err, "did you mean '/%.128s'?", context->path);
        return err_at(err, c->doc.file, context->line);
    }
    if (context->doc_base[0])
        return true;
    doc_base = arena_strdup(&c->doc.arena, context->path[0] ? context->path + 1 : "ROOT");
    if (!doc_base)
        return err_set(err, "out of memory");
    for (char *p = doc_base; *p; p++)
        if (*p == '/')
            *p = '#';
    context->doc_base = doc_base;
    return true;
}

/* An IPv6 address has several spellings; an IPv4 address that inet_pton takes has one. */
static bool same_address(const char *a, const char *b)
{
    struct in6_addr x, y;
    if (inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1)
        return memcmp(&x, &y, sizeof(x)) == 0;
    return strcmp(a, b) == 0;
}

static bool listeners_clash(const struct connector_config *a, const struct connector_config *b)
{
    bool any_a = false, any_b = false;
    if (a->port != b->port || a->port == 0)
        return false;
    CHECK(is_address(a->address, &any_a) && is_address(b->address, &any_b));
    return any_a || any_b || same_address(a->address, b->address);
}

static bool check_listener(const struct server_config *c, const struct connector_config *later,
                           struct err *err)
{
    for (const struct service_config *s = c->services; s; s = s->next) {
        for (const struct connector_config *k = s->connectors; k; k = k->next) {
            if (k == later)
                return true;
            if (!listeners_clash(k, later))
                continue;
            err_set(err, "two <Connector> elements on port %lld of address '%s'",
                    (long long)later->port, later->address[0] ? later->address : "all");
            err_why(err, "the first is on line %d, with address '%s'", k->line,
                    k->address[0] ? k->address : "all");
            return err_at(err, c->doc.file, later->line);
        }
    }
    UNREACHABLE();
}

/* Remembers NAME; LINE must live as long as NAMES. */
static bool name_add(const struct server_config *c, struct map *names, const char *what,
                     const char *name, int *line, struct err *err)
{
    int *first = map_get(names, span_of(name));
    if (first)
        return name_repeated(c, what, name, *line, *first, err);
    return map_put(names, span_of(name), line, NULL) || err_set(err, "out of memory");
}

static bool check_contexts(const struct server_config *c, struct host_config *host, struct err *err)
{
    struct map *paths = map_new();
    bool ok = paths != NULL || err_set(err, "out of memory");
    for (struct context_config *x = host->contexts; ok && x; x = x->next)
        ok = name_add(c, paths, "context path", x->path, &x->line, err);
    map_free(&paths);
    return ok;
}

static bool check_host_names(const struct server_config *c, struct engine_config *engine,
                             struct map *names, struct err *err)
{
    for (struct host_config *h = engine->hosts; h; h = h->next) {
        if (!name_add(c, names, "host name", h->name, &h->line, err))
            return false;
        for (struct alias_config *a = h->aliases; a; a = a->next)
            if (!name_add(c, names, "host name", a->name, &a->line, err))
                return false;
        if (!check_contexts(c, h, err))
            return false;
    }
    return true;
}

/* An alias will do, as in Tomcat; the model always holds the name of the host itself. */
static bool find_default_host(const struct server_config *c, struct engine_config *engine,
                              struct err *err)
{
    const char *wanted = engine->default_host, *nearest = NULL;
    for (const struct host_config *h = engine->hosts; h; h = h->next) {
        bool found = span_ieq(span_of(h->name), span_of(wanted));
        for (const struct alias_config *a = h->aliases; a; a = a->next)
            found = found || span_ieq(span_of(a->name), span_of(wanted));
        if (found) {
            engine->default_host = h->name;
            return true;
        }
        if (!nearest)
            nearest = schema_nearest(wanted, &h->name, 1);
    }
    err_set(err, "<Engine> defaultHost=\"%.128s\" names no <Host>", wanted);
    err_why(err, "expected the name of a <Host> of this <Engine>");
    if (nearest)
        err_hint(err, "did you mean '%s'?", nearest);
    return err_at(err, c->doc.file, engine->line);
}

static bool missing(const struct server_config *c, const char *parent, const char *child, int line,
                    struct err *err)
{
    err_set(err, "<%s> has no <%s>", parent, child);
    err_why(err, "expected at least one");
    return err_at(err, c->doc.file, line);
}

static bool check_service(const struct server_config *c, struct service_config *service,
                          struct err *err)
{
    struct map *names = NULL;
    bool ok;
    if (!service->engine.line)
        return missing(c, "Service", "Engine", service->line, err);
    if (!service->engine.hosts)
        return missing(c, "Engine", "Host", service->engine.line, err);
    if (!service->connectors)
        LOG(config, LOG_WARN, "%s:%d: <Service> has no <Connector>: nothing reaches its engine",
            c->doc.file, service->line);
    for (const struct connector_config *k = service->connectors; k; k = k->next)
        if (!check_listener(c, k, err))
            return false;
    if (!(names = map_new()))
        return err_set(err, "out of memory");
    ok = check_host_names(c, &service->engine, names, err) &&
         find_default_host(c, &service->engine, err);
    map_free(&names);
    return ok;
}

bool server_check(struct server_config *c, struct err *err)
{
    if (!c->services)
        return missing(c, "Server", "Service", c->doc.root->line, err);
    for (struct service_config *s = c->services; s; s = s->next)
        if (!check_service(c, s, err))
            return false;
    return true;
}
