/* SPDX-License-Identifier: Apache-2.0
 * <cserv/abi.h>: what a module's file carries and what never changes. C11, C++17 and later, gcc and
 * clang. Included by <cserv/servlet.h>; nothing here is code that would be frozen into a module.
 *
 * Rules (webapps/docs, "authors"): tables and structs passed either way begin with a size and only grow
 * at the end; an unknown tail must be zero. No bit-fields, enums or #if members. */
#ifndef CSERV_ABI_H
#define CSERV_ABI_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* Pieces of syntax. clang-format would take them for code. */
/* clang-format off */
#ifdef __cplusplus
#include <exception>
#define CS_C extern "C"
#define CS_C_BEGIN extern "C" {
#define CS_C_END }
#define CS_ASSERT(condition) static_assert(condition, #condition)
#define CS_0 = {} /* default member value: partly initialised rows stay free of warnings */
#else
#define CS_C
#define CS_C_BEGIN
#define CS_C_END
#define CS_ASSERT(condition) _Static_assert(condition, #condition)
#define CS_0
#endif
#define CS_LIT(text) {(text), sizeof(text) - 1}
/* clang-format on */

/* How the module was built; a server refuses flags that it does not have itself. */
#define CS_FLAG_ASAN 1u
#define CS_FLAG_TSAN 2u
/* In the note: a server module (CS_MODULE), which belongs into modules/. */
#define CS_FLAG_SERVER 0x100u
#if defined(__SANITIZE_ADDRESS__)
#define CS_FLAGS_BUILD_ CS_FLAG_ASAN
#elif defined(__SANITIZE_THREAD__)
#define CS_FLAGS_BUILD_ CS_FLAG_TSAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CS_FLAGS_BUILD_ CS_FLAG_ASAN
#elif __has_feature(thread_sanitizer)
#define CS_FLAGS_BUILD_ CS_FLAG_TSAN
#endif
#endif
#ifndef CS_FLAGS_BUILD_
#define CS_FLAGS_BUILD_ 0u
#endif

/* 0: the ABI still moves and CS_ABI_HASH (of abi.def and the structs below) must be equal. From 1 on:
 * major equal, the module's minor not above the server's. */
#define CS_ABI_MAJOR     0u
#define CS_ABI_MINOR_MAX 3u
#ifndef CS_ABI_MINOR /* may be defined before the include, to build for an older server */
#define CS_ABI_MINOR CS_ABI_MINOR_MAX
#endif
#define CS_ABI_HASH 0xb7c0443au

CS_C_BEGIN

/* Bytes with a length. ptr[len] is always 0 in what the container gives; ptr NULL means absent, len 0
 * with a ptr means empty. */
typedef struct cs_str {
    const char *ptr;
    size_t len;
} cs_str; /* a constant one: CS_LIT("text") */

/* What callbacks return and calls answer: 0 is done; a positive value is a bug and is logged as one. */
#define CS_OK     0
#define CS_EFAIL  (-1) /* failed; cs_req_fail() adds the sentence */
#define CS_EGONE  (-2) /* client or request is gone: silent, never counted against a webapp */
#define CS_ESTATE (-3) /* not now: for example a header after the first byte of the body was sent */
#define CS_EAGAIN (-4) /* not yet: from a stop hook, and of a body that still comes */
#define CS_ELIMIT (-5) /* more than a limit or the announced length allows */
#define CS_EINVAL (-6) /* an argument, or what the client sent, is malformed */
#define CS_ENOMEM (-7) /* out of memory */
#define CS_ENOENT (-8) /* no such element */
#define CS_E_LAST (-4095)
/* From init or a service callback: this servlet is unavailable for SECONDS (503 with Retry-After), for
 * good with 0 (404). At most 16777215. */
#define CS_UNAVAILABLE(seconds) (-(0x1000000 + (0xffffff & (int32_t)(seconds))))

typedef struct cs_request cs_request;
typedef struct cs_response cs_response;
typedef struct cs_ctx cs_ctx;
typedef struct cs_config cs_config;
typedef struct cs_chain cs_chain;
typedef struct cs_host cs_host;
typedef struct cs_part cs_part;
typedef struct cs_async cs_async;
typedef struct cs_thread cs_thread;
typedef struct cs_timer cs_timer;

