/* SPDX-License-Identifier: Apache-2.0
 * The poller role: one turn takes what came back, runs what is left over, queues what is complete, and
 * waits. No handler runs in here; whoever holds the role may end the loop after any turn. */
#include <stdlib.h>

#include "connector/group_priv.h"
#include "observe/counters.h"

/* ---- what pops out of the inbox ---- */

static void on_return(struct group *g, struct conn *c)
{
    struct active *a = c->active;
    CHECK(c->state == CONN_LENT);
    a->slot = g->slot;
    conn_to(g, c, (enum conn_state)c->verdict);
    switch ((enum conn_state)c->verdict) {
    case CONN_IDLE:
        if (!lease_readable(&c->bits) && !g->draining) {
            conn_idle(g, c);
            return;
        }
        conn_to(g, c, CONN_HEAD);
        conn_input(g, c);
        return;
    case CONN_HEAD:
        a->head_timed = false;
        conn_input(g, c);
        return;
    case CONN_SEND:
        conn_output(g, c);
        return;
    case CONN_PARKED:
        if (conn_was_reset(c)) { /* while it was lent: there will be no other edge */
            conn_die(g, c, CLOSE_reset);
            return;
        }
        conn_rest(c);
        conn_parked(g, c);
        return;
    case CONN_LINGER:
        conn_linger(g, c);
        return;
    case CONN_DEAD:
        conn_die(g, c, CLOSE_none);
        return;
    case CONN_OPEN:
    case CONN_BODY:
    case CONN_LENT:
    case CONN_MUX:
    case CONN_STATE_COUNT:
        UNREACHABLE();
    }
}

static void on_posted(struct group *g, struct inbox_node *node)
{
    struct exchange *x = posted_exchange(node);
    posted_taken(x); /* before looking: what is written from now on queues the node again */
    resume_posted(g, x);
    struct conn *c = posted_conn(x);
    if (c && (c->state == CONN_PARKED || c->state == CONN_MUX))
        conn_run(g, c);
    exchange_release(&x); /* the inbox's */
}

static void on_adopt(struct group *g, struct adopt_node *adopt)
{
    group_adopt(g, adopt->fd, &adopt->peer, adopt->listener);
    free(adopt);
}

static void on_call(struct group *g, struct call_node *call)
{
    call->fn(g, call->arg);
    lock_acquire(&call->lock);
    call->done = true;
    cond_signal(&call->cond);
    lock_release(&call->lock);
}

static void drain_inbox(struct group *g)
{
    for (struct inbox_node *node = inbox_take(&g->inbox), *next; node; node = next) {
        next = node->next;
        switch ((enum node_kind)node->kind) {
        case NODE_RETURN:
            on_return(g, CONTAINER_OF(node, struct conn, node));
            break;
        case NODE_POSTED:
            on_posted(g, node);
            break;
        case NODE_ADOPT:
            on_adopt(g, CONTAINER_OF(node, struct adopt_node, node));
            break;
        case NODE_BODY:
            conn_body_saved(g, node);
            break;
        case NODE_FILE:
            conn_file_read(g, node);
            break;
        case NODE_CALL:
            on_call(g, CONTAINER_OF(node, struct call_node, node));
            break;
        }
    }
}

void group_give_job(struct group *g, struct inbox_node *node)
{
    struct connector *c = g->connector;
    if (inbox_give(&g->inbox, node, NULL, true))
        poller_wake(g->poller);
    atomic_fetch_sub(&c->jobs, 1); /* C may go from here on: see connector_stop */
}

/* Runs FN on the poller of G and waits for it. Not from the poller itself. */
void group_call(struct group *g, void (*fn)(struct group *g, void *arg), void *arg)
{
    struct call_node call = {.node = {.kind = NODE_CALL}, .fn = fn, .arg = arg};
    lock_init(&call.lock, "group call");
    cond_init(&call.cond);
    if (inbox_give(&g->inbox, &call.node, NULL, true))
        poller_wake(g->poller);
    lock_acquire(&call.lock);
    while (!call.done)
        cond_wait(&call.cond, &call.lock);
    lock_release(&call.lock);
    cond_destroy(&call.cond);
    lock_destroy(&call.lock);
}

/* ---- the turn ---- */

static void run_again(struct group *g)
{
    struct list once;
    list_init(&once);
    while (!list_empty(&g->again)) {
        struct list *link = list_first(&g->again);
        list_remove(link);
        list_add_tail(&once, link);
    }
    while (!list_empty(&once)) {
        struct conn *c = CONTAINER_OF(list_first(&once), struct conn, again);
        list_remove(&c->again);
        if (c->state != CONN_LENT)
            conn_run(g, c);
    }
}

