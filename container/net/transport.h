/* SPDX-License-Identifier: Apache-2.0
 * What carries a connection's bytes. Plain TCP is transport_plain; TLS will be another; the unit tests
 * have an awkward one. Called by whoever owns the connection (poller, or worker in its lease). */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct conn;

/* Results below 0; 0 from recv is an orderly end of the client's stream. */
enum {
    TRANSPORT_WANT_READ = -1,  /* nothing now: go on when the socket is readable */
    TRANSPORT_WANT_WRITE = -2, /* nothing now: go on when the socket is writable */
    TRANSPORT_ERROR = -3,      /* the connection is broken */
    TRANSPORT_FILE = -4        /* sendfile: the file cannot be read, or has no bytes there */
};

struct transport_ops {
    const char *name;
    bool plain; /* a short read means the socket is dry (no records in between) */
    /* Before anything else; NULL: none. 0 done, WANT_READ, WANT_WRITE, ERROR. */
    int (*handshake)(struct conn *c);
    long (*recv)(struct conn *c, void *p, size_t n); /* n > 0 */
    /* Bytes taken, WANT_*, ERROR. MORE: further bytes follow at once, it need not hurry. */
    long (*sendv)(struct conn *c, const struct iovec *iov, int n, bool more);
    /* Up to N bytes of FD from OFFSET on: bytes taken, WANT_*, ERROR, FILE. Waits for the disk when they
     * are not in memory. NULL: the caller reads and uses sendv. */
    long (*sendfile)(struct conn *c, int fd, uint64_t offset, size_t n);
    size_t (*pending)(const struct conn *c); /* decoded bytes not received yet; NULL: never any */
    bool (*broken)(const struct conn *c); /* reset, or gone in both directions; NULL: not known */
    size_t (*unsent)(
        const struct conn *c); /* bytes taken by sendv that the client has not; NULL: 0 */
    /* What the client has not taken yet is dropped at the close, and the client told so; NULL: it stays in
     * the kernel, for minutes when the client takes nothing. */
    void (*discard)(struct conn *c);
    void (*shutdown)(struct conn *c); /* no more output */
    void (*close)(struct conn *c);    /* frees transport_state; NULL: nothing to free */
};

extern const struct transport_ops transport_plain;

#endif
