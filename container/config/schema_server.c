/* SPDX-License-Identifier: Apache-2.0
 * The tables of server.xml: the one place that knows which elements and attributes there are, their
 * ranges, their defaults and what they are for. Used by server.c (reading), server_print.c
 * (configtest --effective) and the generator of the configuration reference. */
#include <stddef.h>

#include "base/check.h"
#include "config/server_priv.h"
#include "config/tomcat_names.h"

#define INT_LIMIT  INT32_MAX /* the largest value a Tomcat file can hold */
#define SIZE_LIMIT (INT64_C(1) << 50)
#define PORT_MAX   65535

#define TEXT(owner, attribute, member, fallback, text)                                           \
    {                                                                                            \
        attribute, SCHEMA_STRING, fallback, 0, 0, NULL, offsetof(struct owner, member), "", text \
    }
#define NUMBER(owner, attribute, member, fallback, min, max, unit, text)                       \
    {                                                                                          \
        attribute, SCHEMA_INT, fallback, min, max, NULL, offsetof(struct owner, member), unit, \
            text                                                                               \
    }
#define SWITCH(owner, attribute, member, fallback, text)                                       \
    {                                                                                          \
        attribute, SCHEMA_BOOL, fallback, 0, 0, NULL, offsetof(struct owner, member), "", text \
    }
#define CHOICE(owner, attribute, member, fallback, choices, text)                                 \
    {                                                                                             \
        attribute, SCHEMA_ENUM, fallback, 0, 0, choices, offsetof(struct owner, member), "", text \
    }

static const struct schema_attribute server_attributes[] = {
    NUMBER(server_config, "stopTimeout", stop_timeout, "30000", 0, INT_LIMIT, "ms",
           "How long an orderly stop may take before what is left is cut off."),
    NUMBER(server_config, "maxBufferedMemory", max_buffered_memory, "268435456", 0, SIZE_LIMIT,
           "bytes",
           "Memory that bodies and answers hold in all; a quarter stays for other applications."),
    NUMBER(server_config, "maxSpool", max_spool, "1073741824", 0, SIZE_LIMIT, "bytes",
           "Size of all temporary files of bodies and answers; a quarter stays for other "
           "applications."),
    NUMBER(server_config, "maxSpoolFiles", max_spool_files, "6144", 0, 1000000, "",
           "Number of these temporary files; a quarter stays for other applications."),
    NUMBER(server_config, "minFreeDisk", min_free_disk, "5", 0, 99, "percent",
           "How much of the temp folder's disk is left free by them."),
};

static const struct schema_attribute service_attributes[] = {
    TEXT(service_config, "name", name, "Catalina", "The name of the service in logs and reports."),
};

static const struct schema_attribute executor_attributes[] = {
    TEXT(executor_config, "name", name, NULL, "The name that Connectors call it by."),
    NUMBER(executor_config, "maxThreads", max_threads, "200", 1, 10000, "",
           "maxThreads of each Connector that names it."),
    NUMBER(executor_config, "minSpareThreads", min_spare_threads, "25", 1, 10000, "",
           "minSpareThreads of each Connector that names it."),
    NUMBER(executor_config, "maxIdleTime", max_idle_time, "60000", 1, INT_LIMIT, "ms",
           "threadsMaxIdleTime of each Connector that names it."),
    NUMBER(executor_config, "maxQueueSize", max_queue_size, "10000", 1, INT_LIMIT, "",
           "maxQueueSize of each Connector that names it."),
};

/* In the order of CONFIG_SCHEME_..., CONFIG_SOLIDUS_... */
static const char *const scheme_choices[] = {"http", "https", NULL};
static const char *const solidus_choices[] = {"reject", "decode", "passthrough", NULL};

