/* SPDX-License-Identifier: Apache-2.0
 * What the connection side needs of the engine: where a request goes, and serving it. Nothing here
 * touches a socket. */
#ifndef ENGINE_SERVICE_H
#define ENGINE_SERVICE_H
#include "engine/share.h"
#include "http/exchange.h"
#include "http/route.h"

struct engine;

/* Every thread that calls the engine has a slot of its own (its hazard pointer and its facades).
 * UINT32_MAX: none left (ENGINE_SLOTS) or out of memory. */
#define ENGINE_SLOTS 8192u
uint32_t engine_slot_take(struct engine *e);
void engine_slot_give(struct engine *e, uint32_t slot);

extern const struct route_ops engine_route; /* arg: the struct engine */

/* Worker. Runs filters and servlet of X and ends its answer: afterwards x->res.ended is set. X's channel
 * is in place; x->at.served is set before the end is handed over. */
void engine_serve(struct engine *e, uint32_t slot, struct exchange *x);

uint32_t engine_queue_count(const struct engine *e); /* queue numbers are below this */
/* route.stream_queue for route.queue; and whether a queue is such a one. */
uint32_t engine_stream_queue(const struct engine *e, uint32_t queue);
bool engine_queue_streams(const struct engine *e, uint32_t queue);
/* What the webapp behind a queue may use; and its name for status. */
const struct engine_share *engine_queue_share(const struct engine *e, uint32_t queue);
const char *engine_queue_name(const struct engine *e, uint32_t queue);

#endif
