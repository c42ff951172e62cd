/* SPDX-License-Identifier: Apache-2.0
 * What the connection side needs of the engine: where a request goes, and serving it. Nothing here
 * touches a socket. */
#ifndef ENGINE_SERVICE_H
#define ENGINE_SERVICE_H
#include "base/list.h"
#include "engine/share.h"
#include "http/exchange.h"
#include "http/route.h"

struct engine;

/* Every thread that calls the engine has a slot of its own (its hazard pointer and its facades), which it takes
 * and gives itself: giving it frees what webapps keep for this thread (cs_ctx_slot).
 * UINT32_MAX: none left (ENGINE_SLOTS) or out of memory. */
#define ENGINE_SLOTS 8192u
uint32_t engine_slot_take(struct engine *e);
void engine_slot_give(struct engine *e, uint32_t slot);

extern const struct route_ops engine_route; /* arg: the struct engine */

/* Worker. Runs filters and servlet of X and ends its answer: afterwards x->res.ended is set. X's channel
 * is in place; x->at.served is set before the end is handed over. False: X was detached (channel.h) and is
 * not over; only what the caller holds of it may be used. */
bool engine_serve(struct engine *e, uint32_t slot, struct exchange *x);
/* Worker, after channel->wake: X goes on. True: its answer has ended now, which is said once. */
bool engine_resume(struct engine *e, uint32_t slot, struct exchange *x);
/* The server stops: whoever answers asynchronously is asked to come to an end. Any thread; does not wait. */
void engine_ask_to_end(struct engine *e);

/* Work of webapps that no request brings: timers that are due, functions of cs_async_run. Whoever has workers offers them and queues what
 * is pushed in the context's queue, where it is never refused; one of his workers calls engine_run_work. */
struct engine_work {
    void (*run)(struct engine *e, uint32_t slot, struct engine_work *work); /* the engine's */
    uint32_t queue;
    void *room[8]; /* of the one who queues it */
};
struct engine_workers {
    struct list link; /* initialised; the engine's while they are offered */
    void (*push)(struct engine_workers *w, struct engine_work *work); /* no lock is held */
};
void engine_offer_workers(struct engine *e, struct engine_workers *w);
/* W gets no more work when this returns. Harmless when it is not offered. */
void engine_withdraw_workers(struct engine *e, struct engine_workers *w);
void engine_run_work(struct engine *e, uint32_t slot, struct engine_work *work);

/* Exchanges that are over, on their way to the valves that take records (cs_valve.records): copied when
 * they end, delivered in batches by a worker. Each group of workers has one of these. */
struct records;
struct access_fields;
#define RECORDS_DELAY_US 500000u /* after so long one record is worth a task */
/* *OUT: NULL when no valve takes records. False: out of memory. All valves are there. */
bool engine_records_open(struct engine *e, struct records **out);
void engine_records_close(struct records **r); /* what it still holds is dropped */
/* Any thread, a short lock. ROUTE NULL: it never had a destination. What has no room is counted and told
 * of. True: a batch is full, engine_records_deliver should run. */
bool engine_records_add(struct records *r, const struct route *route,
                        const struct access_fields *f);
/* Any thread, no lock: whether the oldest record waits for RECORDS_DELAY_US, or a batch is full. */
bool engine_records_due(const struct records *r, uint64_t now_us);
bool engine_records_wait(const struct records *r); /* any at all */
/* Worker, one at a time: calls the valves with all that wait. */
void engine_records_deliver(struct records *r);

uint32_t engine_queue_count(const struct engine *e); /* queue numbers are below this */
/* route.stream_queue for route.queue; and whether a queue is such a one. */
uint32_t engine_stream_queue(const struct engine *e, uint32_t queue);
bool engine_queue_streams(const struct engine *e, uint32_t queue);
/* The ordinary queue of the webapp of QUEUE, which streams: its threads are some of that one's. */
uint32_t engine_queue_whole(const struct engine *e, uint32_t queue);
/* What the webapp behind a queue may use; and its name for status. */
const struct engine_share *engine_queue_share(const struct engine *e, uint32_t queue);
const char *engine_queue_name(const struct engine *e, uint32_t queue);

#endif
