/* SPDX-License-Identifier: Apache-2.0
 * What the tables cannot say: values with a grammar of their own, and what needs more than one
 * element. Called by server.c; brings values into the form that server.h promises. */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/check.h"
#include "base/map.h"
#include "config/server_priv.h"
#include "observe/log.h"

static void name_repeated(struct server_reader *r, const char *what, const char *name, int line,
                          int first)
{
    struct err err = ERR_INIT;
    err_set(&err, "%s '%.128s' is given twice", what, name);
    err_why(&err, "the first is on line %d", first);
    server_mistake(r, line, &err);
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(".-_:[]", c));
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

/* proxyName goes into URLs that applications make; Tomcat takes "name:port" nowhere, either. */
static bool check_proxy_name(const char *name, struct err *err)
{
    for (const char *p = name; *p; p++) {
        if (is_host_byte(ascii_lower(*p)))
            continue;
        err_set(err, "<Connector> proxyName=\"%.128s\" is not a host name", name);
        return err_why(err, "expected one like www.example.org");
    }
    return true;
}

/* A connector with a mistake gets port 0 so that nothing else is said of its address. */
static void check_texts(struct server_reader *r, struct connector_config *connector)
{
    struct err err = ERR_INIT;
    if (!check_protocol(connector, &err))
        server_mistake(r, connector->line, &err);
    if (!check_address(connector, &err)) {
        server_mistake(r, connector->line, &err);
        connector->address = "";
        connector->port = 0;
    }
    if (!check_relaxed("relaxedPathChars", connector->relaxed_path_chars, &err))
        server_mistake(r, connector->line, &err);
    if (!check_relaxed("relaxedQueryChars", connector->relaxed_query_chars, &err))
        server_mistake(r, connector->line, &err);
    if (!check_server_header(connector->server, &err))
        server_mistake(r, connector->line, &err);
    if (!check_proxy_name(connector->proxy_name, &err))
        server_mistake(r, connector->line, &err);
}

void server_check_connector(struct server_reader *r, struct connector_config *connector)
{
    check_texts(r, connector);
    if (connector->max_http_request_header_size == 0)
        connector->max_http_request_header_size = connector->max_http_header_size;
    if (connector->keep_alive_timeout == 0)
        connector->keep_alive_timeout = -1;
    if (connector->max_keep_alive_requests == 0)
        connector->max_keep_alive_requests = -1;
}

static const struct executor_config *find_executor(struct server_reader *r,
                                                   const struct service_config *service,
                                                   const struct connector_config *connector)
{
    struct schema_guess guess;
    struct err err = ERR_INIT;
    schema_guess_begin(&guess, connector->executor);
    for (const struct executor_config *e = service->executors; e; e = e->next) {
        if (strcmp(e->name, connector->executor) == 0)
            return e;
        schema_guess_try(&guess, span_of(e->name));
    }
    err_set(&err, "<Connector> executor=\"%.128s\" names no <Executor>", connector->executor);
    err_why(&err, "expected the name of an <Executor> of this <Service>");
    if (schema_guess_name(&guess))
        err_hint(&err, "did you mean '%s'?", schema_guess_name(&guess));
    server_mistake(r, connector->line, &err);
    return NULL;
}

void server_check_executors(struct server_reader *r, struct service_config *service)
{
    for (struct executor_config *e = service->executors; e; e = e->next)
        for (struct executor_config *f = service->executors; f != e; f = f->next)
            if (e->name[0] && strcmp(e->name, f->name) == 0)
                name_repeated(r, "Executor", e->name, e->line, f->line);
    for (struct connector_config *k = service->connectors; k; k = k->next) {
        const struct executor_config *e = k->executor[0] ? find_executor(r, service, k) : NULL;
        if (e) {
            k->max_threads = e->max_threads;
            k->min_spare_threads = e->min_spare_threads;
            k->threads_max_idle_time = e->max_idle_time;
            k->max_queue_size = e->max_queue_size;
        }
        /* As Tomcat: maxThreads alone may be set below the default of minSpareThreads. */
        if (k->min_spare_threads > k->max_threads)
            k->min_spare_threads = k->max_threads;
    }
}

