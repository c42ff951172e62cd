/* SPDX-License-Identifier: Apache-2.0
 * The response handle's table: what cs_res_* calls reach. On the worker that runs the request. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/wrap_priv.h"
#include "http/date.h"
#include "observe/log.h"

static int response_status(cs_response *res, uint32_t code)
{
    struct call *c = response_call(res);
    if (c->x->res.committed || call_is_over(c))
        return CS_ESTATE;
    if (code < 200 || code > 599)
        return CS_EINVAL;
    c->x->res.status = (uint16_t)code;
    return CS_OK;
}

/* ---- fields ---- */

static bool frames_message(enum http_field f)
{
    return f == FIELD_CONNECTION || f == FIELD_TRANSFER_ENCODING || f == FIELD_KEEP_ALIVE ||
           f == FIELD_UPGRADE || f == FIELD_TRAILER;
}

static int set_length(struct call *c, int64_t bytes)
{
    struct response *r = &c->x->res;
    if (r->committed || call_body_is_shut(c))
        return CS_ESTATE;
    if (bytes < 0 || (uint64_t)bytes < r->written)
        return CS_EINVAL;
    r->length = bytes;
    return CS_OK;
}

static int response_header(cs_response *res, cs_str name, cs_str value, uint32_t how)
{
    struct call *c = response_call(res);
    struct exchange *x = c->x;
    struct span n = from_str(name), v = span_trim(from_str(value));
    if (x->res.committed || call_is_over(c))
        return CS_ESTATE;
    if (!n.p || !v.p || !http_is_token(n) || !http_is_field_value(v) || how > CS_HEADER_ADD)
        return CS_EINVAL;
    enum http_field f = field_find(n);
    if (frames_message(f))
        return CS_ESTATE;
    if (f == FIELD_CONTENT_LENGTH) {
        uint64_t bytes;
        return span_to_u64(v, INT64_MAX, &bytes) ? set_length(c, (int64_t)bytes) : CS_EINVAL;
    }
    if (f == FIELD_CONTENT_TYPE) /* there is one, however often it is added */
        return call_set_content_type(c, v);
    bool ok = how == CS_HEADER_ADD ? headers_add_copy(&x->res.headers, &x->arena, n, v)
                                   : headers_set_copy(&x->res.headers, &x->arena, n, v);
    return ok ? CS_OK : CS_ENOMEM;
}

static int response_length(cs_response *res, int64_t bytes)
{
    return set_length(response_call(res), bytes);
}

/* ---- body ---- */

static int from_result(enum response_result r)
{
    switch (r) {
    case RESPONSE_OK:
        return CS_OK;
    case RESPONSE_GONE:
        return CS_EGONE;
    case RESPONSE_NO_MEMORY:
        return CS_ENOMEM;
    case RESPONSE_TOO_LONG:
        return CS_ELIMIT;
    case RESPONSE_COMMITTED:
        return CS_ESTATE;
    case RESPONSE_INVALID:
        return CS_EINVAL;
    }
    return CS_EFAIL;
}

static int written(struct call *c, enum response_result r)
{
    if (r == RESPONSE_TOO_LONG)
        LOG(engine, LOG_ERROR, "%s: servlet %s writes more than the %lld bytes it announced: cut",
            call_name(c), c->servlet ? c->servlet->reg.name : "-", (long long)c->x->res.length);
    return from_result(r);
}

static int response_write_copy(cs_response *res, const void *bytes, size_t size)
{
    struct call *c = response_call(res);
    if (call_body_is_shut(c))
        return CS_ESTATE;
    if (!bytes && size > 0)
        return CS_EINVAL;
    return written(c, response_write(c->x, span_make(bytes ? bytes : "", size)));
}

bool pieces_ok(const cs_str *pieces, uint32_t count)
{
    if (!pieces && count > 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!pieces[i].ptr && pieces[i].len > 0)
            return false;
    }
    return true;
}

