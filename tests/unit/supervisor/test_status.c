/* SPDX-License-Identifier: Apache-2.0
 * The lines of `status`, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "supervisor/status.h"

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct server_status s = {.state = STATE_STOPPING,
                              .pid = 12,
                              .container = 0,
                              .webapps = 3,
                              .refused = 1,
                              .restarts = UINT32_MAX / 2,
                              .uptime_ms = UINT64_MAX};
    struct listen_socket sockets[2] = {{.port = 80}, {.port = 81}};
    struct buf text = BUF_EMPTY, urls = BUF_EMPTY;
    struct server_status back;
    snprintf(s.last_end, sizeof s.last_end, "it was ended by signal 9 (Killed)");
    snprintf(sockets[0].address, sizeof sockets[0].address, "127.0.0.1");
    snprintf(sockets[1].address, sizeof sockets[1].address, "::");
    assert_true(status_write(&s, sockets, 2, &text));
    assert_true(status_read(buf_span(&text), &back, &urls));
    assert_int_equal(back.state, STATE_STOPPING);
    assert_int_equal(back.pid, 12);
    assert_int_equal(back.container, 0);
    assert_int_equal(back.webapps, 3);
    assert_int_equal(back.refused, 1);
    assert_int_equal(back.restarts, s.restarts);
    assert_true(back.uptime_ms == UINT64_MAX);
    assert_string_equal(back.last_end, s.last_end);
    assert_string_equal(buf_cstr(&urls),
                        "http://127.0.0.1:80/\nhttp://localhost:81/ on all addresses\n");
    buf_free(&text);
    buf_free(&urls);
}

static void unknown_lines_are_passed_over(void **state)
{
    (void)state;
    struct server_status s;
    struct buf urls = BUF_EMPTY;
    assert_true(status_read(span_of("later 5\nodd\npid 7\n\ncolour blue green\n"), &s, &urls));
    assert_int_equal(s.pid, 7);
    assert_int_equal(s.state, STATE_STARTING);
    buf_free(&urls);
}

static void what_is_no_status_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "hello",
                                      "state confused\npid 1\n",
                                      "uptime_ms x\npid 1\n",
                                      "pid -1\n",
                                      "pid 99999999999\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct server_status s;
        struct buf urls = BUF_EMPTY;
        assert_false(status_read(span_of(bad[i]), &s, &urls));
        buf_free(&urls);
    }
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    struct server_status s;
    struct buf text = BUF_EMPTY, urls = BUF_EMPTY;
    assert_true(buf_printf(&text, "pid 1\nlast_end %01000d\n", 0));
    assert_true(status_read(buf_span(&text), &s, &urls));
    assert_int_equal(strlen(s.last_end), sizeof s.last_end - 1);
    buf_free(&text);
    buf_free(&urls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(unknown_lines_are_passed_over),
        cmocka_unit_test(what_is_no_status_is_refused),
        cmocka_unit_test(a_long_reason_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
