/* SPDX-License-Identifier: Apache-2.0
 * /examples/shout: sends a body of any size back in capitals, while it comes, and no thread waits for the
 * client: not for the next bytes it sends, not for it to take what was made of them. Try it by hand:
 *     curl -N -T - http://127.0.0.1:8080/examples/shout */
#include "examples.h"

/* On a thread of the server: something has come, or there is room again. What keeps it from going on, no bytes or
 * no room, is what it is called for next. */
static int pump(cs_async *async, cs_request *req, cs_response *res, void *self)
{
    char piece[4096];
    (void)self;
    while (cs_async_ready_to_write(async) == 1) {
        int64_t got = cs_req_read(req, piece, sizeof(piece));
        if (got == 0)
            return cs_async_complete(async);
        if (got < 0)
            return got == CS_EAGAIN ? cs_res_flush(res) : (int)got;
        for (int64_t i = 0; i < got; i++)
            piece[i] = (char)(piece[i] >= 'a' && piece[i] <= 'z' ? piece[i] - 'a' + 'A' : piece[i]);
        int rc = cs_res_write(res, piece, (size_t)got);
        if (rc != CS_OK)
            return rc;
    }
    return CS_OK;
}

int shout(cs_request *req, cs_response *res)
{
    int rc = cs_res_content_type(res, "text/plain");
    cs_async *async = rc == CS_OK ? cs_req_async_start(req, res, -1) : NULL;
    if (!async)
        return rc == CS_OK ? CS_ESTATE : rc;
    rc = cs_async_on_readable(async, pump, NULL);
    if (rc == CS_OK)
        rc = cs_async_on_writable(async, pump, NULL);
    (void)cs_async_release(async); /* the functions get it */
    return rc;
}
