/* SPDX-License-Identifier: Apache-2.0
 * One exchange: a neutral request and its answer, without socket or wire version. Filled by a protocol,
 * served by the engine, its answer encoded by the protocol again. It has its own arena and counted
 * holders: the connection, a worker or handle that outlives the lease, a queued inbox node. Only the
 * side that the state of its connection names (hand-over) touches the rest. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H
#include <stdatomic.h>
#include "base/arena.h"
#include "base/buf.h"
#include "http/channel.h"
#include "http/headers.h"
#include "http/method.h"
#include "http/route.h"
#include "http/uri.h"

/* An address in few bytes; IPv4-mapped IPv6 is kept as IPv4. */
struct endpoint {
    uint8_t bytes[16];
    uint16_t port;  /* host order */
    uint8_t family; /* 4, 6, or 0: unknown */
    uint8_t reserved;
    uint32_t scope;
};

/* How the client sees this server, as far as the connector's attributes (scheme, secure, proxyName,
 * proxyPort) and valves know it. Filled by the connector; the spans are constants or the arena's. */
struct client_view {
    struct endpoint remote;  /* the client; the peer unless a valve knows better */
    struct span scheme;      /* "http", "https" */
    struct span server_name; /* SPAN_NONE: as the Host field says */
    uint32_t server_port;    /* 0: as the Host field says */
    bool secure;
};

struct request {
    enum method method;
    uint16_t version; /* 10, 11 */
    bool has_body;    /* a Content-Length above 0, or chunked */
    bool complete;    /* the body has come to its end: the trailers are known */
    struct span method_text;
    struct span target; /* as sent */
    struct uri uri;
    struct headers headers;
    struct span host;       /* without port; SPAN_NONE when not given */
    uint32_t port;          /* 0: not given */
    int64_t content_length; /* -1: chunked or no body */
    uint64_t body_size;     /* bytes of it that have come */
    struct buf body;        /* the first of them; where the rest is the connector knows */
    struct endpoint peer, local;
    struct client_view view;
    struct headers trailers; /* those of a chunked body that a webapp may see */
    uint64_t connection;     /* its number, unique in the process */
};

/* VERSION of a request as it is written; SPAN_NONE of 0: none was understood. */
static inline struct span http_version_text(uint16_t version)
{
    return version == 10 ? SPAN_LIT("HTTP/1.0") : version == 11 ? SPAN_LIT("HTTP/1.1") : SPAN_NONE;
}

struct response {
    struct headers headers;
    int64_t length;     /* announced; -1: not known */
    uint64_t written;   /* body bytes taken so far */
    struct buf pending; /* body not handed to the channel yet; kept between exchanges */
    uint32_t buffer;    /* at most so many bytes of it before the head is committed */
    uint16_t status;
    bool committed; /* the head is frozen: handed to the channel */
    bool ended;     /* finish or abort was called */
    bool close;     /* close the connection after this answer */
    bool discard;   /* further body is dropped (over the announced length, or a HEAD) */
    struct span
        failure; /* why it is an error, in a sentence; in the arena or constant; for the test kit */
    /* NULL, or called once, just before `committed` becomes true: may change status and headers only. */
    void (*before_commit)(void *arg);
    void *before_commit_arg;
};

#define RESPONSE_BUFFER 8192u /* of a response that nobody gave another one */

/* The encoder's state: belongs to whoever encodes (worker in its lease, else the poller). */
struct wire {
    bool head_done;
    bool chunked;
    bool bodyless;    /* HEAD, 204, 304: framing fields perhaps, bytes never */
    bool until_close; /* HTTP/1.0 without a length */
    bool closes;      /* the head said that the connection closes */
};

/* What happens to a detached exchange (channel.h): set by the connection's side, which then wakes it;
 * taken by the engine. */
enum exchange_event {
    EXCHANGE_GONE = 1, /* the client is gone, or the answer was given up: nothing can be written */
    EXCHANGE_ALARM = 2 /* the time that `alarm` named has come */
};

struct exchange {
    struct arena arena;
    _Atomic uint32_t holders;
    _Atomic uint32_t events; /* enum exchange_event, not taken yet */
    const struct channel_ops *channel;
    void *channel_state;                      /* connector's: the lease or the posted queue */
    void (*channel_free)(struct exchange *x); /* NULL, or frees channel_state with the exchange */
    struct request req;
    struct response res;
    struct route route;
    struct wire wire;
    bool keep_alive;      /* what the request allows; the answer may still close */
    uint16_t body_failed; /* reading failed: the status that tells the client why; 0: it did not */
    uint64_t body_read;   /* bytes, by read */
    void *body_state;     /* the connector's; ends with a cleanup of the arena */
    struct span servlet;  /* route.recorded: the name of the one that served it, in the arena */
    void *async;          /* the engine's: who goes on when the worker has left; NULL: nobody */
    void (*async_free)(void *async); /* with the exchange; set with `async` */
    struct {
        uint64_t started, ready, taken, committed, served; /* clock_us; 0: never */
    } at;
};

struct exchange *exchange_new(void); /* one holder; NULL: out of memory */
void exchange_hold(struct exchange *x);
/* Drops one holder; the last one runs the arena's cleanups and frees. *X becomes NULL. */
void exchange_release(struct exchange **x);
/* The sole holder makes it ready for the next request on the same connection. */
void exchange_reset(struct exchange *x);

/* channel_ops.read for a body that is in memory as a whole; the connector's for the first part. */
int64_t exchange_read_body(struct exchange *x, void *p, size_t size);
/* "192.0.2.1" or "2001:db8::1" into OUT (at least 46 bytes); "" for family 0. */
void endpoint_format(const struct endpoint *e, char *out, size_t size);

#endif
