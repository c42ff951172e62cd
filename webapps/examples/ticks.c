/* SPDX-License-Identifier: Apache-2.0
 * /examples/ticks: what a webapp does beside its requests. A timer counts ten times a second, on the server's
 * workers; and each worker counts, in a slot of its own, how often it has answered. */
#include <stdatomic.h>
#include <stdlib.h>
#include "examples.h"

#define PERIOD_MS 100

struct ticks {
    _Atomic uint64_t count; /* timers and requests run at the same time */
    int answers;            /* the slot */
};

static void tick(cs_timer *timer, void *self)
{
    struct ticks *t = self;
    (void)timer;
    atomic_fetch_add(&t->count, 1);
}

static void *answers_new(void *self)
{
    (void)self;
    return calloc(1, sizeof(uint64_t)); /* NULL: cs_slot_get says so */
}

static void answers_free(void *value, void *self)
{
    (void)self;
    free(value);
}

int ticks_init(cs_config *config, void **self)
{
    cs_ctx *ctx = cs_config_ctx(config);
    struct ticks *t =
        cs_ctx_alloc(ctx, sizeof(*t)); /* as long as the webapp: longer than the timer */
    if (!t)
        return CS_ENOMEM;
    *self = t;
    t->answers = cs_ctx_slot(ctx, answers_new, answers_free, NULL);
    if (t->answers < 0)
        return t->answers;
    return cs_ctx_timer(ctx, PERIOD_MS, PERIOD_MS, tick, t) ? CS_OK : CS_EFAIL;
}

int ticks_get(cs_request *req, cs_response *res)
{
    struct ticks *t = cs_req_self(req);
    uint64_t *answers =
        cs_slot_get(cs_req_ctx(req), t->answers); /* nobody else uses it meanwhile */
    if (!answers)
        return CS_ENOMEM;
    int rc = cs_res_content_type(res, "text/plain");
    if (rc != CS_OK)
        return rc;
    return cs_res_printf(res, "%llu ticks; answer %llu of this worker\n",
                         (unsigned long long)atomic_load(&t->count),
                         (unsigned long long)++*answers);
}
