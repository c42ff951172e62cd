/* SPDX-License-Identifier: Apache-2.0
 * Building, draining and ending a connector: see connector.h. */
#include "connector/connector.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/log.h"

static void on_edge(struct conn *c, unsigned what);

static const struct poller_ops poller_callbacks = {.on_edge = on_edge,
                                                   .on_deadline = conn_deadline};

/* ---- building ---- */

static bool fill_protocol(struct connector *c, struct err *err)
{
    const struct connector_options *o = &c->options;
    char bad;
    c->h1 = (struct h1_config){
        .max_uri_size = o->max_uri_size,
        .max_header_size = o->max_header_size,
        .max_header_count = o->max_header_count,
        .max_cookie_count = o->max_cookie_count,
        .max_trailer_size = o->max_trailer_size,
        .max_extension_size = o->max_extension_size,
        .max_swallow_size = o->max_swallow_size,
        .uri = {.encoded_solidus = o->encoded_solidus,
                .reject_suspicious = o->reject_suspicious_uris},
        .allowed_trailers = span_of(o->allowed_trailers ? o->allowed_trailers : ""),
        .server = span_of(o->server ? o->server : ""),
    };
    c->proto = o->proto ? o->proto : &h1_proto;
    c->proto_config = o->proto ? o->proto_config : &c->h1;
    c->transport = o->transport ? o->transport : &transport_plain;
    if (h1_config_bytes(&c->h1, o->relaxed_path_chars, o->relaxed_query_chars, &bad))
        return true;
    err_set(err, "relaxedPathChars or relaxedQueryChars has '%c'", bad);
    return err_hint(err, "Only these may be relaxed: \" < > [ \\ ] ^ ` { | }");
}

static uint32_t share(uint32_t all, uint32_t groups)
{
    uint32_t n = (all + groups - 1) / groups;
    return n > 0 ? n : 1;
}

/* Running quick requests on the poller saves a third of their CPU time, but one after the other: worth it
 * always where there is no further core to run them on, else for small batches only. */
static uint32_t inline_max(uint32_t groups)
{
    return thread_processors() <= 2 * groups ? UINT32_MAX : 8;
}

static bool group_init(struct connector *c, uint32_t number, struct err *err)
{
    const struct connector_options *o = &c->options;
    struct group *g = &c->groups[number];
    g->connector = c;
    static _Atomic uint32_t groups_made;
    g->number = number;
    g->id = atomic_fetch_add(&groups_made, 1);
    list_init(&g->again);
    list_init(&g->idle);
    wheel_init(&g->alarms, clock_us());
    work_init(g);
    g->batch_end = &g->batch;
    inbox_init(&g->inbox);
    g->inline_max = inline_max(o->groups);
    role_init(&g->role);
    if (!waiting_init(g))
        return err_set(err, "out of memory for a connector");
    struct poller_options po = {
        .max_connections = o->max_connections,
        .ops = &poller_callbacks,
        .arg = g,
        .no_tick = o->no_tick,
    };
    g->poller = poller_new(&po, err);
    if (!g->poller)
        return false;
    uint32_t max_threads = share(o->max_threads, o->groups);
    uint32_t queues = engine_queue_count(o->engine);
    g->counts = calloc(queues, sizeof(*g->counts));
    if (!g->counts)
        return err_set(err, "out of memory for a connector");
    g->kept = fair_kept(c, max_threads);
    struct pool_options wo = {
        .name = c->name,
        .min_threads = share(o->min_spare_threads, o->groups),
        .max_threads = max_threads,
        .idle_us = MS_TO_US(o->threads_max_idle_time),
        .queues = queues,
        .limits = {.cap = max_threads, .max_length = o->max_queue_size},
        .kept = g->kept,
        .ops = &connector_pool_ops,
        .arg = g,
    };
    if (!records_open(g, &wo))
        return err_set(err, "out of memory for a connector");
    g->pool = pool_new(&wo, err);
    if (!g->pool)
        return false;
    fair_set_limits(g, max_threads);
    records_limits(g);
    return true;
}

/* On the listening socket: on Linux accepted ones inherit all three. */
static bool set_socket_options(const struct connector_options *o, int fd, struct err *err)
{
    int on = o->tcp_no_delay, rx = o->socket_rx_buf, tx = o->socket_tx_buf;
    const char *name = NULL;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        name = "tcpNoDelay";
    else if (rx > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rx, sizeof(rx)) != 0)
        name = "socket.rxBufSize";
    else if (tx > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &tx, sizeof(tx)) != 0)
        name = "socket.txBufSize";
    return !name || err_sys(err, errno, "cannot set %s on a listening socket", name);
}

