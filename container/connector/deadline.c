/* SPDX-License-Identifier: Apache-2.0
 * What a connection waits for, how long, and what happens when that is over: on the poller. One entry of
 * the wheel serves a head's total time, the paces of body and output, and a late look for a reset. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

/* A reset that arrives in the same instant as the last bytes has no edge of its own: so long after bytes
 * that complete nothing the socket is looked at once more. */
#define LOOK_MS 200

struct pace_rule conn_input_rule(const struct group *g, const struct active *a)
{
    const struct connector_options *o = &g->connector->options;
    return (struct pace_rule){
        .rate = a->body_rate, .window_ms = o->rate_window, .timeout_ms = o->body_timeout};
}

struct pace_rule conn_output_rule(const struct group *g, const struct active *a)
{
    const struct connector_options *o = &g->connector->options;
    return (struct pace_rule){
        .rate = a->send_rate, .window_ms = o->rate_window, .timeout_ms = o->send_timeout};
}

int64_t conn_taken(const struct conn *c)
{
    const struct active *a = c->active;
    return a->sent - (c->transport->unsent ? (int64_t)c->transport->unsent(c) : 0);
}

static void set_input_deadline(struct group *g, struct conn *c, uint64_t now)
{
    struct active *a = c->active;
    int64_t ms;
    if (a->in_body) {
        const struct pace_rule rule = conn_input_rule(g, a);
        ms = pace_left(&a->input, &rule, now);
    } else {
        ms = a->head_until_us > now ? (int64_t)((a->head_until_us - now + 999) / 1000) : 0;
    }
    if (a->look && (ms < 0 || ms > LOOK_MS))
        ms = LOOK_MS;
    poller_deadline(c, ms);
}

void conn_wait_input(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    uint64_t now = clock_us();
    bool *timed = a->in_body ? &a->body_timed : &a->head_timed;
    if (!*timed) {
        *timed = true;
        pace_start(&a->input, now, a->received);
        a->head_until_us = now + (uint64_t)g->connector->options.connection_timeout * 1000;
    } else if (a->received > a->input.seen) {
        pace_moved(&a->input, now);
    }
    a->look = c->transport->broken != NULL;
    set_input_deadline(g, c, now);
}

/* MS for what is sent; a body that comes meanwhile may be due before. */
static void set_output_deadline(struct conn *c, int64_t ms, uint64_t now)
{
    const struct active *a = c->active;
    if (a->body_waits) {
        const struct pace_rule rule = conn_input_rule(a->group, a);
        int64_t left = pace_left(&a->input, &rule, now);
        if (left >= 0 && (ms < 0 || left < ms))
            ms = left;
    }
    poller_deadline(c, ms);
}

void conn_wait_output(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    uint64_t now = clock_us();
    const struct pace_rule rule = conn_output_rule(g, a);
    if (!pace_runs(&a->output))
        pace_start(&a->output, now, conn_taken(c));
    else if (a->sent != a->sent_before)
        pace_moved(&a->output, now);
    a->sent_before = a->sent;
    set_output_deadline(c, pace_left(&a->output, &rule, now), now);
}

void conn_wait_nothing(struct conn *c)
{
    struct active *a = c->active;
    pace_stop(&a->output);
    set_output_deadline(c, -1, a->body_waits ? clock_us() : 0);
}

/* ---- when it is over ---- */

/* 408 into a->out. False: there is nothing to say. */
static bool last_word(struct conn *c, const char *setting)
{
    struct active *a = c->active;
    bool failed = false;
    a->proto->timeout(a->px, setting);
    a->closing = a->untrusted = true;
    while (a->proto->produce(a->px, &a->out, SIZE_MAX, &failed))
        ;
    return !failed && a->out.len > 0;
}

static void input_timeout(struct group *g, struct conn *c, enum close_reason reason,
                          const char *setting)
{
    counter_add(COUNTER_timeouts, 1);
    c->reason = (uint8_t)reason;
    if (!last_word(c, setting)) {
        conn_die(g, c, reason);
        return;
    }
    conn_to(g, c, CONN_SEND);
    conn_output(g, c);
}

