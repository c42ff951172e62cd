/* SPDX-License-Identifier: Apache-2.0
 * The server's log as files: one per local day and a link to the newest, old ones removed, a FIFO in its
 * place, the copy for the journal, a copy that nobody reads, lines without a writer thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "observe/log_output.h"

#define DAY_US 86400000000

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_ALL, "de_DE.UTF-8");
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    unsetenv("JOURNAL_STREAM");
    snprintf(folder, sizeof(folder), "/tmp/cserv-days-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    log_stop();
    return path_remove_tree(folder, &err) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
    return p;
}

/* The log's file of DAYS days from now. */
static const char *day(int days)
{
    static char name[4][48];
    static unsigned next;
    char *p = name[next++ % 4];
    struct date_time t;
    date_time_of(clock_wall_us() + days * DAY_US, &t);
    snprintf(p, sizeof(name[0]), "cserv.%04d-%02d-%02d.log", t.tm.tm_year + 1900, t.tm.tm_mon + 1,
             t.tm.tm_mday);
    return p;
}

static const char *content(const char *name)
{
    static struct buf text;
    struct err err = ERR_INIT;
    buf_clear(&text);
    if (!path_read_file(path_of(name), 1 << 20, &text, &err))
        return "(none)";
    const char *s = buf_cstr(&text);
    return s ? s : "";
}

static struct log_output *open_output(int copy_fd)
{
    struct log_options options = {.folder = folder, .copy_fd = copy_fd};
    struct err err = ERR_INIT;
    struct log_output *o = log_output_open(&options, &err);
    if (!o)
        fail_msg("%s: %s", err.what, err.why);
    return o;
}

static size_t put(struct log_output *o, int64_t wall_us, enum log_level level, const char *text)
{
    return log_output_put(o, wall_us, level, "main", LOG_ROOM_base, text, strlen(text));
}

static bool ends_with(const char *text, const char *end)
{
    return span_ends(span_of(text), span_of(end));
}

static void expect_link(const char *to)
{
    char name[256];
    ssize_t n = readlink(path_of("cserv.log"), name, sizeof(name));
    assert_int_equal(n, strlen(to));
    assert_memory_equal(name, to, (size_t)n);
}

static void touch(const char *name)
{
    int fd = open(path_of(name), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void each_day_has_its_file(void **state)
{
    (void)state;
    int64_t now = clock_wall_us();
    struct log_output *o = open_output(-1);
    expect_link(day(0));
    put(o, now, LOG_INFO, "one");
    put(o, now + DAY_US, LOG_INFO, "two");
    put(o, now + DAY_US, LOG_INFO, "three");
    put(o, now + 4 * DAY_US, LOG_INFO, "four");
    assert_int_equal(log_output_flush(o), 0);
    log_output_close(o);
    assert_true(ends_with(content(day(0)), "INFO [main] base one\n"));
    assert_true(ends_with(content(day(1)), "base three\n"));
    assert_non_null(strstr(content(day(1)), "base two\n"));
    assert_true(ends_with(content(day(4)), "base four\n"));
    expect_link(day(4));
    struct stat st;
    assert_int_equal(stat(path_of(day(4)), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    /* "23-Mar-2026": English under any locale */
    struct date_time t;
    date_time_of(now, &t);
    char date[32];
    snprintf(date, sizeof(date), "%02d-%s-%04d ", t.tm.tm_mday, date_month(t.tm.tm_mon),
             t.tm.tm_year + 1900);
    assert_true(span_starts(span_of(content(day(0))), span_of(date)));
}

static void somebody_s_file_is_no_link(void **state)
{
    (void)state;
    touch("cserv.log");
    struct log_output *o = open_output(-1);
    put(o, clock_wall_us(), LOG_INFO, "one");
    log_output_flush(o);
    log_output_close(o);
    assert_string_equal(content("cserv.log"), "");
    assert_true(ends_with(content(day(0)), "one\n"));
}

static void ninety_days_are_kept(void **state)
{
    (void)state;
    touch(day(-89));
    touch(day(-90));
    touch(day(-91));
    touch(day(-3000));
    touch("cserv.2020-01-01.log.gz");
    touch("xcserv.2020-01-01.log");
    struct log_output *o = open_output(-1);
    assert_true(path_exists(path_of(day(-89))) && path_exists(path_of(day(-90))));
    assert_false(path_exists(path_of(day(-91))) || path_exists(path_of(day(-3000))));
    assert_true(path_exists(path_of("cserv.2020-01-01.log.gz")));
    assert_true(path_exists(path_of("xcserv.2020-01-01.log")));
    put(o, clock_wall_us() + DAY_US, LOG_INFO, "tomorrow");
    assert_false(path_exists(path_of(day(-90))));
    log_output_close(o);
}

static void the_journal_gets_levels(void **state)
{
    (void)state;
    int ends[2];
    char text[1000], name[64];
    struct stat st;
    int64_t now = clock_wall_us();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fstat(ends[1], &st), 0);
    for (int round = 0; round < 2; round++) {
        snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)st.st_dev,
                 (uintmax_t)st.st_ino + (round == 0 ? 1 : 0));
        setenv("JOURNAL_STREAM", name, 1);
        struct log_output *o = open_output(ends[1]);
        put(o, now, LOG_ERROR, "one");
        put(o, now, LOG_WARN, "two");
        put(o, now, LOG_INFO, "three");
        put(o, now, LOG_DEBUG, "four");
        assert_int_equal(log_output_flush(o), 0);
        log_output_close(o);
        ssize_t n = read(ends[0], text, sizeof(text) - 1);
        assert_true(n > 0);
        text[n] = '\0';
        int expected = round;
        assert_int_equal(text[0] == '<', expected);
        if (round == 0)
            continue;
        static const char *const begins[] = {"<3>", "<4>", "<6>", "<7>"};
        const char *line = text;
        for (int i = 0; i < 4; i++, line = strchr(line, '\n') + 1)
            assert_memory_equal(line, begins[i], 3);
    }
    assert_null(strchr(content(day(0)), '<')); /* the file does not */
    assert_true(log_alone(folder, ends[1], LOG_ROOM_supervisor, LOG_WARN, "alone"));
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_memory_equal(text, "<4>", 3);
    assert_true(ends_with(text, "WARN [supervisor] supervisor alone\n"));
    assert_true(ends_with(content("cserv.log"), "\n"));
    assert_true(ends_with(content(day(0)), text + 3));
    close(ends[0]);
    close(ends[1]);
}

static void a_copy_that_nobody_reads_does_not_stop_the_file(void **state)
{
    (void)state;
    int ends[2];
    char line[1000];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct log_output *o = open_output(ends[1]);
    uint64_t start = clock_us();
    for (int i = 0; i < 400; i++) { /* more than a pipe holds */
        assert_int_equal(put(o, clock_wall_us(), LOG_INFO, line), 0);
        if (i % 10 == 9)
            assert_int_equal(log_output_flush(o), 0);
    }
    assert_true(clock_us() - start < 5000000);
    assert_true(strlen(content(day(0))) > 400000);
    char drained[70000];
    assert_true(read(ends[0], drained, sizeof(drained)) > 4096); /* it is read again */
    put(o, clock_wall_us(), LOG_INFO, "later");
    log_output_flush(o);
    log_output_close(o);
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], drained + n, sizeof(drained) - 1 - n)) > 0;)
        n += (size_t)got;
    drained[n] = '\0';
    assert_true(ends_with(drained, "\n"));
    assert_non_null(strstr(drained, "base later\n"));
    close(ends[0]);
}

