/* SPDX-License-Identifier: Apache-2.0
 * The table of a request handle that stands over another: what its dispatch shows, else what its overrides
 * say, else what the inner handle says. What is composed of such calls asks its own table, so that it
 * sees the overrides. */
#include <string.h>

#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"
#include "http/accept.h"

/* ---- overrides ---- */

struct request_run { /* one call of an override */
    struct guarded guarded;
    const struct wrap *w;
    cs_str name;
    uint32_t number; /* nth, or what */
    void *buf;
    size_t size;
    cs_str text;
    int64_t got;
};

static int header_body(void *guarded)
{
    struct request_run *r = guarded;
    r->text = r->w->req.over.header(r->w->self, r->w->req.inner, r->name, r->number);
    return CS_OK;
}

static int param_body(void *guarded)
{
    struct request_run *r = guarded;
    r->text = r->w->req.over.param(r->w->self, r->w->req.inner, r->name, r->number);
    return CS_OK;
}

static int get_body(void *guarded)
{
    struct request_run *r = guarded;
    r->text = r->w->req.over.get(r->w->self, r->w->req.inner, r->number);
    return CS_OK;
}

static int read_body(void *guarded)
{
    struct request_run *r = guarded;
    r->got = r->w->req.over.read(r->w->self, r->w->req.inner, r->buf, r->size);
    return CS_OK;
}

/* A text that an override gave is copied: it need not be terminated, nor live as long as the request. */
static cs_str text_of(const struct wrap *w, int (*body)(void *guarded), cs_str name,
                      uint32_t number)
{
    struct request_run r = {.w = w, .name = name, .number = number, .text = {NULL, 0}};
    if (wrap_invoke(w, body, &r.guarded) != CS_OK || !r.text.ptr)
        return (cs_str){NULL, 0};
    return to_str(arena_copy(&w->req.handle.call->x->arena, from_str(r.text)));
}

/* ---- get ---- */

/* What the target of this handle's own dispatch sees of it, instead of its caller's. */
static bool is_shown(const struct wrap *w, uint32_t what)
{
    const struct frame *f = w->req.handle.frame;
    if (!w->of_dispatch || !frame_is_shown(f))
        return false;
    switch (what) {
    case CS_REQ_METHOD:
        return f->type == CS_DISPATCH_ERROR;
    case CS_REQ_QUERY:
        return f->query.p != NULL;
    case CS_REQ_URI:
    case CS_REQ_SERVLET_PATH:
    case CS_REQ_PATH_INFO:
    case CS_REQ_PATH_TRANSLATED:
    case CS_REQ_MATCH_VALUE:
    case CS_REQ_MATCH_PATTERN:
    case CS_REQ_MATCH_SERVLET:
        return true;
    default:
        return false;
    }
}

static cs_str wrapped_get(cs_request *req, uint32_t what)
{
    const struct wrap *w = request_wrapped(req);
    if (w->req.over.get)
        return text_of(w, get_body, (cs_str){NULL, 0}, what);
    if (w->req.over.header && what == CS_REQ_CONTENT_TYPE)
        return req->ops->header(req, (cs_str)CS_LIT("Content-Type"), 0);
    if (what == CS_REQ_URL || is_shown(w, what))
        return request_ops.get(req, what);
    return w->req.inner->ops->get(w->req.inner, what);
}

static int64_t wrapped_get_int(cs_request *req, uint32_t what)
{
    const struct wrap *w = request_wrapped(req);
    int64_t length;
    if (what == CS_REQ_MATCH && w->of_dispatch && frame_is_shown(w->req.handle.frame))
        return request_ops.get_int(req, what);
    if (what != CS_REQ_CONTENT_LENGTH || !w->req.over.header)
        return w->req.inner->ops->get_int(w->req.inner, what);
    bool good = req->ops->header_int(req, (cs_str)CS_LIT("Content-Length"), &length) == CS_OK;
    return good && length >= 0 ? length : -1;
}

/* ---- fields ---- */

static cs_str wrapped_header(cs_request *req, cs_str name, uint32_t nth)
{
    const struct wrap *w = request_wrapped(req);
    return w->req.over.header ? text_of(w, header_body, name, nth)
                              : w->req.inner->ops->header(w->req.inner, name, nth);
}

