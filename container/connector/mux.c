/* SPDX-License-Identifier: Apache-2.0
 * Connections of multiplexing protocols: they stay with the poller for ever; exchanges are queued and
 * answer through posted channels. */
#include "connector/group_priv.h"

#define MUX_BUDGET (256u * 1024u)
#define MUX_WINDOW (256u * 1024u)

/* Sends until the socket is full or the protocol has nothing more. False: C is gone. */
static bool mux_send(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    bool failed = false;
    for (;;) {
        size_t before = a->out.len;
        enum send_result sent = conn_send(c);
        if (sent == SEND_FAILED) {
            conn_die(g, c, CLOSE_reset);
            return false;
        }
        if (sent == SEND_BLOCKED) {
            if (a->out.len < before || before == 0)
                poller_deadline(c, g->connector->options.send_timeout);
            return true;
        }
        if (!a->proto->produce(a->px, &a->out, MUX_WINDOW, &failed))
            break;
    }
    if (failed) {
        conn_die(g, c, CLOSE_memory);
        return false;
    }
    poller_deadline(c, g->connector->options.keep_alive_timeout);
    if (!a->closing)
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
    if (g->draining)
        a->proto->drain(a->px);
    for (bool reading = !a->closing; reading;) {
        switch (conn_fill(c, MUX_BUDGET)) {
        case FILL_STOP:
            if (a->parsed == PROTO_CLOSE)
                a->closing = a->untrusted = true;
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
