/* SPDX-License-Identifier: Apache-2.0
 * Access logs when memory is short: opening fails with a message and leaves nothing behind, whichever
 * allocation fails; a line that needs memory is lost and counted. */
#include "access_log_rig.h"
#include "failing_malloc.h"

#define TODAY "access_log.2026-11-23.txt"

static void opening_fails_with_a_message(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%{yyyy}t %{a}i é %{b}c combined %r");
    o.form = ACCESS_JSON;
    if (!failing_malloc_works())
        skip();
    for (uint64_t n = 1;; n++) {
        struct err err = ERR_INIT;
        failing_malloc_at(n);
        struct access_log *log = access_log_open(&o, &err);
        bool failed = failing_malloc_done();
        if (!failed) {
            assert_non_null(log);
            assert_true(n > 10);
            access_log_close(&log);
            break;
        }
        if (log) /* in the thread, or in libc, which does without */
            access_log_close(&log);
        else
            assert_true(err.what[0]);
        err = ERR_INIT;
        failing_malloc_at(n);
        bool good = access_log_check(&o, &err);
        (void)failing_malloc_done();
        if (!good)
            assert_true(err.what[0]);
    }
    struct access_log *log = rig_open(&o); /* nothing is in the way of the next */
    access_log_close(&log);
}

static void a_long_line_is_lost(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    static char text[10001];
    if (!failing_malloc_works())
        skip();
    memset(text, 'x', sizeof(text) - 1);
    struct access_log *log = rig_open(&o);
    struct access_logs *logs;
    struct err err = ERR_INIT;
    assert_true(access_logs_join(&log, 1, NULL, &logs, &err));
    assert_true(access_logs_flush(5000));
    uint64_t lost = counter_read(COUNTER_access_lines_lost);
    failing_malloc_at(1);
    access_logs_record(logs, &(struct access_fields){.user = span_of(text)});
    assert_true(failing_malloc_done());
    assert_int_equal(counter_read(COUNTER_access_lines_lost) - lost, 1);
    access_logs_record(logs, &(struct access_fields){.user = span_of(text)});
    access_log_close(&log);
    assert_int_equal(strlen(rig_file(TODAY)), sizeof(text));
    free(logs);
}

static void a_list_needs_memory(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    if (!failing_malloc_works())
        skip();
    struct access_log *log = rig_open(&o);
    struct access_logs *logs = (struct access_logs *)(void *)&o;
    struct err err = ERR_INIT;
    failing_malloc_at(1);
    bool made = access_logs_join(&log, 1, NULL, &logs, &err);
    assert_true(failing_malloc_done());
    assert_false(made);
    assert_null(logs);
    assert_true(err.what[0]);
    access_log_close(&log);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(opening_fails_with_a_message),
        ROW(a_long_line_is_lost),
        ROW(a_list_needs_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
