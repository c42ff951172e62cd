/* SPDX-License-Identifier: Apache-2.0
 * Every table of calls that module code can get has every slot of abi.def, so that no call of a module ends
 * in nothing: the container's own handles, wrapped ones, and those of a request that is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/async.h"
#include "engine/timers.h"
#include "engine/parts.h"
#include "engine/wrap_priv.h"

static unsigned missing;

#define SLOT(result, slot, params, since)                  \
    if (!ops->slot) {                                      \
        missing++;                                         \
        print_message("%s of %s is missing\n", #slot, of); \
    }

static void check_request(const struct cs_request_ops *ops, const char *of)
{
#define CS_CALL_REQUEST SLOT
#include <cserv/abi.def>
}

static void check_response(const struct cs_response_ops *ops, const char *of)
{
#define CS_CALL_RESPONSE SLOT
#include <cserv/abi.def>
}

static void check_ctx(const struct cs_ctx_ops *ops, const char *of)
{
#define CS_CALL_CTX SLOT
#include <cserv/abi.def>
}

static void check_config(const struct cs_config_ops *ops, const char *of)
{
#define CS_CALL_CONFIG SLOT
#include <cserv/abi.def>
}

static void check_part(const struct cs_part_ops *ops, const char *of)
{
#define CS_CALL_PART SLOT
#include <cserv/abi.def>
}

static void check_async(const struct cs_async_ops *ops, const char *of)
{
#define CS_CALL_ASYNC SLOT
#include <cserv/abi.def>
}

static void check_thread(const struct cs_thread_ops *ops, const char *of)
{
#define CS_CALL_THREAD SLOT
#include <cserv/abi.def>
}

static void check_timer(const struct cs_timer_ops *ops, const char *of)
{
#define CS_CALL_TIMER SLOT
#include <cserv/abi.def>
}

static void test_no_slot_is_empty(void **state)
{
    (void)state;
    check_request(&request_ops, "request_ops");
    check_request(&wrapped_request_ops, "wrapped_request_ops");
    check_request(&dead_request_ops, "dead_request_ops");
    check_response(&response_ops, "response_ops");
    check_response(&wrapped_response_ops, "wrapped_response_ops");
    check_response(&dead_response_ops, "dead_response_ops");
    check_ctx(&ctx_ops, "ctx_ops");
    check_config(&config_ops, "config_ops");
    check_part(&part_ops, "part_ops");
    check_async(&async_ops, "async_ops");
    check_thread(&thread_ops, "thread_ops");
    check_timer(&timer_ops, "timer_ops");
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_slot_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
