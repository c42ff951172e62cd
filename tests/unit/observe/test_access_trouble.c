/* SPDX-License-Identifier: Apache-2.0
 * Access logs in trouble: a FIFO without a reader, a reader that sleeps, a full disk, a file that ends in
 * the middle of a line. Nobody who records waits; what is lost is counted and told; it recovers alone. */
#include "access_log_rig.h"
#include <errno.h>
#include <sys/resource.h>

#define TODAY "access_log.2026-11-23.txt"

static char line_text[1001]; /* so that a log's memory is soon full */

static int set_up(void **state)
{
    memset(line_text, 'x', sizeof(line_text) - 1);
    return rig_up(state);
}

/* Records until N lines are lost; no single one may take long. */
static void fill(struct access_log *log, uint64_t n)
{
    uint64_t slowest = 0, before = atomic_load(&log->lost);
    for (int i = 0; atomic_load(&log->lost) - before < n; i++) {
        uint64_t start = clock_us();
        rig_record(log, line_text);
        uint64_t took = clock_us() - start;
        slowest = took > slowest ? took : slowest;
        assert_in_range(i, 0, 10000);
    }
    assert_true(slowest < 200000); /* a writer that waited for its file would take for ever */
}

static void wait_for_server_log(const char *text)
{
    uint64_t end = clock_us() + MS_TO_US(10000);
    while (!strstr(rig_server(), text)) {
        if (clock_us() > end)
            fail_msg("the server's log does not tell '%s' but %s", text, rig_server());
        usleep(5000);
    }
}

