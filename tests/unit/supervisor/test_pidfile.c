/* SPDX-License-Identifier: Apache-2.0
 * One server per base. flock belongs to the open file: one process can play both servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "supervisor/pidfile.h"

static char base[64];

static int make_base(void **state)
{
    (void)state;
    char run[80];
    snprintf(base, sizeof base, "%s", "/tmp/cserv-pidfile-XXXXXX");
    unsetenv("CSERV_PID");
    if (!mkdtemp(base))
        return -1;
    snprintf(run, sizeof run, "%s/run", base);
    return mkdir(run, 0700);
}

static int drop_base(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    unsetenv("CSERV_PID");
    return path_remove_tree(base, &err) ? 0 : -1;
}

static pid_t holder(void)
{
    struct err err = ERR_INIT;
    pid_t pid = -1;
    assert_true(pidfile_holder(base, &pid, &err));
    return pid;
}

static void the_second_is_refused_and_the_first_named(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char pid[32];
    assert_int_equal(holder(), 0);
    struct pidfile *first = pidfile_take(base, 0, &err);
    assert_non_null(first);
    assert_int_equal(holder(), getpid());
    assert_null(pidfile_take(base, 0, &err));
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(err.what, pid));
    assert_non_null(strstr(err.what, base));
    pidfile_drop(&first);
    assert_null(first);
    assert_int_equal(holder(), 0);
    struct pidfile *second = pidfile_take(base, 0, &err);
    assert_non_null(second);
    pidfile_drop(&second);
}

static void a_left_over_file_stops_nobody(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char path[80];
    snprintf(path, sizeof path, "%s/run/cserv.pid", base);
    assert_true(path_write_file(path, span_of("1234567\n"), 0600, &err));
    assert_int_equal(holder(), 0);
    struct pidfile *p = pidfile_take(base, 0, &err);
    assert_non_null(p);
    assert_int_equal(holder(), getpid());
    pidfile_drop(&p);
    assert_false(path_exists(path));
}

static void a_base_of_a_newer_server_is_refused(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct buf text = BUF_EMPTY;
    char path[96], pid[96];
    snprintf(path, sizeof path, "%s/run/cserv.schema", base);
    snprintf(pid, sizeof pid, "%s/run/cserv.pid", base);
    struct pidfile *p = pidfile_take(base, 0, &err);
    assert_non_null(p);
    pidfile_drop(&p);
    assert_true(path_read_file(path, 100, &text, &err)); /* it stays */
    assert_string_equal(buf_cstr(&text), "cserv-run 1\n");
    buf_free(&text);
    assert_true(path_write_file(path, span_of("cserv-run 2 more\n"), 0640, &err));
    assert_null(pidfile_take(base, 0, &err));
    assert_non_null(strstr(err.what, "newer cserv"));
    assert_non_null(strstr(err.what, path));
    assert_true(err.hint[0] != '\0');
    assert_false(path_exists(pid));
    assert_true(path_write_file(path, span_of("damaged"), 0640, &err));
    p = pidfile_take(base, 0, &err);
    assert_non_null(p);
    pidfile_drop(&p);
}

static void a_held_base_is_waited_for(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct pidfile *p = pidfile_take(base, 0, &err);
    uint64_t before = clock_us();
    assert_null(pidfile_take(base, 100, &err));
    assert_true(clock_us() - before >= 100000);
    pidfile_drop(&p);
}

static void the_named_second_file_is_held_too(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char second[80];
    struct buf text = BUF_EMPTY;
    snprintf(second, sizeof second, "%s/second.pid", base);
    setenv("CSERV_PID", second, 1);
    struct pidfile *p = pidfile_take(base, 0, &err);
    assert_non_null(p);
    assert_true(path_read_file(second, 100, &text, &err));
    assert_int_equal(atol(buf_cstr(&text)), getpid());
    pidfile_drop(&p);
    assert_false(path_exists(second));
    buf_free(&text);
}

static void the_named_file_may_be_the_base_s_own(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char same[96];
    snprintf(same, sizeof same, "%s/run/../run/cserv.pid", base);
    setenv("CSERV_PID", same, 1);
    struct pidfile *p = pidfile_take(base, 0, &err);
    assert_non_null(p);
    pidfile_drop(&p);
}

static void a_second_file_that_cannot_be_made_gives_the_base_back(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    setenv("CSERV_PID", "/nonexistent/folder/cserv.pid", 1);
    assert_null(pidfile_take(base, 0, &err));
    assert_non_null(strstr(err.what, "/nonexistent/folder/cserv.pid"));
    assert_int_equal(holder(), 0);
}

static void a_base_without_run_is_an_error(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    pid_t pid;
    assert_null(pidfile_take("/nonexistent", 0, &err));
    assert_true(pidfile_holder("/nonexistent", &pid, &err));
    assert_int_equal(pid, 0);
}

int main(void)
{
#define WITH_BASE(test) cmocka_unit_test_setup_teardown(test, make_base, drop_base)
    const struct CMUnitTest tests[] = {
        WITH_BASE(the_second_is_refused_and_the_first_named),
        WITH_BASE(a_left_over_file_stops_nobody),
        WITH_BASE(a_base_of_a_newer_server_is_refused),
        WITH_BASE(a_held_base_is_waited_for),
        WITH_BASE(the_named_second_file_is_held_too),
        WITH_BASE(the_named_file_may_be_the_base_s_own),
        WITH_BASE(a_second_file_that_cannot_be_made_gives_the_base_back),
        WITH_BASE(a_base_without_run_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