void conn_cut_off(struct group *g, struct conn *c, enum close_reason reason)
{
    if ((c->state == CONN_HEAD || c->state == CONN_BODY) && last_word(c, "maxConnections"))
        (void)conn_send(c); /* what the socket does not take at once is lost */
    else if (c->transport->discard)
        c->transport->discard(c);
    conn_die(g, c, reason);
}

static void input_deadline(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    uint64_t now = clock_us();
    if (!a) {
        counter_add(COUNTER_timeouts, 1);
        conn_die(g, c, CLOSE_head_timeout);
        return;
    }
    if (a->look) {
        a->look = false;
        if (c->transport->broken(c)) {
            conn_die(g, c, CLOSE_reset);
            return;
        }
    }
    if (!a->in_body) {
        if (now >= a->head_until_us)
            input_timeout(g, c, CLOSE_head_timeout, "connectionTimeout");
        else
            set_input_deadline(g, c, now);
        return;
    }
    const struct pace_rule rule = conn_input_rule(g, a);
    switch (pace_look(&a->input, &rule, now, a->received)) {
    case PACE_OK:
        set_input_deadline(g, c, now);
        break;
    case PACE_STALLED:
        input_timeout(g, c, CLOSE_body_timeout, "bodyTimeout");
        break;
    case PACE_SLOW:
        input_timeout(g, c, CLOSE_body_rate, "bodyMinRate");
        break;
    }
}

/* Of a body that comes while others make the answer: those hear of it. */
static void look_at_body(struct group *g, struct conn *c, uint64_t now)
{
    struct active *a = c->active;
    const struct pace_rule rule = conn_input_rule(g, a);
    enum pace_verdict v = pace_look(&a->input, &rule, now, a->received);
    if (v == PACE_OK)
        return;
    counter_add(COUNTER_timeouts, 1);
    c->reason = v == PACE_SLOW ? CLOSE_body_rate : CLOSE_body_timeout;
    conn_body_late(c, v == PACE_STALLED);
}

static void output_deadline(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    uint64_t now = clock_us();
    if (a->body_waits)
        look_at_body(g, c, now);
    if (!pace_runs(&a->output)) {
        set_output_deadline(c, -1, now);
        return;
    }
    const struct pace_rule rule = conn_output_rule(g, a);
    enum pace_verdict v = pace_look(&a->output, &rule, now, conn_taken(c));
    if (v == PACE_OK) {
        set_output_deadline(c, pace_left(&a->output, &rule, now), now);
        return;
    }
    counter_add(COUNTER_timeouts, 1);
    conn_cut_off(g, c, v == PACE_SLOW ? CLOSE_send_rate : CLOSE_send_timeout);
}

void conn_deadline(struct conn *c)
{
    struct group *g = poller_arg(c->poller);
    switch ((enum conn_state)c->state) {
    case CONN_LENT: /* the worker's time: the connection is looked at when it comes back */
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    case CONN_OPEN:
        counter_add(COUNTER_timeouts, 1);
        conn_die(g, c, CLOSE_head_timeout);
        break;
    case CONN_HEAD:
    case CONN_BODY:
        input_deadline(g, c);
        break;
    case CONN_IDLE:
        conn_die(g, c, CLOSE_idle);
        break;
    case CONN_MUX:
        if (pace_runs(&((struct active *)c->active)->output)) {
            output_deadline(g, c);
            break;
        }
        if (conn_mux_overdue(c) != CLOSE_idle)
            counter_add(COUNTER_timeouts, 1);
        conn_die(g, c, conn_mux_overdue(c));
        break;
    case CONN_SEND:
    case CONN_PARKED:
        output_deadline(g, c);
        break;
    case CONN_LINGER:
        conn_die(g, c, c->reason);
        break;
    }
}
