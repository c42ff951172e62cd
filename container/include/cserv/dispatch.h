/* SPDX-License-Identifier: Apache-2.0
 * <cserv/dispatch.h>: what the filters and servlets of one request share, hand over and wrap: attributes.
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

CS_C_END
#endif
#endif
