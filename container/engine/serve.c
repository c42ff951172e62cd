/* SPDX-License-Identifier: Apache-2.0
 * Serving one request on a worker: the generation is resolved here, not at the head; then mapping,
 * filters, servlet, error page, end. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "engine/engine_priv.h"
#include "http/date.h"
#include "observe/log.h"

/* ---- the servlet ---- */

struct servlet_run {
    struct guarded guarded;
    struct call *call;
    cs_request *req;
    cs_response *res;
    cs_service_fn fn;
    int64_t when; /* of last_modified */
};

static int servlet_body(void *guarded)
{
    struct servlet_run *r = guarded;
    return r->fn(r->req, r->res);
}

static int last_modified_body(void *guarded)
{
    struct servlet_run *r = guarded;
    r->when = r->call->servlet->row->last_modified(r->req);
    return 0;
}

cs_service_fn servlet_function(const cs_servlet *row, enum method m)
{
    if (row->service)
        return m == METHOD_TRACE || m == METHOD_CONNECT ? NULL : row->service;
    switch (m) {
    case METHOD_GET:
        return row->get;
    case METHOD_HEAD:
        return row->head ? row->head : row->get;
    case METHOD_POST:
        return row->post;
    case METHOD_PUT:
        return row->put;
    case METHOD_DELETE:
        return row->del;
    case METHOD_PATCH:
        return row->patch;
    case METHOD_OPTIONS:
        return row->options;
    default:
        return NULL;
    }
}

static bool set_field(struct exchange *x, struct span name, const char *value)
{
    return headers_set_copy(&x->res.headers, &x->arena, name, span_of(value));
}

static int refuse_method(struct call *c)
{
    set_field(c->x, SPAN_LIT("Allow"), c->servlet->allow);
    if (c->x->req.method == METHOD_OPTIONS)
        return CS_OK;
    c->error_status = 405;
    return CS_OK;
}

/* A GET with last_modified: true when 304 answers it (RFC 9110 13.1.3). */
static bool not_modified(struct call *c, cs_request *req)
{
    struct exchange *x = c->x;
    enum method m = x->req.method;
    if (!c->servlet->row->last_modified || (m != METHOD_GET && m != METHOD_HEAD))
        return false;
    struct servlet_run r = {.call = c, .req = req, .when = -1};
    module_invoke(c->module, last_modified_body, &r.guarded);
    int64_t when = r.when, since;
    if (when < 0)
        return false;
    char date[HTTP_DATE_SIZE];
    http_date_format(when, date);
    set_field(x, SPAN_LIT("Last-Modified"), date);
    struct span condition = headers_get(&x->req.headers, FIELD_IF_MODIFIED_SINCE, 0);
    bool other = headers_find(&x->req.headers, SPAN_LIT("If-None-Match"), 0).p != NULL;
    if (other || !condition.p || !http_date_parse(condition, &since) || when > since)
        return false;
    x->res.status = 304;
    return true;
}

static void note_time(struct servlet *s, uint64_t took_us)
{
    uint32_t took = took_us > 1000000 ? 1000000 : (uint32_t)took_us;
    uint32_t old = atomic_load_explicit(&s->average_us, memory_order_relaxed);
    /* Up at once, down slowly; UINT32_MAX: never measured, so never taken for quick. */
    bool jump = old == UINT32_MAX || took > (uint64_t)old * 4;
    uint32_t average = jump ? took : (old * 7 + took) / 8;
    atomic_store_explicit(&s->average_us, average, memory_order_relaxed);
}

int call_servlet(struct call *c, cs_request *req, cs_response *res)
{
    struct servlet *s = c->servlet;
    if (!s) {
        c->error_status = 404;
        return CS_OK;
    }
    cs_service_fn fn = servlet_function(s->row, c->x->req.method);
    if (!fn)
        return refuse_method(c);
    c->self = s->reg.self;
    c->module = &c->app->modules[s->reg.module];
    if (not_modified(c, req))
        return CS_OK;
    struct servlet_run r = {.call = c, .req = req, .res = res, .fn = fn};
    int rc = module_invoke(c->module, servlet_body, &r.guarded);
    c->x->at.served = clock_us();
    note_time(s, c->x->at.served - c->x->at.taken); /* filters included */
    if (r.guarded.failure[0])
        c->detail = span_of(arena_strdup(&c->x->arena, r.guarded.failure));
    return rc;
}

