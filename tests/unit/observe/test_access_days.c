/* SPDX-License-Identifier: Apache-2.0
 * Access logs over days: rotation by local date, renaming, and which old files are removed. */
#include "access_log_rig.h"

#define TODAY       "access_log.2026-11-23.txt"
#define DAY_US      86400000000
#define TOMORROW    "access_log.2026-11-24.txt"
#define MIDNIGHT_US (RIG_TIME_US + (16 * 3600 + 5 * 60 + 11) * 1000000ll)

static void each_day_has_its_file(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u %t");
    struct access_log *log = rig_open(&o);
    /* Without waiting for the writer: the lines themselves know where they belong. */
    atomic_store(&rig_time_us, MIDNIGHT_US - 1);
    rig_record(log, "last");
    atomic_store(&rig_time_us, MIDNIGHT_US);
    rig_record(log, "first");
    rig_record(log, "second");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file(TODAY), "last [23/Nov/2026:23:59:59 +0530]\n");
    assert_string_equal(rig_file(TOMORROW), "first [24/Nov/2026:00:00:00 +0530]\n"
                                            "second [24/Nov/2026:00:00:00 +0530]\n");
    atomic_store(&rig_time_us, MIDNIGHT_US + 3 * DAY_US - 1);
    rig_record(log, "later");
    assert_true(access_logs_flush(5000));
    atomic_store(&rig_time_us, MIDNIGHT_US + 3 * DAY_US);
    rig_record(log, "after");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log.2026-11-25.txt"), "(none)");
    assert_string_equal(rig_file("access_log.2026-11-26.txt"),
                        "later [26/Nov/2026:23:59:59 +0530]\n");
    assert_string_equal(rig_file("access_log.2026-11-27.txt"),
                        "after [27/Nov/2026:00:00:00 +0530]\n");
}

static void a_pattern_may_change_by_the_hour(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.file_date_format = "_yyyyMMdd-HH";
    struct access_log *log = rig_open(&o);
    rig_record(log, "seven");
    atomic_store(&rig_time_us, RIG_TIME_US + 311 * 1000000ll);
    rig_record(log, "eight");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log_20261123-07.txt"), "seven\n");
    assert_string_equal(rig_file("access_log_20261123-08.txt"), "eight\n");
}

static void without_rotation_there_is_one_file(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.rotatable = false;
    o.max_days = 1;
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    assert_true(access_logs_flush(5000));
    atomic_store(&rig_time_us, RIG_TIME_US + 10 * DAY_US);
    rig_record(log, "two");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log.txt"), "one\ntwo\n");
    assert_string_equal(rig_file(TODAY), "(none)");
}

static void set_changed(const char *path, int64_t wall_us)
{
    struct timespec t[2] = {{.tv_sec = (time_t)(wall_us / 1000000)},
                            {.tv_sec = (time_t)(wall_us / 1000000)}};
    assert_int_equal(utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW), 0);
}

static void a_full_file_is_renamed(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.rename_on_rotate = true;
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file("access_log.txt"), "one\n");
    assert_string_equal(rig_file(TODAY), "(none)");
    atomic_store(&rig_time_us, MIDNIGHT_US);
    rig_record(log, "two");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log.txt"), "two\n");
    assert_string_equal(rig_file(TODAY), "one\n");
    /* The server was down over midnight. */
    set_changed(rig_path("access_log.txt"), MIDNIGHT_US);
    atomic_store(&rig_time_us, MIDNIGHT_US + DAY_US);
    log = rig_open(&o);
    rig_record(log, "three");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log.txt"), "three\n");
    assert_string_equal(rig_file(TOMORROW), "two\n");
    /* A file is never written over. */
    set_changed(rig_path("access_log.txt"), MIDNIGHT_US);
    log = rig_open(&o);
    rig_record(log, "four");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log.txt"), "three\nfour\n");
    assert_string_equal(rig_file(TOMORROW), "two\n");
    assert_int_equal(rig_count(rig_server(), "cannot rename the log"), 1);
}

static void touch(const char *name)
{
    FILE *f = fopen(rig_path(name), "w");
    assert_non_null(f);
    fclose(f);
}

static void old_files_are_removed_and_nothing_else(void **state)
{
    (void)state;
    static const char *const stay[] = {
        "access_log.2026-08-25.txt", /* 90 days */
        "access_log.2026-08-24.txt.gz", "access_log.2026-8-24.txt",  "access_log.2025.txt",
        "xaccess_log.2025-01-01.txt",   "access_log.2025-01-01.tx",  "access_log.txt",
        "other.2025-01-01.txt",         "access_log.2025-01-01 .txt"};
    static const char *const go[] = {"access_log.2026-08-24.txt", "access_log.2025-01-01.txt",
                                     "access_log.1999-12-31.txt"};
    struct access_log_options o = rig_options("%u");
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
        touch(stay[i]);
    for (size_t i = 0; i < sizeof(go) / sizeof(go[0]); i++)
        touch(go[i]);
    assert_int_equal(mkdir(rig_path("access_log.2025-01-02.txt"), 0750), 0);
    assert_int_equal(
        symlink(rig_path("other.2025-01-01.txt"), rig_path("access_log.2025-01-03.txt")), 0);
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    assert_true(access_logs_flush(5000));
    for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
        if (!path_exists(rig_path(stay[i])))
            fail_msg("%s was removed", stay[i]);
    for (size_t i = 0; i < sizeof(go) / sizeof(go[0]); i++)
        if (path_exists(rig_path(go[i])))
            fail_msg("%s was not removed", go[i]);
    assert_true(path_is_dir(rig_path("access_log.2025-01-02.txt")));
    struct stat st;
    assert_int_equal(lstat(rig_path("access_log.2025-01-03.txt"), &st), 0);
    assert_non_null(strstr(rig_server(), "3 log files"));
    /* And again with the next day. */
    atomic_store(&rig_time_us, MIDNIGHT_US);
    rig_record(log, "two");
    assert_true(access_logs_flush(5000));
    rig_record(log, "three");
    assert_true(access_logs_flush(5000));
    assert_false(path_exists(rig_path(stay[0])));
    access_log_close(&log);
}

static void names_without_a_day_go_by_their_last_change(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.file_date_format = "-EEE";
    o.max_days = 5;
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    touch("access_log-Tue.txt");
    set_changed(rig_path("access_log-Tue.txt"), RIG_TIME_US - 6 * DAY_US);
    touch("access_log-Wed.txt");
    set_changed(rig_path("access_log-Wed.txt"), RIG_TIME_US - 4 * DAY_US);
    touch("access_log-XYZ.txt");
    set_changed(rig_path("access_log-XYZ.txt"), RIG_TIME_US - 6 * DAY_US);
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    access_log_close(&log);
    assert_string_equal(rig_file("access_log-Mon.txt"), "one\n");
    assert_false(path_exists(rig_path("access_log-Tue.txt")));
    assert_true(path_exists(rig_path("access_log-Wed.txt")));
    assert_true(path_exists(rig_path("access_log-XYZ.txt")));
}

static void kept_for_ever(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.max_days = -1;
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    touch("access_log.1999-12-31.txt");
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    access_log_close(&log);
    assert_true(path_exists(rig_path("access_log.1999-12-31.txt")));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(each_day_has_its_file),
        ROW(a_pattern_may_change_by_the_hour),
        ROW(without_rotation_there_is_one_file),
        ROW(a_full_file_is_renamed),
        ROW(old_files_are_removed_and_nothing_else),
        ROW(names_without_a_day_go_by_their_last_change),
        ROW(kept_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
