/* SPDX-License-Identifier: Apache-2.0
 * All strictness of HTTP/1 in one place (http-rules.md): what a request line, a field, the framing, a
 * chunk line may look like. Pure checks on whole lines; the codec (h1.c) calls them in order. */
#ifndef HTTP1_POLICY_H
#define HTTP1_POLICY_H
#include "http/exchange.h"
#include "http1/h1.h"
#include "http1/refusal.h"

struct request_line {
    struct span method, target; /* spans of the line */
    uint16_t version;           /* 10, or 11 for 1.1 to 1.9 */
    enum method known;          /* METHOD_UNKNOWN: a token outside the table */
};
/* LINE is without its CR LF. */
enum refusal policy_request_line(const struct h1_config *cfg, struct span line,
                                 struct request_line *out);
/* NAME ":" OWS value OWS; VALUE comes trimmed. Also for trailers. */
enum refusal policy_field_line(struct span line, struct span *name, struct span *value);

/* Splits the target (RFC 9112 3.2): fills *path_and_query (origin-form), and for absolute-form
 * req->host and req->port. *path_and_query is SPAN_NONE for "*". */
enum refusal policy_target(struct request *req, struct arena *a, struct span *path_and_query);
/* The Host rules; fills req->host and req->port unless absolute-form gave them. */
enum refusal policy_host(struct request *req, bool absolute);

struct framing {
    bool chunked;
    uint64_t length; /* when not chunked; 0: no body */
};
enum refusal policy_framing(const struct request *req, struct framing *out);
/* Expect (RFC 9110 10.1.1): *wants_continue for 100-continue in 1.1. */
enum refusal policy_expect(const struct request *req, bool *wants_continue);
bool policy_too_many_cookies(const struct h1_config *cfg, const struct request *req);
/* Connection (RFC 9112 9.3). */
bool policy_keep_alive(const struct request *req);

/* Whether a webapp may see the trailer NAME: the configuration names it, and it is none that changes what
 * the message is, where it goes, or who sends it (RFC 9110 6.5.1). */
bool policy_trailer_kept(const struct h1_config *cfg, struct span name);

/* chunk-size and extensions (RFC 9112 7.1): *extension: bytes of extensions in this line. */
enum refusal policy_chunk_line(struct span line, uint64_t *size, size_t *extension);

#endif