#define C_TEXT(...)   TEXT(connector_config, __VA_ARGS__)
#define C_NUMBER(...) NUMBER(connector_config, __VA_ARGS__)
#define C_SWITCH(...) SWITCH(connector_config, __VA_ARGS__)
static const struct schema_attribute connector_attributes[] = {
    C_TEXT("address", address, "", "The IP address to listen on; empty means all of them."),
    C_NUMBER("port", port, NULL, 0, PORT_MAX, "",
             "The TCP port to listen on; 0 takes any free one and tells it in the log."),
    C_TEXT("protocol", protocol, "HTTP/1.1", "The protocol spoken; HTTP/1.1 is the only one."),
    CHOICE(connector_config, "scheme", scheme, "http", scheme_choices,
           "The scheme that applications are told: https behind a proxy that does TLS."),
    C_SWITCH("secure", secure, "false",
             "Whether applications are told that the request came over a secure channel."),
    C_TEXT("proxyName", proxy_name, "",
           "The server name that applications are told; empty: that of the request."),
    C_NUMBER("proxyPort", proxy_port, "0", 0, PORT_MAX, "",
             "The server port that applications are told; 0: that of the request."),
    C_TEXT("executor", executor, "",
           "The name of the Executor whose settings replace maxThreads, minSpareThreads, "
           "threadsMaxIdleTime and maxQueueSize."),
    C_NUMBER("acceptCount", accept_count, "4096", 1, PORT_MAX, "",
             "Connections the kernel holds back before they are accepted; at most "
             "net.core.somaxconn. Whoever "
             "comes when it is full tries again after a second."),
    C_NUMBER("maxConnections", max_connections, "8192", 1, 1000000, "",
             "Connections open at one time."),
    C_NUMBER("connectionTimeout", connection_timeout, "20000", 1, INT_LIMIT, "ms",
             "How long the whole head of a request may take."),
    C_NUMBER("keepAliveTimeout", keep_alive_timeout, "60000", -1, INT_LIMIT, "ms",
             "How long a connection may wait for its next request; -1 or 0: without end."),
    C_NUMBER("maxKeepAliveRequests", max_keep_alive_requests, "10000", -1, INT_LIMIT, "",
             "Requests on one connection; 1: no keep-alive, -1 or 0: unlimited."),
    C_NUMBER("bodyTimeout", body_timeout, "20000", 1, INT_LIMIT, "ms",
             "How long a request body may make no progress."),
    C_NUMBER("sendTimeout", send_timeout, "20000", 1, INT_LIMIT, "ms",
             "How long a client may take nothing of a pending response."),
    C_NUMBER(
        "bodyMinRate", body_min_rate, "240", 0, INT_LIMIT, "bytes/s",
        "How fast a request body must come, over each rateWindow; 0: only bodyTimeout counts."),
    C_NUMBER("sendMinRate", send_min_rate, "240", 0, INT_LIMIT, "bytes/s",
             "How fast a client must take a pending response, over each rateWindow; 0: only "
             "sendTimeout counts."),
    C_NUMBER("rateWindow", rate_window, "10000", 100, INT_LIMIT, "ms",
             "The time over which bodyMinRate and sendMinRate are measured, the grace at the start "
             "included."),
    C_NUMBER("maxThreads", max_threads, "200", 1, 10000, "", "Worker threads at most."),
    C_NUMBER("minSpareThreads", min_spare_threads, "10", 1, 10000, "",
             "Worker threads kept alive; never more than maxThreads."),
    C_NUMBER("threadsMaxIdleTime", threads_max_idle_time, "60000", 1, INT_LIMIT, "ms",
             "How long a worker beyond minSpareThreads may be idle."),
    C_NUMBER("groups", groups, "0", 0, 256, "",
             "Groups of one poller and its workers; 0: a quarter of the cores, 1 to 16."),
    C_NUMBER("maxQueueSize", max_queue_size, "10000", 1, INT_LIMIT, "",
             "Requests that may wait for a worker, per context and group."),
    C_NUMBER("maxQueueTime", max_queue_time, "30000", 1, INT_LIMIT, "ms",
             "How long a request may wait for a worker; when one has waited half of it, the newest "
             "goes first."),
    C_NUMBER("maxUriSize", max_uri_size, "8192", 1, 16777216, "bytes",
             "The longest request target."),
    C_NUMBER("maxHttpHeaderSize", max_http_header_size, "8192", 1, 16777216, "bytes",
             "The largest head of a request, request line included."),
    C_NUMBER("maxHttpRequestHeaderSize", max_http_request_header_size, "0", 0, 16777216, "bytes",
             "The same, and stronger where both are given; 0: as maxHttpHeaderSize."),
    C_NUMBER("maxHeaderCount", max_header_count, "100", 1, 10000, "",
             "Header fields of a request."),
    C_NUMBER("maxCookieCount", max_cookie_count, "200", -1, INT_LIMIT, "",
             "Cookies of a request; -1: any number."),
    C_NUMBER("maxParameterCount", max_parameter_count, "1000", -1, INT_LIMIT, "",
             "Parameters of a request, from its query and its form together; -1: any number."),
    C_NUMBER("maxPostSize", max_post_size, "2097152", -1, INT_LIMIT, "bytes",
             "The largest form body that is parsed into parameters; -1: any."),
    C_NUMBER("maxPartCount", max_part_count, "50", -1, INT_LIMIT, "",
             "Parts of a multipart request; -1: any number."),
    C_NUMBER("maxPartHeaderSize", max_part_header_size, "512", -1, INT_LIMIT, "bytes",
             "The fields of one part together; -1: any."),
    C_NUMBER("maxTrailerSize", max_trailer_size, "8192", 0, 16777216, "bytes",
             "All trailer fields of a request together."),
    C_NUMBER("maxExtensionSize", max_extension_size, "8192", 0, 16777216, "bytes",
             "All chunk extensions of a request together."),
    C_NUMBER("maxSwallowSize", max_swallow_size, "2097152", -1, INT_LIMIT, "bytes",
             "Unread body that is drained in order to keep the connection; -1: any."),
    C_NUMBER("bodyMemory", body_memory, "65536", 0, 1073741824, "bytes",
             "Request body that is held in memory; more goes to a temporary file."),
    C_NUMBER("maxBodySize", max_body_size, "67108864", 0, SIZE_LIMIT, "bytes",
             "The largest request body."),
    C_NUMBER("outputMemory", output_memory, "65536", 1024, 1073741824, "bytes",
             "Response that is held in memory for a client slower than its servlet."),
    C_NUMBER("outputSpool", output_spool, "16777216", 0, SIZE_LIMIT, "bytes",
             "More of it goes to temporary files; beyond that the servlet waits for the client."),
    C_TEXT("allowedTrailerHeaders", allowed_trailer_headers, "",
           "Trailer fields that webapps may see, commas between; the others are dropped."),
    C_TEXT("relaxedPathChars", relaxed_path_chars, "",
           "Characters taken in a path although they should be encoded."),
    C_TEXT("relaxedQueryChars", relaxed_query_chars, "",
           "Characters taken in a query although they should be encoded."),
    CHOICE(connector_config, "encodedSolidusHandling", encoded_solidus, "reject", solidus_choices,
           "What happens to %2F in a path: 400, decoded to a slash, or left encoded."),
    C_SWITCH("rejectSuspiciousURIs", reject_suspicious_uris, "true",
             "Answers 400 to paths that the servlet specification calls suspicious."),
    C_SWITCH("allowTrace", allow_trace, "false", "Lets the method TRACE through."),
    C_SWITCH("tcpNoDelay", tcp_no_delay, "true", "Sets TCP_NODELAY on connections."),
    C_NUMBER("socket.rxBufSize", socket_rx_buf, "0", 0, INT_LIMIT, "bytes",
             "The socket's receive buffer; 0: the system's default."),
    C_NUMBER("socket.txBufSize", socket_tx_buf, "0", 0, INT_LIMIT, "bytes",
             "The socket's send buffer; 0: the system's default."),
    C_TEXT("server", server, "", "The Server header of responses; empty: none is sent."),
};
static const struct schema_fixed connector_fixed[] = {
    {"SSLEnabled", "false", "TLS is not built yet, and requests must not go unencrypted instead"},
    {"unixDomainSocketPath", "",
     "a TCP port would be open to others than the socket's permissions let in"},
};

