/* SPDX-License-Identifier: Apache-2.0
 * Connections of multiplexing protocols: they stay with the poller for ever; exchanges are queued and
 * answer through posted channels. */
#include "connector/group_priv.h"

#define MUX_BUDGET (256u * 1024u)
#define MUX_WINDOW (256u * 1024u)
#define MUX_ROUNDS 64u /* requests taken, or windows sent, in one turn */

enum close_reason conn_mux_overdue(const struct conn *c)
{
    const struct active *a = c->active;
    if (a->out.len > 0)
        return CLOSE_send_timeout;
    if (a->in_body)
        return CLOSE_body_timeout;
    return a->proto->idle(a->px) ? CLOSE_idle : CLOSE_head_timeout;
}

/* Nothing is left to send: what is waited for, and how long? */
static void mux_deadline(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    const struct connector_options *o = &g->connector->options;
    bool timed = a->head_timed;
    a->head_timed = false;
    pace_stop(&a->output);
    if (a->in_body) {
        poller_deadline(c, o->body_timeout);
    } else if (a->under_way > 0) {
        poller_deadline(c, -1); /* handlers have their own time */
    } else if (a->proto->idle(a->px)) {
        poller_deadline(c, c->requests > 0 ? o->keep_alive_timeout : o->connection_timeout);
    } else {
        if (!timed)
            poller_deadline(c, o->connection_timeout);
        a->head_timed = true;
    }
}

/* Sends until the socket is full or the protocol has nothing more. False: C is gone. */
static bool mux_send(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    bool failed = false;
    for (unsigned rounds = 0;; rounds++) {
        enum send_result sent = conn_send(c);
        if (sent >= SEND_FAILED) {
            conn_send_failed(g, c, sent);
            return false;
        }
        if (sent == SEND_DISK) {
            conn_wait_nothing(c); /* the disk is slow, not the client */
            return true;
        }
        if (sent == SEND_BLOCKED) {
            conn_wait_output(g, c);
            return true;
        }
        if (sent == SEND_TURN || rounds >= MUX_ROUNDS) {
            conn_again(g, c);
            return true;
        }
        if (!a->proto->produce(a->px, &a->out, MUX_WINDOW, &failed))
            break;
    }
    if (failed) {
        conn_die(g, c, CLOSE_memory);
        return false;
    }
    mux_deadline(g, c);
    bool drained = g->draining && a->under_way == 0 && a->proto->idle(a->px);
    if (drained && c->reason == CLOSE_none)
        c->reason = CLOSE_drain;
    if (!a->closing && !drained)
        return true;
    conn_linger(g, c);
    return false;
}

void conn_mux(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (!a && !(a = active_take(g, c))) {
        conn_die(g, c, CLOSE_memory);
        return;
    }
    a->slot = g->slot; /* the role may have moved */
    if (g->draining)
        a->proto->drain(a->px);
    unsigned rounds = 0;
    for (bool reading = !a->closing; reading; rounds++) {
        if (rounds >= MUX_ROUNDS) {
            conn_again(g, c);
            break;
        }
        switch (conn_fill(c, MUX_BUDGET)) {
        case FILL_STOP:
            conn_parsed_close(c);
            reading = a->parsed != PROTO_CLOSE;
            break;
        case FILL_MORE:
            reading = false;
            break;
        case FILL_AGAIN:
            conn_again(g, c);
            reading = false;
            break;
        case FILL_EOF:
            conn_die(g, c, CLOSE_peer);
            return;
        case FILL_ERROR:
            conn_die(g, c, CLOSE_reset);
            return;
        }
    }
    if (mux_send(g, c))
        conn_armed(g, c);
}
