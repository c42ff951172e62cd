/* SPDX-License-Identifier: Apache-2.0
 * The worker's side of a lease: run the request, go on with the next one of the same connection while
 * that is fair, then give the connection back with a verdict. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"

#define LEASE_REQUESTS 32u    /* requests in one lease */
#define LEASE_US       10000u /* and the time it may take */
#define LEASE_READS    16u    /* reads by the worker in one lease */
#define LEASE_BUDGET   65536u /* bytes per read */
#define GATHER_LIMIT   32768u

struct run {
    struct lease lease;
    uint32_t slot;
    uint32_t served, reads;
    uint64_t started_us;
    void *context;  /* of the request before */
    uint32_t queue; /* ... and the one it waited in */
};

static uint32_t slot_of(const struct worker *w)
{
    return (uint32_t)(uintptr_t)worker_data(w);
}

static void begin(void *arg, struct worker *w)
{
    struct group *g = arg;
    uint32_t slot = engine_slot_take(g->connector->options.engine);
    CHECK(slot != UINT32_MAX);
    worker_set_data(w, (void *)(uintptr_t)slot);
}

static void end(void *arg, struct worker *w)
{
    struct group *g = arg;
    engine_slot_give(g->connector->options.engine, slot_of(w));
}

/* X is held. False: it is detached and not over. */
static bool serve_exchange(struct group *g, uint32_t slot, struct exchange *x)
{
    if (!engine_serve(g->connector->options.engine, slot, x))
        return false;
    CHECK(x->res.ended);
    if (resume_detached(x))
        resume_over(g);
    return true;
}

#define QUEUED_US 100000u

/* It has waited for so long that its client may have lost patience. */
static bool client_gone(const struct conn *c, const struct exchange *x)
{
    return x->at.taken - x->at.ready > QUEUED_US && c->transport->broken && c->transport->broken(c);
}

/* Runs a->x. False: the connection is no longer ours, or is over. */
static bool serve_one(struct run *r)
{
    struct lease *l = &r->lease;
    struct exchange *x = l->a->x;
    x->channel = &leased_channel;
    x->channel_state = l;
    r->context = x->route.context;
    l->account = l->group->connector->accounts[x->route.queue];
    r->queue = route_task_queue(&x->route);
    stream_begin(l, x);
    if (atomic_load_explicit(&l->group->connector->draining, memory_order_relaxed))
        l->a->proto->drain(l->a->px);
    x->at.taken = clock_us();
    if (client_gone(l->c, x)) {
        x->at.taken = 0; /* nobody saw it */
        l->c->reason = CLOSE_reset;
        counter_add(COUNTER_clients_gone, 1);
        lease_give_back(l->group, l->c, CONN_DEAD);
        return false;
    }
    if (r->served == 0)
        r->started_us = x->at.taken;
    (void)serve_exchange(l->group, r->slot, x); /* not over: the lease has ended */
    r->served++;
    l->streams = false; /* what is left to send is sent as of any other */
    if (l->ended) {
        exchange_release(&x); /* the rest is the poller's */
        return false;
    }
    if (l->broken) {
        lease_give_back(l->group, l->c, CONN_DEAD);
        return false;
    }
    conn_finish_exchange(l->c);
    return true;
}

static bool may_run_next(const struct run *r)
{
    const struct route *next = &r->lease.a->x->route;
    return next->context == r->context && next->mode != ROUTE_STREAM &&
           route_task_queue(next) == r->queue && r->served < LEASE_REQUESTS &&
           clock_us() - r->started_us < LEASE_US;
}

/* Everything gathered leaves, or what is left becomes the poller's. False: the connection was given
 * back. */
static bool send_or_give(struct run *r, enum conn_state blocked)
{
    struct lease *l = &r->lease;
    if (lease_send(l))
        return true;
    lease_give_back(l->group, l->c, l->broken ? CONN_DEAD : blocked);
    return false;
}

/* The protocol refused something, or wants to say something: the poller does that, behind the answers. */
static void give_for_output(struct run *r)
{
    struct active *a = r->lease.a;
    bool failed = false;
    conn_parsed_close(r->lease.c);
    if (!lease_send(&r->lease) && r->lease.broken) {
        lease_give_back(r->lease.group, r->lease.c, CONN_DEAD);
        return;
    }
    while (a->proto->produce(a->px, &a->out, SIZE_MAX, &failed))
        ;
    if (failed)
        r->lease.c->reason = CLOSE_memory;
    lease_give_back(r->lease.group, r->lease.c, failed ? CONN_DEAD : CONN_SEND);
}

/* The next request belongs to another queue, or this lease had its share: still lent. */
static void queue_next(struct run *r)
{
    struct active *a = r->lease.a;
    if (!send_or_give(r, CONN_SEND)) /* a->x waits until the output is out */
        return;
    fair_task(a, r->slot);
    if (!pool_push(r->lease.group->pool, &a->job.task))
        return;
    struct exchange *x = a->x;
    a->x = NULL;
    a->parsed = a->proto->busy(a->px, x, BUSY_FULL);
    counter_add(COUNTER_queue_full, 1);
    give_for_output(r);
}