static const struct schema_attribute engine_attributes[] = {
    TEXT(engine_config, "name", name, "Catalina", "The name of the engine in logs and reports."),
    TEXT(engine_config, "defaultHost", default_host, NULL,
         "The host that answers for names no host has."),
};

static const struct schema_attribute host_attributes[] = {
    TEXT(host_config, "name", name, NULL,
         "The host's name, or *.domain for all names one label longer."),
    TEXT(host_config, "appBase", app_base, "webapps",
         "The folder of the host's applications, relative to the base."),
    SWITCH(host_config, "createDirs", create_dirs, "true", "Makes appBase when it is missing."),
    SWITCH(host_config, "deployOnStartup", deploy_on_startup, "true",
           "Starts what is found in appBase; false: only the Contexts of this file."),
    SWITCH(host_config, "deployXML", deploy_xml, "true",
           "Reads META-INF/context.xml of applications; false: those that have one are refused."),
    SWITCH(host_config, "failCtxIfServletStartFails", fail_ctx, "false",
           "Whether an application with a servlet whose init fails does not start; false: that "
           "servlet answers 503."),
};
static const struct schema_fixed host_fixed[] = {
    {"deployIgnore", "", "applications that were to be left out would be deployed"},
};

static const struct schema_fixed context_fixed[] = {
    {"altDDName", "", "the descriptor that it names may protect, and nothing is served without it"},
};

