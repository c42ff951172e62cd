/* SPDX-License-Identifier: Apache-2.0
 * What an access log may tell of one exchange. The connector fills one of these when the exchange is
 * over (last byte handed to the kernel, or given up) and calls access_logs_record; all that it points
 * to has to live until that returns. Spans may be SPAN_NONE: not known. */
#ifndef OBSERVE_ACCESS_FIELDS_H
#define OBSERVE_ACCESS_FIELDS_H
#include <stdbool.h>
#include "base/span.h"

struct access_address {
    const uint8_t *bytes; /* 4 or 16, network order */
    uint32_t scope;       /* of a link-local IPv6 address, else 0 */
    uint16_t port;
    uint8_t family; /* 4, 6, or 0: not known */
};

enum access_source {
    ACCESS_REQUEST_FIELD,  /* %{name}i; names in any case */
    ACCESS_RESPONSE_FIELD, /* %{name}o; those that the encoder adds, too */
    ACCESS_REQUEST_ATTRIBUTE,
    ACCESS_SESSION_ATTRIBUTE
};
enum { ACCESS_SCRATCH = 32 };

struct access_fields {
    struct span method;
    struct span target;    /* as sent, for %r */
    struct span raw_line;  /* what came in place of a request line: %r shows it */
    struct span path;      /* as sent, without the query: %U */
    struct span query;     /* as sent, without '?': %q */
    uint16_t version;      /* 10, 11, 20; 0: not known */
    uint16_t status;       /* 0: no answer was begun */
    bool aborted;          /* the answer is incomplete: %X is 'X' */
    bool keeps;            /* the connection stays open: '+', else '-' */
    uint64_t bytes;        /* of the answer's body, without framing */
    uint64_t started_us;   /* first byte of the request seen (clock_us) */
    uint64_t committed_us; /* first byte of the answer handed out; 0: never */
    uint64_t ended_us;
    uint64_t connection; /* its number, unique in the process: %{c}L */
    struct span host;    /* from the request, without port: %v */
    struct span user, session;
    struct access_address peer;  /* the other end of the socket */
    struct access_address local; /* this end */
    /* What trusted forwarding headers told; used with requestAttributesEnabled only. family 0, port 0,
     * SPAN_NONE: they told nothing. */
    struct access_address remote;
    struct span remote_host, protocol;
    uint32_t server_port;
    /* The NTH (from 0) value of NAME, SPAN_NONE when there are no more. May use SCRATCH for text that it
     * makes. Must not block and not fail. */
    struct span (*lookup)(const void *arg, enum access_source source, struct span name,
                          uint32_t nth, char scratch[ACCESS_SCRATCH]);
    const void *arg;
    /* For valves that take records (engine/records.c); access logs do not show these. */
    uint64_t ready_us, taken_us, served_us; /* 0: never */
    uint64_t bytes_in;                      /* of the request's body */
    bool refused;                           /* by the protocol: no servlet ran */
    bool secure;
    struct span scheme, servlet;
    const char *close_reason; /* aborted: why; NULL: not known */
};

#endif
