/* SPDX-License-Identifier: Apache-2.0
 * <cserv/wrap.h>: a filter puts something of its own between the container and what follows in the chain: it
 * compresses, rewrites, keeps or adds. It wraps the request or the answer and gives the wrapped one to
 * cs_chain_next, cs_req_forward or cs_req_include.
 *
 * A wrapped handle is the container's and answers every call, also those that this module's headers do not know
 * yet: by the overrides where they are set, else by the handle that was wrapped, which overrides get as
 * INNER. What is composed of such calls (cs_res_printf, cs_res_send_file, cs_res_redirect, cs_res_cookie, cs_req_date,
 * cs_req_cookie ...) goes through them, too. It lives until the callback that wrapped returns, in an
 * asynchronous request until its answer ends; used later, it answers CS_EGONE. Overrides run on the thread that
 * asks or writes, with what cs_req_self and cs_req_ctx
 * gave when it was wrapped; an exception in one is CS_EFAIL for its caller.
 * Included by <cserv/servlet.h>. All since minor 2. */
#ifndef CSERV_WRAP_H
#define CSERV_WRAP_H
#include "servlet.h"

CS_C_BEGIN

/* Members that are NULL pass through; the struct is copied. */
struct cs_override_req {
    uint32_t size CS_0;     /* sizeof(struct cs_override_req) */
    uint32_t reserved CS_0; /* 0 */
    /* As cs_req_header_str, cs_req_param_str, cs_req_get and cs_req_read; for what it does not change an override
     * asks INNER. Texts are copied when it returns; ptr NULL means absent. The lists (cs_req_header_at,
     * cs_req_param_at) have INNER's names with the override's values, and not what only the override knows.
     * With `header`, the content type and length are what it answers for those fields. */
    cs_str (*header)(void *self, cs_request *inner, cs_str name, uint32_t nth) CS_0;
    cs_str (*param)(void *self, cs_request *inner, cs_str name, uint32_t nth) CS_0;
    cs_str (*get)(void *self, cs_request *inner, uint32_t what) CS_0;
    int64_t (*read)(void *self, cs_request *inner, void *buf, size_t size) CS_0;
};

struct cs_override_res {
    uint32_t size CS_0;     /* sizeof(struct cs_override_res) */
    uint32_t reserved CS_0; /* 0 */
    /* Bytes of the body, however they are written; files come in pieces. They are valid during the call. Its
     * result is the writer's. Where `write` is set and `header` is not, an announced length is dropped: it
     * is not that of what comes out. */
    int (*write)(void *self, cs_response *inner, const void *bytes, size_t size) CS_0;
    /* cs_res_flush: pass on what is held and flush INNER. */
    int (*flush)(void *self, cs_response *inner) CS_0;
    /* Once, at the end of the wrapped handle's life, also when it or what followed failed, and when nothing
     * was written: the rest goes to INNER. After an error or a redirect INNER takes no more (CS_ESTATE). A
     * failure is that of the callback, unless it failed before. */
    int (*end)(void *self, cs_response *inner) CS_0;
    /* Every field, by whatever call; a length as "Content-Length". */
    int (*header)(void *self, cs_response *inner, cs_str name, cs_str value, uint32_t how) CS_0;
    /* cs_res_status; not the status of an error page, which is INNER's cs_res_error. */
    int (*status)(void *self, cs_response *inner, uint32_t code) CS_0;
    /* cs_res_reset, cs_res_reset_body, or a forward: forget what is held; INNER is reset afterwards. NULL: once
     * `write` took bytes these answer CS_ESTATE. */
    int (*reset)(void *self, cs_response *inner) CS_0;
};

/* A request over REQ with these overrides, which get SELF. NULL: out of memory, a struct with members that this
 * server does not know, or this is a valve. */
static inline cs_request *cs_req_wrap(cs_request *req, const struct cs_override_req *overrides,
                                      void *self)
{
    return req->ops->wrap(req, overrides, self);
}
/* The same for an answer. */
static inline cs_response *cs_res_wrap(cs_response *res, const struct cs_override_res *overrides,
                                       void *self)
{
    return res->ops->wrap(res, overrides, self);
}

CS_C_END
#endif
