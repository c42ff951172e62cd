/* SPDX-License-Identifier: Apache-2.0
 * A queue of byte pieces on their way out: own copies, references to somebody's constants, and ranges of
 * files. Moving between chains moves pieces, not bytes. One owner at a time, no lock. */
#ifndef BASE_CHAIN_H
#define BASE_CHAIN_H
#include <stdint.h>
#include <sys/uio.h>
#include "base/span.h"

struct chain_piece;

struct chain {
    struct chain_piece *first, *last;
    size_t len;  /* bytes in all pieces */
    size_t held; /* memory that the chain itself holds for them */
};
struct chain_range { /* of a file */
    int fd;
    uint64_t offset;
    size_t length;
};

/* What to call when a referenced piece is out (or dropped). Called once, on whatever thread owns the
 * chain then; must not block. */
typedef void chain_release_fn(void *arg);

#define CHAIN_EMPTY ((struct chain){NULL, NULL, 0, 0})

/* Copies; fills up the last piece first. False: out of memory, the chain is unchanged. */
bool chain_copy(struct chain *c, const void *p, size_t n);
/* Keeps P; RELEASE(ARG) runs when the last byte has left. False: out of memory, nothing kept, RELEASE
 * not called. RELEASE may be NULL for what lives for ever. */
bool chain_ref(struct chain *c, const void *p, size_t n, chain_release_fn *release, void *arg);
/* LENGTH bytes of FD from OFFSET on; nothing is read here. FD stays open until RELEASE(ARG), which is as
 * for chain_ref; chain_close_fd with CHAIN_FD(fd) hands FD over to the chain. */
bool chain_file(struct chain *c, int fd, uint64_t offset, size_t length, chain_release_fn *release,
                void *arg);
chain_release_fn chain_close_fd;
#define CHAIN_FD(fd) ((void *)(intptr_t)(fd))
/* As chain_ref, but in front of everything. */
bool chain_put_front(struct chain *c, const void *p, size_t n, chain_release_fn *release,
                     void *arg);
/* True: the next bytes are of a file; chain_iov gives none. */
bool chain_front_file(const struct chain *c, struct chain_range *out);
/* Moves pieces from the front of FROM to the end of TO until at least MAX bytes moved or FROM is
 * empty. Returns the bytes moved. Cannot fail. */
size_t chain_move(struct chain *to, struct chain *from, size_t max);
/* As chain_move of everything; where the seam is one range of a file (same FD, RELEASE and ARG), the pieces
 * become one, and RELEASE(ARG) is called for the second. */
void chain_join(struct chain *to, struct chain *from);
/* Fills IOV with the first pieces up to a range of a file, at most MAX; returns how many. */
int chain_iov(const struct chain *c, struct iovec *iov, int max);
void chain_consume(struct chain *c, size_t n); /* the first N bytes have left; N <= c->len */
void chain_clear(struct chain *c);             /* drops and releases everything */

#endif
