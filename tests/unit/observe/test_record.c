/* SPDX-License-Identifier: Apache-2.0
 * observe/record.h: which counters a finished exchange moves, and that it moves no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "observe/counters.h"
#include "observe/record.h"

struct moved {
    uint64_t n[COUNTER_COUNT];
};

static struct moved count(const struct record *r)
{
    struct moved m;
    for (enum counter c = 0; c < COUNTER_COUNT; c++)
        m.n[c] = counter_read(c);
    record_done(r);
    for (enum counter c = 0; c < COUNTER_COUNT; c++)
        m.n[c] = counter_read(c) - m.n[c];
    return m;
}

static void expect(struct record r, struct moved expected)
{
    struct moved m = count(&r);
    for (enum counter c = 0; c < COUNTER_COUNT; c++)
        if (m.n[c] != expected.n[c])
            fail_msg("%s moved by %llu, not %llu", counter_name(c), (unsigned long long)m.n[c],
                     (unsigned long long)expected.n[c]);
}

#define R(...)     ((struct record){__VA_ARGS__})
#define MOVED(...) ((struct moved){.n = {__VA_ARGS__}})

static void answers_are_counted_by_class(void **state)
{
    (void)state;
    expect(R(.status = 200), MOVED([COUNTER_requests] = 1, [COUNTER_responses_2xx] = 1));
    expect(R(.status = 299), MOVED([COUNTER_requests] = 1, [COUNTER_responses_2xx] = 1));
    expect(R(.status = 304), MOVED([COUNTER_requests] = 1, [COUNTER_responses_3xx] = 1));
    expect(R(.status = 404), MOVED([COUNTER_requests] = 1, [COUNTER_responses_4xx] = 1));
    expect(R(.status = 599), MOVED([COUNTER_requests] = 1, [COUNTER_responses_5xx] = 1));
    expect(R(.status = 101), MOVED([COUNTER_requests] = 1));
    expect(R(.status = 600), MOVED([COUNTER_requests] = 1));
}

static void refusals_are_kept_apart(void **state)
{
    (void)state;
    expect(R(.status = 400, .refused = true),
           MOVED([COUNTER_requests_refused] = 1, [COUNTER_responses_4xx] = 1));
    expect(R(.status = 505, .refused = true),
           MOVED([COUNTER_requests_refused] = 1, [COUNTER_responses_5xx] = 1));
}

static void an_aborted_exchange_is_told(void **state)
{
    (void)state;
    expect(R(.status = 200, .aborted = true),
           MOVED([COUNTER_requests] = 1, [COUNTER_responses_2xx] = 1,
                 [COUNTER_responses_aborted] = 1));
    expect(R(.status = 0, .aborted = true), MOVED([COUNTER_responses_aborted] = 1));
    expect(R(.status = 0), MOVED(0));
}

static void time_on_the_worker_is_summed(void **state)
{
    (void)state;
    expect(R(.started_us = 5, .taken_us = 10, .served_us = 35), MOVED([COUNTER_service_us] = 25));
    expect(R(.started_us = 5, .taken_us = 10), MOVED(0));  /* the servlet never returned */
    expect(R(.started_us = 5, .served_us = 10), MOVED(0)); /* no worker took it */
    expect(R(.taken_us = 10, .served_us = 10), MOVED(0));
}

/* Those count the wire, which net does. */
static void body_bytes_are_not_wire_bytes(void **state)
{
    (void)state;
    expect(R(.bytes_in = 7, .bytes_out = 8), MOVED(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_counted_by_class),
        cmocka_unit_test(refusals_are_kept_apart),
        cmocka_unit_test(an_aborted_exchange_is_told),
        cmocka_unit_test(time_on_the_worker_is_summed),
        cmocka_unit_test(body_bytes_are_not_wire_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
