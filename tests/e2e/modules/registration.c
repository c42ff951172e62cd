/* SPDX-License-Identifier: Apache-2.0
 * For registration.py: a webapp that registers servlets, filters, listeners, mappings and parameters itself. What
 * each call answered stands in the log as "<reg NAME CODE>"; the context parameter `case` chooses what is
 * wrong. */
#include <cserv/servlet.h>
#include <pthread.h>
#include <string.h>

static void tell(cs_ctx *ctx, const char *name, int rc)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<reg %s %d>", name, rc);
}

static int who_init(cs_config *config, void **self)
{
    const char *value = cs_config_param(config, "p");
    cs_str name, text;
    uint32_t n = 0;
    while (cs_config_param_at(config, n, &name, &text) == CS_OK)
        n++;
    *self = (void *)(uintptr_t)cs_config_name(config).ptr;
    cs_ctx_log(cs_config_ctx(config), CS_LOG_INFO, "<init %s p=%s of %u>",
               cs_config_name(config).ptr, value ? value : "-", n);
    return CS_OK;
}

static void who_destroy(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<destroy %s>", (const char *)self);
}

static int get(cs_request *req, cs_response *res)
{
    const char *colour = cs_ctx_param(cs_req_ctx(req), "colour");
    return cs_res_printf(res, "%s as %s colour=%s", (const char *)cs_req_self(req),
                         cs_req_get(req, CS_REQ_SERVLET_NAME).ptr, colour ? colour : "-");
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    cs_res_header_str(res, cs_str_of("X-Filter"), cs_str_of((const char *)self), CS_HEADER_ADD);
    return cs_chain_next(chain, req, res);
}

/* Asks for more when it is too late, on the thread of a request. */
static int late(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    cs_servlet servlet = {.name = "too-late", .get = get};
    cs_filter more = {.name = "too-late", .filter = filter};
    cs_listener listener = {.name = "too-late"};
    return cs_res_printf(res, "%d %d %d %d %d %d", cs_ctx_add_servlet(ctx, &servlet),
                         cs_ctx_add_filter(ctx, &more), cs_ctx_add_listener(ctx, &listener),
                         cs_ctx_map_servlet(ctx, "late", "/later"),
                         cs_ctx_map_filter(ctx, "rows", "/*", NULL, 0, CS_MAP_LAST),
                         cs_ctx_set_param(ctx, "late", "1"));
}

static int begun(cs_ctx *ctx, void **self)
{
    (void)self;
    tell(ctx, "listener-begun", CS_OK);
    cs_servlet servlet = {
        .name = "of-listener", .url_patterns = "/of-listener", .init = who_init, .get = get};
    tell(ctx, "in-listener", cs_ctx_add_servlet(ctx, &servlet));
    return CS_OK;
}

static int begun_later(cs_ctx *ctx, void **self)
{
    (void)self;
    tell(ctx, "listener-of-listener-begun", CS_OK);
    return CS_OK;
}

static int first_begun(cs_ctx *ctx, void **self)
{
    char name[] = "of-a-listener";
    cs_listener more = {.name = name, .context_initialized = begun_later};
    (void)self;
    tell(ctx, "listener-in-listener", cs_ctx_add_listener(ctx, &more));
    memset(name, 'x', sizeof(name) - 1);
    return CS_OK;
}

static void *elsewhere(void *arg)
{
    cs_ctx *ctx = (cs_ctx *)arg;
    cs_servlet servlet = {.name = "elsewhere", .get = get};
    tell(ctx, "on-another-thread", cs_ctx_add_servlet(ctx, &servlet));
    return NULL;
}

