/* SPDX-License-Identifier: Apache-2.0
 * <cserv/request.h>: further calls on the request, since minor 3. Part of <cserv/servlet.h>, which includes
 * it and whose head says what holds for all calls. */
#ifndef CSERV_REQUEST_H
#define CSERV_REQUEST_H
#include "servlet.h"
#if CS_ABI_MINOR >= 3

CS_C_BEGIN

/* ---- more of the request --------------------------------------------------------------- */

/* For cs_req_get. The address as the client sees it, without the query: "http://host:8080/shop/cart" */
#define CS_REQ_URL 20u
/* The path info in the webapp's folder; absent without one of them. */
#define CS_REQ_PATH_TRANSLATED 21u
/* Unique among the requests of all starts of the server, and the same all along the request. */
#define CS_REQ_ID            22u
#define CS_REQ_CONNECTION_ID 23u /* likewise, of the connection */
/* Of the body: what was set, else Content-Type's, else web.xml's; or absent. */
#define CS_REQ_CHARSET 24u
/* What the pattern leaves open: "x/y" of /a/x/y when all below /a matches, "a/x" of /a/x.txt by extension. */
#define CS_REQ_MATCH_VALUE   25u
#define CS_REQ_MATCH_PATTERN 26u /* the URL pattern that matched */
#define CS_REQ_MATCH_SERVLET \
    27u /* name of the servlet it leads to: in an include still the caller's */
/* For cs_req_get_int. Which kind of pattern matched; -1 when none did. */
#define CS_REQ_MATCH          20u
#define CS_MATCH_CONTEXT_ROOT 1
#define CS_MATCH_DEFAULT      2
#define CS_MATCH_EXACT        3
#define CS_MATCH_EXTENSION    4
#define CS_MATCH_PATH         5
static inline const char *cs_req_url(cs_request *req)
{
    return cs_str_text(req->ops->get(req, CS_REQ_URL));
}
static inline const char *cs_req_id(cs_request *req)
{
    return cs_str_text(req->ops->get(req, CS_REQ_ID));
}
/* The whole number in a field, into *VALUE. CS_ENOENT without the field, CS_EINVAL when it is no number. */
static inline int cs_req_int(cs_request *req, const char *name, int64_t *value)
{
    return req->ops->header_int(req, cs_str_of(name), value);
}
static inline const char *cs_req_charset(cs_request *req)
{
    return cs_str_text(req->ops->get(req, CS_REQ_CHARSET));
}
/* The charset in which a form's parameters are read: "utf-8", "us-ascii", or "iso-8859-1", which is turned
 * into UTF-8. Parameters in other charsets are the bytes that came. CS_ESTATE once the parameters were asked
 * for, CS_EINVAL for another one, CS_ENOMEM. */
static inline int cs_req_set_charset(cs_request *req, const char *charset)
{
    return req->ops->set_charset(req, cs_str_of(charset));
}
/* The I-th (from 0) language the client wants ("en-US"), the most wanted first. Absent past the last. */
static inline cs_str cs_req_locale(cs_request *req, uint32_t i)
{
    return req->ops->locale(req, i);
}
/* The body up to its next LF, that included, or SIZE bytes of it, into BUF, without a NUL. Returns how many,
 * 0 at the end, or a CS_E code, as cs_req_read. The two may be mixed. */
static inline int64_t cs_req_read_line(cs_request *req, char *buf, size_t size)
{
    return req->ops->read_line(req, buf, size);
}
/* The NTH (from 0) trailer field NAME of a chunked body, into *VALUE. Only the names of
 * allowedTrailerHeaders come here. CS_ENOENT when there is none; CS_ESTATE before the body has come to its
 * end (CS_STREAMING: before cs_req_read has answered 0). */
static inline int cs_req_trailer(cs_request *req, const char *name, uint32_t nth, cs_str *value)
{
    return req->ops->trailer(req, cs_str_of(name), nth, value);
}
/* The I-th (from 0) trailer field in order. CS_ENOENT past the last, CS_ESTATE as above. */
static inline int cs_req_trailer_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    return req->ops->trailer_at(req, i, name, value);
}

/* ---- cookies -------------------------------------------------------------------------- */

/* The NTH (from 0) value of cookie NAME, whose case counts; absent when there is none. Cookies that RFC 6265
 * does not allow are left out; quotes around a value are part of it. A request with more than maxCookieCount
 * never comes here. */
static inline cs_str cs_req_cookie_str(cs_request *req, const char *name, uint32_t nth)
{
    return req->ops->cookie(req, cs_str_of(name), nth);
}
static inline const char *cs_req_cookie(cs_request *req, const char *name)
{
    return cs_str_text(cs_req_cookie_str(req, name, 0));
}
/* The I-th (from 0) cookie in order. CS_ENOENT past the last, CS_ENOMEM. */
static inline int cs_req_cookie_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    return req->ops->cookie_at(req, i, name, value);
}

CS_C_END
#endif
#endif
