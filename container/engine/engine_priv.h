/* SPDX-License-Identifier: Apache-2.0
 * Inside the engine room. */
#ifndef ENGINE_ENGINE_PRIV_H
#define ENGINE_ENGINE_PRIV_H
#include <cserv/module.h>

#include "base/check.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/map.h"
#include "engine/app.h"
#include "engine/engine.h"
#include "engine/error_report.h"
#include "engine/mapper.h"
#include "engine/server_modules.h"
#include "engine/service.h"
#include "http/cookie.h"
#include "http/params.h"
#include "http/response.h"
#include "loader/hazard.h"

/* ---- what serves ---- */

struct app_module {           /* one module of the generation, as this app uses it */
    struct app *app;          /* NULL: a valve's */
    struct host_module *host; /* of a server module */
    struct module *module;
    cs_ctx pub;         /* the handle its code gets */
    void *state;        /* the module's own pointer */
    struct arena arena; /* cs_ctx_alloc, cs_ctx_on_cleanup: life of the webapp */
    bool begun;         /* its init hook was called */
    bool stopped;       /* its stop hook said so */
};
struct registration { /* what servlets and filters have in common */
    const char *name;
    uint32_t module;
    struct app_param *params;
    uint32_t param_count;
    void *self;
    bool initialised;
    bool async_supported;
};
/* A hand-over to a worker costs about 20 us of CPU time: for a file of 64 KiB that is as much as the answer
 * itself. The poller role moves after 500 us, so nobody waits for longer behind such a request. */
#define SERVLET_QUICK_US 200u
struct servlet {
    struct registration reg;
    const cs_servlet *row;
    int64_t load_on_startup;
    const char *allow;                     /* value of Allow */
    _Atomic uint32_t average_us;           /* moving average of its calls; UINT32_MAX: none yet */
    _Atomic uint32_t forgive_in;           /* calls until one may take long and count for nothing */
    _Atomic uint64_t unavailable_until_us; /* UINT64_MAX: for good */
    uint32_t retry_after; /* seconds that its init named; it is unavailable for good then */
    bool init_failed;     /* 503 until the webapp is started again */
    bool disabled;        /* <enabled>false: 404 */
    const char *file;     /* where it is declared */
    int line;
    struct multipart_config multipart;
};
struct filter {
    struct registration reg;
    const cs_filter *row;
    const char *file; /* where it is declared */
    int line;
};
struct filter_mapping {
    struct filter *filter;
    struct span url_pattern; /* SPAN_NONE: by servlet name */
    struct span servlet_name;
    uint32_t dispatchers; /* CS_DISPATCH_ bits */
};
struct error_page { /* an <error-page> */
    unsigned code;
    int cs_code; /* 0: none; both 0: for what has no page of its own */
    const char *location;
};
struct listener {
    const cs_listener *row;
    uint32_t module;
    void *self;
    _Atomic bool told; /* context_initialized was called and did not fail */
};
struct ctx_attribute {
    char *name;
    void *value; /* NULL: removed; the name keeps its place */
    void (*free_fn)(void *value);
    const struct app_module *module; /* whose code free_fn is */
    uint64_t order;                  /* of the last setting */
};
struct ctx_attributes {
    struct lock lock; /* never held while module code runs */
    struct ctx_attribute *rows;
    uint32_t count, cap;
    uint64_t order;
    bool ending;
};
struct app {
    struct context *context;
    struct generation *generation;
    struct arena arena; /* everything below */
    const char *display_name, *doc_base, *server_name;
    struct app_module *modules; /* its generation's own_count, then the server's */
    uint32_t own_count, module_count;
    struct mapper *mapper;
    struct map *mimes;         /* extension in lower case: media type */
    struct servlet **servlets; /* in order of registration */
    struct filter **filters;
    struct filter_mapping **mappings;
    struct listener **listeners; /* in order of registration */
    uint32_t servlet_count, filter_count, mapping_count, listener_count;
    uint32_t servlet_cap, filter_cap, mapping_cap, listener_cap;
    struct error_page *error_pages;
    uint32_t error_page_count, error_page_cap;
    const char *request_encoding, *response_encoding; /* of web.xml; NULL: not given */
    struct map *params, *env;                         /* name to text */
    const char *temp_folder;
    bool servlets_must_start;
    bool request_listeners; /* one of the listeners is told of requests */
    struct map
        *default_patterns; /* those that only conf/web.xml maps: the webapp may take them over */
    uint32_t mapped_first; /* mappings that stand before the declared ones */
    char refusal[512];     /* why the last registration in the hook that runs was refused */
    struct ctx_attributes attributes;
};

