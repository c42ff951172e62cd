/* SPDX-License-Identifier: Apache-2.0
 * The request handle's table: what cs_req_* calls reach. On the worker that runs the request. */
#include <arpa/inet.h>
#include <string.h>

#include "engine/parts.h"
#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"
#include "http/date.h"
#include "http/media.h"

static cs_str absent(void)
{
    return (cs_str){NULL, 0};
}

/* Text of the arena is terminated; spans of longer text are copied so that they are, too. */
static cs_str terminated(struct call *c, struct span s)
{
    return s.p ? to_str(arena_copy(&c->x->arena, s)) : absent();
}

/* ---- get ---- */

static cs_str address(struct call *c, const struct endpoint *e)
{
    char *text = arena_zalloc(&c->x->arena, INET6_ADDRSTRLEN);
    if (!text)
        return absent();
    endpoint_format(e, text, INET6_ADDRSTRLEN);
    return *text ? to_str(span_of(text)) : absent();
}

static cs_str server_name(struct call *c)
{
    const struct request *r = &c->x->req;
    if (r->view.server_name.n > 0)
        return terminated(c, r->view.server_name);
    return r->host.n > 0 ? terminated(c, r->host) : address(c, &r->local);
}

static cs_str request_get(cs_request *req, uint32_t what)
{
    struct call *c = request_call(req);
    const struct request *r = &c->x->req;
    const struct frame *f = request_frame(req);
    switch (what) {
    case CS_REQ_METHOD:
        return to_str(frame_failure(f) ? SPAN_LIT("GET") : r->method_text);
    case CS_REQ_URI:
        return terminated(c, frame_uri(c, f));
    case CS_REQ_QUERY:
        return terminated(c, frame_query(c, f));
    case CS_REQ_PROTOCOL:
        return to_str(http_version_text(r->version));
    case CS_REQ_SCHEME:
        return to_str(r->view.scheme);
    case CS_REQ_SERVER_NAME:
        return server_name(c);
    case CS_REQ_CONTEXT_PATH:
        return c->context ? to_str(span_of(c->context->path)) : absent();
    case CS_REQ_SERVLET_PATH:
        return terminated(c, frame_map(c, f)->servlet_path);
    case CS_REQ_PATH_INFO:
        return terminated(c, frame_map(c, f)->path_info);
    case CS_REQ_REMOTE_ADDR:
        return address(c, &r->view.remote);
    case CS_REQ_PEER_ADDR:
        return address(c, &r->peer);
    case CS_REQ_LOCAL_ADDR:
        return address(c, &r->local);
    case CS_REQ_CONTENT_TYPE:
        return to_str(headers_get(&r->headers, FIELD_CONTENT_TYPE, 0));
    case CS_REQ_SERVLET_NAME:
        return c->servlet ? to_str(span_of(c->servlet->reg.name)) : absent();
    default:
        return call_about(req, what);
    }
}

static int64_t server_port(const struct request *r)
{
    if (r->view.server_port)
        return r->view.server_port;
    if (r->port)
        return r->port;
    if (r->host.n > 0 || r->view.server_name.n > 0)
        return span_eq(r->view.scheme, SPAN_LIT("https")) ? 443 : 80;
    return r->local.port;
}

static int64_t request_get_int(cs_request *req, uint32_t what)
{
    const struct request *r = &request_call(req)->x->req;
    switch (what) {
    case CS_REQ_SERVER_PORT:
        return server_port(r);
    case CS_REQ_REMOTE_PORT:
        return r->view.remote.port;
    case CS_REQ_SECURE:
        return r->view.secure;
    case CS_REQ_LOCAL_PORT:
        return r->local.port;
    case CS_REQ_CONTENT_LENGTH:
        return r->content_length;
    case CS_REQ_MATCH:
        return call_match(frame_map(request_call(req), request_frame(req)));
    default:
        return -1;
    }
}

/* ---- fields ---- */

static cs_str request_header(cs_request *req, cs_str name, uint32_t nth)
{
    return to_str(headers_find(&request_call(req)->x->req.headers, from_str(name), nth));
}

static int request_header_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    const struct headers *h = &request_call(req)->x->req.headers;
    if (i >= h->n)
        return CS_ENOENT;
    *name = to_str(h->v[i].name);
    *value = to_str(h->v[i].value);
    return CS_OK;
}

/* ---- parameters ---- */

#define FORM_PIECE 4096u /* room for one read of a form */

static bool is_form(const struct request *r)
{
    struct span type = headers_get(&r->headers, FIELD_CONTENT_TYPE, 0);
    return r->method == METHOD_POST &&
           span_ieq(media_type(type), SPAN_LIT("application/x-www-form-urlencoded"));
}

/* The rest of the body, at most MAX bytes; PARAMS_TOO_LARGE when there is more. */
static enum params_verdict read_form(struct call *c, uint64_t max, struct span *out)
{
    struct buf form = BUF_EMPTY;
    enum params_verdict v = PARAMS_OK;
    int64_t n;
    do {
        if (!buf_reserve(&form, FORM_PIECE)) {
            v = PARAMS_NO_MEMORY;
            break;
        }
        n = call_read(c, form.mem + form.tail, buf_room(&form));
        if (n > 0)
            buf_produced(&form, (size_t)n);
        if (n < 0 || buf_len(&form) > max)
            v = n < 0 ? PARAMS_NO_BODY : PARAMS_TOO_LARGE;
    } while (v == PARAMS_OK && n > 0);
    if (v == PARAMS_OK) {
        *out = arena_copy(&c->x->arena, buf_span(&form));
        v = out->p ? PARAMS_OK : PARAMS_NO_MEMORY;
    }
    buf_free(&form);
    return v;
}

