/* SPDX-License-Identifier: Apache-2.0
 * <cserv/dispatch.h>: what the filters and servlets of one request share, hand over and wrap: attributes,
 * forward and include. Its wrappers are in <cserv/wrap.h>.
 * Included by <cserv/servlet.h>, whose rules on life and threads hold here, too. All calls since minor 3. */
#ifndef CSERV_DISPATCH_H
#define CSERV_DISPATCH_H
#include "servlet.h"

#if CS_ABI_MINOR >= 3
CS_C_BEGIN

/* ---- attributes of a request ------------------------------------------------------------------------ */

/* The value that cs_req_attr_set gave NAME (case counts); NULL when there is none. Filters, servlets, what
 * they forward to or include, and error pages of one request share its attributes. */
static inline void *cs_req_attr(cs_request *req, const char *name)
{
    return req->ops->attr(req, cs_str_of(name));
}
/* Sets or replaces an attribute; NAME is copied, VALUE is kept as it is. FREE_FN may be NULL, else
 * FREE_FN(VALUE) runs once, on the thread that runs the request: when the attribute is replaced or removed,
 * or when the request is over, also when a filter or servlet failed; the last set first, in one order
 * with cs_req_on_cleanup. VALUE NULL removes. CS_EINVAL: no name; CS_ENOMEM: VALUE was not taken, nothing
 * has changed. */
static inline int cs_req_attr_set(cs_request *req, const char *name, void *value,
                                  void (*free_fn)(void *value))
{
    return req->ops->attr_set(req, cs_str_of(name), value, free_fn);
}
/* As setting it to NULL. CS_OK also when there is none. */
static inline int cs_req_attr_remove(cs_request *req, const char *name)
{
    return req->ops->attr_set(req, cs_str_of(name), (void *)0, (void (*)(void *))0);
}
/* The I-th (from 0) attribute, in the order in which they were set. CS_ENOENT past the last. */
static inline int cs_req_attr_at(cs_request *req, uint32_t i, cs_str *name, void **value)
{
    return req->ops->attr_at(req, i, name, value);
}

/* ---- forward and include ------------------------------------------------------------------------------ */

/* How the filter or servlet that runs was reached: one of the CS_DISPATCH_ bits. */
static inline uint32_t cs_req_dispatch_type(cs_request *req)
{
    return req->ops->dispatch_type(req);
}

/* Hands the request over: what was written is dropped, and the answer is that of what PATH leads to, with its
 * FORWARD filters; status and fields stay as they are until the target changes them. PATH is encoded as in
 * a URI, may have a query, and is one of this webapp: with '/' in front below its context path, else beside
 * what now runs. "/WEB-INF/page.html" is the webapp's to ask for. The target sees its own path, the
 * parameters of PATH's query before all others, and PATH's query instead of the request's when it has one;
 * the same request body and method. Afterwards RES is closed: further writes to it answer CS_ESTATE.
 * Returns what the target returned; when nothing serves PATH that is a 404 page. CS_ESTATE: the head was
 * sent, the answer is given already, or this is a valve; CS_EINVAL: PATH is malformed or leads above the
 * webapp; CS_ELIMIT: more than 64 are nested, or too many parameters; CS_ENOMEM. */
static inline int cs_req_forward(cs_request *req, cs_response *res, const char *path)
{
    return req->ops->dispatch(req, res, cs_str_of(path), CS_DISPATCH_FORWARD);
}
/* Writes what PATH answers into this answer, with its INCLUDE filters; then the caller goes on. What the
 * target does to status and fields, its cs_res_error too, is ignored without an error. It sees the caller's
 * path; its own is in cs_req_dispatch_str. Parameters, results and errors as of cs_req_forward; CS_ENOENT when
 * nothing serves PATH; also when the head was sent. CS_EFAIL when the servlet is unavailable. */
