/* SPDX-License-Identifier: Apache-2.0
 * Origins (RFC 6454 section 7, Fetch 3.2) as text, and what kind of CORS request one makes: for cors.c. No
 * state. */
#ifndef FILTERS_ORIGIN_H
#define FILTERS_ORIGIN_H
#include <cserv/servlet.h>

/* SCHEME "://" HOST [":" PORT] without anything behind it, "null", or what begins with "file://". */
int origin_is_valid(cs_str origin);
/* Whether ORIGIN is the server as the client named it. */
int origin_is_own(cs_str origin, cs_str scheme, cs_str host, int64_t port);

enum cors_kind { CORS_NONE, CORS_SIMPLE, CORS_ACTUAL, CORS_PREFLIGHT, CORS_INVALID };
struct cors_ask { /* absent fields are absent spans */
    const char *method;
    cs_str origin, other_origin; /* the first field and a second one */
    cs_str asked_method;         /* Access-Control-Request-Method */
    cs_str content_type;
    cs_str scheme, host;
    int64_t port;
};
enum cors_kind cors_kind_of(const struct cors_ask *ask);

#endif
