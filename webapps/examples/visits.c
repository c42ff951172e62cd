/* SPDX-License-Identifier: Apache-2.0
 * /examples/visits: how often it was asked for since the webapp started. Shows a listener, which is told
 * when the webapp starts and has stopped, and a module's state, which everything in the module shares.
 *
 * Servlets run on many threads at once: what they change is atomic, or has a lock. */
#include <stdatomic.h>
#include <time.h>
#include "examples.h"

struct visits {
    time_t since;
    _Atomic uint64_t count;
};

/* Before any servlet's init. */
int visits_begin(cs_ctx *ctx, void **self)
{
    struct visits *v = cs_ctx_alloc(ctx, sizeof(*v));
    if (!v)
        return CS_ENOMEM;
    v->since = time(NULL);
    *self = v;
    return cs_ctx_set_state(ctx, v);
}

void visits_end(cs_ctx *ctx, void *self)
{
    struct visits *v = self;
    cs_ctx_log(ctx, CS_LOG_INFO, "there were %llu visits", (unsigned long long)v->count);
}

int visits_get(cs_request *req, cs_response *res)
{
    struct visits *v = cs_ctx_state(cs_req_ctx(req));
    uint64_t count = atomic_fetch_add(&v->count, 1) + 1;
    int rc = cs_res_date(res, "X-Since", v->since);
    if (rc == CS_OK)
        rc = cs_res_header(res, "Cache-Control", "no-store");
    if (rc == CS_OK)
        rc = cs_res_content_type(res, "text/plain");
    return rc == CS_OK ? cs_res_printf(res, "visit %llu\n", (unsigned long long)count) : rc;
}