static uint64_t lines_in(const char *text)
{
    uint64_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

/* Every line of TEXT is whole. */
static void expect_whole(const char *text)
{
    for (const char *end; *text; text = end + 1) {
        end = strchr(text, '\n');
        assert_non_null(end);
        if (end - text != 3 && end - text != 1000)
            fail_msg("a line of %d bytes", (int)(end - text));
    }
}

static void a_fifo_without_reader(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    uint64_t lost = counter_read(COUNTER_access_lines_lost),
             lines = counter_read(COUNTER_access_lines);
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(mkfifo(rig_path(TODAY), 0600), 0);
    struct access_log *log = rig_open(&o); /* the server starts all the same */
    wait_for_server_log("ERROR");
    assert_non_null(strstr(rig_server(), "No such device or address"));
    fill(log, 500);
    assert_false(access_logs_flush(50));
    assert_int_equal(counter_read(COUNTER_access_lines_lost) - lost, 500);
    assert_int_equal(rig_count(rig_server(), "ERROR"), 1); /* one per cause and minute */
    assert_int_equal(unlink(rig_path(TODAY)), 0);
    assert_true(access_logs_flush(5000)); /* alone, within a second or two */
    wait_for_server_log("is written again; 500 lines were lost");
    rig_record(log, "end");
    access_log_close(&log);
    const char *text = rig_file(TODAY);
    expect_whole(text);
    assert_int_equal(lines_in(text), counter_read(COUNTER_access_lines) - lines);
}

static void a_fifo_is_read_at_last(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    static char got[3 << 20];
    size_t n = 0;
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(mkfifo(rig_path(TODAY), 0600), 0);
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    assert_false(access_logs_flush(300));
    int fd = open(rig_path(TODAY), O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_true(access_logs_flush(5000));
    assert_int_equal(read(fd, got, sizeof(got)), 4);
    assert_memory_equal(got, "one\n", 4);
    fill(log, 100); /* now it sleeps: the pipe is full, then the memory */
    wait_for_server_log("; 1 lines are lost so far"); /* told with the first one */
    uint64_t kept = 0;
    while (!access_logs_flush(1) || kept == 0) { /* it wakes up */
        ssize_t more = read(fd, got + n, sizeof(got) - 1 - n);
        n += more > 0 ? (size_t)more : 0;
        kept += more > 0;
    }
    for (ssize_t more; (more = read(fd, got + n, sizeof(got) - 1 - n)) > 0;)
        n += (size_t)more;
    got[n] = '\0';
    expect_whole(got);
    close(fd); /* it is gone */
    rig_record(log, "two");
    assert_false(access_logs_flush(300));
    fd = open(rig_path(TODAY), O_RDONLY | O_NONBLOCK);
    assert_true(access_logs_flush(5000));
    assert_int_equal(read(fd, got, sizeof(got)), 4);
    close(fd);
    access_log_close(&log);
}

/* What was lost while an ERROR of the same cause was held back is told after all. */
static void each_trouble_is_told_to_its_end(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(mkfifo(rig_path(TODAY), 0600), 0);
    struct access_log *log = rig_open(&o);
    for (int round = 1; round <= 2; round++) {
        fill(log, 100);
        assert_int_equal(unlink(rig_path(TODAY)), 0);
        assert_true(access_logs_flush(5000));
        assert_int_equal(mkfifo(rig_path("next"), 0600), 0);
        if (round == 1)
            assert_int_equal(rename(rig_path("next"), rig_path(TODAY)), 0);
    }
    wait_for_server_log("is written again; 200 lines were lost");
    /* That the writer had not yet noticed the second FIFO is a cause of its own. */
    assert_in_range(rig_count(rig_server(), " ERROR "), 1, 2);
    access_log_close(&log);
}

/* Lines must not go into a file that nobody can find any more. */
static void a_removed_file_takes_no_lines(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    struct access_log *log = rig_open(&o);
    assert_true(access_logs_flush(5000));
    struct err err = ERR_INIT;
    assert_true(path_remove_tree(rig_path(""), &err));
    char folder[160];
    snprintf(folder, sizeof(folder), "%s/logs", rig_folder);
    int fd = open(folder, O_CREAT | O_WRONLY, 0600); /* no folder, and none can be made */
    assert_true(fd >= 0);
    close(fd);
    rig_record(log, "one");
    assert_false(access_logs_flush(300));
    wait_for_server_log("Not a directory");
    assert_int_equal(unlink(folder), 0);
    assert_true(access_logs_flush(5000));
    assert_string_equal(rig_file(TODAY), "one\n");
    /* Moved away it can be found: better there than nowhere. */
    char moved[160];
    snprintf(moved, sizeof(moved), "%s/moved", rig_folder);
    assert_int_equal(rename(folder, moved), 0);
    fd = open(folder, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    rig_record(log, "two");
    assert_true(access_logs_flush(5000));
    snprintf(moved, sizeof(moved), "%s/moved/" TODAY, rig_folder);
    assert_string_equal(rig_content(moved), "one\ntwo\n");
    assert_int_equal(unlink(folder), 0);
    access_log_close(&log);
}

static void a_full_disk(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    o.rotatable = false;
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(symlink("/dev/full", rig_path("access_log.txt")), 0);
    struct access_log *log = rig_open(&o);
    rig_record(log, "one");
    wait_for_server_log("No space left on device (errno 28); 0 lines are lost so far");
    for (int i = 0; i < 500; i++)
        rig_record(log, "two");
    assert_int_equal(atomic_load(&log->lost), 0);
    assert_int_equal(unlink(rig_path("access_log.txt")), 0);
    assert_true(access_logs_flush(5000));
    wait_for_server_log("is written again; 0 lines were lost");
    assert_int_equal(lines_in(rig_file("access_log.txt")), 501);
    access_log_close(&log);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk takes a part of a line. */
static void a_torn_line_goes_on_where_it_stopped(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    signal(SIGXFSZ, SIG_IGN);
    struct access_log *log = rig_open(&o);
    log_stop(); /* its file is limited, too */
    limit_files(2500);
    for (int i = 0; i < 4; i++)
        rig_record(log, line_text);
    assert_false(access_logs_flush(300));
    assert_int_equal(strlen(rig_file(TODAY)), 2500);
    limit_files(RLIM_INFINITY);
    assert_true(access_logs_flush(5000));
    assert_int_equal(strlen(rig_file(TODAY)), 4004);
    expect_whole(rig_file(TODAY));
    /* Moved away in the middle of a line: its rest does not begin the next file. */
    limit_files(4104);
    rig_record(log, line_text);
    rig_record(log, "two");
    assert_false(access_logs_flush(300));
    assert_int_equal(rename(rig_path(TODAY), rig_path("moved")), 0);
    assert_true(access_logs_flush(5000));
    limit_files(RLIM_INFINITY);
    assert_string_equal(rig_file(TODAY), "two\n");
    assert_int_equal(strlen(rig_file("moved")), 4104);
    assert_int_equal(atomic_load(&log->lost), 1);
    access_log_close(&log);
}

static void an_end_with_a_blocked_file_does_not_take_long(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u");
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(mkfifo(rig_path(TODAY), 0600), 0);
    struct access_log *log = rig_open(&o);
    uint64_t lost = counter_read(COUNTER_access_lines_lost);
    for (int i = 0; i < 3; i++)
        rig_record(log, "one");
    uint64_t start = clock_us();
    access_log_close(&log);
    assert_true(clock_us() - start < MS_TO_US(8000));
    assert_int_equal(counter_read(COUNTER_access_lines_lost) - lost, 3);
    assert_non_null(strstr(rig_server(), "3 lines could not be written before the end"));
}

static void an_end_with_many_blocked_files_neither(void **state)
{
    (void)state;
    enum { LOGS = 8 };
    struct access_log *logs[LOGS + 1];
    struct access_log_options o = rig_options("%u");
    char prefix[8], name[40];
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    for (int i = 0; i <= LOGS; i++) {
        snprintf(prefix, sizeof(prefix), "l%d", i);
        snprintf(name, sizeof(name), "%s.2026-11-23.txt", prefix);
        o.prefix = prefix;
        assert_int_equal(i < LOGS ? mkfifo(rig_path(name), 0600) : 0, 0);
        logs[i] = rig_open(&o);
        rig_record(logs[i], "one");
    }
    uint64_t start = clock_us();
    for (int i = 0; i <= LOGS; i++)
        access_log_close(&logs[i]);
    assert_true(clock_us() - start < MS_TO_US(8000));
    assert_string_equal(rig_file(name), "one\n"); /* the last one was not in trouble */
}

static void one_log_in_trouble_does_not_hold_up_another(void **state)
{
    (void)state;
    struct access_log_options o = rig_options("%u"), good = rig_options("%u");
    good.prefix = "good";
    assert_int_equal(mkdir(rig_path(""), 0750), 0);
    assert_int_equal(mkfifo(rig_path(TODAY), 0600), 0);
    struct access_log *log = rig_open(&o), *other = rig_open(&good);
    fill(log, 10);
    rig_record(other, "one");
    uint64_t end = clock_us() + MS_TO_US(5000);
    while (strcmp(rig_file("good.2026-11-23.txt"), "one\n") != 0) {
        assert_true(clock_us() < end);
        usleep(2000);
    }
    assert_int_equal(unlink(rig_path(TODAY)), 0);
    access_log_close(&log);
    access_log_close(&other);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_fifo_without_reader),
        ROW(a_fifo_is_read_at_last),
        ROW(each_trouble_is_told_to_its_end),
        ROW(a_removed_file_takes_no_lines),
        ROW(a_full_disk),
        ROW(a_torn_line_goes_on_where_it_stopped),
        ROW(an_end_with_a_blocked_file_does_not_take_long),
        ROW(an_end_with_many_blocked_files_neither),
        ROW(one_log_in_trouble_does_not_hold_up_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
