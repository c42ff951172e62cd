/* SPDX-License-Identifier: Apache-2.0
 * The event loop: see poller.h. libevent is used without its locks and only here and in listener.c:
 * nobody but the holder of the role calls it. */
#include "net/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "observe/counters.h"
#include "observe/log.h"

/* Connections served per turn of the loop: what they need is reused by the next ones while it is still in
 * the cache. */
#define EDGES_PER_TURN 32u

/* Or fewer, when each takes long: a request that is complete is served behind them, at the turn's end. */
#define EDGES_US 500u

/* Thousands may have come at the same time, and be overdue together: each is a connection to close, with what
 * the kernel and its temporary file hold for it, 0.1 ms or more. */
#define DEADLINES_PER_TURN 4u

struct poller {
    uint32_t edges;   /* in this turn */
    uint64_t edge_us; /* when the first of them came */
    struct event_base *base;
    struct slab *slots;
    struct list all;
    struct wheel wheel;
    const struct poller_ops *ops;
    void *arg;
    _Atomic uint32_t holder; /* thread_self_id() of the holder of the role; 0: nobody */
    int wake_fd;
    struct event *wake_event, *tick_event, *short_event;
    uint64_t now_us;
    bool overdue; /* deadlines are left for the next turn */
    bool timed;   /* now_us is of this turn */
    uint32_t serial;
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    (void)arg;
    uint64_t n;
    while (read((int)fd, &n, sizeof(n)) > 0)
        ;
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    (void)fd; /* ending the wait is all it is for */
    (void)what;
    (void)arg;
}

static bool poller_set_up(struct poller *p, bool no_tick, struct err *err)
{
    struct event_config *config = event_config_new();
    if (config) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        event_config_require_features(config,
                                      EV_FEATURE_ET | EV_FEATURE_O1 | EV_FEATURE_EARLY_CLOSE);
        p->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!p->base)
        return err_set(err, "cannot make an event loop");
    p->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->wake_fd < 0)
        return err_sys(err, errno, "cannot make an eventfd");
    p->wake_event = event_new(p->base, p->wake_fd, EV_READ | EV_PERSIST, on_wake, p);
    p->tick_event = event_new(p->base, -1, EV_PERSIST, on_time, p);
    p->short_event = event_new(p->base, -1, 0, on_time, p);
    struct timeval tick = {0, WHEEL_TICK_MS * 1000};
    if (!p->wake_event || !p->tick_event || !p->short_event ||
        event_add(p->wake_event, NULL) != 0 || (!no_tick && event_add(p->tick_event, &tick) != 0))
        return err_set(err, "cannot make the poller's own events");
    return true;
}

struct poller *poller_new(const struct poller_options *options, struct err *err)
{
    struct poller *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(err, "out of memory for a poller");
        return NULL;
    }
    p->ops = options->ops;
    p->arg = options->arg;
    p->wake_fd = -1;
    list_init(&p->all);
    p->now_us = clock_us();
    wheel_init(&p->wheel, p->now_us);
    p->slots = slab_new(sizeof(struct conn), options->max_connections);
    if (!p->slots)
        err_set(err, "out of memory for %u connections", options->max_connections);
    if (!p->slots || !poller_set_up(p, options->no_tick, err))
        poller_destroy(&p);
    return p;
}

static void free_event(struct event **e)
{
    if (*e)
        event_free(*e);
    *e = NULL;
}

void poller_destroy(struct poller **pp)
{
    struct poller *p = *pp;
    *pp = NULL;
    CHECK(list_empty(&p->all));
    free_event(&p->wake_event);
    free_event(&p->tick_event);
    free_event(&p->short_event);
    if (p->base)
        event_base_free(p->base);
    if (p->wake_fd >= 0)
        close(p->wake_fd);
    if (p->slots)
        slab_destroy(&p->slots);
    free(p);
}

void *poller_arg(const struct poller *p)
{
    return p->arg;
}

struct event_base *poller_base(struct poller *p)
{
    return p->base;
}

void poller_take_role(struct poller *p)
{
    uint32_t nobody = 0;
    CHECK(atomic_compare_exchange_strong(&p->holder, &nobody, thread_self_id()));
}

void poller_give_role(struct poller *p)
{
    poller_assert_role(p);
    atomic_store(&p->holder, 0);
}

void poller_assert_role(const struct poller *p)
{
    CHECK(atomic_load_explicit(&p->holder, memory_order_relaxed) == thread_self_id());
}

