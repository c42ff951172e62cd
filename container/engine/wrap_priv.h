/* SPDX-License-Identifier: Apache-2.0
 * Handles over handles: what cs_req_wrap and cs_res_wrap give to filters, and what the target of a forward or
 * include gets. They live in the engine, so that one used after its end answers CS_EGONE. */
#ifndef ENGINE_WRAP_PRIV_H
#define ENGINE_WRAP_PRIV_H
#include "engine/call.h"

struct wrap {
    struct wrap *older;        /* in call.wraps; of one that rests: who died after it */
    struct app_module *module; /* whose code the overrides are, and the self of what wrapped */
    void *module_self;
    void *self; /* the overrides' own */
    bool of_request;
    bool of_dispatch; /* made for the target of one: nothing is overridden */
    union {
        struct {
            struct request_handle handle;
            cs_request *inner;
            struct cs_override_req over;
            struct cookies cookies; /* of an overridden field */
            bool cookies_parsed;
        } req;
        struct {
            struct response_handle handle;
            cs_response *inner;
            struct cs_override_res over;
            bool ignores; /* of an include: status and fields stay as they are */
            bool wrote;   /* an override took bytes */
        } res;
    };
};

static inline struct wrap *request_wrapped(cs_request *req)
{
    return CONTAINER_OF(req, struct wrap, req.handle.pub);
}
static inline struct wrap *response_wrapped(cs_response *res)
{
    return CONTAINER_OF(res, struct wrap, res.handle.pub);
}

/* wrap.c: one over REQ or RES for the target of dispatch F; NULL: no memory. An include's IGNORES status and
 * fields. */
cs_request *wrap_dispatched_request(struct call *c, cs_request *req, const struct frame *f);
cs_response *wrap_dispatched_response(struct call *c, cs_response *res, const struct frame *f,
                                      bool ignores);
/* What cs_req_wrap and cs_res_wrap reach. */
cs_request *request_wrap(cs_request *req, const struct cs_override_req *over, void *self);
cs_response *response_wrap(cs_response *res, const struct cs_override_res *over, void *self);
/* The callback that began when MARK was the newest has returned RC: what it made dies, the newest first, each
 * answer's `end` being told before; when an asynchronous request goes on, all that is left to the end of that.
 * RC, or the first failure of an `end`. */
int wraps_end(struct call *c, const struct wrap *mark, int rc);
int wraps_end_all(struct call *c);
/* BODY as code of what wrapped; a CS_E code. */
int wrap_invoke(const struct wrap *w, int (*body)(void *guarded), struct guarded *g);
void wraps_free(struct engine *e); /* those that rest; no other is left */

/* wrap_request.c, wrap_response.c */
extern const struct cs_request_ops wrapped_request_ops;
extern const struct cs_response_ops wrapped_response_ops;
/* Drops the body that was written through RES. CS_ESTATE: the head was sent, or an override cannot. */
int response_drop_body(cs_response *res);
/* A forward with RES is done: it is closed, and those below it, down to the first whose overrides take bytes. */
void response_close(cs_response *res);
int wrap_tell_end(struct wrap *w);

#endif
