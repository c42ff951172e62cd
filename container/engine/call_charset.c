/* SPDX-License-Identifier: Apache-2.0
 * The charset of a request and of an answer, which is a parameter of Content-Type. Part of both handles'
 * tables; on the worker that runs the request. */
#include "engine/call.h"
#include "http/media.h"

#define CHARSET SPAN_LIT("charset")

/* TYPE with CHARSET in place of what it has; CHARSET SPAN_NONE: without one. */
static int put_type(struct call *c, struct span type, struct span charset)
{
    struct exchange *x = c->x;
    struct span bare = media_without(type, CHARSET, &x->arena);
    if (bare.p && charset.p)
        bare = span_of(
            arena_printf(&x->arena, "%.*s;charset=%.*s", SPAN_ARG(bare), SPAN_ARG(charset)));
    return bare.p && headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Content-Type"), bare)
               ? CS_OK
               : CS_ENOMEM;
}

/* Each part of a multipart body tells its own (RFC 2046 5.1). */
static bool is_multipart(struct span type)
{
    return span_ieq(span_cut(type, 0, 10), SPAN_LIT("multipart/"));
}

/* What web.xml's <response-character-encoding> is for; a picture has no charset. */
static bool is_text(struct span type)
{
    return span_ieq(span_cut(type, 0, 5), SPAN_LIT("text/"));
}

int call_set_content_type(struct call *c, struct span type)
{
    struct exchange *x = c->x;
    struct span own;
    enum media_found found = media_param(type, CHARSET, &x->arena, &own);
    if (found == MEDIA_NO_MEMORY)
        return CS_ENOMEM;
    if (found == MEDIA_FOUND && http_is_token(own))
        c->res_charset = own;
    else if (found == MEDIA_ABSENT && c->res_charset.p && !is_multipart(type))
        return put_type(c, type, c->res_charset);
    else if (found == MEDIA_ABSENT && c->app && c->app->response_encoding && is_text(type))
        return put_type(c, type, span_of(c->app->response_encoding));
    return headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Content-Type"), type) ? CS_OK
                                                                                        : CS_ENOMEM;
}

int response_charset(cs_response *res, cs_str charset)
{
    struct call *c = response_call(res);
    if (c->x->res.committed || call_is_over(c))
        return CS_ESTATE;
    if (charset.ptr && !http_is_token(from_str(charset)))
        return CS_EINVAL;
    struct span copy = charset.ptr ? arena_copy(&c->x->arena, from_str(charset)) : SPAN_NONE;
    if (charset.ptr && !copy.p)
        return CS_ENOMEM;
    struct span type = headers_get(&c->x->res.headers, FIELD_CONTENT_TYPE, 0);
    int rc = type.p && !is_multipart(type) ? put_type(c, type, copy) : CS_OK;
    if (rc == CS_OK)
        c->res_charset = copy;
    return rc;
}

/* ---- of the request ---- */

struct span call_charset(struct call *c)
{
    struct span type = headers_get(&c->x->req.headers, FIELD_CONTENT_TYPE, 0), own;
    if (c->req_charset.p)
        return c->req_charset;
    if (type.p && media_param(type, CHARSET, &c->x->arena, &own) == MEDIA_FOUND && own.n > 0)
        return own;
    return c->app ? span_of(c->app->request_encoding) : SPAN_NONE;
}

static bool is_latin1(struct span charset)
{
    static const char *const names[] = {"iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (span_ieq(charset, span_of(names[i])))
            return true;
    return false;
}

bool call_is_latin1(struct call *c, struct span type)
{
    struct span own;
    if (type.p && media_param(type, CHARSET, &c->x->arena, &own) == MEDIA_FOUND)
        return is_latin1(own);
    return call_form_is_latin1(c);
}

bool call_form_is_latin1(struct call *c)
{
    return is_latin1(call_charset(c));
}

int request_set_charset(cs_request *req, cs_str charset)
{
    struct call *c = request_call(req);
    struct span s = from_str(charset);
    bool known = span_ieq(s, SPAN_LIT("utf-8")) || span_ieq(s, SPAN_LIT("utf8")) ||
                 span_ieq(s, SPAN_LIT("us-ascii")) || is_latin1(s);
    if (c->params_parsed)
        return CS_ESTATE;
    if (!s.p || !known)
        return CS_EINVAL;
    struct span copy = arena_copy(&c->x->arena, s);
    if (!copy.p)
        return CS_ENOMEM;
    c->req_charset = copy;
    return CS_OK;
}