/* ---- what its result means ---- */

static void unavailable(struct call *c, int rc)
{
    uint32_t seconds = (0u - (uint32_t)rc - 0x1000000u) & 0xffffffu; /* rc may be any number */
    uint64_t until = seconds == 0 ? UINT64_MAX : clock_us() + (uint64_t)seconds * 1000000u;
    atomic_store_explicit(&c->servlet->unavailable_until_us, until, memory_order_relaxed);
    LOG(engine, LOG_WARN, "%s: servlet %s is unavailable %s", call_name(c), c->servlet->reg.name,
        seconds ? "for some time" : "for good");
}

/* The status when S is unavailable now, else 0; sets Retry-After. */
static unsigned unavailable_status(struct call *c, struct servlet *s)
{
    uint64_t until = atomic_load_explicit(&s->unavailable_until_us, memory_order_relaxed);
    uint64_t now = until ? clock_us() : 0;
    if (until == 0 || now >= until)
        return 0;
    if (s->init_failed)
        return 503;
    uint64_t left = s->retry_after;
    if (until != UINT64_MAX)
        left = (until - now) / 1000000 + 1;
    if (left == 0)
        return 404;
    char seconds[24];
    snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)left);
    set_field(c->x, SPAN_LIT("Retry-After"), seconds);
    return 503;
}

const char *call_name(const struct call *c)
{
    return c->context ? c->context->queue_name : "(no webapp)";
}

static void log_failure(struct call *c, int rc)
{
    const char *kind = c->in_valve ? "valve module" : "servlet";
    const char *name = c->in_valve  ? c->module->module->name
                       : c->servlet ? c->servlet->reg.name
                                    : "-";
    const char *bug = rc > 0 ? " (a positive result is a bug of it)" : "";
    LOG(engine, LOG_ERROR, "%s: %.*s %.*s: %s %s returned %d%s%s%.*s", call_name(c),
        SPAN_ARG(c->x->req.method_text), SPAN_ARG(c->x->req.uri.path), kind, name, rc, bug,
        c->detail.n ? ": " : "", SPAN_ARG(c->detail));
}

/* The answer is the page of STATUS; a committed one is given up: the client must be able to tell. */
static void refuse(struct call *c, unsigned status, struct span message)
{
    c->x->res.failure = message;
    c->head_hooks = NULL; /* they are of the answer that is dropped */
    if (c->x->res.committed)
        response_abort(c->x);
    else
        error_page(c->engine, c->x, status, message);
    c->concluded = true;
}

/* Writes the error page that RC or the call's state asks for, once. */
static void conclude(struct call *c, int rc)
{
    struct exchange *x = c->x;
    unsigned status = c->error_status;
    struct span message = c->error_message;
    if (c->concluded && rc == CS_OK)
        return;
    if (x->body_failed && !x->res.committed) {
        status = x->body_failed;
        message = SPAN_NONE;
    } else if (c->params_bad) {
        status = c->params_status;
        message = c->params_reason;
    } else if (rc <= -0x1000000 && c->servlet && !c->in_valve) {
        unavailable(c, rc);
        status = unavailable_status(c, c->servlet);
        message = c->detail;
    } else if (rc == CS_EGONE) {
        response_abort(x);
        return;
    } else if (rc != CS_OK &&
               !(rc == CS_ESTATE && (status || c->redirected))) { /* a write behind the end */
        log_failure(c, rc);
        status = 500;
        message = c->detail;
    }
    if (status == 0)
        return;
    refuse(c, status, message);
}

static void end_response(struct exchange *x, const char *who)
{
    if (x->at.served == 0)
        x->at.served = clock_us();
    if (!x->res.ended && response_is_short(x) && who)
        LOG(engine, LOG_WARN, "%s: %.*s ended after %llu of %lld bytes: the connection is closed",
            who, SPAN_ARG(x->req.uri.path), (unsigned long long)x->res.written,
            (long long)x->res.length);
    response_finish(x);
    if (!x->res.ended)
        response_abort(x);
}

