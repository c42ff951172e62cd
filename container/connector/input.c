/* SPDX-License-Identifier: Apache-2.0
 * Receiving and parsing: on the poller for a connection that is not lent, on the worker within its lease
 * (conn_fill only). */
#include "connector/group_priv.h"
#include "observe/log.h"

#define READ_MIN    4096u          /* room for one recv */
#define READ_BUDGET (256u * 1024u) /* per connection and turn */
#define SAY_BUDGET  32u            /* refusals per connection and turn */

/* ---- the fill loop's two callbacks ---- */

static bool parse(void *arg)
{
    struct active *a = ((struct conn *)arg)->active;
    if (buf_len(&a->in) == 0)
        return false;
    a->parsed = a->proto->feed(a->px, &a->in);
    return a->parsed != PROTO_MORE;
}

static long receive(void *arg, size_t *room)
{
    struct conn *c = arg;
    struct active *a = c->active;
    if (!buf_reserve(&a->in, READ_MIN))
        return TRANSPORT_ERROR;
    *room = buf_room(&a->in);
    long n = c->transport->recv(c, a->in.mem + a->in.tail, *room);
    if (n > 0) {
        buf_produced(&a->in, (size_t)n);
        a->received += n;
    }
    return n;
}

enum fill_result conn_fill(struct conn *c, size_t budget)
{
    struct fill_ops ops = {.plain = c->transport->plain, .parse = parse, .recv = receive};
    return lease_fill(&c->bits, &ops, c, budget);
}

/* ---- on the poller ---- */

/* What the next request will be received in goes back, unless some of it has come. */
void conn_rest(struct conn *c)
{
    struct active *a = c->active;
    if (buf_len(&a->in) == 0)
        buf_free(&a->in);
    if (a->proto->rest)
        a->proto->rest(a->px);
}

void conn_again(struct group *g, struct conn *c)
{
    if (list_empty(&c->again))
        list_add_tail(&g->again, &c->again);
}

static void lend(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    conn_to(g, c, CONN_LENT);
    poller_deadline(c, -1);
    a->job.kind = JOB_LEASE;
    fair_task(a, g->slot);
    *g->batch_end = &a->job.task;
    g->batch_end = &a->job.task.next;
}

/* Bytes of the protocol's own (refusals, 100 Continue) go behind what is there. */
static bool take_produced(struct active *a)
{
    bool failed = false;
    while (a->proto->produce(a->px, &a->out, SIZE_MAX, &failed))
        ;
    return !failed;
}

/* Nothing complete and nothing to read: what waits now, and how long? */
static void wait_for_more(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (c->state == (a->in_body ? CONN_HEAD : CONN_BODY))
        conn_to(g, c, a->in_body ? CONN_BODY : CONN_HEAD);
    if (!a->in_body && buf_len(&a->in) == 0 && a->proto->idle(a->px)) {
        conn_idle(g, c);
        return;
    }
    conn_wait_input(g, c);
    conn_armed(g, c);
}

/* After PROTO_CLOSE no more requests come from C. */
void conn_parsed_close(struct conn *c)
{
    struct active *a = c->active;
    if (a->parsed != PROTO_CLOSE)
        return;
    a->closing = a->untrusted = true;
    c->reason = CLOSE_refused;
}

/* The protocol has something to say before it goes on. False: C is no longer in HEAD or BODY. */
static bool say(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    conn_parsed_close(c);
    if (!take_produced(a)) {
        conn_die(g, c, CLOSE_memory);
        return false;
    }
    enum send_result sent = conn_send(c);
    switch (sent) {
    case SEND_DONE:
        break;
    case SEND_DISK: /* not while nothing is answered */
    case SEND_FAILED:
    case SEND_FILE:
    case SEND_NO_MEMORY:
        conn_send_failed(g, c, sent);
        return false;
    case SEND_TURN:
        conn_again(g, c);
        /* fall through */
    case SEND_BLOCKED:
        conn_to(g, c, CONN_SEND);
        conn_wait_output(g, c);
        conn_armed(g, c);
        return false;
    }
    if (!a->closing)
        return true;
    conn_linger(g, c);
    return false;
}

/* The request under way cannot be taken. */
static void refuse(struct group *g, struct conn *c, const struct proto_refusal *why)
{
    struct active *a = c->active;
    struct exchange *x = a->x;
    a->x = NULL;
    a->parsed = a->proto->refuse(a->px, x, why);
    if (say(g, c))
        conn_input(g, c);
}