/* The inner fields in order, each with the value that the override gives it; those it hides are left out. */
static int wrapped_header_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    cs_str n, v, other, ignored;
    if (!request_wrapped(req)->req.over.header)
        return inner->ops->header_at(inner, i, name, value);
    for (uint32_t at = 0; inner->ops->header_at(inner, at, &n, &v) == CS_OK; at++) {
        uint32_t nth = 0;
        for (uint32_t k = 0; k < at; k++) {
            inner->ops->header_at(inner, k, &other, &ignored);
            nth += span_ieq(from_str(other), from_str(n));
        }
        v = req->ops->header(req, n, nth);
        if (!v.ptr || i-- > 0)
            continue;
        *name = n;
        *value = v;
        return CS_OK;
    }
    return CS_ENOENT;
}

/* All fields NAME as this handle shows them. False: out of memory. */
static bool collect(cs_request *req, struct span name, struct headers *out)
{
    struct arena *a = &request_call(req)->x->arena;
    cs_str value;
    *out = (struct headers){.v = NULL};
    for (uint32_t n = 0; (value = req->ops->header(req, to_str(name), n)).ptr; n++)
        if (!headers_add(out, a, name, from_str(value)))
            return false;
    return true;
}

static bool have_cookies(cs_request *req, struct wrap *w)
{
    struct headers fields;
    if (w->req.cookies_parsed)
        return true;
    w->req.cookies = (struct cookies){.v = NULL};
    w->req.cookies_parsed = collect(req, SPAN_LIT("Cookie"), &fields) &&
                            cookies_parse(&w->req.cookies, &fields, &w->req.handle.call->x->arena);
    return w->req.cookies_parsed;
}

static cs_str wrapped_cookie(cs_request *req, cs_str name, uint32_t nth)
{
    struct wrap *w = request_wrapped(req);
    if (!w->req.over.header)
        return w->req.inner->ops->cookie(w->req.inner, name, nth);
    bool have = name.ptr && have_cookies(req, w);
    return to_str(have ? cookies_get(&w->req.cookies, from_str(name), nth) : SPAN_NONE);
}

static int wrapped_cookie_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    struct wrap *w = request_wrapped(req);
    if (!w->req.over.header)
        return w->req.inner->ops->cookie_at(w->req.inner, i, name, value);
    if (!have_cookies(req, w))
        return CS_ENOMEM;
    if (i >= w->req.cookies.n)
        return CS_ENOENT;
    *name = to_str(w->req.cookies.v[i].name);
    *value = to_str(w->req.cookies.v[i].value);
    return CS_OK;
}

static cs_str wrapped_locale(cs_request *req, uint32_t i)
{
    const struct wrap *w = request_wrapped(req);
    struct headers fields;
    struct span *locales;
    uint32_t n;
    if (!w->req.over.header)
        return w->req.inner->ops->locale(w->req.inner, i);
    bool ok = collect(req, SPAN_LIT("Accept-Language"), &fields) &&
              accept_languages(&fields, &w->req.handle.call->x->arena, &locales, &n);
    return to_str(ok && i < n ? locales[i] : SPAN_NONE);
}

/* ---- parameters ---- */

static const struct params *own_params(const struct wrap *w)
{
    static const struct params none;
    return w->of_dispatch ? &w->req.handle.frame->params : &none;
}

static cs_str wrapped_param(cs_request *req, cs_str name, uint32_t nth)
{
    const struct wrap *w = request_wrapped(req);
    const struct params *own = own_params(w);
    if (w->req.over.param)
        return text_of(w, param_body, name, nth);
    if (own->n > 0 && !call_params(w->req.handle.call))
        return (cs_str){NULL, 0};
    for (uint32_t i = 0; i < own->n; i++)
        if (span_eq(own->v[i].name, from_str(name)) && nth-- == 0)
            return to_str(own->v[i].value);
    return w->req.inner->ops->param(w->req.inner, name, nth);
}

/* As wrapped_header_at. */
static int overridden_param_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    cs_str n, v, other, ignored;
    int rc;
    for (uint32_t at = 0; (rc = inner->ops->param_at(inner, at, &n, &v)) == CS_OK; at++) {
        uint32_t nth = 0;
        for (uint32_t k = 0; k < at; k++) {
            inner->ops->param_at(inner, k, &other, &ignored);
            nth += span_eq(from_str(other), from_str(n));
        }
        v = req->ops->param(req, n, nth);
        if (!v.ptr || i-- > 0)
            continue;
        *name = n;
        *value = v;
        return CS_OK;
    }
    return rc;
}