/* ---- mapping ---- */

static bool file_exists(void *arg, struct span path)
{
    const struct app *app = arg;
    char name[1024];
    struct stat st;
    if (!*app->doc_base)
        return false;
    int n = snprintf(name, sizeof(name), "%s%.*s", app->doc_base, SPAN_ARG(path));
    return n > 0 && (size_t)n < sizeof(name) && stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

/* RFC 9110 15.4.3; the target is relative to the server, so it is right behind any proxy. Not the path as
 * sent: one that begins with two slashes would lead to another host. */
static void redirect_to_root(struct call *c)
{
    struct exchange *x = c->x;
    struct span query = x->req.uri.query;
    struct span path = uri_encode_path(span_of(c->app->context->path), &x->arena);
    char *location = !path.p ? NULL
                             : arena_printf(&x->arena, "%.*s/%s%.*s", SPAN_ARG(path),
                                            query.p ? "?" : "", SPAN_ARG(query));
    x->res.status = 302;
    if (!location || !set_field(x, SPAN_LIT("Location"), location))
        error_page(c->engine, x, 503, SPAN_NONE);
}

static int serve_app(struct call *c)
{
    struct exchange *x = c->x;
    struct span path = span_from(x->req.uri.path, strlen(c->context->path));
    if (!mapper_map(c->app->mapper, path, &x->arena, file_exists, c->app, &c->map)) {
        refuse(c, 503, SPAN_NONE);
        return CS_OK;
    }
    if (c->map.match == MAPPER_REDIRECT) {
        redirect_to_root(c);
        return CS_OK;
    }
    c->servlet = c->map.value;
    if (x->route.recorded && c->servlet) /* the record may outlive the generation */
        x->servlet = span_of(arena_strdup(&x->arena, c->servlet->reg.name));
    if (!listeners_begin_request(c)) {
        refuse(c, 500, c->detail);
        return CS_OK;
    }
    unsigned status = c->servlet ? unavailable_status(c, c->servlet) : 0;
    if (status)
        refuse(c, status, SPAN_NONE);
    else
        conclude(c, run_chain(c, &c->request.pub, &c->response.pub));
    return CS_OK;
}

int serve_target(struct call *c)
{
    struct exchange *x = c->x;
    if (!c->context || x->req.uri.hidden) {
        refuse(c, 404, SPAN_NONE);
    } else if (x->req.method == METHOD_TRACE && c->engine->options.allow_trace) {
        trace_answer(c->engine, x);
    } else if (!c->app) {
        refuse(c, 503, SPAN_LIT("This webapp is not running."));
    } else {
        return serve_app(c);
    }
    return CS_OK;
}

static struct call *call_begin(struct engine *e, uint32_t slot_number, struct exchange *x,
                               struct app *app)
{
    struct slot *slot = &e->slots[slot_number];
    struct call *c = &slot->calls[slot->next];
    slot->next = (slot->next + 1) % CALLS_PER_SLOT;
    *c = (struct call){.request = {.pub.ops = &request_ops, .call = c},
                       .response = {.pub.ops = &response_ops, .call = c},
                       .engine = e,
                       .x = x,
                       .context = x->route.context,
                       .app = app};
    return c;
}

void engine_serve(struct engine *e, uint32_t slot, struct exchange *x)
{
    struct context *context = x->route.context;
    struct hazard *hazard = &e->hazards[slot];
    struct app *app = context ? hazard_take(hazard, &context->current) : NULL;
    struct call *c = call_begin(e, slot, x, app);
    if (e->has_valves)
        conclude(c, run_valves(c));
    else
        serve_target(c);
    call_before_head(c);
    const char *who = c->context && app ? context->queue_name : NULL;
    listeners_end_request(c);
    arena_run_cleanups(&x->arena); /* the webapp's own code: while its generation is held */
    call_end(c);
    end_response(x, who);
    if (app)
        hazard_clear(hazard);
}