/* What was received of the body goes to its file first; until then nothing more is read. */
static void save_body(struct group *g, struct conn *c, struct exchange *x)
{
    struct proto_refusal refusal = body_save(g, c, x);
    if (refusal.status == 0) {
        if (c->state == CONN_HEAD)
            conn_to(g, c, CONN_BODY);
        poller_deadline(c, -1); /* the disk is slow, not the client */
        ((struct active *)c->active)->body_timed = false;
        return;
    }
    refuse(g, c, &refusal);
}

void conn_ready(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (body_unsaved(a->x)) {
        save_body(g, c, a->x);
        return;
    }
    body_complete(a->x);
    lend(g, c);
}

void conn_body_saved(struct group *g, struct inbox_node *node)
{
    struct proto_refusal failed;
    struct conn *c = body_saved(node, &failed);
    struct active *a = c->active;
    if (c->state == CONN_DEAD) {
        conn_job_done(g, c);
        return;
    }
    a->slot = g->slot; /* the role may have moved */
    if (failed.status != 0)
        refuse(g, c, &failed);
    else if (a->x)
        conn_ready(g, c);
    else
        conn_input(g, c);
}

void conn_input(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    if (c->io_jobs > 0)
        return; /* the end of the job comes back here */
    if (!a && !lease_readable(&c->bits)) {
        conn_armed(g, c); /* a fresh connection that has sent nothing yet */
        return;
    }
    if (!a && !(a = active_take(g, c))) {
        conn_die(g, c, CLOSE_memory);
        return;
    }
    a->slot = g->slot; /* the role may have moved */
    if (a->x) {        /* it came back from a lease that could not save its body */
        conn_ready(g, c);
        return;
    }
    if (g->draining)
        a->proto->drain(a->px);
    for (unsigned said = 0;; said++) {
        if (said > SAY_BUDGET) { /* refused requests one after the other: others have a turn, too */
            conn_again(g, c);
            return;
        }
        switch (conn_fill(c, READ_BUDGET)) {
        case FILL_STOP:
            if (a->parsed == PROTO_READY) {
                conn_ready(g, c);
                return;
            }
            if (a->parsed == PROTO_PAUSE) {
                save_body(g, c, a->receiving);
                return;
            }
            if (!say(g, c))
                return;
            continue;
        case FILL_MORE:
            wait_for_more(g, c);
            return;
        case FILL_AGAIN:
            conn_again(g, c);
            return;
        case FILL_EOF:
            conn_die(g, c, CLOSE_peer);
            return;
        case FILL_ERROR:
            conn_die(g, c, CLOSE_reset);
            return;
        }
    }
}

void conn_busy(struct group *g, struct conn *c, enum proto_busy why)
{
    struct active *a = c->active;
    struct exchange *x = a->x;
    a->x = NULL;
    a->parsed = a->proto->busy(a->px, x, why);
    conn_to(g, c, CONN_HEAD);
    if (say(g, c))
        conn_input(g, c);
}

static void conn_open(struct group *g, struct conn *c)
{
    int r = c->transport->handshake ? c->transport->handshake(c) : 0;
    if (r == TRANSPORT_ERROR) {
        conn_die(g, c, CLOSE_handshake);
    } else if (r != 0) {
        conn_armed(g, c);
    } else if (g->connector->proto->multiplexed) {
        conn_to(g, c, CONN_MUX);
        conn_mux(g, c);
    } else {
        conn_to(g, c, CONN_HEAD);
        conn_input(g, c);
    }
}

void conn_run(struct group *g, struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_OPEN:
        conn_open(g, c);
        break;
    case CONN_IDLE:
        if (!lease_readable(&c->bits))
            break;
        conn_to(g, c, CONN_HEAD);
        conn_input(g, c);
        break;
    case CONN_HEAD:
    case CONN_BODY:
        conn_input(g, c);
        break;
    case CONN_SEND:
        conn_output(g, c);
        break;
    case CONN_PARKED:
        conn_parked(g, c);
        break;
    case CONN_MUX:
        conn_mux(g, c);
        break;
    case CONN_LINGER:
        conn_linger_read(g, c);
        break;
    case CONN_LENT:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        UNREACHABLE();
    }
}
