/* SPDX-License-Identifier: Apache-2.0
 * The charset of an answer, which is a parameter of its Content-Type. Part of the response handle's table;
 * on the worker that runs the request. */
#include "engine/engine_priv.h"
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

int call_set_content_type(struct call *c, struct span type)
{
    struct exchange *x = c->x;
    struct span own;
    enum media_found found = media_param(type, CHARSET, &x->arena, &own);
    if (found == MEDIA_NO_MEMORY)
        return CS_ENOMEM;
    if (found == MEDIA_FOUND && http_is_token(own))
        c->res_charset = own;
    else if (found == MEDIA_ABSENT && c->res_charset.p)
        return put_type(c, type, c->res_charset);
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
    int rc = type.p ? put_type(c, type, copy) : CS_OK;
    if (rc == CS_OK)
        c->res_charset = copy;
    return rc;
}