/* The ELF note ".note.cserv", checked in the file before any code of it runs. */
struct cs_note {
    uint32_t namesz, descsz, type;
    char owner[8];
    uint32_t abi_major, abi_minor, abi_hash, flags;
    char name[64], version[32];
};
CS_ASSERT(sizeof(struct cs_note) == 132);
#define CS_NOTE_TYPE            1u
#define CS_NOTE_TYPE_ATTRIBUTES 2u /* CS_ATTRIBUTES: terminated text, read without running code */

/* A cookie for cs_res_cookie(), since minor 3: {.size = sizeof(cs_cookie), .name = "n", .value = "v", ...}.
 * What is 0 or NULL is left out, so by itself a cookie lives until the client ends. */
#define CS_SAME_SITE_NONE   1u
#define CS_SAME_SITE_LAX    2u
#define CS_SAME_SITE_STRICT 3u
typedef struct cs_cookie {
    uint32_t size CS_0;        /* sizeof(cs_cookie) */
    uint32_t same_site CS_0;   /* CS_SAME_SITE_...; 0: what the client takes for the default */
    const char *name CS_0;     /* a token */
    const char *value CS_0;    /* cookie-octets, with quotes around them or not; NULL: empty */
    const char *path CS_0;     /* NULL: that of the request */
    const char *domain CS_0;   /* a host name, without a dot before it; NULL: this host only */
    int64_t max_age CS_0;      /* seconds from now; negative: the client forgets it at once */
    int64_t expires CS_0;      /* seconds since 1970; beside max_age only for old clients */
    uint32_t secure CS_0;      /* 1: only over https */
    uint32_t http_only CS_0;   /* 1: not for scripts */
    uint32_t partitioned CS_0; /* 1: one for each site that embeds this one; wants secure */
    uint32_t reserved CS_0;    /* 0 */
} cs_cookie;

typedef struct cs_param { /* one init parameter */
    const char *name CS_0, *value CS_0;
} cs_param;
struct cs_params {
    const cs_param *rows CS_0;
    uint32_t count CS_0, row_size CS_0;
};

typedef int (*cs_service_fn)(cs_request *req, cs_response *res);

/* What an asynchronous request is told, since minor 3: see cs_async_listen. Each may be NULL; each runs on a
 * thread of the container, never two at a time for one request, and may use cs_async_enter at once. */
typedef struct cs_async_listener {
    uint32_t size CS_0, reserved CS_0; /* sizeof(cs_async_listener), 0 */
    /* It is over; the request's handles are still valid, its cleanups run afterwards. */
    void (*on_complete)(cs_async *async, void *self) CS_0;
    /* Its time is over. When no listener completes or dispatches it now, on_error follows. */
    void (*on_timeout)(cs_async *async, void *self) CS_0;
    /* CODE: CS_ELIMIT timed out, CS_EGONE the client left or the server ends it, else what the servlet
     * returned. When no listener completes or dispatches it now, it is answered with an error page (or cut
     * off, when the answer has begun), and completed. */
    void (*on_error)(cs_async *async, int code, void *self) CS_0;
    /* The server stops, or the webapp is to end: complete it soon, or it will be ended. */
    void (*on_stop)(cs_async *async, void *self) CS_0;
    /* It was started again, in a dispatch: the last call of this listener; listen again to hear more. */
    void (*on_start)(cs_async *async, void *self) CS_0;
} cs_async_listener;

/* In cs_servlet.flags, since minor 2: a request with a body is served as soon as its head has come, and
 * cs_req_read() waits for the body while it comes: nothing of it is collected in memory or on disk. At most
 * maxStreamingThreads such requests of a webapp run at the same time, the others wait. Without it a request
 * is served when its body is complete, and cs_req_read() waits for no client. */
#define CS_STREAMING 1u
/* In cs_servlet.flags and cs_filter.flags, since minor 3: what web.xml calls async-supported; web.xml's word
 * counts where it has one. */
#define CS_ASYNC 2u