static enum params_verdict form_params(struct call *c, uint32_t max)
{
    struct exchange *x = c->x;
    uint64_t max_size = c->engine->options.max_post_size;
    struct span form;
    if (x->req.content_length >= 0 && (uint64_t)x->req.content_length > max_size)
        return PARAMS_TOO_LARGE;
    enum params_verdict v = read_form(c, max_size, &form);
    uint32_t from = c->params.n;
    if (v == PARAMS_OK)
        v = params_parse(&c->params, form, max, &x->arena);
    if (v == PARAMS_OK && call_form_is_latin1(c) &&
        !params_from_latin1(&c->params, from, &x->arena))
        v = PARAMS_NO_MEMORY;
    return v;
}

static void params_refused(struct call *c, enum params_verdict v)
{
    static const struct {
        uint16_t status;
        const char *why;
    } answers[] = {
        [PARAMS_BAD_ESCAPE] = {400, "The parameters are malformed."},
        [PARAMS_TOO_MANY] = {400, "There are more parameters than maxParameterCount."},
        [PARAMS_NO_MEMORY] = {503, "The server is out of memory for the parameters."},
        [PARAMS_TOO_LARGE] = {413, "The form is larger than maxPostSize."},
        [PARAMS_NO_BODY] = {400, "The form could not be read."},
    };
    call_refuse_params(c, answers[v].status, span_of(answers[v].why));
}

void call_refuse_params(struct call *c, uint16_t status, struct span reason)
{
    c->params_bad = true;
    c->parts_tried = true; /* also for an error page that asks */
    c->params_status = status;
    c->params_reason = reason;
}

static enum params_verdict plain_params(struct call *c)
{
    struct exchange *x = c->x;
    uint32_t max = c->engine->options.max_parameter_count;
    enum params_verdict v = PARAMS_OK;
    if (x->req.uri.query.p)
        v = params_parse(&c->params, x->req.uri.query, max, &x->arena);
    if (v == PARAMS_OK && is_form(&x->req) && !c->body_taken)
        v = form_params(c, max);
    return v;
}

bool call_params(struct call *c)
{
    struct parts *parts;
    if (!c->params_parsed) {
        enum params_verdict v = plain_params(c);
        c->params_parsed = true;
        if (v != PARAMS_OK)
            params_refused(c, v);
    }
    if (!c->params_bad && !c->parts_tried) /* a valve that asked before had no servlet's limits */
        call_parts(c, &parts);
    return !c->params_bad;
}

static cs_str request_param(cs_request *req, cs_str name, uint32_t nth)
{
    struct call *c = request_call(req);
    return call_params(c) ? to_str(params_get(&c->params, from_str(name), nth)) : absent();
}

static int request_param_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    struct call *c = request_call(req);
    if (!call_params(c))
        return CS_EINVAL;
    if (i >= c->params.n)
        return CS_ENOENT;
    *name = to_str(c->params.v[i].name);
    *value = to_str(c->params.v[i].value);
    return CS_OK;
}

/* ---- the rest ---- */

static int64_t request_read(cs_request *req, void *buf, size_t size)
{
    struct call *c = request_call(req);
    c->body_taken = true;
    int64_t n = call_read(c, buf, size);
    return n >= 0 ? n : body_error(n);
}

static void *request_self(cs_request *req)
{
    return request_call(req)->self;
}

static cs_ctx *request_ctx(cs_request *req)
{
    struct app_module *m = request_call(req)->module;
    return m->app ? &m->pub : NULL;
}

static void *request_alloc(cs_request *req, size_t size)
{
    return arena_zalloc(&request_call(req)->x->arena, size);
}

static int request_on_cleanup(cs_request *req, void (*fn)(void *arg), void *arg)
{
    struct call *c = request_call(req);
    if (!fn)
        return CS_EINVAL;
    return module_cleanup(c->module, &c->x->arena, fn, arg) ? CS_OK : CS_ENOMEM;
}

static int64_t request_date(cs_request *req, cs_str name)
{
    int64_t seconds;
    struct span value = from_str(req->ops->header(req, name, 0));
    return value.p && http_date_parse(value, &seconds) ? seconds : -1;
}

static int request_fail(cs_request *req, int code, cs_str detail)
{
    struct call *c = request_call(req);
    if (detail.ptr)
        c->detail = arena_copy(&c->x->arena, from_str(detail));
    return code;
}

const struct cs_request_ops request_ops = {
    .size = sizeof(struct cs_request_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = request_get,
    .get_int = request_get_int,
    .header = request_header,
    .header_at = request_header_at,
    .param = request_param,
    .param_at = request_param_at,
    .read = request_read,
    .self = request_self,
    .ctx = request_ctx,
    .alloc = request_alloc,
    .on_cleanup = request_on_cleanup,
    .fail = request_fail,
    .date = request_date,
    .set = request_set,
    .set_int = request_set_int,
    .attr = request_attr,
    .attr_set = request_attr_set,
    .attr_at = request_attr_at,
    .cookie = request_cookie,
    .cookie_at = request_cookie_at,
    .header_int = request_header_int,
    .set_charset = request_set_charset,
    .locale = request_locale,
    .read_line = request_read_line,
    .trailer = request_trailer,
    .trailer_at = request_trailer_at,
    .part = request_part,
    .part_at = request_part_at,
    .attr_str = request_attr_str,
    .dispatch_str = request_dispatch_str,
    .dispatch_type = request_dispatch_type,
    .dispatch = request_dispatch,
    .wrap = request_wrap,
    .async_start = request_async_start,
    .async_supported = request_async_supported,
    .async_started = request_async_started,
    .async = request_async,
};
