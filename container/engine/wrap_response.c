/* SPDX-License-Identifier: Apache-2.0
 * The table of a response handle that stands over another: an override, else the inner handle; within an
 * include what touches status and fields does nothing. What is composed of such calls asks its own table. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/dispatch_priv.h"
#include "engine/wrap_priv.h"

#define FILE_PIECE 16384u /* bytes of a file that pass an override at a time */

/* ---- overrides ---- */

struct response_run { /* one call of an override */
    struct guarded guarded;
    const struct wrap *w;
    const void *bytes;
    size_t size;
    cs_str name, value;
    uint32_t number; /* how, or the status */
};

static int write_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.write(r->w->self, r->w->res.inner, r->bytes, r->size);
}

static int header_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.header(r->w->self, r->w->res.inner, r->name, r->value, r->number);
}

static int status_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.status(r->w->self, r->w->res.inner, r->number);
}

static int flush_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.flush(r->w->self, r->w->res.inner);
}

static int reset_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.reset(r->w->self, r->w->res.inner);
}

static int end_body(void *guarded)
{
    struct response_run *r = guarded;
    return r->w->res.over.end(r->w->self, r->w->res.inner);
}

static int run_plain(const struct wrap *w, int (*body)(void *guarded))
{
    struct response_run r = {.w = w};
    return wrap_invoke(w, body, &r.guarded);
}

int wrap_tell_end(struct wrap *w)
{
    return run_plain(w, end_body);
}

static bool is_over(const struct wrap *w)
{
    return w->res.handle.closed || call_is_over(w->res.handle.call);
}

/* ---- status and fields ---- */

static int wrapped_status(cs_response *res, uint32_t code)
{
    const struct wrap *w = response_wrapped(res);
    struct response_run r = {.w = w, .number = code};
    if (w->res.ignores)
        return CS_OK; /* an include changes neither status nor fields: such calls are ignored */
    if (is_over(w))
        return CS_ESTATE;
    return w->res.over.status ? wrap_invoke(w, status_body, &r.guarded)
                              : w->res.inner->ops->status(w->res.inner, code);
}

/* A length that was announced for what goes into an override is not that of what comes out. */
static bool hides_length(const struct wrap *w, cs_str name)
{
    return w->res.over.write && !w->res.over.header &&
           field_find(from_str(name)) == FIELD_CONTENT_LENGTH;
}

static int wrapped_header(cs_response *res, cs_str name, cs_str value, uint32_t how)
{
    const struct wrap *w = response_wrapped(res);
    struct response_run r = {.w = w, .name = name, .value = value, .number = how};
    if (w->res.ignores)
        return CS_OK;
    if (is_over(w))
        return CS_ESTATE;
    if (!name.ptr || !value.ptr)
        return CS_EINVAL;
    if (hides_length(w, name))
        return CS_OK;
    return w->res.over.header ? wrap_invoke(w, header_body, &r.guarded)
                              : w->res.inner->ops->header(w->res.inner, name, value, how);
}

static int wrapped_length(cs_response *res, int64_t bytes)
{
    const struct wrap *w = response_wrapped(res);
    char digits[24];
    if (!w->res.over.header && !w->res.over.write && !w->res.ignores && !w->res.handle.closed)
        return w->res.inner->ops->length(w->res.inner, bytes);
    snprintf(digits, sizeof(digits), "%lld", (long long)bytes);
    return bytes < 0 && !w->res.ignores ? CS_EINVAL
                                        : res->ops->header(res, (cs_str)CS_LIT("Content-Length"),
                                                           to_str(span_of(digits)), CS_HEADER_SET);
}

static int wrapped_date(cs_response *res, cs_str name, int64_t seconds)
{
    return response_ops.date(res, name, seconds);
}

static int wrapped_cookie(cs_response *res, const cs_cookie *cookie)
{
    const struct wrap *w = response_wrapped(res);
    struct span value;
    if (w->res.ignores)
        return CS_OK;
    if (is_over(w))
        return CS_ESTATE;
    if (!w->res.over.header)
        return w->res.inner->ops->cookie(w->res.inner, cookie);
    int rc = response_cookie_format(w->res.handle.call, cookie, &value);
    return rc != CS_OK
               ? rc
               : res->ops->header(res, (cs_str)CS_LIT("Set-Cookie"), to_str(value), CS_HEADER_ADD);
}

