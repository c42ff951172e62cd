/* SPDX-License-Identifier: Apache-2.0
 * Access logs as files: lines of many threads, modes, one second, reopening, what is refused,
 * lists. Also run under the thread sanitizer. */
#include "access_log_rig.h"
#include "base/thread.h"

#define TODAY "access_log.2026-11-23.txt"

static void lines_are_written(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    struct stat st;
    umask(0);
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    rig_record(log, "two");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file(TODAY), "one\ntwo\n");
    assert_int_equal(stat(rig_path(TODAY), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(stat(rig_path(""), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    access_log_close(&log);
    assert_null(log);
    log = rig_open(&o); /* appends, with a new thread */
    rig_record(log, "three");
    access_log_close(&log);
    assert_string_equal(rig_file(TODAY), "one\ntwo\nthree\n");
}

static void wait_for(const char *name, const char *text, uint64_t limit_ms)
{
    uint64_t end = clock_us() + MS_TO_US(limit_ms);
    while (strcmp(rig_file(name), text) != 0) {
        if (clock_us() > end)
            fail_msg("%s has %s, not %s", name, rig_file(name), text);
        usleep(2000);
    }
}

static void nobody_waits_longer_than_a_second(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    wait_for(TODAY, "one\n", 1000);
    usleep((ACCESS_SLEEP_MS + 500) * 1000); /* now it sleeps without a tick */
    rig_record(log, "two");
    wait_for(TODAY, "one\ntwo\n", 1000);
    access_log_close(&log);
}

static void unbuffered_lines_are_written_at_once(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.buffered = false;
    struct access_log *log = rig_open(&o);
    uint64_t slowest = 0, all = clock_us();
    char expected[200] = "";
    for (int i = 0; i < 10; i++) {
        uint64_t start = clock_us();
        rig_record(log, "line");
        snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "line\n");
        wait_for(TODAY, expected, 5000);
        uint64_t took = clock_us() - start;
        slowest = took > slowest ? took : slowest;
    }
    all = clock_us() - all;
    assert_true(all <
                10 * MS_TO_US(ACCESS_TICK_MS) / 2); /* what ticks alone would take, at least */
    access_log_close(&log);
}

enum { THREADS = 4, LINES = 20000 };
static struct access_log *shared_log;

static void *record_many(void *arg)
{
    char text[64];
    for (int i = 0; i < LINES; i++) {
        snprintf(text, sizeof(text), "t%d-%d-%.*s", (int)(intptr_t)arg, i, i % 40,
                 "----------------------------------------");
        rig_record(shared_log, text);
        if (i % 512 == 0) /* not faster than any disk */
            assert_true(access_logs_flush(20000));
    }
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("<%u>");
    struct thread t[THREADS];
    uint64_t lines = counter_read(COUNTER_access_lines);
    shared_log = rig_open(&o);
    for (int i = 0; i < THREADS; i++)
        assert_true(thread_start(&t[i], "recorder", record_many, (void *)(intptr_t)i));
    for (int i = 0; i < THREADS; i++)
        thread_join(&t[i]);
    access_log_close(&shared_log);
    assert_int_equal(counter_read(COUNTER_access_lines) - lines, THREADS * LINES);
    int next[THREADS] = {0}, seen = 0;
    for (const char *p = rig_file(TODAY); *p; p = strchr(p, '\n') + 1, seen++) {
        int who, number, end = 0;
        char dashes[64] = "";
        if (sscanf(p, "<t%d-%d-%n", &who, &number, &end) != 2 || end == 0)
            fail_msg("%.60s", p);
        (void)sscanf(p + end, "%60[-]", dashes);
        assert_int_equal(number, next[who]++); /* each thread's own are in order */
        assert_int_equal(strlen(dashes), number % 40);
        assert_memory_equal(p + end + number % 40, ">\n", 2);
    }
    assert_int_equal(seen, THREADS * LINES);
}

static void long_lines_are_whole_or_lost(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    char *text = malloc(ACCESS_LINE_MAX + 2);
    assert_non_null(text);
    struct access_log *log = rig_open(&o);
    static const size_t sizes[] = {4094, 4095, 4096, 70000, ACCESS_LINE_MAX - 1};
    size_t all = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(text, 'x', sizes[i]);
        text[sizes[i]] = '\0';
        rig_record(log, text);
        all += sizes[i] + 1;
    }
    assert_int_equal(atomic_load(&log->lost), 0);
    memset(text, 'x', ACCESS_LINE_MAX);
    text[ACCESS_LINE_MAX] = '\0';
    rig_record(log, text);
    assert_int_equal(atomic_load(&log->lost), 1);
    rig_record(log, "end");
    access_log_close(&log);
    const char *got = rig_file(TODAY);
    assert_int_equal(strlen(got), all + 4);
    assert_string_equal(got + all, "end\n");
    free(text);
}

/* ---- opening anew ---- */

static void files_that_are_moved_or_removed_are_made_again(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    assert_true(access_logs_flush(5000));
    assert_int_equal(rename(rig_path(TODAY), rig_path("moved")), 0);
    rig_record(log, "two");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file("moved"), "one\n");
    assert_string_equal(rig_file(TODAY), "two\n");
    assert_int_equal(unlink(rig_path(TODAY)), 0);
    rig_record(log, "three");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file(TODAY), "three\n");
    struct err err = ERR_INIT;
    assert_true(path_remove_tree(rig_path(""), &err)); /* with its folder */
    rig_record(log, "four");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file(TODAY), "four\n");
    access_log_close(&log);
}

