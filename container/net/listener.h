/* SPDX-License-Identifier: Apache-2.0
 * Accepting: one listening socket per address, watched by one poller (level-triggered, at most 64
 * accepts a turn). At EMFILE one connection is taken with a spare descriptor and closed, so that the
 * backlog does not spin the loop. Used by the connector with the poller's role held. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H
#include "net/poller.h"

struct net_listener;

struct net_listener_ops {
    /* A new socket, non-blocking and CLOEXEC, now the callee's. False: pause accepting until
     * net_listener_resume (the socket was taken all the same). */
    bool (*on_accept)(void *arg, int fd, const struct conn_address *peer);
};

/* FD is a bound, listening socket; it is made non-blocking; closed by net_listener_close. */
struct net_listener *net_listener_new(struct poller *p, int fd, const struct net_listener_ops *ops,
                                      void *arg, struct err *err);
bool net_listener_start(struct net_listener *l, struct err *err);
void net_listener_resume(struct net_listener *l); /* after a pause */
/* Out of the loop; what waits in the backlog is accepted once more; the socket is closed. */
void net_listener_stop(struct net_listener *l);
void net_listener_destroy(struct net_listener **l);
struct net_listener_stats {
    uint64_t accepted, refused; /* refused: no descriptor was left */
    bool paused;
};
void net_listener_stats(const struct net_listener *l,
                        struct net_listener_stats *out); /* any thread */
void *net_listener_arg(const struct net_listener *l);

struct sockaddr;
void conn_address_from(struct conn_address *out, const struct sockaddr *sa);

#endif
