/* SPDX-License-Identifier: Apache-2.0
 * New connections: the first group's poller accepts and deals them round-robin; a connection stays with
 * its group. */
#include <stdlib.h>
#include <unistd.h>

#include "connector/group_priv.h"
#include "observe/counters.h"

void group_adopt(struct group *g, int fd, const struct conn_address *peer,
                 const struct net_listener *listener)
{
    struct conn *c = poller_open(g->poller, fd, peer, listener, g->connector->transport);
    if (!c) {
        close(fd);
        counter_add(COUNTER_accepts_refused, 1);
        connector_conn_ended(g);
        return;
    }
    c->node.kind = NODE_RETURN;
    c->state = CONN_OPEN;
    atomic_fetch_add_explicit(&g->states[CONN_OPEN], 1, memory_order_relaxed);
    if (c->transport->handshake)
        poller_deadline(c, g->connector->options.connection_timeout);
    lease_edge(&c->bits, true, false, false); /* the request may be here already: try first */
    conn_run(g, c);
}

/* On the first group's poller. */
static bool on_accept(void *arg, int fd, const struct conn_address *peer)
{
    struct connector *c = arg;
    uint32_t now = atomic_fetch_add(&c->connections, 1) + 1;
    struct group *g = &c->groups[c->next_group];
    c->next_group = (c->next_group + 1) % c->group_count;
    if (g->number == 0) {
        group_adopt(g, fd, peer, c->listeners[0]);
    } else {
        struct adopt_node *adopt = malloc(sizeof(*adopt));
        if (adopt) {
            *adopt = (struct adopt_node){
                .node = {.kind = NODE_ADOPT}, .fd = fd, .peer = *peer, .listener = c->listeners[0]};
            if (inbox_give(&g->inbox, &adopt->node, NULL, true))
                poller_wake(g->poller);
        } else {
            close(fd);
            connector_conn_ended(g);
        }
    }
    if (now < c->options.max_connections)
        return true;
    atomic_store(&c->accept_paused, true);
    return false;
}

const struct net_listener_ops connector_accept_ops = {.on_accept = on_accept};

void connector_conn_ended(struct group *g)
{
    struct connector *c = g->connector;
    uint32_t left = atomic_fetch_sub(&c->connections, 1) - 1;
    if (atomic_load(&c->accept_paused) && g->number != 0)
        poller_wake(c->groups[0].poller);
    if (left == 0 && atomic_load(&c->draining)) {
        lock_acquire(&c->lock);
        cond_broadcast(&c->empty);
        lock_release(&c->lock);
    }
}