static bool open_accounts(struct connector *c, struct err *err)
{
    struct engine *e = c->options.engine;
    uint32_t n = engine_queue_count(e);
    c->accounts = calloc(n, sizeof(struct spool_account *));
    for (uint32_t q = 0; c->accounts && q < n; q++) {
        c->accounts[q] = spool_account(c->options.spool, e, q, engine_queue_name(e, q));
        if (!c->accounts[q])
            return err_set(err, "out of memory for the accounts of a connector");
    }
    return c->accounts || err_set(err, "out of memory for the accounts of a connector");
}

static bool add_listeners(struct connector *c, struct err *err)
{
    const struct connector_options *o = &c->options;
    c->listeners = calloc(o->listen_count, sizeof(struct net_listener *));
    if (!c->listeners)
        return err_set(err, "out of memory for %zu listeners", o->listen_count);
    for (size_t i = 0; i < o->listen_count; i++) {
        if (!set_socket_options(o, o->listen_fds[i], err))
            return false;
        c->listeners[i] =
            net_listener_new(c->groups[0].poller, o->listen_fds[i], &connector_accept_ops, c, err);
        if (!c->listeners[i])
            return false;
        c->listener_count++;
    }
    return true;
}

struct connector *connector_new(const struct connector_options *options, struct err *err)
{
    struct connector *c = calloc(1, sizeof(*c));
    if (c)
        c->groups = calloc(options->groups, sizeof(*c->groups));
    if (!c || !c->groups) {
        free(c);
        err_set(err, "out of memory for a connector");
        return NULL;
    }
    c->options = *options;
    c->room_line = room_line(options->max_connections);
    snprintf(c->name, sizeof(c->name), "%s", options->name);
    lock_init(&c->lock, "connector");
    cond_init(&c->empty);
    bool ok = fill_protocol(c, err) && open_accounts(c, err);
    for (uint32_t i = 0; ok && i < options->groups; i++) {
        c->group_count++;
        ok = group_init(c, i, err);
    }
    if (!ok || !add_listeners(c, err))
        connector_destroy(&c);
    return c;
}

void connector_destroy(struct connector **cp)
{
    struct connector *c = *cp;
    *cp = NULL;
    for (size_t i = 0; i < c->listener_count; i++)
        net_listener_destroy(&c->listeners[i]);
    free(c->listeners);
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        active_free_all(g);
        if (g->poller)
            poller_destroy(&g->poller);
        if (g->pool)
            pool_destroy(&g->pool);
        engine_records_close(&g->records);
        waiting_destroy(g);
        role_destroy(&g->role);
        free(g->counts);
    }
    cond_destroy(&c->empty);
    lock_destroy(&c->lock);
    free(c->accounts);
    free(c->groups);
    free(c);
}

/* ---- running ---- */

static void start_listening(struct group *g, void *arg)
{
    struct err *err = arg;
    struct connector *c = g->connector;
    for (size_t i = 0; i < c->listener_count; i++) {
        if (!net_listener_start(c->listeners[i], err))
            return;
    }
}

static bool start_all(struct connector *c, struct err *err)
{
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        if (!pool_start(g->pool, err))
            return false;
        for (uint32_t k = 0; k < ARRAY_COUNT(g->threads); k++) {
            char name[64];
            snprintf(name, sizeof(name), "%s-poll-%u%s", c->name, i, k == 0 ? "a" : "b");
            if (!thread_start(&g->threads[k], name, group_main, g))
                return err_sys(err, errno, "cannot start the poller thread %s", name);
        }
    }
    for (uint32_t i = 0; i < c->group_count; i++) /* the first request may want them */
        engine_offer_workers(c->options.engine, &c->groups[i].workers);
    err->what[0] = '\0';
    group_call(&c->groups[0], start_listening, err);
    return err->what[0] == '\0';
}

bool connector_start(struct connector *c, struct err *err)
{
    if (!start_all(c, err)) {
        connector_stop(c);
        return false;
    }
    return true;
}

/* ---- ending ---- */

static void drain_group(struct group *g, void *arg)
{
    (void)arg;
    g->draining = true;
    if (g->number == 0) {
        struct connector *c = g->connector;
        for (size_t i = 0; i < c->listener_count; i++)
            net_listener_stop(c->listeners[i]);
    }
    LIST_FOREACH_SAFE (link, next, poller_connections(g->poller)) {
        struct conn *c = CONTAINER_OF(link, struct conn, all);
        struct active *a = c->active;
        if (c->state == CONN_LENT || c->state == CONN_DEAD)
            continue;
        if (!a) {
            conn_die(g, c, CLOSE_drain);
            continue;
        }
        a->proto->drain(a->px);
        if (c->state == CONN_MUX)
            conn_again(g, c); /* it has to be told, or may end at once */
    }
}