/* How a request came to a filter or servlet, since minor 3. */
#define CS_DISPATCH_REQUEST 1u /* from the client */
#define CS_DISPATCH_FORWARD 2u
#define CS_DISPATCH_INCLUDE 4u
#define CS_DISPATCH_ERROR   8u
#define CS_DISPATCH_ASYNC   16u

/* Limits of a multipart/form-data body, of one servlet; copied. Since minor 3. */
typedef struct cs_multipart {
    uint32_t size CS_0, reserved CS_0; /* sizeof(cs_multipart), 0 */
    const char *location CS_0;         /* folder for its files; NULL: the webapp's temporary one */
    /* Bytes; 0 or less: no limit. */
    int64_t max_file_size CS_0, max_request_size CS_0;
    int64_t file_size_threshold CS_0; /* bytes: larger files go to disk; up to 8 KiB never do */
} cs_multipart;

/* One servlet. The same row may be registered several times by web.xml; `init` runs for each, before
 * the first request, and `*self` is what cs_req_self() gives its calls. Calls run on many threads at
 * once. A method that is not set answers 405 with Allow; HEAD is made from get; OPTIONS is answered
 * with Allow. `service` replaces all of them and gets every other method that the server knows, as PROPFIND, but
 * not TRACE and CONNECT; one that it does not know is answered 501 without a servlet. */
typedef struct cs_servlet {
    const char *name CS_0;
    /* Blanks between: "/hello /greet/x *.txt"; NULL: web.xml maps it. */
    const char *url_patterns CS_0;
    /* Order of init: ascending; 0 first; negative: after all others. */
    int32_t load_on_startup CS_0;
    uint32_t flags CS_0; /* CS_STREAMING, CS_ASYNC */
    int (*init)(cs_config *config, void **self) CS_0;
    void (*destroy)(cs_ctx *ctx, void *self) CS_0;
    cs_service_fn service CS_0, get CS_0, head CS_0, post CS_0, put CS_0, del CS_0, patch CS_0,
        options CS_0;
    /* Seconds since 1970 or -1; lets GET answer 304 to If-Modified-Since. */
    int64_t (*last_modified)(cs_request *req) CS_0;
    struct cs_params params CS_0;
    /* Server modules only: further class names that web.xml may use, blanks between. */
    const char *aliases CS_0;
    const cs_multipart *multipart CS_0; /* NULL: none. Since minor 3 */
} cs_servlet;
struct cs_servlets {
    const cs_servlet *rows CS_0;
    uint32_t count CS_0, row_size CS_0;
};

/* One filter: calls cs_chain_next() to go on, or answers itself. */
typedef struct cs_filter {
    const char *name CS_0;
    const char *url_patterns CS_0;  /* blanks between */
    const char *servlet_names CS_0; /* blanks between */
    uint32_t flags CS_0;            /* CS_ASYNC */
    /* CS_DISPATCH_ bits, for all its mappings; 0: CS_DISPATCH_REQUEST. Since minor 3. */
    uint32_t dispatchers CS_0;
    int (*init)(cs_config *config, void **self) CS_0;
    void (*destroy)(cs_ctx *ctx, void *self) CS_0;
    int (*filter)(cs_request *req, cs_response *res, cs_chain *chain, void *self) CS_0;
    struct cs_params params CS_0;
    const char *aliases CS_0; /* as of cs_servlet */
} cs_filter;
struct cs_filters {
    const cs_filter *rows CS_0;
    uint32_t count CS_0, row_size CS_0;
};

/* Told when the webapp starts (before filters and servlets: those that web.xml names first, in its order, then
 * the others in the order of the rows) and after it has stopped (in reverse). A context_initialized that fails
 * fails the webapp. */
