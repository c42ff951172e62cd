/* SPDX-License-Identifier: Apache-2.0
 * One request inside the engine: the call, the handles that module code sees of it, and the functions behind
 * them. Included by the files that serve requests. */
#ifndef ENGINE_CALL_H
#define ENGINE_CALL_H
#include "engine/engine_priv.h"

struct attribute { /* cs_req_attr_set */
    struct span name;
    void *value;
    void (*free_fn)(void *value);
    const struct app_module *module; /* whose code free_fn is */
    struct call *call;
};
struct attributes { /* in order; in the exchange's arena */
    struct attribute **v;
    uint32_t n, cap;
};

/* What a handle's first word is the begin of: every handle of a request leads to its call, so the same
 * functions serve the container's own handles and those that cs_req_wrap and cs_res_wrap make. A function
 * that is composed of others calls them through its handle's table (req->ops->header, not the function), so
 * that what a wrapper replaces is seen. */
struct frame; /* dispatch_priv.h */
struct request_handle {
    cs_request pub;
    struct call *call;
    const struct frame
        *frame; /* the innermost forward or include it is of; NULL: what the client asked */
};
struct response_handle {
    cs_response pub;
    struct call *call;
    const struct frame *frame;
    bool closed; /* a forward with it is done */
};

struct head_hook { /* cs_res_before_head */
    struct head_hook *next;
    void (*fn)(cs_response *res, void *arg);
    void *arg;
    const struct app_module *module; /* whose code fn is */
};

struct call {
    struct request_handle request; /* the handles module code sees */
    struct response_handle response;
    struct engine *engine;
    struct exchange *x;
    struct context *context; /* NULL: no webapp has this path */
    struct app *app;         /* NULL: it does not run */
    struct mapper_result map;
    struct servlet *servlet;
    void *self;                /* of the servlet that runs */
    struct app_module *module; /* whose code runs */
    bool in_valve;             /* before the webapp */
    bool concluded;            /* the error page is written */
    bool params_parsed, params_bad;
    unsigned error_status; /* cs_res_error was called */
    struct params params;
    struct span error_message;
    struct span detail; /* cs_req_fail, or an exception's text */
    struct attributes attributes;
    /* of the calls on requests and answers below */
    struct span res_charset; /* SPAN_NONE: none was set */
    struct cookies cookies;
    bool redirected; /* cs_res_redirect was called: nothing may follow */
    bool cookies_parsed, locales_parsed, parts_tried;
    bool body_taken; /* by cs_req_read or cs_req_read_line: no parameters or parts of it any more */
    bool in_head;    /* head_hooks run */
    uint16_t params_status;    /* params_bad: the answer ... */
    struct span params_reason; /* ... and its sentence */
    struct span req_charset;   /* cs_req_set_charset */
    uint64_t request_number;   /* 0: nobody has asked for its id */
    struct {
        char *mem; /* of the body, read but not given out yet: by cs_req_read_line */
        size_t at, n;
    } ahead;
    struct parts *parts; /* parts.h; NULL: not read */
    struct span *locales;
    uint32_t locale_count;
    uint32_t listeners_told;      /* of the app's, of this request */
    struct head_hook *head_hooks; /* the last registered first */
    bool in_error_page;           /* one runs: what it makes ends with it */
    uint32_t dispatches;          /* that run, one within the other */
    struct wrap *wraps; /* handles made for dispatches and filters that live, the newest first */
    uint32_t slot;      /* of the worker that serves it */
    const char
        *sync_only; /* a filter or servlet on its way that does not support async; NULL: none */
    struct async *async; /* started; NULL: it was not */
};

static inline struct call *request_call(cs_request *req)
{
    return CONTAINER_OF(req, struct request_handle, pub)->call;
}
static inline struct call *response_call(cs_response *res)
{
    return CONTAINER_OF(res, struct response_handle, pub)->call;
}

extern const struct cs_request_ops request_ops, dead_request_ops;
extern const struct cs_response_ops response_ops, dead_response_ops;

/* ---- the way of a request ---- */

/* listeners.c: tells those that want to know. False: one failed, which c->detail tells. */
bool listeners_begin_request(struct call *c);
/* Tells the end to those that were told the beginning; once. Before the request's cleanups. */
void listeners_end_request(struct call *c);
/* async_start.c: C goes through R, which may not support async. */
void call_passes(struct call *c, const struct registration *r);
int request_async_supported(cs_request *req);
cs_async *request_async_start(cs_request *req, cs_response *res, int64_t timeout_ms);
int request_async_started(cs_request *req);
cs_async *request_async(cs_request *req);

