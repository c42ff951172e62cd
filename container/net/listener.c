/* SPDX-License-Identifier: Apache-2.0
 * Accepting connections: see listener.h. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "observe/counters.h"
#include "observe/log_limit.h"

/* The connections there are wait so long: each one that comes is also read from and parsed. */
#define ACCEPTS_PER_TURN 8

struct net_listener {
    struct poller *poller;
    const struct net_listener_ops *ops;
    void *arg;
    struct event *event;
    int fd, spare_fd;
    _Atomic bool watching;              /* written by the poller, read by any thread */
    _Atomic uint64_t accepted, refused; /* likewise */
    struct log_limit told;              /* of the line about running out of descriptors */
};

void conn_address_from(struct conn_address *out, const struct sockaddr *sa)
{
    *out = (struct conn_address){.family = 0};
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;
        memcpy(out->bytes, &in->sin_addr, 4);
        out->port = ntohs(in->sin_port);
        out->family = 4;
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)sa;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr);
        out->family = mapped ? 4 : 6;
        memcpy(out->bytes, in->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
        out->port = ntohs(in->sin6_port);
        out->scope = mapped ? 0 : in->sin6_scope_id;
    }
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Frees a descriptor, lets one client in and out again, takes the descriptor back. */
static void accept_and_close(struct net_listener *l)
{
    counter_add(COUNTER_accepts_refused, 1);
    atomic_fetch_add_explicit(&l->refused, 1, memory_order_relaxed);
    LOG_LIMITED(net, LOG_ERROR, &l->told,
                "no file descriptor left for a new connection: it was closed. Raise the limit of "
                "open files (ulimit -n) or lower maxConnections");
    if (l->spare_fd < 0)
        return;
    close(l->spare_fd);
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare_fd = open_spare();
}

/* False: nothing more to accept now. */
static bool accept_one(struct net_listener *l)
{
    struct sockaddr_storage sa;
    socklen_t size = sizeof(sa);
    if (l->spare_fd < 0) /* another thread was quicker when it was closed and opened again */
        l->spare_fd = open_spare();
    int fd = accept4(l->fd, (struct sockaddr *)&sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        int cause = errno;
        if (cause == EMFILE || cause == ENFILE)
            accept_and_close(l);
        return cause == EINTR || cause == ECONNABORTED;
    }
    struct conn_address peer;
    conn_address_from(&peer, (struct sockaddr *)&sa);
    counter_add(COUNTER_accepts, 1);
    atomic_fetch_add_explicit(&l->accepted, 1, memory_order_relaxed);
    if (l->ops->on_accept(l->arg, fd, &peer))
        return true;
    if (l->watching)
        event_del(l->event);
    l->watching = false;
    return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(arg); i++)
        ;
}

struct net_listener *net_listener_new(struct poller *p, int fd, const struct net_listener_ops *ops,
                                      void *arg, struct err *err)
{
    struct net_listener *l = calloc(1, sizeof(*l));
    if (!l) {
        err_set(err, "out of memory for a listener");
        return NULL;
    }
    *l = (struct net_listener){.poller = p, .ops = ops, .arg = arg, .fd = fd, .spare_fd = -1};
    l->event = event_new(poller_base(p), fd, EV_READ | EV_PERSIST, on_readable, l);
    l->spare_fd = open_spare();
    int flags = fcntl(fd, F_GETFL);
    if (!l->event || l->spare_fd < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        err_sys(err, errno, "cannot prepare a listening socket");
        net_listener_destroy(&l);
    }
    return l;
}

bool net_listener_start(struct net_listener *l, struct err *err)
{
    if (event_add(l->event, NULL) != 0)
        return err_set(err, "cannot watch a listening socket");
    l->watching = true;
    return true;
}

void net_listener_resume(struct net_listener *l)
{
    if (!l->watching && l->fd >= 0 && event_add(l->event, NULL) == 0)
        l->watching = true;
}

void net_listener_stop(struct net_listener *l)
{
    poller_assert_role(l->poller);
    if (l->watching)
        event_del(l->event);
    l->watching = false;
    while (accept_one(l))
        ;
    close(l->fd);
    l->fd = -1;
}

void net_listener_destroy(struct net_listener **lp)
{
    struct net_listener *l = *lp;
    *lp = NULL;
    if (l->event)
        event_free(l->event);
    if (l->fd >= 0)
        close(l->fd);
    if (l->spare_fd >= 0)
        close(l->spare_fd);
    free(l);
}

void net_listener_stats(const struct net_listener *l, struct net_listener_stats *out)
{
    *out = (struct net_listener_stats){
        .accepted = atomic_load_explicit(&l->accepted, memory_order_relaxed),
        .refused = atomic_load_explicit(&l->refused, memory_order_relaxed),
        .paused = !atomic_load(&l->watching),
    };
}

void *net_listener_arg(const struct net_listener *l)
{
    return l->arg;
}
