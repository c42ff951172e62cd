/* SPDX-License-Identifier: Apache-2.0
 * Cookies of the request and of the answer: parts of both handles' tables, on the worker that runs the
 * request. The rules are those of http/cookie.h. */
#include <time.h>

#include "engine/call.h"

static bool have_cookies(struct call *c)
{
    if (!c->cookies_parsed)
        c->cookies_parsed = cookies_parse(&c->cookies, &c->x->req.headers, &c->x->arena);
    if (!c->cookies_parsed)
        c->cookies = (struct cookies){.v = NULL}; /* as a whole, the next time */
    return c->cookies_parsed;
}

cs_str request_cookie(cs_request *req, cs_str name, uint32_t nth)
{
    struct call *c = request_call(req);
    struct span value = SPAN_NONE;
    if (name.ptr && have_cookies(c))
        value = cookies_get(&c->cookies, from_str(name), nth);
    return to_str(value);
}

int request_cookie_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    struct call *c = request_call(req);
    if (!have_cookies(c))
        return CS_ENOMEM;
    if (i >= c->cookies.n)
        return CS_ENOENT;
    *name = to_str(c->cookies.v[i].name);
    *value = to_str(c->cookies.v[i].value);
    return CS_OK;
}

/* Members that an older module does not have are 0; what a newer one has that we do not know must be. */
static bool take_struct(const cs_cookie *given, cs_cookie *out)
{
    *out = (cs_cookie){.size = 0};
    if (!given || given->size < offsetof(cs_cookie, path))
        return false;
    size_t known = given->size < sizeof(*out) ? given->size : sizeof(*out);
    memcpy(out, given, known);
    for (size_t i = sizeof(*out); i < given->size; i++)
        if (((const char *)given)[i] != 0)
            return false;
    return out->secure <= 1 && out->http_only <= 1 && out->partitioned <= 1 && out->reserved == 0 &&
           out->same_site <= CS_SAME_SITE_STRICT;
}

int response_cookie_format(struct call *c, const cs_cookie *cookie, struct span *value)
{
    cs_cookie k;
    if (!take_struct(cookie, &k))
        return CS_EINVAL;
    struct set_cookie set = {
        .name = span_of(k.name),
        .value = span_of(k.value),
        .path = span_of(k.path),
        .domain = span_of(k.domain),
        .has_max_age = k.max_age != 0,
        .has_expires = k.expires != 0,
        .max_age = k.max_age,
        .expires = k.expires,
        .secure = k.secure == 1,
        .http_only = k.http_only == 1,
        .partitioned = k.partitioned == 1,
        .same_site = (enum same_site)k.same_site,
    };
    switch (set_cookie_format(&set, (int64_t)time(NULL), &c->x->arena, value)) {
    case SET_COOKIE_OK:
        return CS_OK;
    case SET_COOKIE_NO_MEMORY:
        return CS_ENOMEM;
    default:
        return CS_EINVAL;
    }
}

int response_cookie(cs_response *res, const cs_cookie *cookie)
{
    struct call *c = response_call(res);
    struct exchange *x = c->x;
    struct span value;
    if (x->res.committed || call_is_over(c))
        return CS_ESTATE;
    int rc = response_cookie_format(c, cookie, &value);
    if (rc != CS_OK)
        return rc;
    return set_cookie_put(&x->res.headers, &x->arena, value) ? CS_OK : CS_ENOMEM;
}