/* ---- server modules and valves ---- */

struct host_module {      /* one server module */
    struct app_module as; /* for calls that belong to no webapp */
    cs_host pub;
    void *state;
    const char *base, *server_name;
    bool begun;
};
struct valve {
    struct registration reg;
    const cs_valve *row;
    struct host_module *module;
    struct valve *next;
    const struct engine_host *host; /* both NULL: the engine's */
    const struct context *context;
    struct valve *next_taker; /* in engine.takers */
};
struct pipeline {
    struct valve *first, *last;
    bool takes; /* one of them takes records */
};

/* ---- who is served where ---- */

struct context {
    struct engine *engine;
    struct engine_host *host;
    char *path;
    uint32_t queue;
    struct engine_share share;
    char *queue_name, *stream_name;
    _Atomic(void *) current; /* struct app */
    struct pipeline pipeline;
    const struct access_logs *logs;
    struct lock async_lock;
    struct cond async_less;
    struct list asyncs;   /* under it: those that are not over */
    uint32_t async_count; /* under it */
};
struct engine_host {
    char *name;
    const struct access_logs *logs;
    struct map *contexts; /* by path */
    struct pipeline pipeline;
    const struct error_report *report; /* NULL: the engine's */
};
#define CALLS_PER_SLOT 32u  /* so many requests later a stale handle may be somebody else's */
#define CALLS_KEPT     256u /* and so many asynchronous ones */
struct slot {
    struct call *calls[CALLS_PER_SLOT]; /* used in turn */
    uint32_t next;
};
struct engine {
    struct engine_options options;
    struct map *hosts;     /* by exact name, aliases too */
    struct map *wildcards; /* by what follows "*." */
    struct engine_host *fallback;
    const struct access_logs *logs;
    struct engine_host **all_hosts;
    struct context **contexts; /* by queue - 1 */
    uint32_t host_count, context_count;
    struct hazard *hazards; /* ENGINE_SLOTS */
    struct slot *slots;
    uint32_t slot_high;
    struct server_modules *shared; /* NULL: none */
    struct pipeline pipeline;
    const struct error_report *report; /* NULL: the plain pages */
    struct arena arena;                /* settings */
    bool has_valves;                   /* any with `invoke`, anywhere */
    struct valve *takers;              /* those with `records` */
    struct lock lock;                  /* slots, old calls */
    bool *slot_used;
    struct resting_wraps { /* handles that are dead, in the order in which they died */
        struct lock lock;
        struct wrap *oldest, *newest;
        uint32_t count;
    } resting;
    struct call
        *old_calls[CALLS_KEPT]; /* of asynchronous requests: their handles answer CS_EGONE */
    uint32_t next_old;
    _Atomic bool ending; /* engine_ask_to_end */
};

/* ---- one request ---- */

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
    struct params params;
    bool params_parsed, params_bad;
    unsigned error_status; /* cs_res_error was called */
    struct span error_message;
    struct span detail; /* cs_req_fail, or an exception's text */
    struct attributes attributes;
    /* of the calls on requests and answers below */
    bool redirected;         /* cs_res_redirect was called: nothing may follow */
    struct span res_charset; /* SPAN_NONE: none was set */
    struct cookies cookies;
    bool cookies_parsed;
    uint16_t params_status;    /* params_bad: the answer ... */
    struct span params_reason; /* ... and its sentence */
    struct span req_charset;   /* cs_req_set_charset */
    uint64_t request_number;   /* 0: nobody has asked for its id */
    struct {
        char *mem; /* of the body, read but not given out yet: by cs_req_read_line */
        size_t at, n;
    } ahead;
    struct parts *parts; /* parts.h; NULL: not read */
    bool parts_tried;
    bool body_taken; /* by cs_req_read or cs_req_read_line: no parameters or parts of it any more */
    struct span *locales;
    uint32_t locale_count;
    bool locales_parsed;
    struct head_hook *head_hooks; /* the last registered first */
    bool in_head;                 /* they run */
    uint32_t listeners_told;      /* of the app's, of this request */
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
extern const struct cs_ctx_ops ctx_ops;
extern const struct cs_config_ops config_ops;

static inline cs_str to_str(struct span s)
{
    return (cs_str){s.p, s.n};
}
static inline struct span from_str(cs_str s)
{
    return (struct span){s.ptr, s.len};
}

