/* SPDX-License-Identifier: Apache-2.0
 * Plain TCP: see transport.h; and the names of close reasons. */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "net/conn.h"
#include "observe/counters.h"

static long plain_recv(struct conn *c, void *p, size_t n)
{
    for (;;) {
        ssize_t got = recv(c->fd, p, n, 0);
        if (got >= 0 || errno != EINTR) {
            counter_add(COUNTER_recv_calls, 1);
            if (got > 0)
                counter_add(COUNTER_bytes_in, (uint64_t)got);
            if (got >= 0)
                return got;
            return errno == EAGAIN || errno == EWOULDBLOCK ? TRANSPORT_WANT_READ : TRANSPORT_ERROR;
        }
    }
}

static long plain_sendv(struct conn *c, const struct iovec *iov, int n, bool more)
{
    int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};
    for (;;) {
        /* Most answers are one piece: send is the cheaper call. */
        ssize_t sent = n == 1 ? send(c->fd, iov->iov_base, iov->iov_len, flags)
                              : sendmsg(c->fd, &message, flags);
        if (sent >= 0 || errno != EINTR) {
            counter_add(COUNTER_send_calls, 1);
            if (sent > 0)
                counter_add(COUNTER_bytes_out, (uint64_t)sent);
            if (sent >= 0)
                return sent;
            return errno == EAGAIN || errno == EWOULDBLOCK ? TRANSPORT_WANT_WRITE : TRANSPORT_ERROR;
        }
    }
}

/* What sendfile can say that is the file's fault and not the socket's. */
static bool blames_file(int error)
{
    return error == EIO || error == EINVAL || error == EOVERFLOW || error == ESTALE ||
           error == EBADF || error == EISDIR || error == ENOMEM;
}

static long plain_sendfile(struct conn *c, int fd, uint64_t offset, size_t n)
{
    for (;;) {
        off_t at = (off_t)offset;
        ssize_t sent = sendfile(c->fd, fd, &at, n);
        if (sent >= 0 || errno != EINTR) {
            counter_add(COUNTER_send_calls, 1);
            if (sent > 0)
                counter_add(COUNTER_bytes_out, (uint64_t)sent);
            if (sent > 0)
                return sent;
            if (sent == 0 || blames_file(errno))
                return TRANSPORT_FILE;
            return errno == EAGAIN || errno == EWOULDBLOCK ? TRANSPORT_WANT_WRITE : TRANSPORT_ERROR;
        }
    }
}

static bool plain_broken(const struct conn *c)
{
    struct pollfd p = {.fd =
                           c->fd}; /* unlike a MSG_PEEK it also sees a reset behind unread bytes */
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP));
}

static size_t plain_unsent(const struct conn *c)
{
    int n = 0;
    return ioctl(c->fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

static void plain_discard(struct conn *c)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

static void plain_shutdown(struct conn *c)
{
    shutdown(c->fd, SHUT_WR);
}

const struct transport_ops transport_plain = {
    .name = "tcp",
    .plain = true,
    .recv = plain_recv,
    .sendv = plain_sendv,
    .sendfile = plain_sendfile,
    .broken = plain_broken,
    .unsent = plain_unsent,
    .discard = plain_discard,
    .shutdown = plain_shutdown,
};

static const struct {
    const char *name, *text;
    bool error;
} reasons[CLOSE_REASON_COUNT] = {
#define X(name, error, text) {#name, text, error},
#include "net/close_reasons.def"
#undef X
};

const char *close_reason_name(enum close_reason r)
{
    return reasons[r].name;
}

const char *close_reason_text(enum close_reason r)
{
    return reasons[r].text;
}

bool close_reason_is_error(enum close_reason r)
{
    return reasons[r].error;
}