static int response_write_pieces(cs_response *res, const cs_str *pieces, uint32_t count)
{
    struct call *c = response_call(res);
    enum response_result r = RESPONSE_OK;
    if (call_body_is_shut(c))
        return CS_ESTATE;
    if (!pieces_ok(pieces, count))
        return CS_EINVAL;
    for (uint32_t i = 0; i < count && r == RESPONSE_OK; i++) {
        if (pieces[i].len > 0)
            r = response_gather(c->x, from_str(pieces[i]));
    }
    enum response_result sent = response_gathered(c->x);
    return written(c, r == RESPONSE_OK ? sent : r);
}

/* Small constants are copied sooner than a reference is counted. */
#define STATIC_MIN 4096u

static int response_write_static(cs_response *res, const void *bytes, size_t size)
{
    struct call *c = response_call(res);
    if (size < STATIC_MIN || call_body_is_shut(c) || !bytes || !c->module->app)
        return response_write_copy(res, bytes, size);
    struct generation *g = c->app->generation;
    generation_hold(g);
    return written(c, response_write_ref(c->x, span_make(bytes, size), generation_release, g));
}

__attribute__((format(printf, 2, 0))) static int response_vprintf(cs_response *res,
                                                                  const char *format, va_list args)
{
    char small[1024];
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(small, sizeof(small), format, args);
    int rc = CS_EINVAL;
    if (n >= 0 && (size_t)n < sizeof(small)) {
        rc = res->ops->write(res, small, (size_t)n);
    } else if (n >= 0) {
        char *large = malloc((size_t)n + 1);
        rc = CS_ENOMEM;
        if (large) {
            vsnprintf(large, (size_t)n + 1, format, again);
            rc = res->ops->write(res, large, (size_t)n);
        }
        free(large);
    }
    va_end(again);
    return rc;
}

static int response_flush_now(cs_response *res)
{
    struct call *c = response_call(res);
    return call_body_is_shut(c) ? CS_ESTATE : from_result(response_flush(c->x));
}

static int response_error(cs_response *res, uint32_t code, cs_str message)
{
    struct call *c = response_call(res);
    if (c->x->res.committed || call_body_is_shut(c))
        return CS_ESTATE;
    if (code < 400 || code > 599)
        return CS_EINVAL;
    c->error_status = code;
    if (message.ptr)
        c->error_message = arena_copy(&c->x->arena, from_str(message));
    return CS_OK;
}

int response_header_date(cs_response *res, cs_str name, int64_t seconds, uint32_t how)
{
    char date[HTTP_DATE_SIZE];
    if (seconds < 0 || seconds > 253402300799) /* the last second of the year 9999 */
        return CS_EINVAL;
    http_date_format(seconds, date);
    return res->ops->header(res, name, to_str(span_of(date)), how);
}

static int response_date(cs_response *res, cs_str name, int64_t seconds)
{
    return response_header_date(res, name, seconds, CS_HEADER_SET);
}

static int response_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    struct call *c = response_call(res);
    if (!call_body_is_shut(c))
        return written(c, response_send_file(c->x, fd, offset, length));
    if (fd >= 0)
        close(fd);
    return CS_ESTATE;
}

static int response_committed(cs_response *res)
{
    const struct call *c = response_call(res);
    return c->x->res.committed || call_is_over(c) ? 1 : 0;
}

const struct cs_response_ops response_ops = {
    .size = sizeof(struct cs_response_ops),
    .minor = CS_ABI_MINOR_MAX,
    .status = response_status,
    .header = response_header,
    .length = response_length,
    .write = response_write_copy,
    .write_static = response_write_static,
    .vprintf = response_vprintf,
    .flush = response_flush_now,
    .error = response_error,
    .committed = response_committed,
    .date = response_date,
    .send_file = response_file,
    .redirect = response_redirect,
    .reset = response_forget,
    .get = response_get,
    .get_int = response_get_int,
    .set_int = response_set_int,
    .charset = response_charset,
    .header_get = response_header_get,
    .header_at = response_header_at,
    .header_int = response_header_int,
    .hints = response_hints,
    .cookie = response_cookie,
    .before_head = response_before_head,
    .wrap = response_wrap,
    .header_date = response_header_date,
    .writev = response_write_pieces,
};