static inline int cs_req_include(cs_request *req, cs_response *res, const char *path)
{
    return req->ops->dispatch(req, res, cs_str_of(path), CS_DISPATCH_INCLUDE);
}
#define CS_DISPATCH_NAMED 0x10000u /* only the two calls below use it */
/* The same to a servlet by its registration's name: path and parameters stay as they are, and of the filters
 * by URL only those for "*" run. CS_ENOENT when there is no such servlet. */
static inline int cs_req_forward_named(cs_request *req, cs_response *res, const char *servlet_name)
{
    return req->ops->dispatch(req, res, cs_str_of(servlet_name),
                              CS_DISPATCH_FORWARD | CS_DISPATCH_NAMED);
}
static inline int cs_req_include_named(cs_request *req, cs_response *res, const char *servlet_name)
{
    return req->ops->dispatch(req, res, cs_str_of(servlet_name),
                              CS_DISPATCH_INCLUDE | CS_DISPATCH_NAMED);
}

/* Of the request as the client sent it, from within a forward. */
#define CS_FORWARD_REQUEST_URI  1u
#define CS_FORWARD_CONTEXT_PATH 2u
#define CS_FORWARD_SERVLET_PATH 3u
#define CS_FORWARD_PATH_INFO    4u
#define CS_FORWARD_QUERY_STRING 5u
#define CS_FORWARD_MAPPING      6u /* the URL pattern that led there */
#define CS_FORWARD_MATCH_VALUE  7u /* what it leaves open, as CS_REQ_MATCH_VALUE */
#define CS_FORWARD_SERVLET_NAME 8u /* of the servlet that it leads to */
#define CS_FORWARD_MATCH        9u /* "CONTEXT_ROOT", "DEFAULT", "EXACT", "EXTENSION" or "PATH" */
/* Of the target, from within an include. */
#define CS_INCLUDE_REQUEST_URI  17u
#define CS_INCLUDE_CONTEXT_PATH 18u
#define CS_INCLUDE_SERVLET_PATH 19u
#define CS_INCLUDE_PATH_INFO    20u
#define CS_INCLUDE_QUERY_STRING 21u
#define CS_INCLUDE_MAPPING      22u
#define CS_INCLUDE_MATCH_VALUE  23u
#define CS_INCLUDE_SERVLET_NAME 24u
#define CS_INCLUDE_MATCH        25u
/* Of the error, from within a webapp's error page and what that dispatches to. */
#define CS_ERROR_STATUS_CODE    33u /* "404" */
#define CS_ERROR_EXCEPTION_TYPE 34u /* "CS_EFAIL": what was returned; absent when nothing failed */
#define CS_ERROR_MESSAGE        35u /* of cs_res_error or cs_req_fail; empty when there is none */
#define CS_ERROR_REQUEST_URI    36u
#define CS_ERROR_SERVLET_NAME   37u
#define CS_ERROR_METHOD         38u /* that of the client; the page itself is asked for by GET */
#define CS_ERROR_QUERY_STRING   39u
/* Of the request as the client sent it, from within what cs_async_dispatch leads to; also when it was forwarded
 * before it was started. */
#define CS_ASYNC_REQUEST_URI  49u
#define CS_ASYNC_CONTEXT_PATH 50u
#define CS_ASYNC_SERVLET_PATH 51u
#define CS_ASYNC_PATH_INFO    52u
#define CS_ASYNC_QUERY_STRING 53u
#define CS_ASYNC_MAPPING      54u
#define CS_ASYNC_MATCH_VALUE  55u
#define CS_ASYNC_SERVLET_NAME 56u
#define CS_ASYNC_MATCH        57u
/* One of them; absent outside of such a dispatch, in one by a servlet's name, and when there is none. */
static inline cs_str cs_req_dispatch_str(cs_request *req, uint32_t which)
{
    return req->ops->dispatch_str(req, which);
}
/* The same by the name of the attribute in the Servlet specification, which these are not here:
 * "jakarta.servlet.forward.request_uri". Absent for every other name. */
static inline cs_str cs_req_attr_str(cs_request *req, const char *name)
{
    return req->ops->attr_str(req, cs_str_of(name));
}

CS_C_END
#endif
#endif