typedef struct cs_listener {
    const char *name CS_0;
    uint32_t flags CS_0, reserved CS_0; /* 0 */
    int (*context_initialized)(cs_ctx *ctx, void **self) CS_0;
    void (*context_destroyed)(cs_ctx *ctx, void *self) CS_0;
    /* Since minor 3. Around each request that comes from outside to this webapp, on the thread that runs it: in
     * that order before its filters, in reverse after its answer and error page, before its cleanups and
     * attributes are freed, also when it failed. A request_initialized that does not return CS_OK is
     * answered with 500, without filters and servlet; those told before it are told the end. */
    int (*request_initialized)(cs_request *req, void *self) CS_0;
    void (*request_destroyed)(cs_request *req, void *self) CS_0;
    /* Since minor 3. After cs_ctx_attr_set, on the thread that called it, before the old value is freed. OLD_VALUE
     * NULL: added; NEW_VALUE NULL: removed. Not when attributes end with the webapp. */
    void (*context_attribute_changed)(cs_ctx *ctx, const char *name, void *old_value,
                                      void *new_value, void *self) CS_0;
} cs_listener;
struct cs_listeners {
    const cs_listener *rows CS_0;
    uint32_t count CS_0, row_size CS_0;
};

/* In cs_record.flags. */
#define CS_RECORD_ABORTED 1u /* the answer is incomplete: close_reason tells why */
#define CS_RECORD_REFUSED 2u /* answered by the protocol: no valve and no servlet saw the request */
#define CS_RECORD_KEPT    4u /* the connection stays open for the next request */
#define CS_RECORD_SECURE  8u /* the client's side is protected */
/* What is known of one exchange that is over (its last byte was handed to the kernel, or it was given up),
 * for cs_valve.records. Since minor 3. Texts and row are the container's and valid until the callback
 * returns; ptr NULL means not known; of more than 8191 bytes the first ones are told. What a client sent is
 * as it came: escape it before it is printed. */
typedef struct cs_record {
    uint32_t size; /* bytes of this struct that the server knows */
    uint32_t flags CS_0;
    uint32_t status CS_0; /* 0: no answer was begun */
    uint32_t reserved CS_0;
    int64_t started_us CS_0; /* first byte of the request seen: microseconds since 1970 (UTC) */
    /* Microseconds after started_us; -1: it did not come to that. */
    int64_t ready_us CS_0;                 /* the request was complete, or a streaming one's head */
    int64_t taken_us CS_0;                 /* a worker took it */
    int64_t committed_us CS_0;             /* the first byte of the answer was handed out */
    int64_t served_us CS_0;                /* the servlet returned */
    int64_t ended_us CS_0;                 /* it was over */
    int64_t bytes_in CS_0, bytes_out CS_0; /* of the bodies, without framing */
    uint64_t connection CS_0;              /* its number, unique in the process */
    cs_str method CS_0, uri CS_0, query CS_0; /* as sent; the query without '?' */
    cs_str protocol CS_0;                     /* "HTTP/1.1" */
    cs_str scheme CS_0, host CS_0;            /* as valves left them; the host without port */
    cs_str remote_addr CS_0;                  /* as valves left it */
    cs_str peer_addr CS_0;                    /* the other end of the socket */
    cs_str context_path CS_0;                 /* "" of the root webapp; not known: no webapp's */
    cs_str servlet CS_0;                      /* name of the registration that was called */
    cs_str user_agent CS_0, referer CS_0;
    cs_str close_reason CS_0; /* with CS_RECORD_ABORTED: as in `cserv status`, "send_timeout" */
} cs_record;

/* One valve of a server module: sees every request of the Engine, Host or Context that names it in
 * server.xml or context.xml, before filters and servlet. `init` runs for each <Valve>, once at start;
 * cs_config_param() gives its attributes, checked, with their defaults. `invoke` runs on many threads at
 * once; it calls cs_chain_next() to go on, or answers itself. There is no webapp in a valve: cs_req_ctx()
 * and cs_config_ctx() are NULL. A row has `invoke`, `records` or both. */