enum next_step { NEXT_RUN, NEXT_GIVEN };

/* Only the poller sends bodies to their files. */
static enum next_step give_for_body(struct run *r)
{
    if (send_or_give(r, CONN_SEND))
        lease_give_back(r->lease.group, r->lease.c, CONN_HEAD);
    return NEXT_GIVEN;
}

/* a->x is complete. */
static enum next_step go_on(struct run *r)
{
    struct active *a = r->lease.a;
    struct engine *e = r->lease.group->connector->options.engine;
    if (body_unsaved(a->x))
        return give_for_body(r);
    body_complete(a->x);
    if (!may_run_next(r)) {
        queue_next(r);
        return NEXT_GIVEN;
    }
    bool gathered = buf_len(&a->gather) > 0;
    if (gathered && (buf_len(&a->gather) > GATHER_LIMIT || !engine_route.quick(e, r->slot, a->x)) &&
        !send_or_give(r, CONN_SEND))
        return NEXT_GIVEN;
    return NEXT_RUN;
}

static enum next_step rest(struct run *r)
{
    struct lease *l = &r->lease;
    bool idle = buf_len(&l->a->in) == 0 && l->a->proto->idle(l->a->px);
    lease_give_back(l->group, l->c, idle ? CONN_IDLE : CONN_HEAD);
    return NEXT_GIVEN;
}

/* Parses what is buffered; with nothing complete sends, then reads if there may be something. */
static enum next_step next_request(struct run *r)
{
    struct lease *l = &r->lease;
    struct active *a = l->a;
    a->parsed = buf_len(&a->in) > 0 ? a->proto->feed(a->px, &a->in) : PROTO_MORE;
    if (a->parsed == PROTO_READY)
        return go_on(r);
    if (a->parsed == PROTO_PAUSE)
        return give_for_body(r);
    if (a->parsed != PROTO_MORE) {
        give_for_output(r);
        return NEXT_GIVEN;
    }
    if (!send_or_give(r, CONN_SEND))
        return NEXT_GIVEN;
    if (!lease_readable(&l->c->bits) || r->reads++ >= LEASE_READS)
        return rest(r);
    switch (conn_fill(l->c, LEASE_BUDGET)) {
    case FILL_STOP:
        if (a->parsed == PROTO_READY)
            return go_on(r);
        if (a->parsed == PROTO_PAUSE)
            return give_for_body(r);
        give_for_output(r);
        return NEXT_GIVEN;
    case FILL_MORE:
    case FILL_AGAIN:
        return rest(r);
    case FILL_EOF:
        if (l->c->reason == CLOSE_none)
            l->c->reason = CLOSE_peer;
        break;
    case FILL_ERROR:
        l->c->reason = CLOSE_reset;
        break;
    }
    lease_give_back(l->group, l->c, CONN_DEAD);
    return NEXT_GIVEN;
}

static void run_lease(struct run *r)
{
    struct group *g = r->lease.group;
    struct active *a = r->lease.a;
    CHECK(a->out.len == 0 && a->x);
    counter_add(COUNTER_leases, 1);
    a->slot = r->slot;
    do {
        if (!serve_one(r))
            return;
        if (a->closing) {
            if (send_or_give(r, CONN_SEND))
                lease_give_back(g, r->lease.c, CONN_LINGER);
            return;
        }
    } while (next_request(r) == NEXT_RUN);
}

/* Returns the number of requests that were run. */
static uint32_t serve_lease(struct group *g, uint32_t slot, struct active *a)
{
    struct run r = {.lease = {.group = g, .c = a->c, .a = a}, .slot = slot};
    run_lease(&r);
    store_release(&r.lease.store); /* the connection is no longer ours, but this is */
    return r.served;
}

void connector_run(struct group *g, uint32_t slot, struct task *t, bool inlined)
{
    struct job *job = CONTAINER_OF(t, struct job, task);
    if (job->kind == JOB_LEASE) {
        uint32_t queue = t->queue;
        uint32_t served = serve_lease(g, slot, CONTAINER_OF(job, struct active, job));
        fair_count(g, queue, inlined, served);
        return;
    }
    if (job->kind == JOB_RECORDS) {
        records_deliver(g);
        return;
    }
    if (job->kind == JOB_WORK) {
        work_run(g, slot, job);
        return;
    }
    if (job->kind == JOB_RESUME) {
        resume_run(g, slot, job->x);
        return;
    }
    /* Of a multiplexing protocol: its channel is posted from the start. The job lies in the exchange's
     * arena. */
    struct exchange *x = job->x;
    x->at.taken = clock_us();
    (void)serve_exchange(g, slot, x);
    exchange_release(&x);
}

static void run(void *arg, struct worker *w, struct task *t)
{
    connector_run(arg, slot_of(w), t, false);
}

const struct pool_ops connector_pool_ops = {.run = run, .begin = begin, .end = end};
