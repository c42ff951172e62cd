/* SPDX-License-Identifier: Apache-2.0
 * A transport with everything that TLS can do to a connector. On the wire are records: one byte with the
 * length (1 to 3) and the payload. The client begins with "HELLO", the server answers "hello".
 *     from the client 0x80 + length: a record that comes out only after the server has written
 *         AWKWARD_BLOB bytes 'r' ("reading wants to write")
 *     from the server '?': nothing more is written before the client's 0x40 ("writing wants to read")
 * It takes as many bytes off the socket as there are, so that the socket is dry while records wait. Used
 * by tests/unit/connector/test_transport.c. */
#ifndef SUPPORT_AWKWARD_TRANSPORT_H
#define SUPPORT_AWKWARD_TRANSPORT_H
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/check.h"
#include "net/conn.h"

#define AWKWARD_BLOB (512u * 1024u)
#define AWKWARD_ASKS 20u /* sends between two times that the server asks the client */

struct awkward {
    struct buf raw, records, out; /* off the socket; complete ones; encoded, not sent */
    size_t committed;             /* bytes of the caller's that `out` stands for */
    size_t blob;                  /* bytes of the blob still to be put out */
    unsigned sends;
    bool greeted, waits; /* waits for 0x40 */
    bool freed;          /* the record in front has its blob */
};
static _Atomic unsigned awkward_open, awkward_reads_blocked, awkward_writes_blocked;
static _Atomic bool awkward_asks;     /* whether servers ask now and then */
static _Atomic bool awkward_ask_once; /* the next send does */

static struct awkward *awkward_of(struct conn *c)
{
    if (!c->transport_state) {
        CHECK((c->transport_state = calloc(1, sizeof(struct awkward))));
        atomic_fetch_add(&awkward_open, 1);
    }
    return c->transport_state;
}

/* Everything there is. 1, or 0 at the end of the stream, or TRANSPORT_*. */
static int awkward_pull(struct conn *c, struct awkward *a)
{
    int result = TRANSPORT_WANT_READ;
    for (;;) {
        CHECK(buf_reserve(&a->raw, 4096));
        ssize_t n = recv(c->fd, a->raw.mem + a->raw.tail, buf_room(&a->raw), 0);
        if (n > 0) {
            buf_produced(&a->raw, (size_t)n);
            result = 1;
        } else if (n == 0 || errno != EINTR) {
            if (n < 0 && (errno == EAGAIN || result == 1))
                return result;
            return n == 0 ? 0 : TRANSPORT_ERROR;
        }
    }
}

