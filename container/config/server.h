/* SPDX-License-Identifier: Apache-2.0
 * server.xml as a typed model. Read by cli and deploy; the supervisor takes the listeners from it.
 * Everything lives as long as the struct server_config. */
#ifndef CONFIG_SERVER_H
#define CONFIG_SERVER_H
#include "base/buf.h"
#include "config/report.h"
#include "config/valve.h"
#include "config/xml.h"

enum { CONFIG_SOLIDUS_REJECT, CONFIG_SOLIDUS_DECODE, CONFIG_SOLIDUS_PASSTHROUGH };
enum { CONFIG_SCHEME_HTTP, CONFIG_SCHEME_HTTPS };

struct
    executor_config { /* <Executor>: thread settings by name, for the connectors of its service */
    int line;
    const char *name;
    int64_t max_threads;       /* maxThreads 200 */
    int64_t min_spare_threads; /* minSpareThreads 25 */
    int64_t max_idle_time;     /* maxIdleTime 60000 */
    int64_t max_queue_size;    /* maxQueueSize 10000 */
    struct executor_config *next;
};
struct
    connector_config { /* <Connector>; sizes in bytes, times in ms, -1 = no limit where allowed */
    int line;
    const char *address;  /* default "": all addresses, dual stack. "127.0.0.1", "::1", ... */
    int64_t port;         /* required, 0..65535; 0 = any free port, told in the log and by status */
    const char *protocol; /* "HTTP/1.1" (Tomcat's class names for it are accepted too) */
    int32_t scheme;       /* scheme http|https: what applications are told, behind a proxy */
    bool secure;          /* secure false: the same */
    const char *proxy_name;  /* proxyName "": else the server name that applications are told */
    int64_t proxy_port;      /* proxyPort 0: else the port that applications are told */
    const char *executor;    /* executor "": else the thread settings below are those of this one */
    int64_t accept_count;    /* acceptCount 4096: listen backlog */
    int64_t max_connections; /* maxConnections 8192 */
    int64_t connection_timeout;      /* connectionTimeout 20000: whole head */
    int64_t keep_alive_timeout;      /* keepAliveTimeout 60000; -1 none */
    int64_t max_keep_alive_requests; /* maxKeepAliveRequests 10000; 1 off; -1 unlimited */
    int64_t body_timeout;            /* bodyTimeout 20000: without progress */
    int64_t send_timeout;            /* sendTimeout 20000: without progress */
    int64_t body_min_rate;           /* bodyMinRate 240 bytes/s; 0 none */
    int64_t send_min_rate;           /* sendMinRate 240 bytes/s; 0 none */
    int64_t rate_window;             /* rateWindow 10000: the rates are of so long */
    int64_t max_threads;             /* maxThreads 200 */
    int64_t min_spare_threads;       /* minSpareThreads 10 */
    int64_t threads_max_idle_time;   /* threadsMaxIdleTime 60000 */
    int64_t groups;                  /* groups 0 = automatic: clamp(cores / 4, 1, 16) */
    int64_t max_queue_time;          /* maxQueueTime 30000: a request waits for a worker */
    int64_t max_queue_size;       /* maxQueueSize 10000: waiting requests per context and group */
    int64_t max_uri_size;         /* maxUriSize 8192 */
    int64_t max_http_header_size; /* maxHttpHeaderSize 8192 */
    int64_t max_http_request_header_size; /* maxHttpRequestHeaderSize; 0 was given: the former */
    int64_t max_header_count;             /* maxHeaderCount 100 */
    int64_t max_cookie_count;             /* maxCookieCount 200; -1 none */
    int64_t max_parameter_count;          /* maxParameterCount 1000; -1 none */
    int64_t max_post_size;                /* maxPostSize 2097152; -1 none */
    int64_t max_part_count;               /* maxPartCount 50; -1 none */
    int64_t max_part_header_size;         /* maxPartHeaderSize 512; -1 none */
    int64_t max_trailer_size;             /* maxTrailerSize 8192 */
    int64_t max_extension_size;           /* maxExtensionSize 8192 */
    int64_t max_swallow_size;             /* maxSwallowSize 2097152; -1 none */
    int64_t body_memory;                  /* bodyMemory 65536 */
    int64_t max_body_size;                /* maxBodySize 67108864 */
    int64_t output_memory;                /* outputMemory 65536 */
    int64_t output_spool;                 /* outputSpool 16777216 */
    const char *allowed_trailer_headers;  /* allowedTrailerHeaders "" */
    const char *relaxed_path_chars;       /* relaxedPathChars "" */
    const char *relaxed_query_chars;      /* relaxedQueryChars "" */
    int32_t encoded_solidus;              /* encodedSolidusHandling reject|decode|passthrough */
    bool reject_suspicious_uris;          /* rejectSuspiciousURIs true */
    bool allow_trace;                     /* allowTrace false */
    bool tcp_no_delay;                    /* tcpNoDelay true */
    int64_t socket_rx_buf;                /* socket.rxBufSize 0 = the system's */
    int64_t socket_tx_buf;                /* socket.txBufSize 0 = the system's */
    const char *server;                   /* server "": the Server header; "" = none is sent */
    struct connector_config *next;
};
struct context_text { /* <Parameter> or <Environment> of a context */
    const char *file;
    int line;
    bool environment; /* an env-entry, else a context parameter */
    const char *name, *value;
    const char *type; /* java.lang.String ...; "" of a Parameter */
    bool override;    /* override true: one of web.xml with this name counts, not this */
    struct context_text *next;
};
struct context_config { /* <Context> in server.xml, or the defaults for what is found in appBase */
    int line;
    const char *file;          /* server.xml or a context.xml; NULL for mere defaults */
    const char *path;          /* "" = root */
    const char *doc_base;      /* folder or .so; relative to the host's appBase */
    int64_t hook_timeout;      /* hookTimeout 30000: each of init, start, health */
    int64_t stop_timeout;      /* stopTimeout 10000 */
    int64_t max_threads_share; /* maxThreads 0 = three quarters of the connector's */
    int64_t max_streaming;     /* maxStreamingThreads 0 = a quarter of its maxThreads */
    int64_t max_queue_size;    /* maxQueueSize 0 = the connector's */
    int64_t max_queue_time;    /* maxQueueTime 0 = the connector's */
    int64_t max_body_size;     /* maxBodySize -1 = the connector's */
    int64_t body_min_rate;     /* bodyMinRate -1 = the connector's; 0 none */
    int64_t send_min_rate;     /* sendMinRate -1 = the connector's; 0 none */
    bool reserved;             /* reserved false: its requests may use the threads that are kept */
    bool override;             /* override false: conf/context.xml does not count for it */
    int32_t fail_ctx;          /* failCtxIfServletStartFails host|false|true */
    struct valve_config *valves; /* those of conf/context.xml, then its own, in order */
    struct context_text *texts;  /* the same */
    struct context_config *next;
};
struct alias_config {
    int line;
    const char *name; /* lower-cased */
    struct alias_config *next;
};
struct host_config { /* <Host> */
    int line;
    const char *name;       /* lower-cased; "*.example.org" is a wildcard */
    const char *app_base;   /* appBase "webapps"; relative to the base */
    bool create_dirs;       /* createDirs true: appBase is made when it is missing */
    bool deploy_on_startup; /* deployOnStartup true: what is found in appBase is started */
    bool deploy_xml;        /* deployXML true: false refuses webapps with a META-INF/context.xml */
    bool fail_ctx;          /* failCtxIfServletStartFails false */
    struct valve_config *valves;
    struct alias_config *aliases;
    struct context_config *contexts;
    struct host_config *next;
};
struct engine_config { /* <Engine> */
    int line;
    const char *name;
    const char *default_host; /* the name of one of the hosts, also when an alias was given */
    struct valve_config *valves;
    struct host_config *hosts;
    /* What conf/context.xml says of every context; its path and docBase are "". */
    const struct context_config *context_defaults;
};
struct service_config { /* <Service> */
    int line;
    const char *name;
    struct executor_config *executors;
    struct connector_config *connectors;
    struct engine_config engine;
    struct service_config *next;
};
struct server_config { /* <Server> */
    struct xml_doc doc;
    struct xml_doc context_doc; /* conf/context.xml, or empty */
    const char *base;           /* absolute path of CSERV_BASE */
    const char *home;           /* CSERV_HOME, for what is substituted in context.xml files */
    int64_t stop_timeout; /* <Server stopTimeout="30000">: whole orderly stop; ours, not Tomcat's */
    /* What bodies and answers of the whole process may hold: memory, disk and descriptors are not a
     * connector's. */
    int64_t max_buffered_memory; /* maxBufferedMemory 268435456 */
    int64_t max_spool;           /* maxSpool 1073741824 */
    int64_t max_spool_files;     /* maxSpoolFiles 4096 */
    int64_t min_free_disk;       /* minFreeDisk 5 percent */
    struct context_config context_defaults;
    struct service_config *services;
};

