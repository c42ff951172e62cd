/* SPDX-License-Identifier: Apache-2.0
 * Calls on the whole of an answer: redirect, reset, the buffer, early hints, and what is known of it so
 * far. Part of the response handle's table (call_response.c), on the worker that runs the request. */
#include <stdio.h>

#include "engine/call.h"

static bool is_open(const struct call *c)
{
    return !c->x->res.committed && !call_body_is_shut(c);
}

/* ---- redirect ---- */

/* May stand in a URI reference as it is (RFC 3986 2.2, 2.3); '%' because the webapp has encoded what it
 * wants encoded. Not '\\', which browsers take for a slash: "/\\host" would lead to another server. */
static bool is_uri_byte(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

/* TEXT with everything else percent-encoded, terminated. SPAN_NONE: no memory. */
static struct span encode_reference(struct span text, struct arena *a)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = text.n < SIZE_MAX / 4 ? arena_alloc(a, text.n * 3 + 1) : NULL, *o = out;
    if (!out)
        return SPAN_NONE;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_uri_byte(c)) {
            *o++ = (char)c;
        } else {
            *o++ = '%';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    *o = '\0';
    return span_make(out, (size_t)(o - out));
}

/* A relative reference stays relative: it is right behind any proxy (RFC 9110 10.2.2). */
int response_redirect(cs_response *res, cs_str location, uint32_t status)
{
    struct call *c = response_call(res);
    struct exchange *x = c->x;
    if (!is_open(c))
        return CS_ESTATE;
    if (!location.ptr || !http_is_field_value(from_str(location)) || status < 300 || status > 399 ||
        status == 304)
        return CS_EINVAL;
    struct span target = encode_reference(span_trim(from_str(location)), &x->arena);
    if (!target.p)
        return CS_ENOMEM;
    int rc = res->ops->header(res, to_str(SPAN_LIT("Location")), to_str(target), CS_HEADER_SET);
    if (rc == CS_OK)
        rc = response_reset_body(x) == RESPONSE_OK ? CS_OK : CS_ESTATE;
    if (rc == CS_OK)
        rc = res->ops->status(res, status);
    if (rc != CS_OK)
        return rc;
    c->redirected = true;
    return CS_OK;
}

/* ---- reset and buffer ---- */

int response_forget(cs_response *res, uint32_t what)
{
    struct call *c = response_call(res);
    if (!is_open(c))
        return CS_ESTATE;
    if (what > CS_RESET_BODY)
        return CS_EINVAL;
    if (what == CS_RESET_BODY)
        return response_reset_body(c->x) == RESPONSE_OK ? CS_OK : CS_ESTATE;
    c->res_charset = SPAN_NONE;
    return response_reset(c->x) == RESPONSE_OK ? CS_OK : CS_ESTATE;
}

int response_set_int(cs_response *res, uint32_t what, int64_t value)
{
    struct call *c = response_call(res);
    if (what != CS_RES_BUFFER_SIZE || value < 0)
        return CS_EINVAL;
    if (!is_open(c))
        return CS_ESTATE;
    switch (response_set_buffer(c->x, (uint64_t)value)) {
    case RESPONSE_OK:
        return CS_OK;
    case RESPONSE_INVALID:
        return CS_ELIMIT;
    default:
        return CS_ESTATE;
    }
}

int response_hints(cs_response *res)
{
    struct call *c = response_call(res);
    if (!is_open(c))
        return CS_ESTATE;
    switch (response_hint(c->x)) {
    case RESPONSE_OK:
        return CS_OK;
    case RESPONSE_NO_MEMORY:
        return CS_ENOMEM;
    default:
        return CS_EGONE;
    }
}

/* ---- what is known of it ---- */

int64_t response_get_int(cs_response *res, uint32_t what)
{
    const struct call *c = response_call(res);
    switch (what) {
    case CS_RES_STATUS:
        return c->error_status ? (int64_t)c->error_status : c->x->res.status;
    case CS_RES_BUFFER_SIZE:
        return c->x->res.buffer;
    case CS_RES_LENGTH:
        return c->x->res.length;
    default:
        return -1;
    }
}

cs_str response_get(cs_response *res, uint32_t what)
{
    const struct call *c = response_call(res);
    switch (what) {
    case CS_RES_CONTENT_TYPE:
        return to_str(headers_get(&c->x->res.headers, FIELD_CONTENT_TYPE, 0));
    case CS_RES_CHARSET:
        return to_str(c->res_charset);
    default:
        return (cs_str){NULL, 0};
    }
}

cs_str response_header_get(cs_response *res, cs_str name, uint32_t nth)
{
    struct call *c = response_call(res);
    struct exchange *x = c->x;
    if (field_find(from_str(name)) != FIELD_CONTENT_LENGTH)
        return to_str(headers_find(&x->res.headers, from_str(name), nth));
    if (x->res.length < 0 || nth > 0)
        return (cs_str){NULL, 0};
    return to_str(span_of(arena_printf(&x->arena, "%lld", (long long)x->res.length)));
}

int response_header_at(cs_response *res, uint32_t i, cs_str *name, cs_str *value)
{
    const struct headers *h = &response_call(res)->x->res.headers;
    if (i >= h->n)
        return CS_ENOENT;
    *name = to_str(h->v[i].name);
    *value = to_str(h->v[i].value);
    return CS_OK;
}

int response_header_int(cs_response *res, cs_str name, int64_t value, uint32_t how)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    return res->ops->header(res, name, to_str(span_of(digits)), how);
}
