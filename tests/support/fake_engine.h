/* SPDX-License-Identifier: Apache-2.0
 * An engine of a few lines for connector tests: it defines the functions of engine/service.h, so that
 * the real engine is not linked. Where a request goes and what it answers is the test's. One program
 * includes it once. */
#ifndef SUPPORT_FAKE_ENGINE_H
#define SUPPORT_FAKE_ENGINE_H
#include "engine/service.h"
#include "http/response.h"

struct engine {
    /* On a worker: answers X, and ends the answer. */
    void (*serve)(struct engine *e, struct exchange *x);
    /* NULL: everything goes to queue 0. */
    void (*route)(struct engine *e, const struct exchange *x, struct route *out);
    /* On a worker, after a wake of an exchange whose `async` serve has set: true, once, when it has ended. */
    bool (*resume)(struct engine *e, struct exchange *x);
    _Atomic uint32_t asked_to_end;
    void *arg;                               /* the test's */
    const struct access_logs *logs;          /* where exchanges are recorded; NULL: nowhere */
    bool slow;                               /* answers are not gathered with those before */
    bool (*quick)(const struct exchange *x); /* instead of SLOW */
    uint32_t queues;                         /* at least 1 */
    uint32_t stream_from;         /* queues from here on are of streaming servlets; 0: none */
    struct engine_share share[4]; /* of the queues; the last is that of all others */
    _Atomic uint32_t slots_taken, slots_given, served, done; /* done: also ended */
};

uint32_t engine_slot_take(struct engine *e)
{
    return atomic_fetch_add(&e->slots_taken, 1) % ENGINE_SLOTS;
}

/* Nobody has work of its own here. */
void engine_offer_workers(struct engine *e, struct engine_workers *w)
{
    (void)e;
    (void)w;
}
void engine_withdraw_workers(struct engine *e, struct engine_workers *w)
{
    (void)e;
    (void)w;
}
void engine_run_work(struct engine *e, uint32_t slot, struct engine_work *work)
{
    (void)e;
    (void)slot;
    (void)work;
}
void engine_slot_give(struct engine *e, uint32_t slot)
{
    (void)slot;
    atomic_fetch_add(&e->slots_given, 1);
}

static void fake_lookup(void *arg, uint32_t slot, const struct exchange *x, struct route *out)
{
    struct engine *e = arg;
    (void)slot;
    *out = (struct route){.context = e,
                          .mode = ROUTE_COLLECT,
                          .body_max = UINT64_MAX,
                          .found = true,
                          .logs = e->logs,
                          .body_min_rate = -1,
                          .send_min_rate = -1};
    if (e->route)
        e->route(e, x, out);
}

static bool fake_quick(void *arg, uint32_t slot, const struct exchange *x)
{
    const struct engine *e = arg;
    (void)slot;
    return e->quick ? e->quick(x) : !e->slow;
}

static const struct access_logs *fake_unrouted_logs(void *arg)
{
    return ((struct engine *)arg)->logs;
}

const struct route_ops engine_route = {
    .lookup = fake_lookup, .quick = fake_quick, .unrouted_logs = fake_unrouted_logs};

bool engine_serve(struct engine *e, uint32_t slot, struct exchange *x)
{
    (void)slot;
    atomic_fetch_add(&e->served, 1);
    e->serve(e, x);
    if (x->async && x->channel->detach(x) == CHANNEL_OK) { /* serve set it: see engine.resume */
        atomic_fetch_add(&e->done, 1);
        return false;
    }
    response_finish(x); /* harmless where serve did it */
    atomic_fetch_add(&e->done, 1);
    return true;
}

bool engine_resume(struct engine *e, uint32_t slot, struct exchange *x)
{
    (void)slot;
    return e->resume(e, x);
}

void engine_ask_to_end(struct engine *e)
{
    atomic_fetch_add(&e->asked_to_end, 1);
}

/* None of its valves takes records. */
bool engine_records_open(struct engine *e, struct records **out)
{
    (void)e;
    *out = NULL;
    return true;
}

void engine_records_close(struct records **r)
{
    (void)r;
}

bool engine_records_add(struct records *r, const struct route *route, const struct access_fields *f)
{
    (void)r;
    (void)route;
    (void)f;
    return false;
}

bool engine_records_due(const struct records *r, uint64_t now_us)
{
    (void)r;
    (void)now_us;
    return false;
}

bool engine_records_wait(const struct records *r)
{
    (void)r;
    return false;
}

void engine_records_deliver(struct records *r)
{
    (void)r;
}

uint32_t engine_queue_count(const struct engine *e)
{
    return e->queues ? e->queues : 1;
}

bool engine_queue_streams(const struct engine *e, uint32_t queue)
{
    return e->stream_from > 0 && queue >= e->stream_from;
}

uint32_t engine_queue_whole(const struct engine *e, uint32_t queue)
{
    return queue - e->stream_from;
}

const struct engine_share *engine_queue_share(const struct engine *e, uint32_t queue)
{
    return &e->share[queue < 3 ? queue : 3];
}

const char *engine_queue_name(const struct engine *e, uint32_t queue)
{
    (void)e;
    (void)queue;
    return "fake";
}

#endif
