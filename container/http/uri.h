/* SPDX-License-Identifier: Apache-2.0
 * The request target's path: decoded once, normalised once, here and nowhere else (http-rules.md
 * section 2, RFC 3986). Pure functions; called by http1 at the end of the head. */
#ifndef HTTP_URI_H
#define HTTP_URI_H
#include "base/arena.h"
#include "base/span.h"

enum uri_solidus { URI_SOLIDUS_REJECT, URI_SOLIDUS_DECODE, URI_SOLIDUS_PASS };

struct uri_policy {
    enum uri_solidus encoded_solidus; /* what %2F becomes; PASS keeps %2F and %25 as sent */
    bool reject_suspicious;           /* dot segments hidden by parameters or encoding: refused */
};
struct uri_param { /* one ";name=value" of the path, decoded; value absent without '=' */
    struct span name, value;
};
struct uri {
    struct span raw_path; /* as sent, with parameters, without the query */
    struct span query;    /* as sent, without '?'; SPAN_NONE when there is no '?' */
    struct span path;     /* decoded, without parameters, normalised; begins with '/'; terminated */
    struct uri_param *params;
    uint32_t param_count;
    bool hidden; /* has a segment WEB-INF or META-INF in any case: answered 404 */
};

/* RAW is origin-form: begins with '/', bytes already checked by the guard. On refusal returns false
 * and a constant sentence in *why ("bad percent encoding in the path" ...); out of memory is *why ==
 * NULL. At most 1,000 segments. */
bool uri_parse(struct span raw, const struct uri_policy *policy, struct arena *a, struct uri *out,
               const char **why);
/* Decodes %XX (and '+' as space when PLUS) into the arena, terminated. False: bad escape (*bad =
 * true) or out of memory. */
bool uri_decode(struct span s, bool plus, struct arena *a, struct span *out, bool *bad);
bool utf8_valid(struct span s); /* RFC 3629: no overlong forms, no surrogates, <= U+10FFFF */
/* S with everything but unreserved, sub-delims without ';', ':', '@' and '/' percent-encoded, in the
 * arena, terminated: uri_parse makes the same path of it again. SPAN_NONE: out of memory. */
struct span uri_encode_path(struct span s, struct arena *a);
/* The Host grammar: uri-host [":" port] (RFC 9110 7.2, RFC 3986 3.2.2, 3.2.3); fills host (without
 * port, brackets kept for IPv6) and port (0 when absent). Empty S is valid. */
bool uri_parse_host(struct span s, struct span *host, uint32_t *port);

#endif
