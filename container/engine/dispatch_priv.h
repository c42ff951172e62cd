/* SPDX-License-Identifier: Apache-2.0
 * Forward, include and error pages inside the engine: the frame of a dispatch, and how a request looks from
 * within it. */
#ifndef ENGINE_DISPATCH_PRIV_H
#define ENGINE_DISPATCH_PRIV_H
#include "engine/call.h"

#define DISPATCH_DEPTH 64u /* as deep may forwards and includes be nested */

struct failure { /* what an error page is for */
    unsigned status;
    int code; /* the CS_E code that was returned; 0: cs_res_error, or the container's own */
    struct span message, uri, query, method;
    const char *servlet; /* NULL: none */
};

/* One dispatch. The handles that know it die before it does. */
struct frame {
    const struct frame *outer; /* NULL: directly in what the client asked for */
    uint32_t type;             /* CS_DISPATCH_ */
    bool named;                /* of a servlet by its name: there is no path */
    cs_request *caller;        /* the handle it was called with */
    struct span uri;           /* of the target: the context's path and the path as it was given */
    struct span query;         /* SPAN_NONE: the path has none */
    struct params params;      /* of that query: before all others */
    struct mapper_result map;  /* of the target */
    const struct failure *failure; /* of an error page */
};

static inline const struct frame *request_frame(cs_request *req)
{
    return CONTAINER_OF(req, struct request_handle, pub)->frame;
}
static inline const struct frame *response_frame(cs_response *res)
{
    return CONTAINER_OF(res, struct response_handle, pub)->frame;
}
static inline uint32_t frame_type(const struct frame *f)
{
    return f ? f->type : CS_DISPATCH_REQUEST;
}
/* Whether its target sees its own path: of an include, and of one by name, it sees its caller's. */
static inline bool frame_is_shown(const struct frame *f)
{
    return f && !f->named && f->type != CS_DISPATCH_INCLUDE;
}

/* frame.c: what the container's handle, or that of the dispatch F, shows. */
struct span frame_uri(const struct call *c, const struct frame *f);   /* as sent or as given */
struct span frame_query(const struct call *c, const struct frame *f); /* SPAN_NONE without one */
const struct mapper_result *frame_map(const struct call *c, const struct frame *f);
/* The path that filters of it are for; SPAN_NONE: dispatched by name. */
struct span frame_filter_path(const struct call *c, const struct frame *f);
/* Of the innermost dispatch by path: what a relative path begins beside. */
struct span frame_target_path(const struct call *c, const struct frame *f);
const struct failure *frame_failure(const struct frame *f); /* NULL: no error page runs */
enum method frame_method(const struct call *c, const struct frame *f);
uint32_t request_dispatch_type(cs_request *req);
/* dispatch_names.c */
cs_str request_dispatch_str(cs_request *req, uint32_t which);
cs_str request_attr_str(cs_request *req, cs_str name);

/* dispatch_path.c: where PATH of this webapp, relative to what OUT->outer runs, leads: uri, query, params and map
 * of OUT. A CS_E code, with its sentence in c->detail. */
int dispatch_resolve(struct call *c, struct span path, struct frame *out);
/* dispatch.c */
int request_dispatch(cs_request *req, cs_response *res, cs_str target, uint32_t how);
/* Runs what F leads to, S at its end, over these handles; C is afterwards as before. */
int dispatch_run(struct call *c, struct frame *f, struct servlet *s, cs_request *req,
                 cs_response *res);
/* error_dispatch.c: the webapp's own page for STATUS and RC (a CS_E code, or 0) is the answer. False: it has
 * none, or that failed, which is logged; nothing was sent then. */
bool error_dispatch(struct call *c, unsigned status, int rc, struct span message);
/* As much as can be done when the head was sent: its page behind what was sent; the caller aborts then. */
void error_include(struct call *c, unsigned status, int rc, struct span message);
/* error_page.c: drops the body and the fields that tell of it; STATUS is the answer's. False: too late. */
bool error_reset(struct exchange *x, unsigned status);

/* servlet.c: RC, a CS_UNAVAILABLE, of c->servlet. And the status when S is unavailable now, else 0; sets
 * Retry-After. */
void servlet_unavailable(struct call *c, int rc);
bool servlet_is_unavailable(const struct servlet *s);
unsigned servlet_unavailable_status(struct call *c, struct servlet *s);
/* serve.c: whether PATH is a file of the webapp ARG. */
bool app_has_file(void *arg, struct span path);

#endif
