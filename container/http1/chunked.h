/* SPDX-License-Identifier: Apache-2.0
 * The decoder of chunked bodies (RFC 9112 7.1): strict, incremental. Used by h1.c. */
#ifndef HTTP1_CHUNKED_H
#define HTTP1_CHUNKED_H
#include "http1/policy.h"

struct chunked {
    enum { CHUNKED_SIZE, CHUNKED_DATA, CHUNKED_DATA_END, CHUNKED_TRAILER, CHUNKED_DONE } state;
    uint64_t left;     /* of the chunk under way */
    uint64_t total;    /* body bytes so far, the announced rest of this chunk included */
    size_t extensions; /* bytes so far */
    size_t trailers;   /* bytes so far */
    uint32_t trailer_count;
    size_t scanned;       /* of the line under way, in the input */
    struct headers *kept; /* where allowed trailers go, with their arena; NULL: nowhere */
    struct arena *arena;
};

void chunked_init(struct chunked *d);
/* Where the body goes: returns how many of N bytes were taken, with *r set if that ends the request. */
typedef size_t chunked_take_fn(void *arg, const char *p, size_t n, enum refusal *r);
/* Takes bytes from IN, gives body to TAKE (NULL: drops it). Stops when IN is used up, TAKE took less than
 * all (it is offered again), or the body is complete (state CHUNKED_DONE). TOTAL never passes MAX:
 * REFUSE_BODY_SIZE. */
enum refusal chunked_feed(struct chunked *d, const struct h1_config *cfg, struct buf *in,
                          chunked_take_fn *take, void *arg, uint64_t max);

#endif
