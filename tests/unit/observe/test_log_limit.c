/* SPDX-License-Identifier: Apache-2.0
 * observe/log_limit.h: a cause is told of once, what was held back is counted, other causes are not
 * touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "observe/log_limit.h"

static void a_minute_passes(struct log_limit *l)
{
    atomic_store(&l->told_us, atomic_load(&l->told_us) - LOG_LIMIT_US);
}

static void a_cause_is_told_of_once_a_minute(void **state)
{
    (void)state;
    struct log_limit one = {.told_us = 0}, two = {.told_us = 0};
    uint64_t held = 7;
    assert_true(log_limit_pass(&one, &held));
    assert_int_equal(held, 0);
    for (int i = 0; i < 5; i++)
        assert_false(log_limit_pass(&one, &held));
    assert_true(log_limit_pass(&two, &held));
    a_minute_passes(&one);
    assert_true(log_limit_pass(&one, &held));
    assert_int_equal(held, 5);
    assert_false(log_limit_pass(&one, &held));
    log_limit_reset(&one);
    assert_true(log_limit_pass(&one, &held));
    assert_int_equal(held, 0);
}

static void lines_tell_what_was_held_back(void **state)
{
    (void)state;
    char folder[] = "/tmp/cserv-limit-XXXXXX", path[64];
    struct log_limit limit = {.told_us = 0};
    struct log_options options = {.folder = folder, .copy_fd = -1};
    struct err err = ERR_INIT;
    struct buf text = BUF_EMPTY;
    assert_true(mkdtemp(folder) && log_start(&options, &err));
    errno = EBADF;
    for (int i = 0; i < 4; i++)
        LOG_LIMITED(net, LOG_ERROR, &limit, "port %d", i);
    assert_int_equal(errno, EBADF);
    LOG_LIMITED(net, LOG_DEBUG, &limit, "not at this level, and not counted");
    a_minute_passes(&limit);
    LOG_LIMITED(net, LOG_ERROR, &limit, "port %d", 4);
    log_stop();
    snprintf(path, sizeof(path), "%s/cserv.log", folder);
    assert_true(path_read_file(path, 10000, &text, &err));
    const char *got = buf_cstr(&text);
    assert_non_null(strstr(got, "net port 0\n"));
    assert_null(strstr(got, "port 1"));
    assert_non_null(strstr(got, "net port 4 (3 more since the last such line)\n"));
    buf_free(&text);
    assert_true(path_remove_tree(folder, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cause_is_told_of_once_a_minute),
        cmocka_unit_test(lines_tell_what_was_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
