/* SPDX-License-Identifier: Apache-2.0
 * The answer as the engine and facades build it: buffering until commit, the announced length, the
 * end. On top of the exchange's channel; called on the thread that runs the exchange. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H
#include "http/exchange.h"

#define RESPONSE_BUFFER_MAX (16u * 1024u * 1024u)

enum response_result {
    RESPONSE_OK = 0,
    RESPONSE_GONE,      /* CHANNEL_GONE */
    RESPONSE_NO_MEMORY, /* nothing was taken */
    RESPONSE_TOO_LONG,  /* more than the announced length: what fits was taken, the rest dropped */
    RESPONSE_COMMITTED, /* too late: the head is frozen */
    RESPONSE_INVALID    /* not what may be asked for: nothing was taken */
};

enum response_result response_write(struct exchange *x, struct span bytes);
/* Several pieces as one write: response_gather for each, while it answers RESPONSE_OK, then response_gathered, also
 * when one did not. RESPONSE_NO_MEMORY of one: that one was not taken. */
enum response_result response_gather(struct exchange *x, struct span bytes);
enum response_result response_gathered(struct exchange *x);
/* BYTES stay valid until RELEASE(ARG): see channel_ops.write. */
enum response_result response_write_ref(struct exchange *x, struct span bytes,
                                        chain_release_fn *release, void *arg);
/* The bytes [OFFSET, OFFSET + LENGTH) of the regular file FD are the next body bytes. FD belongs to the
 * response from the call on and is closed when they have left, also when the call fails.
 * RESPONSE_INVALID: negative numbers, no regular file, or it has fewer bytes. A file that gets shorter
 * while it is sent ends the answer as response_abort does. */
enum response_result response_send_file(struct exchange *x, int fd, int64_t offset, int64_t length);
enum response_result response_flush(struct exchange *x); /* commits */
/* The answer is complete. An uncommitted one gets its length here. One that wrote less than it
 * announced is aborted (returns RESPONSE_TOO_LONG's counterpart: RESPONSE_GONE). Idempotent. */
enum response_result response_finish(struct exchange *x);
void response_abort(struct exchange *x); /* idempotent; after finish it does nothing */
/* Forgets status, fields and body. RESPONSE_COMMITTED when it is too late. */
enum response_result response_reset(struct exchange *x);
/* Forgets the body and its announced length only. */
enum response_result response_reset_body(struct exchange *x);
/* At least SIZE body bytes are held back before the head is committed, never fewer than RESPONSE_BUFFER.
 * RESPONSE_COMMITTED once bytes were written, RESPONSE_INVALID above RESPONSE_BUFFER_MAX. */
enum response_result response_set_buffer(struct exchange *x, uint64_t size);
/* Tells the client the Link fields of the head before the head (RFC 8297), if it can be told:
 * channel_ops.hint. RESPONSE_COMMITTED when it is too late. */
enum response_result response_hint(struct exchange *x);
bool response_is_short(const struct exchange *x); /* fewer bytes than announced were written */

#endif