static const char *const fail_ctx_choices[] = {"host", "false", "true", NULL};
static const struct schema_attribute context_attributes[] = {
    TEXT(context_config, "path", path, NULL,
         "The path the application answers under; empty for the root."),
    TEXT(context_config, "docBase", doc_base, "",
         "The application's folder or .so, relative to appBase; by default named after the path."),
    NUMBER(context_config, "hookTimeout", hook_timeout, "30000", 1, INT_LIMIT, "ms",
           "How long each of the application's init, start and health may take."),
    NUMBER(context_config, "stopTimeout", stop_timeout, "10000", 0, INT_LIMIT, "ms",
           "How long the application's stop may take."),
    NUMBER(context_config, "maxThreads", max_threads_share, "0", 0, 10000, "",
           "Workers busy in the application at one time; 0: three quarters of the connector's."),
    NUMBER(
        context_config, "maxStreamingThreads", max_streaming, "0", 0, 10000, "",
        "Of them, those that may wait in streaming servlets for the bodies that clients send; 0: a "
        "quarter."),
    SWITCH(context_config, "override", override, "false",
           "Leaves out what conf/context.xml says for all applications."),
    NUMBER(context_config, "maxQueueSize", max_queue_size, "0", 0, INT_LIMIT, "",
           "As the Connector's, for this application; 0: the Connector's."),
    NUMBER(context_config, "maxQueueTime", max_queue_time, "0", 0, INT_LIMIT, "ms",
           "As the Connector's, for this application; 0: the Connector's."),
    NUMBER(context_config, "maxBodySize", max_body_size, "-1", -1, SIZE_LIMIT, "bytes",
           "As the Connector's, for this application, which may take larger bodies or only smaller "
           "ones; -1: the Connector's."),
    NUMBER(context_config, "bodyMinRate", body_min_rate, "-1", -1, INT_LIMIT, "bytes/s",
           "As the Connector's, for this application; -1: the Connector's."),
    NUMBER(context_config, "sendMinRate", send_min_rate, "-1", -1, INT_LIMIT, "bytes/s",
           "As the Connector's, for this application; -1: the Connector's."),
    SWITCH(context_config, "reserved", reserved, "false",
           "Whether its requests may use the 2 workers that are kept from all other applications: "
           "for what must answer when all others are busy."),
    CHOICE(context_config, "failCtxIfServletStartFails", fail_ctx, "host", fail_ctx_choices,
           "As the Host's, for this application; host: the Host's."),
};

static const struct schema_attribute parameter_attributes[] = {
    TEXT(context_text, "name", name, NULL, "The name of the context parameter."),
    TEXT(context_text, "value", value, NULL, "Its value."),
    SWITCH(context_text, "override", override, "true",
           "Whether a context-param of this name in web.xml counts instead."),
};

