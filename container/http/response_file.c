/* SPDX-License-Identifier: Apache-2.0
 * Bytes of a file as body of an answer: see response.h. On the worker that runs the exchange. */
#include <errno.h>
#include <unistd.h>

#include "http/response.h"

#define PIECE (64u * 1024u)

/* A file that ends early: the announced length would lie, so the client must be able to tell. */
static enum response_result send_piece(struct exchange *x, int fd, uint64_t offset, size_t n)
{
    char piece[PIECE];
    ssize_t got;
    do
        got = pread(fd, piece, n, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < (ssize_t)n) {
        response_abort(x);
        return RESPONSE_GONE;
    }
    return response_write(x, span_make(piece, n));
}

enum response_result response_send_file(struct exchange *x, int fd, uint64_t offset,
                                        uint64_t length)
{
    enum response_result r = x->res.ended ? RESPONSE_GONE : RESPONSE_OK;
    while (r == RESPONSE_OK && length > 0) {
        size_t n = length < PIECE ? (size_t)length : PIECE;
        r = send_piece(x, fd, offset, n);
        offset += n;
        length -= n;
    }
    close(fd);
    return r;
}
