/* SPDX-License-Identifier: Apache-2.0
 * /examples/later?number=N: the smallest factor of N, in two steps. The request becomes asynchronous, a function on
 * another thread of the server computes, and gives the request to a second servlet that shows the result:
 * an attribute of the request, freed with it. */
#include <stdlib.h>
#include "examples.h"

#define NUMBER_MAX INT64_C(1000000000000)

struct factor {
    int64_t number, smallest;
};

/* Not inside of the request: whoever else has a handle of it goes on meanwhile. */
static int compute(cs_async *async, void *self)
{
    struct factor *f = self;
    cs_request *req;
    cs_response *res;
    f->smallest = 2;
    while (f->number % f->smallest != 0)
        f->smallest = f->smallest > f->number / f->smallest ? f->number : f->smallest + 1;
    int rc = cs_async_enter(async, &req, &res);
    if (rc == CS_OK) {
        rc = cs_req_attr_set(req, "factor", f, free);
        (void)cs_async_leave(async);
    }
    if (rc == CS_OK)
        return cs_async_dispatch(async, "/later/shown");
    free(f);
    return rc;
}

int later_get(cs_request *req, cs_response *res)
{
    int64_t number;
    if (!number_param(req, "number", NUMBER_MAX, &number) || number < 2)
        return cs_res_error(res, 400, "later?number=N wants a number from 2 to 1000000000000");
    struct factor *f = malloc(sizeof(*f));
    cs_async *async = f ? cs_req_async_start(req, res, 0) : NULL;
    int rc = !f ? CS_ENOMEM : CS_ESTATE;
    if (async) {
        f->number = number;
        rc = cs_async_run(async, compute, f);
        (void)cs_async_release(async); /* the function has a handle of its own */
    }
    if (rc != CS_OK) /* it will not run */
        free(f);
    return rc;
}

int later_show(cs_request *req, cs_response *res)
{
    const struct factor *f = cs_req_attr(req, "factor");
    if (cs_req_dispatch_type(req) != CS_DISPATCH_ASYNC || !f)
        return cs_res_error(res, 404, "ask for later?number=N");
    int rc = cs_res_content_type(res, "text/plain");
    return rc == CS_OK ? cs_res_printf(res, "the smallest factor of %lld is %lld\n",
                                       (long long)f->number, (long long)f->smallest)
                       : rc;
}