/* serve.c */
/* Writes the error page that RC or the call's state asks for, once. */
void conclude(struct call *c, int rc);
/* Cleanups, handles, the end of the answer. */
void call_finish(struct call *c);
int call_servlet(struct call *c, cs_request *req, cs_response *res);
/* What serves M; NULL: nothing does (405). */
cs_service_fn servlet_function(const cs_servlet *row, enum method m);
int serve_target(struct call *c);            /* what follows the valves: the webapp, or 404, 503 */
const char *call_name(const struct call *c); /* of the webapp, for the log */
/* valve.c: the valves, then serve_target. */
int run_valves(struct call *c);
/* call_view.c */
int request_set(cs_request *req, uint32_t what, cs_str value);
int request_set_int(cs_request *req, uint32_t what, int64_t value);
/* chain.c: filters, then the servlet. */
int run_chain(struct call *c, cs_request *req, cs_response *res);
/* attributes.c */
void *request_attr(cs_request *req, cs_str name);
int request_attr_set(cs_request *req, cs_str name, void *value, void (*free_fn)(void *value));
int request_attr_at(cs_request *req, uint32_t i, cs_str *name, void **value);
/* call_request.c: params parsed if not yet; false: malformed (c->params_bad). */
bool call_params(struct call *c);
/* The answer is an error page with STATUS and REASON, a constant; there are no parameters. */
void call_refuse_params(struct call *c, uint16_t status, struct span reason);
/* After cs_res_error, cs_res_redirect or a forward, and when the parameters were malformed, the answer
 * stands. */
static inline bool call_is_over(const struct call *c)
{
    return c->error_status != 0 || c->params_bad || c->concluded || c->redirected ||
           c->response.closed;
}
/* The same for calls that write, end or forget the answer: not in the hooks of its head either. */
static inline bool call_body_is_shut(const struct call *c)
{
    return c->in_head || call_is_over(c);
}
/* call_answer.c */
int response_redirect(cs_response *res, cs_str location, uint32_t status);
int response_forget(cs_response *res, uint32_t what);
cs_str response_get(cs_response *res, uint32_t what);
int64_t response_get_int(cs_response *res, uint32_t what);
int response_set_int(cs_response *res, uint32_t what, int64_t value);
cs_str response_header_get(cs_response *res, cs_str name, uint32_t nth);
int response_header_at(cs_response *res, uint32_t i, cs_str *name, cs_str *value);
/* Whether PIECES are what cs_res_writev may be given. */
bool pieces_ok(const cs_str *pieces, uint32_t count);
int response_header_date(cs_response *res, cs_str name, int64_t seconds, uint32_t how);
int response_header_int(cs_response *res, cs_str name, int64_t value, uint32_t how);
int response_hints(cs_response *res);
/* call_charset.c */
int response_charset(cs_response *res, cs_str charset);
int call_set_content_type(struct call *c, struct span type);
/* call_body.c: as channel_ops.read, behind what was read ahead. */
int64_t call_read(struct call *c, void *buf, size_t size);
int body_error(int64_t channel_result); /* as a CS_E code */
int64_t request_read_line(cs_request *req, char *buf, size_t size);
int request_trailer(cs_request *req, cs_str name, uint32_t nth, cs_str *value);
int request_trailer_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value);
/* call_about.c */
cs_str call_about(cs_request *req, uint32_t what);
int64_t call_match(const struct mapper_result *m); /* CS_MATCH_... */
/* What the pattern leaves open; SPAN_NONE: none matched. */
struct span call_match_value(const struct mapper_result *m);
struct span call_match_servlet(const struct mapper_result *m); /* its name; likewise */
int request_header_int(cs_request *req, cs_str name, int64_t *value);
cs_str request_locale(cs_request *req, uint32_t i);
/* call_charset.c */
struct span call_charset(struct call *c);
int request_set_charset(cs_request *req, cs_str charset);
/* Whether the parameters of a form are ISO-8859-1. */
bool call_form_is_latin1(struct call *c);
/* Whether text of TYPE (a Content-Type, or SPAN_NONE) is ISO-8859-1, by itself or as the request is. */
bool call_is_latin1(struct call *c, struct span type);
/* call_part.c */
int request_part(cs_request *req, cs_str name, uint32_t nth, cs_part **part);
int request_part_at(cs_request *req, uint32_t i, cs_part **part);
/* call_cookie.c */
cs_str request_cookie(cs_request *req, cs_str name, uint32_t nth);
int request_cookie_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value);
int response_cookie(cs_response *res, const cs_cookie *cookie);
int response_cookie_format(struct call *c, const cs_cookie *cookie, struct span *value);
/* call_head.c: runs what was registered, once, unless the head was sent or the answer is an error page or a
 * redirect. While the generation is held. */
void call_before_head(struct call *c);
int response_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg);
/* call_dead.c: the handles of C answer CS_EGONE from now on. */
void call_end(struct call *c);
/* engine.c: C, of SLOT, is no longer used in turn; false: out of memory. It is given to call_retire. */
bool call_keep(struct engine *e, uint32_t slot, struct call *c);
void call_retire(struct engine *e, struct call *c);

#endif