static void a_hangup_makes_the_file_at_once(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    struct access_log *log = rig_open(&o);
    assert_int_equal(unlink(rig_path(TODAY)), 0);
    access_logs_reopen();
    wait_for(TODAY, "", 5000); /* though nothing is recorded */
    access_log_close(&log);
}

/* ---- what is refused ---- */

static void expect_refusal(const struct access_log_options *o, const char *what)
{
    struct err err = ERR_INIT;
    assert_false(access_log_check(o, &err));
    if (!strstr(err.what, what))
        fail_msg("%s, not %s", err.what, what);
    err = ERR_INIT;
    assert_null(access_log_open(o, &err));
    if (!strstr(err.what, what))
        fail_msg("%s, not %s", err.what, what);
}

static void what_cannot_work_is_refused(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.condition_if = "x";
    expect_refusal(&o, "conditionIf=\"x\": a request has no attributes");
    o = rig_options("%u");
    o.condition_unless = "x";
    expect_refusal(&o, "conditionUnless=\"x\": a request has no attributes");
    o = rig_options("%u");
    o.resolve_hosts = true;
    expect_refusal(&o, "resolveHosts=\"true\": host names are not looked up");
    for (int days = -2; days <= 36501; days += days == -2 ? 2 : 36501) {
        o = rig_options("%u");
        o.max_days = days;
        expect_refusal(&o, "is out of range");
    }
    o = rig_options("%u");
    o.prefix = "../x";
    expect_refusal(&o, "\"../x\" cannot be a part of a file's name");
    o = rig_options("%u");
    o.suffix = "/x";
    expect_refusal(&o, "\"/x\" cannot be a part of a file's name");
    o = rig_options("%u");
    o.file_date_format = "yyyy/MM";
    expect_refusal(&o, "the date pattern \"yyyy/MM\" has a /");
    o.file_date_format = "yyyyb";
    expect_refusal(&o, "'b' at character 5 of the date pattern means nothing");
    o = rig_options("%k");
    expect_refusal(&o, "%k at character 1 of the pattern");
    o = rig_options("%u");
    o.directory = "cserv.log/below";
    struct err err = ERR_INIT;
    assert_false(access_log_check(&o, &err));
    assert_non_null(strstr(err.what, "cannot write logs into"));
    assert_null(access_log_open(&o, &err));
    assert_string_equal(rig_file(TODAY), "(none)");
    assert_false(path_exists(rig_path("")));
}

static void a_check_touches_nothing(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("common");
    struct err err = ERR_INIT;
    assert_true(access_log_check(&o, &err));
    assert_false(path_exists(rig_path("")));
}

static void one_file_is_one_log(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u"), other = rig_options("%u %s");
    struct err err = ERR_INIT;
    struct access_log *first = rig_open(&o), *second = rig_open(&o);
    assert_ptr_equal(first, second);
    assert_null(access_log_open(&other, &err));
    assert_non_null(strstr(err.what, "two access logs with different settings have the same file"));
    other.rotatable = false; /* the name without a date is another one */
    struct access_log *whole = rig_open(&other);
    access_log_close(&whole);
    other = rig_options("%u %s");
    other.prefix = "other";
    struct access_log *third = rig_open(&other);
    rig_record(first, "one");
    access_log_close(&first);
    rig_record(second, "two");
    rig_record(third, "three");
    access_log_close(&third);
    rig_record(second, "four");
    access_log_close(&second);
    assert_string_equal(rig_file(TODAY), "one\ntwo\nfour\n");
    assert_string_equal(rig_file("other.2026-11-23.txt"), "three -\n");
}

static void lists_are_joined(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u"), other = rig_options("%u");
    struct access_logs *outer, *inner, *same, *none;
    struct err err = ERR_INIT;
    other.prefix = "other";
    struct access_log *a = rig_open(&o), *b = rig_open(&other);
    assert_true(access_logs_join(NULL, 0, NULL, &none, &err));
    assert_null(none);
    assert_true(access_logs_join(&a, 1, NULL, &outer, &err));
    assert_true(access_logs_join(&b, 1, outer, &inner, &err));
    assert_true(access_logs_join(NULL, 0, inner, &same, &err));
    assert_int_equal(outer->count, 1);
    assert_int_equal(inner->count, 2);
    assert_ptr_equal(inner->v[0], b);
    assert_ptr_equal(same->v[1], a);
    access_logs_record(inner, &(struct access_fields){.user = SPAN_LIT("both")});
    access_log_close(&a);
    access_log_close(&b);
    assert_string_equal(rig_file(TODAY), "both\n");
    assert_string_equal(rig_file("other.2026-11-23.txt"), "both\n");
    free(outer);
    free(inner);
    free(same);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(lines_are_written),
        ROW(nobody_waits_longer_than_a_second),
        ROW(unbuffered_lines_are_written_at_once),
        ROW(threads_do_not_mix_their_lines),
        ROW(long_lines_are_whole_or_lost),
        ROW(files_that_are_moved_or_removed_are_made_again),
        ROW(a_hangup_makes_the_file_at_once),
        ROW(what_cannot_work_is_refused),
        ROW(a_check_touches_nothing),
        ROW(one_file_is_one_log),
        ROW(lists_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