static int wrapped_param_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    const struct wrap *w = request_wrapped(req);
    const struct params *own = own_params(w);
    if (w->req.over.param)
        return overridden_param_at(req, i, name, value);
    if (i >= own->n)
        return w->req.inner->ops->param_at(w->req.inner, i - own->n, name, value);
    if (!call_params(w->req.handle.call))
        return CS_EINVAL;
    *name = to_str(own->v[i].name);
    *value = to_str(own->v[i].value);
    return CS_OK;
}

/* ---- body ---- */

static int64_t wrapped_read(cs_request *req, void *buf, size_t size)
{
    const struct wrap *w = request_wrapped(req);
    struct request_run r = {.w = w, .buf = buf, .size = size, .got = CS_EFAIL};
    if (!w->req.over.read)
        return w->req.inner->ops->read(w->req.inner, buf, size);
    int rc = wrap_invoke(w, read_body, &r.guarded);
    if (rc != CS_OK)
        return rc;
    return r.got > 0 && (uint64_t)r.got > size ? CS_EFAIL : r.got;
}

/* Byte by byte through an override, which may be read from in between by other calls. */
static int64_t wrapped_read_line(cs_request *req, char *buf, size_t size)
{
    const struct wrap *w = request_wrapped(req);
    size_t got = 0;
    if (!w->req.over.read)
        return w->req.inner->ops->read_line(w->req.inner, buf, size);
    if (!buf && size > 0)
        return CS_EINVAL;
    while (got < size) {
        int64_t n = req->ops->read(req, buf + got, 1);
        if (n < 0 && got == 0)
            return n;
        if (n <= 0 || buf[got++] == '\n')
            break;
    }
    return (int64_t)got;
}

/* ---- what goes through, or is of the call as a whole ---- */

static int wrapped_set(cs_request *req, uint32_t what, cs_str value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    return inner->ops->set(inner, what, value);
}

static int wrapped_set_int(cs_request *req, uint32_t what, int64_t value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    return inner->ops->set_int(inner, what, value);
}

static int wrapped_set_charset(cs_request *req, cs_str charset)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    return inner->ops->set_charset(inner, charset);
}

static int wrapped_trailer(cs_request *req, cs_str name, uint32_t nth, cs_str *value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    return inner->ops->trailer(inner, name, nth, value);
}

static int wrapped_trailer_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    cs_request *inner = request_wrapped(req)->req.inner;
    return inner->ops->trailer_at(inner, i, name, value);
}

static void *wrapped_self(cs_request *req)
{
    return request_ops.self(req);
}

static cs_ctx *wrapped_ctx(cs_request *req)
{
    return request_ops.ctx(req);
}

static void *wrapped_alloc(cs_request *req, size_t size)
{
    return request_ops.alloc(req, size);
}

static int wrapped_on_cleanup(cs_request *req, void (*fn)(void *arg), void *arg)
{
    return request_ops.on_cleanup(req, fn, arg);
}

static int wrapped_fail(cs_request *req, int code, cs_str detail)
{
    return (request_ops.fail)(req, code, detail);
}

static int64_t wrapped_date(cs_request *req, cs_str name)
{
    return request_ops.date(req, name);
}

const struct cs_request_ops wrapped_request_ops = {
    .size = sizeof(struct cs_request_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = wrapped_get,
    .get_int = wrapped_get_int,
    .header = wrapped_header,
    .header_at = wrapped_header_at,
    .param = wrapped_param,
    .param_at = wrapped_param_at,
    .read = wrapped_read,
    .self = wrapped_self,
    .ctx = wrapped_ctx,
    .alloc = wrapped_alloc,
    .on_cleanup = wrapped_on_cleanup,
    .fail = wrapped_fail,
    .date = wrapped_date,
    .set = wrapped_set,
    .set_int = wrapped_set_int,
    .attr = request_attr,
    .attr_set = request_attr_set,
    .attr_at = request_attr_at,
    .cookie = wrapped_cookie,
    .cookie_at = wrapped_cookie_at,
    .header_int = request_header_int,
    .set_charset = wrapped_set_charset,
    .locale = wrapped_locale,
    .read_line = wrapped_read_line,
    .trailer = wrapped_trailer,
    .trailer_at = wrapped_trailer_at,
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
