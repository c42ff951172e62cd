/* SPDX-License-Identifier: Apache-2.0
 * How connections rest and end, on the poller: idle, lingering, dead. */
#include <sys/socket.h>

#include "connector/group_priv.h"
#include "observe/counters.h"

#define LINGER_MS    2000
#define LINGER_BYTES (64u * 1024u)
/* For a client that is in the middle of a body that nobody wants: it looks for an answer late. */
#define LINGER_BODY_MS    10000
#define LINGER_BODY_BYTES (UINT64_C(1) << 30)
#define LINGER_TURN       (256u * 1024u) /* dropped in one turn of the poller */

bool conn_armed(struct group *g, struct conn *c)
{
    if (c->armed || poller_arm(c))
        return true;
    conn_die(g, c, CLOSE_memory);
    return false;
}

void conn_idle(struct group *g, struct conn *c)
{
    const struct connector_options *o = &g->connector->options;
    struct active *a = c->active;
    if (a)
        active_give(g, a);
    if (g->draining) {
        conn_die(g, c, CLOSE_drain);
        return;
    }
    if (c->state != CONN_IDLE)
        conn_to(g, c, CONN_IDLE);
    poller_deadline(c, c->requests > 0 ? o->keep_alive_timeout : o->connection_timeout);
    conn_armed(g, c);
}

/* The client must be able to read the answer: a close with unread input would reset it away. */
void conn_linger(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (c->reason == CLOSE_none)
        c->reason = CLOSE_requested;
    c->transport->shutdown(c);
    if (!a->untrusted && buf_len(&a->in) == 0 && !lease_readable(&c->bits)) {
        conn_die(g, c, c->reason);
        return;
    }
    if (c->state != CONN_LINGER)
        conn_to(g, c, CONN_LINGER);
    bool body = a->refused_body > 0;
    uint64_t most = body ? LINGER_BODY_BYTES : 0;
    a->linger_left = LINGER_BYTES + (a->refused_body < most ? a->refused_body : most);
    poller_deadline(c, body ? LINGER_BODY_MS : LINGER_MS);
    if (!conn_armed(g, c))
        return;
    buf_clear(&a->in);
    conn_linger_read(g, c);
}

void conn_linger_read(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    char dropped[16384];
    for (size_t turn = 0; turn < LINGER_TURN;) {
        long n = c->transport->recv(c, dropped, sizeof(dropped));
        if (n == TRANSPORT_WANT_READ || n == TRANSPORT_WANT_WRITE)
            return;
        if (n <= 0 || (uint64_t)n > a->linger_left) {
            conn_die(g, c, c->reason);
            return;
        }
        a->linger_left -= (uint64_t)n;
        turn += (size_t)n;
    }
    conn_again(g, c);
}

static void give_up_exchange(struct active *a)
{
    struct exchange *x = a->x;
    a->x = NULL;
    if (x->channel == &posted_channel) { /* its handler may still run */
        posted_disconnect(x);
        posted_record(x);
    } else {
        exchange_record(a->group, x, true, a->c->reason);
    }
    exchange_release(&x);
}

/* Nothing of C is used by anybody any more. */
static void conn_free(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (a) {
        if (a->x)
            give_up_exchange(a);
        active_give(g, a);
    }
    atomic_fetch_add_explicit(&g->closed[c->reason], 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&g->states[CONN_DEAD], 1, memory_order_relaxed);
    poller_close(&c);
    connector_conn_ended(g);
}

void conn_die(struct group *g, struct conn *c, enum close_reason reason)
{
    struct active *a = c->active;
    CHECK(c->state != CONN_LENT);
    if (c->reason == CLOSE_none || close_reason_is_error(reason))
        c->reason = (uint8_t)reason;
    if (c->state != CONN_DEAD)
        conn_to(g, c, CONN_DEAD);
    if (c->io_jobs == 0) {
        conn_free(g, c);
        return;
    }
    /* An io thread still uses its memory; neither the client nor a writer need wait for that. */
    list_remove(&c->again);
    poller_deadline(c, -1);
    shutdown(c->fd, SHUT_RDWR);
    if (a && a->x && a->x->channel == &posted_channel)
        give_up_exchange(a);
}

void conn_job_done(struct group *g, struct conn *c)
{
    CHECK(c->state == CONN_DEAD);
    if (c->io_jobs == 0)
        conn_free(g, c);
}
