/* SPDX-License-Identifier: Apache-2.0
 * Turns a finished exchange into counters. bytes_in and bytes_out are not touched here: those count
 * what went over the sockets, and net counts that. */
#include "observe/counters.h"
#include "observe/record.h"

void record_done(const struct record *r)
{
    if (r->aborted)
        counter_add(COUNTER_responses_aborted, 1);
    if (r->taken_us != 0 && r->served_us > r->taken_us)
        counter_add(COUNTER_service_us, r->served_us - r->taken_us);
    if (r->status == 0) /* given up before an answer: it was not answered by anybody */
        return;
    counter_add(r->refused ? COUNTER_requests_refused : COUNTER_requests, 1);
    if (r->status >= 200 && r->status <= 299)
        counter_add(COUNTER_responses_2xx, 1);
    else if (r->status >= 300 && r->status <= 399)
        counter_add(COUNTER_responses_3xx, 1);
    else if (r->status >= 400 && r->status <= 499)
        counter_add(COUNTER_responses_4xx, 1);
    else if (r->status >= 500 && r->status <= 599)
        counter_add(COUNTER_responses_5xx, 1);
}
