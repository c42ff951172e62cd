/* SPDX-License-Identifier: Apache-2.0
 * /examples/sleep?ms=N: blocks its thread for N milliseconds. A servlet may do that: it holds up its
 * own webapp's threads, nobody else's. */
#include <errno.h>
#include <time.h>
#include "examples.h"

#define SLEEP_MAX_MS 60000

static void sleep_ms(int64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += ms % 1000 * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    /* An end instead of a duration: a signal in between does not make the sleep longer. */
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        continue;
}

int sleep_get(cs_request *req, cs_response *res)
{
    int64_t ms;
    if (!number_param(req, "ms", SLEEP_MAX_MS, &ms))
        return cs_res_error(res, 400, "sleep?ms=N wants milliseconds from 0 to 60000");
    sleep_ms(ms);
    int rc = cs_res_content_type(res, "text/plain");
    return rc == CS_OK ? cs_res_printf(res, "slept %lld", (long long)ms) : rc;
}
