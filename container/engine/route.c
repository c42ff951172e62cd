/* SPDX-License-Identifier: Apache-2.0
 * Where a request goes: host by name, context by the longest path. Pure; asked by pollers at the end of
 * a head and by workers for pipelined requests. */
#include "engine/call.h"

#define HOST_MAX 255u

/* The host as a key: lower case, without the dot that may end a full name. False: too long for any. */
static bool host_key(struct span host, char out[HOST_MAX], struct span *key)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < host.n; i++)
        out[i] = ascii_lower(host.p[i]);
    *key = span_make(out, host.n);
    return true;
}

static struct engine_host *find_host(const struct engine *e, struct span host)
{
    char text[HOST_MAX];
    struct span key;
    if (host.n == 0 || !host_key(host, text, &key))
        return e->fallback;
    struct engine_host *h = map_get(e->hosts, key);
    if (!h && map_count(e->wildcards) > 0)
        h = map_get(e->wildcards, span_from(key, span_find(key, 0, '.') + 1));
    return h ? h : e->fallback;
}

/* The longest context path that ends where a segment ends. */
static struct context *find_context(const struct engine_host *h, struct span path)
{
    for (size_t n = path.n;;) {
        struct context *c = map_get(h->contexts, span_cut(path, 0, n));
        if (c || n == 0)
            return c;
        n = span_rfind(span_cut(path, 0, n), '/');
    }
}

/* The servlet that X would reach; APP's generation is held. False: out of memory. */
static bool find_servlet(const struct app *app, const struct exchange *x, struct servlet **out)
{
    struct mapper_result map;
    struct span path = span_from(x->req.uri.path, strlen(app->context->path));
    struct arena *arena = (struct arena *)(uintptr_t)&x->arena;
    bool ok = mapper_map(app->mapper, path, arena, NULL, NULL, &map);
    *out = ok ? map.value : NULL;
    return ok;
}

/* X, which has a body, is served at the end of its head: by a servlet that reads the body as it comes, or
 * because the answer does not depend on the body (404, 405, 503). */
static bool at_head(struct engine *e, uint32_t slot, const struct exchange *x, struct context *c)
{
    if (!c || x->req.uri.hidden)
        return true;
    struct app *app = hazard_take(&e->hazards[slot], &c->current);
    bool yes = true;
    struct servlet *s;
    if (app && find_servlet(app, x, &s) && s)
        yes = (s->row->flags & CS_STREAMING) || !servlet_function(s->row, x->req.method);
    hazard_clear(&e->hazards[slot]);
    return yes;
}

/* Hosts and contexts do not change while something is served. */
static void lookup(void *arg, uint32_t slot, const struct exchange *x, struct route *out)
{
    struct engine *e = arg;
    *out = (struct route){.mode = ROUTE_COLLECT, .found = true};
    struct engine_host *h = find_host(e, x->req.host);
    struct context *c = h ? find_context(h, x->req.uri.path) : NULL;
    out->host = h;
    out->context = c;
    out->body_max =
        c && c->share.max_body_size >= 0 ? (uint64_t)c->share.max_body_size : UINT64_MAX;
    out->body_min_rate = c ? c->share.body_min_rate : -1;
    out->send_min_rate = c ? c->share.send_min_rate : -1;
    out->queue = c ? c->queue : 0;
    out->stream_queue = engine_stream_queue(e, out->queue);
    if (x->req.has_body && at_head(e, slot, x, c))
        out->mode = ROUTE_STREAM;
    out->logs = c ? c->logs : h ? h->logs : e->logs;
    out->recorded = e->takers && records_taken(e, h, c);
}

static const struct access_logs *unrouted_logs(void *arg)
{
    const struct engine *e = arg;
    return e->fallback ? e->fallback->logs : e->logs;
}

static bool quick(void *arg, uint32_t slot, const struct exchange *x)
{
    struct engine *e = arg;
    struct context *c = x->route.context;
    if (!c)
        return true; /* an error page */
    struct app *app = hazard_take(&e->hazards[slot], &c->current);
    bool yes = true;
    if (app) {
        struct servlet *s;
        yes = find_servlet(app, x, &s);
        if (yes && s) /* one that was never called may be slow: UINT32_MAX */
            yes = atomic_load_explicit(&s->average_us, memory_order_relaxed) < SERVLET_QUICK_US;
    }
    hazard_clear(&e->hazards[slot]);
    return yes;
}

const struct route_ops engine_route = {
    .lookup = lookup, .quick = quick, .unrouted_logs = unrouted_logs};
