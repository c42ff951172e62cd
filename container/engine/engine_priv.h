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
    const char *file;     /* "": registered by code */
    int line;
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
    struct background *background; /* background.h */
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
struct call; /* call.h */
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
    _Atomic bool ending;   /* engine_ask_to_end */
    struct timers *timers; /* timers.h */
};

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

/* listeners.c: tells those that want to know. */
void listeners_attribute(struct app *a, const char *name, void *old_value, void *new_value);
/* registration.c: A may be changed by its hooks on this thread, until it is closed. */
void registration_open(struct app *a);
/* app_names.c: every filter-mapping's servlet is registered. */
bool app_check_names(const struct app *a, struct err *err);
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

/* records.c: whether a valve takes the record of an exchange of H and C, which may be NULL. */
bool records_taken(const struct engine *e, const struct engine_host *h, const struct context *c);
/* error_page.c: answers STATUS with a page, dropping what was written. */
void error_page(const struct engine *e, struct exchange *x, unsigned status, struct span message);
/* trace.c */
void trace_answer(const struct engine *e, struct exchange *x);

#endif
