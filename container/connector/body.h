/* SPDX-License-Identifier: Apache-2.0
 * The body of a request on its way from the parser to the servlet: the first bytes stay in memory, the
 * rest goes through the io threads into a temporary file. The parser's owner offers bytes (body_take);
 * only the poller starts jobs; the worker reads, when all of it has come. */
#ifndef CONNECTOR_BODY_H
#define CONNECTOR_BODY_H
#include "http/proto.h"
#include "net/conn.h"
#include "spool/spool.h"

struct group;
struct active;

/* What the connector says at the end of X's head about the body: proto_upcalls.on_head, the part that
 * depends on sizes. */
struct body_plan body_plan_for(const struct active *a, const struct exchange *x);
/* proto_upcalls.on_body. */
struct body_taken body_take(void *arg, struct exchange *x, const char *p, size_t n);
/* channel_ops.read for what was collected. Worker. */
int64_t body_read(struct exchange *x, void *p, size_t size);

/* What channel_ops.read answers once x->body_failed is set. */
int64_t body_failure(const struct exchange *x);

/* ---- poller, for the request under way on C ---- */

/* It is on its way to a worker: gives back what only the way needed. */
void body_complete(struct exchange *x);
/* Some of it is neither in the memory that stays nor in the file. */
bool body_unsaved(const struct exchange *x);
/* Starts the job for that; c->io_jobs counts it. Refusal's status not 0: it cannot be, nothing was
 * started. */
struct proto_refusal body_save(struct group *g, struct conn *c, struct exchange *x);
/* The job of NODE (NODE_BODY) is done: whose it was, and whether its bytes are in the file. */
struct conn *body_saved(struct inbox_node *node, struct proto_refusal *failed);

#endif
