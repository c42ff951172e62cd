/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1.0 and HTTP/1.1: bytes to exchange and back, without I/O. Implements struct proto_ops; the
 * connector uses nothing else of this room. */
#ifndef HTTP1_H1_H
#define HTTP1_H1_H
#include "http/proto.h"

struct h1_config { /* filled by the connector from its attributes; shared by all its connections */
    uint32_t max_uri_size;
    uint32_t max_header_size; /* all field lines together, and each */
    uint32_t max_header_count;
    uint32_t max_cookie_count;
    uint32_t max_trailer_size;
    uint32_t max_extension_size;
    uint64_t max_swallow_size; /* of a refused request's body; more closes the connection */
    struct uri_policy uri;
    bool path_byte[256], query_byte[256]; /* allowed in the target; h1_config_bytes fills them */
    struct span allowed_trailers; /* names that webapps may see, commas between; empty: none */
    struct span server;           /* Server field; empty: none */
};

/* Fills the byte tables: the strict set and RELAXED_PATH, RELAXED_QUERY of `" < > [ \ ] ^ ` { | }`.
 * False: a character that may not be relaxed (in *bad). */
bool h1_config_bytes(struct h1_config *cfg, const char *relaxed_path, const char *relaxed_query,
                     char *bad);

extern const struct proto_ops h1_proto;

#endif
