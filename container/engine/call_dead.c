/* SPDX-License-Identifier: Apache-2.0
 * The end of a request's handles. The slots rotate, so that a stale handle stays dead for a while. */
#include "engine/call_dead.h"
#include "observe/log.h"

void call_dead(void)
{
    LOG(engine, LOG_ERROR, "a handle is used after its request ended: a bug of the webapp");
#ifdef CSERV_DEBUG
    log_flush(1000);
    UNREACHABLE();
#endif
}

void call_end(struct call *c)
{
    c->request.pub.ops = &dead_request_ops;
    c->response.pub.ops = &dead_response_ops;
    c->x->res.before_commit = NULL;
    c->x = NULL;
}
