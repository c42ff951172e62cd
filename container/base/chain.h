/* SPDX-License-Identifier: Apache-2.0
 * A queue of byte pieces on their way out: own copies and references to somebody's constants. Moving
 * between chains moves pieces, not bytes. One owner at a time, no lock. */
#ifndef BASE_CHAIN_H
#define BASE_CHAIN_H
#include <sys/uio.h>
#include "base/span.h"

struct chain_piece;

struct chain {
    struct chain_piece *first, *last;
    size_t len; /* bytes in all pieces */
};

/* What to call when a referenced piece is out (or dropped). Called once, on whatever thread owns the
 * chain then; must not block. */
typedef void chain_release_fn(void *arg);

#define CHAIN_EMPTY ((struct chain){NULL, NULL, 0})

/* Copies; fills up the last piece first. False: out of memory, the chain is unchanged. */
bool chain_copy(struct chain *c, const void *p, size_t n);
/* Keeps P; RELEASE(ARG) runs when the last byte has left. False: out of memory, nothing kept, RELEASE
 * not called. RELEASE may be NULL for what lives for ever. */
bool chain_ref(struct chain *c, const void *p, size_t n, chain_release_fn *release, void *arg);
/* Moves pieces from the front of FROM to the end of TO until at least MAX bytes moved or FROM is
 * empty. Returns the bytes moved. Cannot fail. */
size_t chain_move(struct chain *to, struct chain *from, size_t max);
/* Fills IOV with the first pieces, at most MAX; returns how many. */
int chain_iov(const struct chain *c, struct iovec *iov, int max);
void chain_consume(struct chain *c, size_t n); /* the first N bytes have left; N <= c->len */
void chain_clear(struct chain *c);             /* drops and releases everything */

#endif