typedef struct cs_valve {
    const char *name CS_0;              /* <Valve className="name"> */
    const char *aliases CS_0;           /* further class names, blanks between */
    const char *attributes CS_0;        /* CS_ATTRIBUTE()s, the same text as in CS_ATTRIBUTES */
    uint32_t flags CS_0, reserved CS_0; /* 0 */
    int (*init)(cs_config *config, void **self) CS_0;
    void (*destroy)(cs_host *host, void *self) CS_0;
    int (*invoke)(cs_request *req, cs_response *res, cs_chain *chain, void *self) CS_0;
    /* Since minor 3: COUNT exchanges that are over, ROW_SIZE bytes from one row to the next: use
     * cs_record_at(). Those of the Engine, Host or Context that names the valve, each once, in the order of
     * their ends, at most a second later. Runs on a worker, for each group of a connector at most once at
     * the same time, so on several threads; a slow one delays no request, but while 4096 records (or 4 MiB
     * of text) wait in its group further ones are dropped, counted (records_lost) and told of in the log.
     * What is not delivered at the end of the server comes before destroy. A result other than 0 is
     * logged, nothing else. */
    int (*records)(const cs_record *rows, uint32_t count, uint32_t row_size, void *self) CS_0;
} cs_valve;
struct cs_valves {
    const cs_valve *rows CS_0;
    uint32_t count CS_0, row_size CS_0;
};

/* What cs_module_describe of a server module returns; made by CS_MODULE. Loaded from modules/ before any
 * webapp, never unloaded. init runs once at start, destroy at the server's end. Its servlets and filters
 * serve the webapps whose web.xml (or conf/web.xml) names them as a class: there they are initialised
 * with that webapp's cs_ctx. url_patterns and load_on_startup of their rows are not used. */
typedef struct cs_server_module {
    uint32_t size CS_0, abi_minor CS_0;
    const char *fields CS_0;
    int (*invoke)(int (*body)(void *arg), void *arg,
                  void (*failed)(void *arg, const char *text)) CS_0;
    uint32_t kind CS_0;  /* CS_FLAG_SERVER of a server module, else 0: set by the macro */
    uint32_t flags CS_0; /* 0 */
    int (*init)(cs_host *host) CS_0;
    void (*destroy)(cs_host *host) CS_0;
    struct cs_servlets servlets CS_0;
    struct cs_filters filters CS_0;
    struct cs_valves valves CS_0;
} cs_server_module;

/* What cs_module_describe returns; made by CS_WEBAPP. Hooks may be NULL and run on the webapp's own
 * life-cycle thread, each within hookTimeout: init, (listeners, filters, servlets), start, health; then
 * requests; then stop until it returns other than CS_EAGAIN, (servlets, filters, listeners), destroy.
 * stop and destroy also run for a module whose init or start failed: they find what it left. */
typedef struct cs_module {
    uint32_t size CS_0, abi_minor CS_0;
    const char *fields CS_0; /* the initialisers as written: names what a server does not know */
    /* NULL in C. In C++ runs BODY(ARG) and hands the text of an escaped exception to FAILED. */
    int (*invoke)(int (*body)(void *arg), void *arg,
                  void (*failed)(void *arg, const char *text)) CS_0;
    uint32_t kind CS_0;  /* CS_FLAG_SERVER of a server module, else 0: set by the macro */
    uint32_t flags CS_0; /* 0 */
    int (*init)(cs_ctx *ctx) CS_0;
    int (*start)(cs_ctx *ctx) CS_0;
    int (*health)(cs_ctx *ctx) CS_0;
    int (*stop)(cs_ctx *ctx, uint32_t attempt) CS_0;
    void (*destroy)(cs_ctx *ctx) CS_0;
    struct cs_servlets servlets CS_0;
    struct cs_filters filters CS_0;
    struct cs_listeners listeners CS_0;
} cs_module;

#if UINTPTR_MAX > 0xffffffffu
CS_ASSERT(sizeof(cs_str) == 16);
CS_ASSERT(sizeof(cs_multipart) == 40);
CS_ASSERT(sizeof(cs_servlet) == 144);
CS_ASSERT(offsetof(cs_servlet, service) == 40);
CS_ASSERT(sizeof(cs_filter) == 80);
CS_ASSERT(sizeof(cs_listener) == 56);
CS_ASSERT(offsetof(cs_module, servlets) == 72);
CS_ASSERT(sizeof(cs_module) == 120);
CS_ASSERT(sizeof(cs_valve) == 64);
CS_ASSERT(offsetof(cs_valve, records) == 56);
CS_ASSERT(offsetof(cs_record, method) == 88);
CS_ASSERT(sizeof(cs_record) == 296);
CS_ASSERT(sizeof(cs_cookie) == 72);
CS_ASSERT(sizeof(cs_server_module) == 96);
#endif