/* Reads BASE/conf/server.xml, and BASE/conf/context.xml when it is there. Checks what needs more than one
 * element: defaultHost names a host, two connectors on one address and port, two hosts or aliases of one
 * name, two contexts of one path; at least one Service, Engine and Host. ${catalina.base},
 * ${cserv.base}, ${catalina.home}, ${cserv.home} and environment variables are substituted. The valves'
 * classes are in the registry of valve.h before. False: err is the first mistake, with file:line, and
 * OUT is empty. */
bool server_config_read(struct server_config *out, const char *base, const char *home,
                        struct err *err);
/* The same, with every mistake told to REPORT. */
bool server_config_read_all(struct server_config *out, const char *base, const char *home,
                            struct config_report *report);
void server_config_free(struct server_config *c);
/* What a context found in appBase gets: the defaults of the tables, then conf/context.xml. */
void context_config_defaults(const struct engine_config *engine, struct context_config *c);

/* META-INF/context.xml of a webapp found in appBase. */
struct context_file {
    struct xml_doc doc;
    struct context_config
        context; /* over the defaults; lives as long as doc and the server_config */
};
/* BASE and HOME are what is substituted. False: OUT is empty. */
bool context_file_read(struct context_file *out, const char *file,
                       const struct engine_config *engine, const char *base, const char *home,
                       struct config_report *report);
void context_file_free(struct context_file *f);

/* Prints the effective configuration as XML that server_config_read takes again: every element with
 * every attribute's value, and before it, as a comment, where it stands and which values were not
 * given: configtest --effective. */
bool server_config_print(const struct server_config *c, struct buf *out);

#endif