static int wrapped_charset(cs_response *res, cs_str charset)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    return is_over(w) ? CS_ESTATE : w->res.inner->ops->charset(w->res.inner, charset);
}

/* ---- body ---- */

static int wrapped_write(cs_response *res, const void *bytes, size_t size)
{
    struct wrap *w = response_wrapped(res);
    struct response_run r = {.w = w, .bytes = bytes ? bytes : "", .size = size};
    if (is_over(w))
        return CS_ESTATE;
    if (!bytes && size > 0)
        return CS_EINVAL;
    if (!w->res.over.write)
        return w->res.inner->ops->write(w->res.inner, bytes, size);
    w->res.wrote = w->res.wrote || size > 0;
    return wrap_invoke(w, write_body, &r.guarded);
}

static int wrapped_write_pieces(cs_response *res, const cs_str *pieces, uint32_t count)
{
    const struct wrap *w = response_wrapped(res);
    int rc = CS_OK;
    if (is_over(w))
        return CS_ESTATE;
    if (!w->res.over.write)
        return w->res.inner->ops->writev(w->res.inner, pieces, count);
    if (!pieces_ok(pieces, count))
        return CS_EINVAL;
    for (uint32_t i = 0; i < count && rc == CS_OK; i++) {
        if (pieces[i].len > 0)
            rc = res->ops->write(res, pieces[i].ptr, pieces[i].len);
    }
    return rc;
}

static int wrapped_write_static(cs_response *res, const void *bytes, size_t size)
{
    const struct wrap *w = response_wrapped(res);
    return w->res.over.write || is_over(w)
               ? res->ops->write(res, bytes, size)
               : w->res.inner->ops->write_static(w->res.inner, bytes, size);
}

__attribute__((format(printf, 2, 0))) static int wrapped_vprintf(cs_response *res,
                                                                 const char *format, va_list args)
{
    return response_ops.vprintf(res, format, args);
}

static int wrapped_flush(cs_response *res)
{
    const struct wrap *w = response_wrapped(res);
    if (is_over(w))
        return CS_ESTATE;
    return w->res.over.flush ? run_plain(w, flush_body) : w->res.inner->ops->flush(w->res.inner);
}

/* The bytes of FD through the override; what is checked is what cs_res_send_file says. */
static int write_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    struct stat st;
    char piece[FILE_PIECE];
    int rc = CS_OK;
    if (offset < 0 || length < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        offset > st.st_size || length > st.st_size - offset)
        return CS_EINVAL;
    while (rc == CS_OK && length > 0) {
        size_t want = length < (int64_t)sizeof(piece) ? (size_t)length : sizeof(piece);
        ssize_t n = pread(fd, piece, want, (off_t)offset);
        if (n <= 0)
            return CS_EFAIL; /* it became shorter meanwhile */
        rc = res->ops->write(res, piece, (size_t)n);
        offset += n;
        length -= n;
    }
    return rc;
}

static int wrapped_send_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    const struct wrap *w = response_wrapped(res);
    if (!is_over(w) && !w->res.over.write)
        return w->res.inner->ops->send_file(w->res.inner, fd, offset, length);
    int rc = is_over(w) ? CS_ESTATE : write_file(res, fd, offset, length);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- the answer as a whole ---- */

static int wrapped_error(cs_response *res, uint32_t code, cs_str message)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    return is_over(w) ? CS_ESTATE : w->res.inner->ops->error(w->res.inner, code, message);
}

static int wrapped_redirect(cs_response *res, cs_str location, uint32_t status)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    return is_over(w) ? CS_ESTATE : response_ops.redirect(res, location, status);
}