static void push_batch(struct group *g)
{
    struct task *first = g->batch;
    if (!first)
        return;
    *g->batch_end = NULL;
    g->batch = NULL;
    g->batch_end = &g->batch;
    fair_push(g, first);
}

static void resume_accepting(struct group *g)
{
    struct connector *c = g->connector;
    if (!atomic_load_explicit(&c->accept_paused, memory_order_relaxed) || g->number != 0 ||
        g->draining)
        return;
    if (atomic_load(&c->connections) >= c->options.max_connections)
        return;
    atomic_store(&c->accept_paused, false);
    for (size_t i = 0; i < c->listener_count; i++)
        net_listener_resume(c->listeners[i]);
}

/* ---- the batch, run by the holder of the role itself ---- */

#define SLICE 32u /* tasks run before the sockets are looked at again */

struct tasks {
    struct task *first, **end;
    uint32_t count;
};

static void append(struct tasks *list, struct task *t)
{
    t->next = NULL;
    *list->end = t;
    list->end = &t->next;
    list->count++;
}

/* The quick tasks of the batch, one slice of them, for this thread; NULL: it is to run none. What is not
 * quick goes to workers, so that the quick ones do not wait behind it; what was not looked at stays for
 * the next turn. */
static struct task *take_quick(struct group *g)
{
    struct tasks quick = {.end = &quick.first}, slow = {.end = &slow.first};
    /* Without a standby a handler that is slower than it was would hold up the whole group. */
    if (!g->batch || !role_has_standby(&g->role))
        return NULL;
    *g->batch_end = NULL;
    struct task *t = g->batch, *next;
    for (; t && quick.count < SLICE; t = next) {
        next = t->next;
        append(t->quick ? &quick : &slow, t);
    }
    if (quick.count > g->inline_max) { /* there are processors to run them at once */
        *quick.end = slow.first;
        *(slow.first ? slow.end : quick.end) = t;
        g->batch = quick.first;
        if (!t)
            g->batch_end = slow.first ? slow.end : quick.end;
        return NULL;
    }
    g->batch = t;
    if (!t)
        g->batch_end = &g->batch;
    if (slow.first)
        fair_push(g, slow.first);
    return quick.first;
}

/* False: the role was taken meanwhile, this thread is the standby now. */
static bool run_quick(struct group *g, struct task *batch)
{
    uint32_t slot = g->slot;
    poller_give_role(g->poller);
    uint64_t offer = role_offer(&g->role, batch, poller_now_us(g->poller));
    for (struct task *t; (t = role_next(&g->role, offer));)
        connector_run(g, slot, t, true);
    if (!role_retake(&g->role, offer))
        return false;
    poller_take_role(g->poller);
    return true;
}

/* False: the role was lost. */
static bool group_turn(struct group *g)
{
    drain_inbox(g);
    run_again(g);
    struct task *quick = take_quick(g);
    if (quick) {
        if (!run_quick(g, quick))
            return false;
        drain_inbox(g); /* what the batch gave back */
    } else {
        push_batch(g);
    }
    fair_refuse_late(g);
    records_tend(g);
    group_make_room(g);
    resume_accepting(g);
    uint64_t tend_us = pool_tend(g->pool);
    bool alarms = !resume_tend(g);
    bool work = !list_empty(&g->again) || g->batch || g->stopping || alarms;
    bool block = inbox_sleep(&g->inbox, work);
    poller_wait(g->poller, block, tend_us);
    inbox_awake(&g->inbox);
    return true;
}

/* REST: what the former holder has not begun, because something it runs takes long: for workers. */
static void take_over(struct group *g, uint32_t slot, struct task *rest)
{
    poller_take_role(g->poller);
    g->slot = slot;
    if (!rest)
        return;
    struct task *last = rest;
    while (last->next)
        last = last->next;
    last->next = g->batch;
    if (!g->batch)
        g->batch_end = &last->next;
    g->batch = rest;
    push_batch(g);
}

/* Each of the two threads of a group. */
void *group_main(void *arg)
{
    struct group *g = arg;
    struct engine *e = g->connector->options.engine;
    struct task *rest;
    uint32_t slot = engine_slot_take(e);
    CHECK(slot != UINT32_MAX);
    while (role_wait(&g->role, &rest)) {
        bool mine = true;
        take_over(g, slot, rest);
        while (mine && !g->stopping)
            mine = group_turn(g);
        if (!mine)
            continue;
        poller_give_role(g->poller);
        role_end(&g->role);
    }
    engine_slot_give(e, slot);
    return NULL;
}
