/* SPDX-License-Identifier: Apache-2.0
 * A filter before /examples/sleep: tells in the field X-Took-Us for how long the servlet ran. Shows what a
 * filter may do before and after the rest of the chain. A field can be set as long as the answer's head
 * was not sent, and that of a short answer is sent at its end. */
#include <time.h>
#include "examples.h"

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int stopwatch_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    char text[32];
    (void)self;
    int64_t begun = now_us();
    int rc = cs_chain_next(chain, req, res);
    if (!cs_res_committed(res)) {
        snprintf(text, sizeof(text), "%lld", (long long)(now_us() - begun));
        (void)cs_res_header(res, "X-Took-Us", text); /* an error's page has none */
    }
    return rc;
}
