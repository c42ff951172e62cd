/* SPDX-License-Identifier: Apache-2.0
 * Serving one request on a worker: the generation is resolved here, not at the head; then mapping,
 * filters, servlet, error page, end. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "engine/async.h"
#include "engine/dispatch_priv.h"
#include "observe/log.h"

/* ---- what its result means ---- */

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

/* The answer is the page for STATUS, the webapp's own or the plain one; a committed one is given up: the
 * client must be able to tell. RC is what was returned, or 0. */
static void refuse(struct call *c, unsigned status, int rc, struct span message)
{
    c->x->res.failure = message;
    c->head_hooks = NULL; /* they are of the answer that is dropped */
    if (c->x->res.committed) {
        error_include(c, status, rc, message);
        response_abort(c->x);
    } else if (!error_dispatch(c, status, rc, message)) {
        error_page(c->engine, c->x, status, message);
    }
    c->concluded = true;
}

void conclude(struct call *c, int rc)
{
    struct exchange *x = c->x;
    if (c->async && async_takes_failure(c, rc))
        return;
    unsigned status = c->error_status;
    struct span message = c->error_message;
    int reason = CS_OK;
    if (c->concluded && (rc == CS_OK || rc == CS_ESTATE))
        return;
    if (x->body_failed && !x->res.committed) {
        status = x->body_failed;
        message = SPAN_NONE;
    } else if (c->params_bad) {
        status = c->params_status;
        message = c->params_reason;
    } else if (rc <= -0x1000000 && c->servlet && !c->in_valve) {
        servlet_unavailable(c, rc);
        status = servlet_unavailable_status(c, c->servlet);
        message = c->detail;
    } else if (rc == CS_EGONE) {
        response_abort(x);
        return;
    } else if (rc != CS_OK && !(rc == CS_ESTATE && call_is_over(c))) { /* a write behind the end */
        log_failure(c, rc);
        status = 500;
        reason = rc;
        message = c->detail;
    }
    if (status == 0)
        return;
    refuse(c, status, reason, message);
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

bool app_has_file(void *arg, struct span path)
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
    if (!location ||
        !headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Location"), span_of(location)))
        error_page(c->engine, x, 503, SPAN_NONE);
}

static int serve_app(struct call *c)
{
    struct exchange *x = c->x;
    struct span path = span_from(x->req.uri.path, strlen(c->context->path));
    if (!mapper_map(c->app->mapper, path, &x->arena, app_has_file, c->app, &c->map)) {
        refuse(c, 503, CS_OK, SPAN_NONE);
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
        refuse(c, 500, CS_EFAIL, c->detail);
        return CS_OK;
    }
    unsigned status = c->servlet ? servlet_unavailable_status(c, c->servlet) : 0;
    if (status)
        refuse(c, status, CS_OK, SPAN_NONE);
    else
        conclude(c, run_chain(c, &c->request.pub, &c->response.pub));
    return CS_OK;
}

int serve_target(struct call *c)
{
    struct exchange *x = c->x;
    if (!c->context || x->req.uri.hidden) {
        refuse(c, 404, CS_OK, SPAN_NONE);
    } else if (x->req.method == METHOD_TRACE && c->engine->options.allow_trace) {
        trace_answer(c->engine, x);
    } else if (!c->app) {
        refuse(c, 503, CS_OK, SPAN_LIT("This webapp is not running."));
    } else {
        return serve_app(c);
    }
    return CS_OK;
}

static struct call *call_begin(struct engine *e, uint32_t slot_number, struct exchange *x,
                               struct app *app)
{
    struct slot *slot = &e->slots[slot_number];
    struct call *c = slot->calls[slot->next];
    slot->next = (slot->next + 1) % CALLS_PER_SLOT;
    *c = (struct call){.request = {.pub.ops = &request_ops, .call = c},
                       .response = {.pub.ops = &response_ops, .call = c},
                       .engine = e,
                       .x = x,
                       .context = x->route.context,
                       .app = app,
                       .slot = slot_number};
    return c;
}

void call_finish(struct call *c)
{
    struct exchange *x = c->x;
    const char *who = c->context && c->app ? c->context->queue_name : NULL;
    call_before_head(c);
    listeners_end_request(c);
    arena_run_cleanups(&x->arena); /* the webapp's own code: while its generation is held */
    call_end(c);
    end_response(x, who);
}

bool engine_serve(struct engine *e, uint32_t slot, struct exchange *x)
{
    struct context *context = x->route.context;
    struct hazard *hazard = &e->hazards[slot];
    struct app *app = context ? hazard_take(hazard, &context->current) : NULL;
    struct call *c = call_begin(e, slot, x, app);
    if (e->has_valves)
        conclude(c, run_valves(c));
    else
        serve_target(c);
    bool over = true;
    if (c->async)
        over = async_returned(c->async);
    else
        call_finish(c);
    if (app)
        hazard_clear(hazard);
    return over;
}