static void wait_for(const char *text)
{
    uint64_t end = clock_us() + 10000000;
    while (!strstr(content("cserv.log"), text)) {
        if (clock_us() > end)
            fail_msg("'%s' does not come: %s", text, content("cserv.log"));
        usleep(5000);
    }
}

static void a_fifo_holds_nobody_up(void **state)
{
    (void)state;
    struct log_options options = {.folder = folder, .copy_fd = -1};
    struct err err = ERR_INIT;
    assert_int_equal(mkfifo(path_of(day(0)), 0600), 0);
    uint64_t start = clock_us();
    assert_true(log_start(&options, &err));
    for (int i = 0; i < 100; i++)
        LOG(base, LOG_INFO, "lost");
    assert_true(log_flush(5000)); /* dealt with */
    assert_int_equal(log_dropped(), 100);
    assert_false(log_alone(folder, -1, LOG_ROOM_supervisor, LOG_WARN, "lost, too"));
    assert_true(clock_us() - start < 3000000);
    assert_int_equal(unlink(path_of(day(0))), 0);
    wait_for("ERROR [log] observe 100 log lines were lost: No such device or address");
    LOG(base, LOG_INFO, "found");
    assert_true(log_flush(5000));
    assert_true(ends_with(content(day(0)), "base found\n"));
}

static void lines_alone_make_their_file(void **state)
{
    (void)state;
    assert_true(log_alone(folder, -1, LOG_ROOM_supervisor, LOG_ERROR, "one\ntwo"));
    assert_true(ends_with(content(day(0)), "ERROR [supervisor] supervisor one\\x0Atwo\n"));
    expect_link(day(0));
    assert_false(log_alone(path_of("none/below"), -1, LOG_ROOM_supervisor, LOG_ERROR, "x"));
    assert_true(log_alone(folder, -1, LOG_ROOM_supervisor, LOG_INFO, "three"));
    assert_true(ends_with(content(day(0)), "INFO [supervisor] supervisor three\n"));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(each_day_has_its_file),
        ROW(somebody_s_file_is_no_link),
        ROW(ninety_days_are_kept),
        ROW(the_journal_gets_levels),
        ROW(a_copy_that_nobody_reads_does_not_stop_the_file),
        ROW(a_fifo_holds_nobody_up),
        ROW(lines_alone_make_their_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
