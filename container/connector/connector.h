/* SPDX-License-Identifier: Apache-2.0
 * One <Connector>: listeners, groups of one poller and its workers, a protocol; the bridge between
 * sockets and the engine. Built by cli, watched by admin through status.h. */
#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H
#include "base/err.h"
#include "http/exchange.h"
#include "base/span.h"
#include "http/uri.h"

struct connector;
struct engine;
struct proto_ops;
struct spool;
struct transport_ops;

struct connector_options { /* times in ms, -1 = none; sizes in bytes; from the configuration */
    const char *name;      /* "http-8080", for logs and threads */
    struct engine *engine;
    struct spool *spool;   /* of the whole process; lives longer than the connector */
    const int *listen_fds; /* bound and listening; the connector's from connector_start on */
    size_t listen_count;
    uint32_t groups;
    uint32_t max_connections, max_threads, min_spare_threads, max_queue_size;
    int64_t max_queue_time; /* at least 1; 0: without end */
    int64_t threads_max_idle_time;
    int64_t connection_timeout, keep_alive_timeout, body_timeout, send_timeout;
    int64_t rate_window;                   /* of the two below */
    uint32_t body_min_rate, send_min_rate; /* bytes/s; 0: none */
    int64_t max_keep_alive_requests;       /* -1 or 0: unlimited */
    uint32_t max_uri_size, max_header_size, max_header_count, max_trailer_size, max_extension_size;
    uint32_t max_cookie_count;
    const char *allowed_trailers; /* names, commas between; NULL: none */
    uint64_t max_swallow_size, body_memory, output_memory, max_body_size;
    uint64_t output_spool;
    enum uri_solidus encoded_solidus;
    bool reject_suspicious_uris;
    const char *relaxed_path_chars, *relaxed_query_chars;
    struct client_view view; /* scheme, secure, proxyName, proxyPort; `remote` is not used */
    const char *server;
    bool tcp_no_delay;                /* of every connection */
    int socket_rx_buf, socket_tx_buf; /* 0: the system's */
    /* For tests and later protocols. NULL: http1 and plain TCP. */
    const struct proto_ops *proto;
    const void *proto_config;
    const struct transport_ops *transport;
    bool no_tick; /* tests only: poller_options */
};

/* NULL: err. OPTIONS is copied, its strings and arrays must live as long as the connector. */
struct connector *connector_new(const struct connector_options *options, struct err *err);
/* Threads, then accepting. False: nothing runs, connector_destroy is all that is left to do. */
bool connector_start(struct connector *c, struct err *err);
/* Stops accepting (what waits in the backlog is still served), closes idle connections, lets the others
 * finish with Connection: close. */
void connector_drain(struct connector *c);
/* Waits until no connection is left, at most LIMIT_US. False: some are. */
bool connector_wait_empty(struct connector *c, uint64_t limit_us);
/* Closes every connection now; requests on workers see CS_EGONE; then valves get the last records. False:
 * after LIMIT_US some request or valve still runs; then the threads cannot be ended and the process has to. */
bool connector_abort(struct connector *c, uint64_t limit_us);
/* Open now. Any thread. */
uint32_t connector_connections(const struct connector *c);
/* Ends the threads. No connection and no request is left. */
void connector_stop(struct connector *c);
void connector_destroy(struct connector **c);

#endif