/* invoke.c: runs module code with its catch-all around it. */
struct guarded {       /* first member of what is passed */
    char failure[256]; /* text of an escaped exception; "" when none */
};
int module_invoke(const struct app_module *m, int (*body)(void *guarded), struct guarded *g);
/* FN(ARG) of M's code as a cleanup of ARENA. */
bool module_cleanup(const struct app_module *m, struct arena *arena, void (*fn)(void *arg),
                    void *arg);

/* FN(ARG) of M's code now; a failure is logged with what it was: WHAT. */
void module_free(const struct app_module *m, const char *what, void (*fn)(void *arg), void *arg);

/* ctx.c: a line of module code, WHO before it. A CS_E code. */
int module_log(const char *who, uint32_t level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
/* What the code of a module that is being started says on this thread, for the message when it fails. */
struct said {
    char text[500]; /* the last line of level ERROR; "" when there is none */
};
/* From now on into SAID; NULL: no longer. */
void module_listen(struct said *said);
struct config_handle {
    cs_config pub;
    const struct registration *reg;
    struct app_module *module;
};

/* listeners.c: tells those that want to know. False: one failed, which c->detail tells. */
bool listeners_begin_request(struct call *c);
/* Tells the end to those that were told the beginning; once. Before the request's cleanups. */
void listeners_end_request(struct call *c);
void listeners_attribute(struct app *a, const char *name, void *old_value, void *new_value);
/* registration.c: A may be changed by its hooks on this thread, until it is closed. */
void registration_open(struct app *a);
void registration_close(void);
int ctx_add_servlet(cs_ctx *ctx, const cs_servlet *row, uint32_t row_size);
int ctx_add_filter(cs_ctx *ctx, const cs_filter *row, uint32_t row_size);
int ctx_add_listener(cs_ctx *ctx, const cs_listener *row, uint32_t row_size);
int ctx_map_servlet(cs_ctx *ctx, cs_str servlet, cs_str urls);
int ctx_map_filter(cs_ctx *ctx, cs_str filter, cs_str urls, cs_str names, uint32_t dispatchers,
                   uint32_t where);
int ctx_set_param(cs_ctx *ctx, cs_str name, cs_str value);
/* app.c: whether PATTERN is well formed and may be given to S, which is called NAME and declared in FILE; S
 * NULL: one that is not there yet. False: err. */
bool app_pattern_is_free(const struct app *a, const struct servlet *s, const char *name,
                         const char *file, const char *pattern, struct err *err);
bool app_map_servlet(struct app *a, const char *name, const char *file, const char *const *patterns,
                     uint32_t count, struct err *err);
/* ctx_attributes.c */
void ctx_attributes_init(struct ctx_attributes *t);
/* Runs what is to free their values, the last set first; none can be set any more. */
void ctx_attributes_end(struct ctx_attributes *t);
void ctx_attributes_free(struct ctx_attributes *t);
void *ctx_attr(cs_ctx *ctx, cs_str name);
int ctx_attr_set(cs_ctx *ctx, cs_str name, void *value, void (*free_fn)(void *value));
int ctx_attr_at(cs_ctx *ctx, uint32_t i, cs_str *name, void **value);
/* ctx_files.c */
int ctx_open(cs_ctx *ctx, cs_str path);
int ctx_list(cs_ctx *ctx, cs_str path, int (*entry)(void *arg, const char *name), void *arg);

/* async_start.c: C goes through R, which may not support async. */
void call_passes(struct call *c, const struct registration *r);
int request_async_supported(cs_request *req);
cs_async *request_async_start(cs_request *req, cs_response *res, int64_t timeout_ms);

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
/* records.c: whether a valve takes the record of an exchange of H and C, which may be NULL. */
bool records_taken(const struct engine *e, const struct engine_host *h, const struct context *c);
/* chain.c: filters, then the servlet. */
int run_chain(struct call *c, cs_request *req, cs_response *res);
/* attributes.c */
void *request_attr(cs_request *req, cs_str name);
int request_attr_set(cs_request *req, cs_str name, void *value, void (*free_fn)(void *value));
int request_attr_at(cs_request *req, uint32_t i, cs_str *name, void **value);
/* error_page.c: answers STATUS with a page, dropping what was written. */
void error_page(const struct engine *e, struct exchange *x, unsigned status, struct span message);
/* trace.c */
void trace_answer(const struct engine *e, struct exchange *x);
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