#define CS_ROWS(array)                                                                        \
    {                                                                                         \
        (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0]) \
    }

CS_C_END

#ifdef __cplusplus
/* An exception must not cross the container's frames. */
static inline int cs_invoke_(int (*body)(void *), void *arg, void (*failed)(void *, const char *))
{
    try {
        return body(arg);
    } catch (const std::exception &e) {
        failed(arg, e.what());
    } catch (...) {
        failed(arg, "an exception that is not a std::exception");
    }
    return CS_EFAIL;
}
#define CS_INVOKE_ cs_invoke_
#else
#define CS_INVOKE_ NULL
#endif

/* Declares the module, once per .so: CS_WEBAPP("name", "version", .servlets = CS_ROWS(rows), ...).
 * NAME at most 63 bytes, VERSION 31; both string literals. */
#ifdef __clang__ /* its address sanitizer would pad the note */
#define CS_NOTE_PLAIN_ no_sanitize("address"),
#else
#define CS_NOTE_PLAIN_
#endif
/* clang-format off */
#define CS_DECLARE_(TYPE, FLAGS, NAME, VERSION, ...)                                               \
    CS_ASSERT(sizeof(NAME) <= 64 && sizeof(VERSION) <= 32);                                        \
    static const struct cs_note cs_note_                                                           \
        __attribute__((CS_NOTE_PLAIN_ section(".note.cserv"), used, aligned(4))) =                 \
        {6,            sizeof(struct cs_note) - 20, CS_NOTE_TYPE,              "cserv", CS_ABI_MAJOR, \
         CS_ABI_MINOR, CS_ABI_HASH,                 CS_FLAGS_BUILD_ | (FLAGS), NAME,    VERSION};  \
    CS_C __attribute__((visibility("default"))) const TYPE *cs_module_describe(void);              \
    CS_C const TYPE *cs_module_describe(void)                                                      \
    {                                                                                              \
        static const TYPE module_ = {.size = sizeof(TYPE),                                         \
                                     .abi_minor = CS_ABI_MINOR,                                    \
                                     .fields = #__VA_ARGS__,                                       \
                                     .invoke = CS_INVOKE_,                                         \
                                     .kind = (FLAGS),                                              \
                                     __VA_ARGS__};                                                 \
        return &module_;                                                                           \
    }
#define CS_WEBAPP(NAME, VERSION, ...) CS_DECLARE_(cs_module, 0u, NAME, VERSION, __VA_ARGS__)
/* The same for a server module: CS_MODULE("remoteip", "1.0.0", .valves = CS_ROWS(rows)). */
#define CS_MODULE(NAME, VERSION, ...)                                                              \
    CS_DECLARE_(cs_server_module, CS_FLAG_SERVER, NAME, VERSION, __VA_ARGS__)

/* One attribute of a valve, all string literals. TYPE: "text", "bool", "int", "cidrs". RANGE: "1..65535" of an
 * int, "a|b|c" of a text that is one of these, else "". FALLBACK: its default, "" for none. */
#define CS_ATTRIBUTE(NAME, TYPE, RANGE, FALLBACK, DOC)                                             \
    "attribute\t" NAME "\t" TYPE "\t" RANGE "\t" FALLBACK "\t" DOC "\n"
#define CS_ATTRIBUTES_OF(NAME, ALIASES) "valve\t" NAME "\t" ALIASES "\n"
/* Writes the attributes of a module's valves into its file, so that `cserv configtest` can check them
 * without running its code. Once per server module with valves:
 * CS_ATTRIBUTES(CS_ATTRIBUTES_OF("remoteip", "org.apache...") REMOTEIP_ATTRIBUTES). */
#define CS_ATTRIBUTES(TEXT)                                                                        \
    static const struct {                                                                          \
        uint32_t namesz, descsz, type;                                                             \
        char owner[8], text[sizeof(TEXT)];                                                         \
    } cs_attributes_ __attribute__((CS_NOTE_PLAIN_ section(".note.cserv"), used, aligned(4))) =    \
        {6, sizeof(TEXT), CS_NOTE_TYPE_ATTRIBUTES, "cserv", TEXT};
/* clang-format on */
#endif