static void fire_deadline(struct wheel_entry *e, void *arg)
{
    struct poller *p = arg;
    p->ops->on_deadline(CONTAINER_OF(e, struct conn, timer));
}

void poller_wait(struct poller *p, bool block, uint64_t max_us)
{
    poller_assert_role(p);
    block = block && !p->overdue;
    if (block && max_us > 0) {
        struct timeval limit = {(time_t)(max_us / 1000000), (suseconds_t)(max_us % 1000000)};
        event_add(p->short_event, &limit);
    }
    p->timed = false;
    p->edges = 0;
    event_base_loop(p->base, block ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    if (block && max_us > 0)
        event_del(p->short_event);
    p->now_us = clock_us();
    p->timed = true;
    p->overdue = !wheel_advance(&p->wheel, p->now_us, DEADLINES_PER_TURN, fire_deadline, p);
    counter_add(COUNTER_poller_turns, 1);
}

void poller_wake(struct poller *p)
{
    uint64_t one = 1;
    counter_add(COUNTER_poller_wakeups, 1);
    if (write(p->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        LOG(net, LOG_ERROR, "cannot wake a poller: %s", strerror(errno));
}

uint64_t poller_now_us(const struct poller *p)
{
    return p->now_us;
}

/* ---- connections ---- */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    (void)fd;
    unsigned edges = 0;
    struct poller *p = c->poller;
    uint64_t now = clock_us();
    if (p->edges == 0)
        p->edge_us = now;
    if (++p->edges >= EDGES_PER_TURN || now - p->edge_us >= EDGES_US)
        event_base_loopbreak(p->base); /* after this one; the others stay active */
    if (what & EV_READ)
        edges |= POLLER_READ;
    if (what & EV_WRITE)
        edges |= POLLER_WRITE;
    if (what & EV_CLOSED)
        edges |= POLLER_CLOSED;
    p->ops->on_edge(c, edges);
}

struct conn *poller_open(struct poller *p, int fd, const struct conn_address *peer,
                         const struct net_listener *listener, const struct transport_ops *transport)
{
    poller_assert_role(p);
    uint32_t slot;
    struct conn *c = slab_take(p->slots, &slot);
    if (!c)
        return NULL;
    c->fd = fd;
    c->poller = p;
    c->transport = transport;
    c->transport_state = NULL;
    c->listener = listener;
    c->active = NULL;
    c->node = (struct inbox_node){.next = NULL};
    list_init(&c->again);
    list_add_tail(&p->all, &c->all);
    wheel_entry_init(&c->timer);
    c->peer = *peer;
    c->local.family = 0;
    c->slot = slot;
    c->serial = ++p->serial;
    c->requests = 0;
    c->io_jobs = 0;
    c->state = c->verdict = c->reason = 0;
    c->armed = false;
    atomic_store_explicit(&c->bits, 0, memory_order_relaxed);
    return c;
}

bool poller_arm(struct conn *c)
{
    poller_assert_role(c->poller);
    CHECK(!c->armed);
    short what = (short)(EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST);
    if (event_assign(&c->event, c->poller->base, c->fd, what, on_event, c) != 0 ||
        event_add(&c->event, NULL) != 0)
        return false;
    c->armed = true;
    return true;
}

void poller_close(struct conn **cp)
{
    struct conn *c = *cp;
    struct poller *p = c->poller;
    *cp = NULL;
    poller_assert_role(p);
    if (c->armed)
        event_del(&c->event);
    if (c->transport->close)
        c->transport->close(c);
    close(c->fd);
    c->fd = -1;
    list_remove(&c->again);
    list_remove(&c->all);
    wheel_clear(&c->timer);
    counter_add(COUNTER_closes, 1);
    slab_give(p->slots, c->slot);
}

void poller_deadline(struct conn *c, int64_t ms)
{
    struct poller *p = c->poller;
    poller_assert_role(p);
    if (!p->timed) { /* in a callback of the loop, which may have waited for long */
        p->now_us = clock_us();
        p->timed = true;
        wheel_clock(&p->wheel, p->now_us);
    }
    wheel_set(&p->wheel, &c->timer, ms);
}

int64_t poller_deadline_left(const struct conn *c)
{
    return wheel_left(&c->poller->wheel, &c->timer);
}

struct list *poller_connections(struct poller *p)
{
    return &p->all;
}

uint32_t poller_connection_count(const struct poller *p)
{
    return slab_used(p->slots);
}
