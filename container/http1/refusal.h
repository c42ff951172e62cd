/* SPDX-License-Identifier: Apache-2.0
 * Constant answers (refusals.def). Used by this room only. */
#ifndef HTTP1_REFUSAL_H
#define HTTP1_REFUSAL_H
#include "base/buf.h"

enum refusal {
    REFUSE_NONE,
#define X(name, status, closes, setting, sentence) REFUSE_##name,
#include "http1/refusals.def"
#undef X
    REFUSE_COUNT
};

struct refusal_row {
    const char *name, *setting, *sentence;
    unsigned status;
    bool closes;
};

const struct refusal_row *refusal_row(enum refusal r);
/* "URI_SIZE"; NULL behind the last. */
const char *refusal_name(unsigned r);
struct refusal_answer {
    enum refusal why;
    unsigned status;    /* the row's, or what the connector's plan says */
    const char *detail; /* stands in the sentence's place; or NULL */
    bool head;          /* the request was a HEAD: no body */
    bool closes;        /* Connection: close */
    bool keep_alive;    /* Connection: keep-alive (HTTP/1.0) */
    struct span server; /* Server field; empty: none */
};
/* Appends the whole answer. False: out of memory. */
size_t refusal_body_size(const struct refusal_answer *a); /* as sent: 0 for a HEAD */
bool refusal_encode(const struct refusal_answer *a, struct buf *out);

#endif