void server_check_host_name(struct server_reader *r, const char **name, int line)
{
    char *lower = arena_strdup(&r->doc->arena, *name);
    const char *rest;
    struct err err = ERR_INIT;
    if (!lower) {
        server_no_memory(r);
        return;
    }
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
        return;
    err_set(&err, "'%.128s' is not a host name", lower);
    err_why(&err, "expected one like www.example.org, or *.example.org for a whole domain");
    server_mistake(r, line, &err);
    *name = "";
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

void server_check_context(struct server_reader *r, struct context_config *context)
{
    char *doc_base;
    struct err err = ERR_INIT;
    if (strcmp(context->path, "/") == 0)
        context->path = "";
    if (!is_context_path(context->path)) {
        err_set(&err, "<Context> path=\"%.128s\" is not a context path", context->path);
        err_why(&err, "expected nothing for the root, or one like /shop, decoded, without a '/' at "
                      "the end");
        if (context->path[0] != '/')
            err_hint(&err, "did you mean '/%.128s'?", context->path);
        server_mistake(r, context->line, &err);
        return;
    }
    if (context->doc_base[0])
        return;
    doc_base = arena_strdup(&r->doc->arena, context->path[0] ? context->path + 1 : "ROOT");
    if (!doc_base) {
        server_no_memory(r);
        return;
    }
    for (char *p = doc_base; *p; p++)
        if (*p == '/')
            *p = '#';
    context->doc_base = doc_base;
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

static void check_listener(struct server_reader *r, const struct connector_config *later)
{
    struct err err = ERR_INIT;
    for (const struct service_config *s = r->c->services; s; s = s->next) {
        for (const struct connector_config *k = s->connectors; k; k = k->next) {
            if (k == later)
                return;
            if (!listeners_clash(k, later))
                continue;
            err_set(&err, "two <Connector> elements on port %lld of address '%s'",
                    (long long)later->port, later->address[0] ? later->address : "all");
            err_why(&err, "the first is on line %d, with address '%s'", k->line,
                    k->address[0] ? k->address : "all");
            server_mistake(r, later->line, &err);
            return;
        }
    }
    UNREACHABLE();
}

/* Remembers NAME; LINE must live as long as NAMES. */
static void name_add(struct server_reader *r, struct map *names, const char *what, const char *name,
                     int *line)
{
    int *first = map_get(names, span_of(name));
    if (first)
        name_repeated(r, what, name, *line, *first);
    else if (!map_put(names, span_of(name), line, NULL))
        server_no_memory(r);
}

static void check_contexts(struct server_reader *r, struct host_config *host)
{
    struct map *paths = map_new();
    if (!paths) {
        server_no_memory(r);
        return;
    }
    for (struct context_config *x = host->contexts; x; x = x->next)
        if (x->doc_base[0]) /* else it has a mistake already */
            name_add(r, paths, "context path", x->path, &x->line);
    map_free(&paths);
}

static void check_host_names(struct server_reader *r, struct engine_config *engine)
{
    struct map *names = map_new();
    if (!names) {
        server_no_memory(r);
        return;
    }
    for (struct host_config *h = engine->hosts; h; h = h->next) {
        if (h->name[0])
            name_add(r, names, "host name", h->name, &h->line);
        for (struct alias_config *a = h->aliases; a; a = a->next)
            if (a->name[0])
                name_add(r, names, "host name", a->name, &a->line);
        check_contexts(r, h);
    }
    map_free(&names);
}

/* An alias will do, as in Tomcat; the model always holds the name of the host itself. */
static void find_default_host(struct server_reader *r, struct engine_config *engine)
{
    const char *wanted = engine->default_host;
    struct schema_guess guess;
    struct err err = ERR_INIT;
    bool doubtful = false; /* a mistake was told that may be the cause */
    if (!wanted)
        return;
    schema_guess_begin(&guess, wanted);
    for (const struct host_config *h = engine->hosts; h; h = h->next) {
        bool found = span_ieq(span_of(h->name), span_of(wanted));
        doubtful = doubtful || !h->name[0];
        for (const struct alias_config *a = h->aliases; a; a = a->next) {
            found = found || span_ieq(span_of(a->name), span_of(wanted));
            doubtful = doubtful || !a->name[0];
        }
        if (found) {
            engine->default_host = h->name;
            return;
        }
        schema_guess_try(&guess, span_of(h->name));
    }
    if (doubtful)
        return;
    err_set(&err, "<Engine> defaultHost=\"%.128s\" names no <Host>", wanted);
    err_why(&err, "expected the name of a <Host> of this <Engine>");
    if (schema_guess_name(&guess))
        err_hint(&err, "did you mean '%s'?", schema_guess_name(&guess));
    server_mistake(r, engine->line, &err);
}

static void missing(struct server_reader *r, const char *parent, const char *child, int line)
{
    struct err err = ERR_INIT;
    err_set(&err, "<%s> has no <%s>", parent, child);
    err_why(&err, "expected at least one");
    server_mistake(r, line, &err);
}

static void check_service(struct server_reader *r, struct service_config *service)
{
    for (const struct connector_config *k = service->connectors; k; k = k->next)
        check_listener(r, k);
    if (!service->connectors)
        LOG(config, LOG_WARN, "%s:%d: <Service> has no <Connector>: nothing reaches its engine",
            r->doc->file, service->line);
    if (!service->engine.line) {
        missing(r, "Service", "Engine", service->line);
    } else if (!service->engine.hosts) {
        missing(r, "Engine", "Host", service->engine.line);
    } else {
        check_host_names(r, &service->engine);
        find_default_host(r, &service->engine);
    }
}

void server_check(struct server_reader *r)
{
    if (!r->c->services)
        missing(r, "Server", "Service", r->doc->root->line);
    for (struct service_config *s = r->c->services; s; s = s->next)
        check_service(r, s);
}