static int awkward_flush(struct conn *c, struct awkward *a)
{
    for (;;) {
        if (buf_len(&a->out) == 0 && a->blob > 0) {
            size_t n = a->blob < 4096 ? a->blob : 4096;
            CHECK(buf_reserve(&a->out, n));
            memset(a->out.mem + a->out.tail, 'r', n);
            buf_produced(&a->out, n);
            a->blob -= n;
        }
        if (buf_len(&a->out) == 0)
            return 0;
        ssize_t n = send(c->fd, buf_data(&a->out), buf_len(&a->out), MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return errno == EAGAIN ? TRANSPORT_WANT_WRITE : TRANSPORT_ERROR;
        if (n > 0)
            buf_consume(&a->out, (size_t)n);
    }
}

/* One byte in, one byte out. */
static int awkward_handshake(struct conn *c)
{
    struct awkward *a = awkward_of(c);
    for (;;) {
        int r = awkward_pull(c, a);
        if (r == TRANSPORT_ERROR || (r == 0 && buf_len(&a->raw) < 5))
            return TRANSPORT_ERROR;
        size_t n = buf_len(&a->raw) < 5 ? buf_len(&a->raw) : 5;
        if (n > 0 && memcmp(buf_data(&a->raw), "HELLO", n) != 0)
            return TRANSPORT_ERROR;
        if (n < 5)
            return TRANSPORT_WANT_READ;
        if (!a->greeted) {
            CHECK(buf_append(&a->out, "hello", 5));
            a->greeted = true;
        }
        r = awkward_flush(c, a);
        if (r == 0)
            buf_consume(&a->raw, 5);
        return r;
    }
}

/* Takes apart what was received: 0x40 counts at once, records queue up. False: nonsense. */
static bool awkward_decode(struct awkward *a)
{
    while (buf_len(&a->raw) > 0) {
        unsigned first = (unsigned char)*buf_data(&a->raw), length = first & 3;
        if (first != 0x40 && length == 0)
            return false;
        if (first == 0x40)
            a->waits = false;
        else if (buf_len(&a->raw) < length + 1)
            break;
        else
            CHECK(buf_append(&a->records, buf_data(&a->raw), length + 1));
        buf_consume(&a->raw, first == 0x40 ? 1 : length + 1);
    }
    return true;
}

static long awkward_recv(struct conn *c, void *p, size_t n)
{
    struct awkward *a = awkward_of(c);
    int r = awkward_pull(c, a);
    if (!awkward_decode(a))
        return TRANSPORT_ERROR;
    if (buf_len(&a->records) == 0)
        return r == 1 ? TRANSPORT_WANT_READ : r;
    unsigned first = (unsigned char)*buf_data(&a->records), length = first & 3;
    if ((first & 0x80) && !a->freed) {
        a->blob = AWKWARD_BLOB;
        a->freed = true;
    }
    int flushed = awkward_flush(c, a);
    if (flushed != 0) {
        atomic_fetch_add(&awkward_reads_blocked, 1);
        return flushed;
    }
    CHECK(n >= length); /* the connector's buffers are not that small */
    a->freed = false;
    memcpy(p, buf_data(&a->records) + 1, length);
    buf_consume(&a->records, length + 1);
    return length;
}

static long awkward_sendv(struct conn *c, const struct iovec *iov, int n, bool more)
{
    struct awkward *a = awkward_of(c);
    (void)more;
    int i = 0;
    while (i < n && iov[i].iov_len == 0)
        i++;
    if (i == n)
        return 0;
    bool begins = a->committed == 0 && !a->waits;
    bool regular = begins && atomic_load(&awkward_asks) && ++a->sends % AWKWARD_ASKS == 0;
    if (regular || (begins && atomic_exchange(&awkward_ask_once, false))) {
        a->waits = true;
        CHECK(buf_append(&a->out, "?", 1));
    }
    int flushed = awkward_flush(c, a);
    if (a->waits) {
        int r = awkward_pull(c, a);
        if (!awkward_decode(a) || (a->waits && r != 1 && r != TRANSPORT_WANT_READ))
            return TRANSPORT_ERROR;
    }
    if (flushed == 0 && a->waits) {
        atomic_fetch_add(&awkward_writes_blocked, 1);
        return TRANSPORT_WANT_READ;
    }
    if (flushed == 0 && a->committed == 0) {
        a->committed = iov[i].iov_len < 3 ? iov[i].iov_len : 3;
        char length = (char)a->committed;
        CHECK(buf_append(&a->out, &length, 1) &&
              buf_append(&a->out, iov[i].iov_base, a->committed));
        flushed = awkward_flush(c, a);
    }
    if (flushed != 0)
        return flushed;
    long taken = (long)a->committed;
    a->committed = 0;
    return taken;
}

static size_t awkward_pending(const struct conn *c)
{
    const struct awkward *a = c->transport_state;
    return a ? buf_len(&a->records) : 0;
}

static void awkward_shutdown(struct conn *c)
{
    shutdown(c->fd, SHUT_WR);
}

static void awkward_close(struct conn *c)
{
    struct awkward *a = c->transport_state;
    if (!a)
        return;
    buf_free(&a->raw);
    buf_free(&a->records);
    buf_free(&a->out);
    free(a);
    atomic_fetch_sub(&awkward_open, 1);
}

static const struct transport_ops awkward_transport = {
    .name = "awkward",
    .plain = false,
    .handshake = awkward_handshake,
    .recv = awkward_recv,
    .sendv = awkward_sendv,
    .pending = awkward_pending,
    .shutdown = awkward_shutdown,
    .close = awkward_close,
};

#endif