static const struct schema_attribute environment_attributes[] = {
    TEXT(context_text, "name", name, NULL, "The name of the env-entry."),
    TEXT(context_text, "value", value, NULL, "Its value, of that type."),
    TEXT(context_text, "type", type, NULL,
         "java.lang.String, Character, Boolean, Byte, Short, Integer, Long, Float or Double."),
    SWITCH(context_text, "override", override, "true",
           "Whether an env-entry of this name in web.xml counts instead."),
};

#define ROWS(array) .attributes = array, .count = ARRAY_COUNT(array)
static const struct schema_element elements[ELEMENT_COUNT] = {
    [ELEMENT_SERVER] = {.name = "Server",
                        ROWS(server_attributes),
                        .doc = "The whole of one server process; the root of the file.",
                        .later = SERVER_LATER,
                        .jvm = SERVER_JVM,
                        .children = "Service",
                        .later_children = SERVER_LATER_CHILDREN,
                        .jvm_children = SERVER_JVM_CHILDREN},
    [ELEMENT_SERVICE] = {.name = "Service",
                         ROWS(service_attributes),
                         .doc = "Connectors, and the one engine that answers what they take in.",
                         .later = SERVICE_LATER,
                         .jvm = SERVICE_JVM,
                         .children = "Executor Connector Engine",
                         .later_children = SERVICE_LATER_CHILDREN},
    [ELEMENT_EXECUTOR] = {.name = "Executor",
                          ROWS(executor_attributes),
                          .doc = "Thread settings for several connectors of its service. Each has "
                                 "threads of its own.",
                          .jvm = EXECUTOR_JVM,
                          .later_children = EXECUTOR_LATER_CHILDREN},
    [ELEMENT_CONNECTOR] = {.name = "Connector",
                           ROWS(connector_attributes),
                           .doc = "One listening address and port, its threads and its limits.",
                           .fixed = connector_fixed,
                           .fixed_count = ARRAY_COUNT(connector_fixed),
                           .later = CONNECTOR_LATER,
                           .jvm = CONNECTOR_JVM,
                           .later_children = CONNECTOR_LATER_CHILDREN},
    [ELEMENT_ENGINE] = {.name = "Engine",
                        ROWS(engine_attributes),
                        .doc = "The hosts of a service.",
                        .later = ENGINE_LATER,
                        .jvm = ENGINE_JVM,
                        .children = "Host Valve",
                        .later_children = ENGINE_LATER_CHILDREN},
    [ELEMENT_HOST] = {.name = "Host",
                      ROWS(host_attributes),
                      .doc = "One virtual host and the folder its applications are found in.",
                      .fixed = host_fixed,
                      .fixed_count = ARRAY_COUNT(host_fixed),
                      .later = HOST_LATER,
                      .jvm = HOST_JVM,
                      .children = "Alias Context Valve",
                      .later_children = HOST_LATER_CHILDREN},
    [ELEMENT_ALIAS] = {.name = "Alias", .doc = "A further name of a host, as the element's text."},
    [ELEMENT_CONTEXT] = {.name = "Context",
                         ROWS(context_attributes),
                         .doc = "One application with settings of its own.",
                         .fixed = context_fixed,
                         .fixed_count = ARRAY_COUNT(context_fixed),
                         .later = CONTEXT_LATER,
                         .jvm = CONTEXT_JVM,
                         .children = "Environment Parameter Valve",
                         .later_children = CONTEXT_LATER_CHILDREN,
                         .jvm_children = CONTEXT_JVM_CHILDREN},
    [ELEMENT_PARAMETER] = {.name = "Parameter",
                           ROWS(parameter_attributes),
                           .doc = "A context parameter of the application, as in its web.xml.",
                           .jvm = "description"},
    [ELEMENT_ENVIRONMENT] = {.name = "Environment",
                             ROWS(environment_attributes),
                             .doc = "An env-entry of the application, as in its web.xml.",
                             .jvm = "description"},
};

const struct schema_element *schema_elements(size_t *count)
{
    *count = ARRAY_COUNT(elements);
    return elements;
}