void connector_drain(struct connector *c)
{
    atomic_store(&c->draining, true);
    engine_ask_to_end(c->options.engine);
    for (uint32_t i = 0; i < c->group_count; i++)
        group_call(&c->groups[i], drain_group, NULL);
}

bool connector_wait_empty(struct connector *c, uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&c->lock);
    while (atomic_load(&c->connections) > 0 && clock_us() < deadline)
        cond_wait_until(&c->empty, &c->lock, deadline);
    lock_release(&c->lock);
    return atomic_load(&c->connections) == 0;
}

static void abort_group(struct group *g, void *arg)
{
    (void)arg;
    LIST_FOREACH_SAFE (link, next, poller_connections(g->poller)) {
        struct conn *c = CONTAINER_OF(link, struct conn, all);
        if (c->state == CONN_LENT)
            shutdown(c->fd, SHUT_RDWR); /* the worker notices at its next write */
        else if (c->state != CONN_DEAD) /* which waits for an io thread */
            conn_die(g, c, CLOSE_drain);
    }
}

/* Who makes answers without a thread of ours hears that the clients are gone; that takes tasks. */
static bool wait_detached(struct connector *c, uint64_t deadline)
{
    lock_acquire(&c->lock);
    while (atomic_load(&c->detached) > 0 && clock_us() < deadline)
        cond_wait_until(&c->empty, &c->lock, deadline);
    lock_release(&c->lock);
    if (atomic_load(&c->detached) > 0)
        return false;
    for (uint32_t i = 0; i < c->group_count; i++) {
        uint64_t now = clock_us();
        if (!pool_drain(c->groups[i].pool, now < deadline ? deadline - now : 0))
            return false;
    }
    return true;
}

static void withdraw_workers(struct connector *c)
{
    for (uint32_t i = 0; i < c->group_count; i++)
        engine_withdraw_workers(c->options.engine, &c->groups[i].workers);
}

bool connector_abort(struct connector *c, uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    withdraw_workers(c);
    for (uint32_t i = 0; i < c->group_count; i++)
        group_call(&c->groups[i], abort_group, NULL);
    for (uint32_t i = 0; i < c->group_count; i++) {
        uint64_t now = clock_us();
        if (!pool_drain(c->groups[i].pool, now < deadline ? deadline - now : 0) ||
            !role_wait_quiet(&c->groups[i].role, deadline))
            return false;
    }
    for (uint32_t i = 0; i < c->group_count; i++) /* what came back from its lease meanwhile */
        group_call(&c->groups[i], abort_group, NULL);
    if (!connector_wait_empty(c, 1000000) || !wait_detached(c, deadline))
        return false;
    for (uint32_t i = 0; i < c->group_count; i++) {
        if (!records_end(&c->groups[i], limit_us))
            return false;
    }
    return true;
}

static void stop_group(struct group *g, void *arg)
{
    (void)arg;
    g->stopping = true;
}

uint32_t connector_connections(const struct connector *c)
{
    return atomic_load(&c->connections);
}

void connector_stop(struct connector *c)
{
    withdraw_workers(c);
    for (uint32_t i = 0; i < c->group_count; i++)
        pool_stop(c->groups[i].pool);
    /* No connection waits for a job, but an io thread may still be about to wake a poller for one. */
    while (atomic_load(&c->jobs) > 0)
        sched_yield();
    for (uint32_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];
        if (!g->threads[0].started)
            continue;
        group_call(g, stop_group, NULL);
        for (uint32_t k = 0; k < ARRAY_COUNT(g->threads); k++)
            thread_join(&g->threads[k]);
    }
}

/* ---- edges ---- */

bool conn_was_reset(struct conn *c)
{
    return lease_readable(&c->bits) && c->transport->broken && c->transport->broken(c);
}

static void on_edge(struct conn *c, unsigned what)
{
    lease_edge(&c->bits, what & POLLER_READ, what & POLLER_WRITE, what & POLLER_CLOSED);
    /* LENT: its worker, or the pop of the inbox, will see the bits. DEAD: it waits for an io thread. */
    if (c->state == CONN_LENT || c->state == CONN_DEAD)
        return;
    /* Nothing is read while an answer is made: a reset has to be looked for. */
    if (c->state == CONN_PARKED && (what & POLLER_READ) && conn_was_reset(c)) {
        conn_die(poller_arg(c->poller), c, CLOSE_reset);
        return;
    }
    conn_run(poller_arg(c->poller), c);
}
