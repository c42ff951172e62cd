/* SPDX-License-Identifier: Apache-2.0
 * /examples/wait?ms=N: answers after N milliseconds, as sleep does, but no thread waits for it: the request
 * becomes asynchronous, and a listener answers when its time is over. Ten thousand may wait at once. */
#include "examples.h"

#define WAIT_MAX_MS 60000

/* On a thread of the server, when the time is over or the server stops. */
static void answer(cs_async *async, void *self)
{
    cs_request *req;
    cs_response *res;
    (void)self;
    if (cs_async_enter(async, &req, &res) != CS_OK)
        return; /* the client has left: nobody is to be answered */
    (void)cs_res_printf(res, "waited %s\n", cs_req_param(req, "ms"));
    (void)cs_async_leave(async);
    (void)cs_async_complete(async);
}

static const cs_async_listener listener = {
    .size = sizeof(listener), .on_timeout = answer, .on_stop = answer};

int wait_get(cs_request *req, cs_response *res)
{
    int64_t ms;
    if (!number_param(req, "ms", WAIT_MAX_MS, &ms) || ms == 0)
        return cs_res_error(res, 400, "wait?ms=N wants milliseconds from 1 to 60000");
    int rc = cs_res_content_type(res, "text/plain");
    cs_async *async = rc == CS_OK ? cs_req_async_start(req, res, ms) : NULL;
    if (!async)
        return rc == CS_OK ? CS_ESTATE : rc;
    rc = cs_async_listen(async, &listener, NULL);
    (void)cs_async_release(async); /* the listener gets a handle of its own */
    return rc;
}