/* The rows are on the stack, and what they point to is overwritten: everything is copied. */
static void register_all(cs_ctx *ctx)
{
    char name[] = "built", patterns[] = "/built  /built/x/* *.built", other[] = "/", key[] = "p",
         value[] = "first";
    cs_param params[] = {{key, value}, {"p", "second"}, {"q", ""}};
    cs_multipart limits = {.size = sizeof(limits), .max_file_size = 10};
    cs_servlet built = {.name = name,
                        .url_patterns = patterns,
                        .load_on_startup = 1,
                        .init = who_init,
                        .destroy = who_destroy,
                        .get = get,
                        .params = CS_ROWS(params),
                        .multipart = &limits};
    cs_servlet early = {.name = "early", .init = who_init, .get = get};
    cs_servlet fallback = {.name = "fallback",
                           .url_patterns = other,
                           .load_on_startup = -1,
                           .init = who_init,
                           .get = get};
    cs_filter url = {.name = "url", .url_patterns = "/*", .init = who_init, .filter = filter};
    cs_filter named = {
        .name = "named", .servlet_names = "built", .init = who_init, .filter = filter};
    cs_filter unmapped = {.name = "unmapped", .init = who_init, .filter = filter};
    cs_listener listener = {.name = "own", .context_initialized = begun};
    tell(ctx, "servlet", cs_ctx_add_servlet(ctx, &built));
    tell(ctx, "servlet-without-patterns", cs_ctx_add_servlet(ctx, &early));
    tell(ctx, "servlet-instead-of-default", cs_ctx_add_servlet(ctx, &fallback));
    tell(ctx, "filter", cs_ctx_add_filter(ctx, &url));
    tell(ctx, "filter-by-name", cs_ctx_add_filter(ctx, &named));
    tell(ctx, "filter-without-mapping", cs_ctx_add_filter(ctx, &unmapped));
    tell(ctx, "listener", cs_ctx_add_listener(ctx, &listener));
    tell(ctx, "map", cs_ctx_map_servlet(ctx, "early", "/early /early/too"));
    tell(ctx, "map-row", cs_ctx_map_servlet(ctx, "row", "/row/also"));
    tell(ctx, "map-again", cs_ctx_map_servlet(ctx, "row", "/row/also"));
    tell(ctx, "map-filter-first",
         cs_ctx_map_filter(ctx, "unmapped", "/built", NULL, 0, CS_MAP_FIRST));
    tell(ctx, "map-filter-first-again",
         cs_ctx_map_filter(ctx, "url", "/built", NULL, 0, CS_MAP_FIRST));
    tell(ctx, "map-filter-last",
         cs_ctx_map_filter(ctx, "rows", "/built", "built", CS_DISPATCH_REQUEST, CS_MAP_LAST));
    tell(ctx, "map-filter-other-dispatch",
         cs_ctx_map_filter(ctx, "unmapped", "/row", NULL, CS_DISPATCH_ERROR, CS_MAP_LAST));
    tell(ctx, "param", cs_ctx_set_param(ctx, "colour", "green"));
    memset(name, 'x', sizeof(name) - 1);
    memset(patterns, 'x', sizeof(patterns) - 1);
    memset(other, 'x', sizeof(other) - 1);
    memset(key, 'x', sizeof(key) - 1);
    memset(value, 'x', sizeof(value) - 1);
    limits.max_file_size = 0;
}