/* What an override holds is dropped; it cannot take back what it has passed on. */
static int drop_held(struct wrap *w)
{
    int rc = CS_OK;
    if (w->res.over.reset)
        rc = run_plain(w, reset_body);
    else if (w->res.wrote)
        rc = CS_ESTATE;
    if (rc == CS_OK)
        w->res.wrote = false;
    return rc;
}

static int wrapped_reset(cs_response *res, uint32_t what)
{
    struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    if (is_over(w) || res->ops->committed(res))
        return CS_ESTATE;
    int rc = what <= CS_RESET_BODY ? drop_held(w) : CS_EINVAL;
    return rc == CS_OK ? w->res.inner->ops->reset(w->res.inner, what) : rc;
}

int response_drop_body(cs_response *res)
{
    while (res->ops == &wrapped_response_ops) {
        struct wrap *w = response_wrapped(res);
        int rc = drop_held(w);
        if (rc != CS_OK)
            return rc;
        res = w->res.inner;
    }
    return res->ops->reset(res, CS_RESET_BODY);
}

void response_close(cs_response *res)
{
    while (res->ops == &wrapped_response_ops) {
        struct wrap *w = response_wrapped(res);
        w->res.handle.closed = true;
        if (w->res.over.write || w->res.over.end)
            return;
        res = w->res.inner;
    }
    CONTAINER_OF(res, struct response_handle, pub)->closed = true;
}

static int wrapped_committed(cs_response *res)
{
    const struct wrap *w = response_wrapped(res);
    return w->res.handle.closed ? 1 : w->res.inner->ops->committed(w->res.inner);
}

static int wrapped_set_int(cs_response *res, uint32_t what, int64_t value)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    return is_over(w) ? CS_ESTATE : w->res.inner->ops->set_int(w->res.inner, what, value);
}

static int wrapped_hints(cs_response *res)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK;
    return is_over(w) ? CS_ESTATE : w->res.inner->ops->hints(w->res.inner);
}

static int wrapped_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg)
{
    const struct wrap *w = response_wrapped(res);
    if (w->res.ignores)
        return CS_OK; /* there is nothing that it might set */
    return is_over(w) ? CS_ESTATE : w->res.inner->ops->before_head(w->res.inner, fn, arg);
}

/* ---- what is known of it ---- */

static cs_str wrapped_get(cs_response *res, uint32_t what)
{
    cs_response *inner = response_wrapped(res)->res.inner;
    return inner->ops->get(inner, what);
}

static int64_t wrapped_get_int(cs_response *res, uint32_t what)
{
    cs_response *inner = response_wrapped(res)->res.inner;
    return inner->ops->get_int(inner, what);
}

static cs_str wrapped_header_get(cs_response *res, cs_str name, uint32_t nth)
{
    cs_response *inner = response_wrapped(res)->res.inner;
    return inner->ops->header_get(inner, name, nth);
}

static int wrapped_header_at(cs_response *res, uint32_t i, cs_str *name, cs_str *value)
{
    cs_response *inner = response_wrapped(res)->res.inner;
    return inner->ops->header_at(inner, i, name, value);
}

const struct cs_response_ops wrapped_response_ops = {
    .size = sizeof(struct cs_response_ops),
    .minor = CS_ABI_MINOR_MAX,
    .status = wrapped_status,
    .header = wrapped_header,
    .length = wrapped_length,
    .write = wrapped_write,
    .write_static = wrapped_write_static,
    .vprintf = wrapped_vprintf,
    .flush = wrapped_flush,
    .error = wrapped_error,
    .committed = wrapped_committed,
    .date = wrapped_date,
    .send_file = wrapped_send_file,
    .redirect = wrapped_redirect,
    .reset = wrapped_reset,
    .get = wrapped_get,
    .get_int = wrapped_get_int,
    .set_int = wrapped_set_int,
    .charset = wrapped_charset,
    .header_get = wrapped_header_get,
    .header_at = wrapped_header_at,
    .header_int = response_header_int,
    .hints = wrapped_hints,
    .cookie = wrapped_cookie,
    .wrap = response_wrap,
    .before_head = wrapped_before_head,
    .header_date = response_header_date,
    .writev = wrapped_write_pieces,
};
