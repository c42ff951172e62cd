/* SPDX-License-Identifier: Apache-2.0
 * Plain TCP that takes little at a time and is full at any call that a test names, although the kernel's
 * socket is not: so output meets each of its interruptions. No edge follows then; the client of such a
 * test nudges by sending bytes of its next request. Used by tests/unit/connector. */
#ifndef SUPPORT_CHOPPY_TRANSPORT_H
#define SUPPORT_CHOPPY_TRANSPORT_H
#include <stdatomic.h>
#include <string.h>

#include "net/conn.h"

static struct {
    _Atomic size_t bite;             /* bytes taken per call; 0: all */
    _Atomic uint32_t calls;          /* so far */
    _Atomic uint32_t full_at;        /* this call (from 1) takes nothing */
    _Atomic uint32_t full_each;      /* and every so manieth; 0: none */
    _Atomic uint32_t fail_at;        /* this call finds the connection broken */
    void (*_Atomic on_file)(int fd); /* before each sendfile */
} choppy;

static void choppy_reset(void)
{
    atomic_store(&choppy.bite, 0);
    atomic_store(&choppy.calls, 0);
    atomic_store(&choppy.full_at, 0);
    atomic_store(&choppy.full_each, 0);
    atomic_store(&choppy.fail_at, 0);
    atomic_store(&choppy.on_file, NULL);
}

/* 0: go on. */
static long choppy_meets(void)
{
    uint32_t n = atomic_fetch_add(&choppy.calls, 1) + 1, each = atomic_load(&choppy.full_each);
    if (n == atomic_load(&choppy.fail_at))
        return TRANSPORT_ERROR;
    return n == atomic_load(&choppy.full_at) || (each && n % each == 0) ? TRANSPORT_WANT_WRITE : 0;
}

static long choppy_sendv(struct conn *c, const struct iovec *iov, int n, bool more)
{
    long met = choppy_meets();
    size_t bite = atomic_load(&choppy.bite);
    if (met != 0)
        return met;
    if (bite == 0)
        return transport_plain.sendv(c, iov, n, more);
    int i = 0;
    while (i < n - 1 && iov[i].iov_len == 0)
        i++;
    struct iovec one = iov[i];
    if (one.iov_len > bite)
        one.iov_len = bite;
    return transport_plain.sendv(c, &one, 1, more);
}

static long choppy_sendfile(struct conn *c, int fd, uint64_t offset, size_t n)
{
    long met = choppy_meets();
    size_t bite = atomic_load(&choppy.bite);
    void (*on_file)(int fd) = atomic_load(&choppy.on_file);
    if (met != 0)
        return met;
    if (on_file)
        on_file(fd);
    return transport_plain.sendfile(c, fd, offset, bite > 0 && bite < n ? bite : n);
}

static long choppy_recv(struct conn *c, void *p, size_t n)
{
    return transport_plain.recv(c, p, n);
}

static void choppy_shutdown(struct conn *c)
{
    transport_plain.shutdown(c);
}

static const struct transport_ops choppy_transport = {
    .name = "choppy",
    .plain = true,
    .recv = choppy_recv,
    .sendv = choppy_sendv,
    .sendfile = choppy_sendfile,
    .shutdown = choppy_shutdown,
};
/* As TLS without the kernel's help. */
static const struct transport_ops choppy_without_sendfile = {
    .name = "choppy without sendfile",
    .plain = true,
    .recv = choppy_recv,
    .sendv = choppy_sendv,
    .shutdown = choppy_shutdown,
};

#endif