static void register_wrong(cs_ctx *ctx)
{
    cs_param malformed[] = {{"n", NULL}};
    cs_multipart limits = {.size = 1};
    cs_servlet nameless = {.get = get}, methodless = {.name = "methodless"},
               flagged = {.name = "flagged", .flags = 64, .get = get},
               taken = {.name = "row", .get = get},
               pattern = {.name = "pattern", .url_patterns = "/free-of-pattern /row", .get = get},
               bad = {.name = "bad", .url_patterns = "bad", .get = get},
               params = {.name = "params", .get = get, .params = CS_ROWS(malformed)},
               parts = {.name = "parts", .get = get, .multipart = &limits};
    cs_filter no_function = {.name = "no-function"},
              filter_taken = {.name = "rows", .filter = filter},
              of_nothing = {.name = "of-nothing",
                            .url_patterns = "/*",
                            .servlet_names = "nothing",
                            .filter = filter},
              bits = {.name = "bits", .dispatchers = 64, .filter = filter};
    cs_listener flags = {.name = "flags", .flags = 1};
    tell(ctx, "wrong-null", cs_ctx_add_servlet(ctx, NULL));
    tell(ctx, "wrong-nameless", cs_ctx_add_servlet(ctx, &nameless));
    tell(ctx, "wrong-methodless", cs_ctx_add_servlet(ctx, &methodless));
    tell(ctx, "wrong-flags", cs_ctx_add_servlet(ctx, &flagged));
    tell(ctx, "wrong-name-taken", cs_ctx_add_servlet(ctx, &taken));
    tell(ctx, "wrong-pattern-taken", cs_ctx_add_servlet(ctx, &pattern));
    tell(ctx, "wrong-pattern", cs_ctx_add_servlet(ctx, &bad));
    tell(ctx, "wrong-params", cs_ctx_add_servlet(ctx, &params));
    tell(ctx, "wrong-multipart", cs_ctx_add_servlet(ctx, &parts));
    tell(ctx, "wrong-filter-function", cs_ctx_add_filter(ctx, &no_function));
    tell(ctx, "wrong-filter-taken", cs_ctx_add_filter(ctx, &filter_taken));
    tell(ctx, "wrong-filter-of-nothing", cs_ctx_add_filter(ctx, &of_nothing));
    tell(ctx, "wrong-filter-dispatchers", cs_ctx_add_filter(ctx, &bits));
    tell(ctx, "wrong-listener", cs_ctx_add_listener(ctx, &flags));
    tell(ctx, "wrong-map-nothing", cs_ctx_map_servlet(ctx, "nothing", "/nothing"));
    tell(ctx, "wrong-map-half", cs_ctx_map_servlet(ctx, "row", "/free-of-map /late"));
    tell(ctx, "wrong-map-null", cs_ctx_map_servlet(ctx, "row", NULL));
    tell(ctx, "wrong-map-filter", cs_ctx_map_filter(ctx, "nothing", "/*", NULL, 0, 0));
    tell(ctx, "wrong-map-filter-half", cs_ctx_map_filter(ctx, "rows", "/row no", NULL, 0, 0));
    tell(ctx, "wrong-map-filter-where", cs_ctx_map_filter(ctx, "rows", "/row", NULL, 0, 2));
    tell(ctx, "wrong-map-filter-bits", cs_ctx_map_filter(ctx, "rows", "/row", NULL, 32, 0));
    tell(ctx, "wrong-param-taken", cs_ctx_set_param(ctx, "case", "other"));
    tell(ctx, "wrong-param-name", cs_ctx_set_param(ctx, "", "other"));
    tell(ctx, "wrong-param-value", cs_ctx_set_param(ctx, "valueless", NULL));
}

static int init(cs_ctx *ctx)
{
    const char *which = cs_ctx_param(ctx, "case");
    cs_servlet taken = {.name = "mine", .url_patterns = "/row", .get = get};
    pthread_t thread;
    if (which && strcmp(which, "fails") == 0)
        return cs_ctx_add_servlet(ctx, &taken);
    if (which && strcmp(which, "wrong") == 0) {
        register_wrong(ctx);
        return CS_OK;
    }
    if (pthread_create(&thread, NULL, elsewhere, ctx) == 0)
        pthread_join(thread, NULL);
    register_all(ctx);
    return CS_OK;
}

static int start(cs_ctx *ctx)
{
    cs_servlet servlet = {.name = "of-start", .get = get};
    tell(ctx, "in-start", cs_ctx_add_servlet(ctx, &servlet));
    return CS_OK;
}

static const cs_servlet servlets[] = {
    {.name = "row", .url_patterns = "/row", .init = who_init, .get = get},
    {.name = "late", .url_patterns = "/late", .get = late}};
static const cs_filter filters[] = {
    {.name = "rows", .url_patterns = "/built /row", .init = who_init, .filter = filter}};
static const cs_listener listeners[] = {{.name = "first", .context_initialized = first_begun}};

CS_WEBAPP("registration", "1.0", .init = init, .start = start, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters), .listeners = CS_ROWS(listeners))
