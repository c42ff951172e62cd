/* SPDX-License-Identifier: Apache-2.0
 * <cserv/response.h>: further calls on the answer, since minor 3. Part of <cserv/servlet.h>, which includes
 * it and whose head says what holds for all calls. */
#ifndef CSERV_RESPONSE_H
#define CSERV_RESPONSE_H
#include "servlet.h"
#if CS_ABI_MINOR >= 3

CS_C_BEGIN

/* ---- answers as a whole ---------------------------------------------------------------- */

/* Sends the client elsewhere: STATUS 300 to 399 but 304. LOCATION is a URI or a reference relative to the
 * request ("/shop/", "../a?b=c") and is sent as it is; bytes that no URI has (blanks, quotes, a backslash,
 * non-ASCII) are percent-encoded. What was written is dropped, fields stay, and nothing may follow: later
 * writes answer CS_ESTATE. CS_ESTATE once committed, CS_EINVAL: no location, a control byte in it, another
 * status; CS_ENOMEM. */
static inline int cs_res_redirect_str(cs_response *res, cs_str location, uint32_t status)
{
    return res->ops->redirect(res, location, status);
}
/* The same with 302. */
static inline int cs_res_redirect(cs_response *res, const char *location)
{
    return res->ops->redirect(res, cs_str_of(location), 302u);
}
#define CS_RESET_ALL  0u
#define CS_RESET_BODY 1u
/* Forgets status, fields, cookies and body: as before the first call. CS_ESTATE once committed. */
static inline int cs_res_reset(cs_response *res)
{
    return res->ops->reset(res, CS_RESET_ALL);
}
/* Forgets the body written so far and its announced length. CS_ESTATE once committed. */
static inline int cs_res_reset_body(cs_response *res)
{
    return res->ops->reset(res, CS_RESET_BODY);
}
#define CS_RES_STATUS      1u /* as it stands: 200 when nobody set one */
#define CS_RES_BUFFER_SIZE 2u /* bytes of body held back before the head is sent; 8192 at first */
#define CS_RES_LENGTH      3u /* announced; -1 when it was not */
/* One number of the answer by its CS_RES_ number. -1 for an unknown number. */
static inline int64_t cs_res_get_int(cs_response *res, uint32_t what)
{
    return res->ops->get_int(res, what);
}
static inline uint32_t cs_res_status_get(cs_response *res)
{
    return (uint32_t)res->ops->get_int(res, CS_RES_STATUS);
}
static inline int64_t cs_res_buffer_size(cs_response *res)
{
    return res->ops->get_int(res, CS_RES_BUFFER_SIZE);
}
/* At least BYTES of body are held back before the head is sent, so that until then all can be reset; never
 * fewer than 8192. CS_ESTATE after bytes were written, CS_ELIMIT above 16 MiB, CS_EINVAL below 0. */
static inline int cs_res_set_buffer_size(cs_response *res, int64_t bytes)
{
    return res->ops->set_int(res, CS_RES_BUFFER_SIZE, bytes);
}
#define CS_RES_CONTENT_TYPE 1u /* as it will be sent; absent when there is none */
#define CS_RES_CHARSET      2u /* by cs_res_charset or in a Content-Type; absent when there is none */
/* One text of the answer by its CS_RES_ number. Absent for an unknown number. */
static inline cs_str cs_res_get(cs_response *res, uint32_t what)
{
    return res->ops->get(res, what);
}
/* The charset that the Content-Type names, now and when it is set later without one of its own; NULL: none
 * any more. A multipart type takes none. It is only a name: what is written is not converted. CS_EINVAL
 * when it is no token, CS_ESTATE once committed, CS_ENOMEM. */
static inline int cs_res_charset(cs_response *res, const char *charset)
{
    return res->ops->charset(res, cs_str_of(charset));
}
/* The NTH (from 0) value of a field that was set, any case of NAME; absent when there is none. What the
 * server adds by itself (Date, framing) is not among them. */
static inline cs_str cs_res_header_get_str(cs_response *res, const char *name, uint32_t nth)
{
    return res->ops->header_get(res, cs_str_of(name), nth);
}
static inline const char *cs_res_header_get(cs_response *res, const char *name)
{
    return cs_str_text(cs_res_header_get_str(res, name, 0));
}
/* 1 when the field was set, else 0. */
static inline int cs_res_header_has(cs_response *res, const char *name)
{
    return res->ops->header_get(res, cs_str_of(name), 0).ptr ? 1 : 0;
}
/* The I-th (from 0) field in order. CS_ENOENT past the last. Content-Length is not among them. */
static inline int cs_res_header_at(cs_response *res, uint32_t i, cs_str *name, cs_str *value)
{
    return res->ops->header_at(res, i, name, value);
}
/* A field with a whole number; HOW and errors as of cs_res_header_str. */
static inline int cs_res_int(cs_response *res, const char *name, int64_t value, uint32_t how)
{
    return res->ops->header_int(res, cs_str_of(name), value, how);
}
/* A field with a date from seconds since 1970, as cs_res_date; HOW and errors as of cs_res_header_str, and CS_EINVAL
 * for what is not in the years 1970 to 9999. */
static inline int cs_res_header_date(cs_response *res, const char *name, int64_t seconds,
                                     uint32_t how)
{
    return res->ops->header_date(res, cs_str_of(name), seconds, how);
}
/* Writes copies of COUNT pieces, one behind the other, as one write: a head, a row and what ends it leave together,
 * without a buffer of the module's own. Their bytes need no NUL behind them. Where the answer is wrapped
 * (cs_res_wrap), the override `write` gets them one by one, in order, but empty ones, until it fails. Results as of
 * cs_res_write; CS_EINVAL: a piece is NULL but not empty, and nothing was written; after CS_ENOMEM some may have
 * been. */
static inline int cs_res_writev(cs_response *res, const cs_str *pieces, uint32_t count)
{
    return res->ops->writev(res, pieces, count);
}
/* Sends the Link fields that are set so far in an interim answer (103), so that the client can begin to
 * load; they are sent with the answer as well. They are advice: CS_OK also when this client takes none
 * (HTTP/1.0) or does not read. CS_ESTATE once committed, CS_EGONE when the client left, CS_ENOMEM. */
static inline int cs_res_early_hints(cs_response *res)
{
    return res->ops->hints(res);
}
/* FN(RES, ARG) runs once, right before the head of this answer is sent: when status, fields and media type
 * are known. It may read and set these through its own RES, which is valid only meanwhile; calls that
 * write, end or forget the answer, change its length, or register again answer CS_ESTATE there. Of several the
 * last registered runs first, so a filter sees what those behind it have set. Runs on the thread that writes
 * or ends the answer; not at all for error pages (cs_res_error, a failure) and redirects. What ARG
 * points to must live as long as the request (cs_req_alloc), which a wrapped handle does not. CS_ESTATE once committed, CS_EINVAL without FN,
 * CS_ENOMEM. */
static inline int cs_res_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg),
                                     void *arg)
{
    return res->ops->before_head(res, fn, arg);
}

/* ---- cookies -------------------------------------------------------------------------------------- */

/* Sets a cookie; one of the same name, domain and path that this answer has already is replaced. CS_EINVAL
 * when a byte of it is not allowed where it stands, or a number is out of its range; CS_ESTATE once
 * committed; CS_ENOMEM. */
static inline int cs_res_cookie(cs_response *res, const cs_cookie *cookie)
{
    return res->ops->cookie(res, cookie);
}

CS_C_END
#endif
#endif
