/* SPDX-License-Identifier: Apache-2.0
 * observe/log.h: the form of a line, the file's mode, reopening, a full queue, a full disk, stderr
 * while there is no writer. Also run under the thread sanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "base/thread.h"
#include "observe/log.h"

static char folder[64], file[96];

/* The log's file in IN; a test at midnight has bad luck. */
static void today(const char *in, char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    snprintf(out, size, "%s/cserv.%04d-%02d-%02d.log", in, tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/cserv-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    today(folder, file, sizeof(file));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    log_stop();
    for (int room = 0; room < LOG_ROOM_COUNT; room++)
        log_set_level((enum log_room)room, LOG_INFO);
    assert_true(path_remove_tree(folder, &err));
    return 0;
}

static void start_in(const char *in, int copy_fd, size_t lines)
{
    struct log_options options = {in, copy_fd, lines};
    struct err err = ERR_INIT;
    if (!log_start(&options, &err))
        fail_msg("%s: %s", err.what, err.why);
}

static void start(int copy_fd, size_t lines)
{
    start_in(folder, copy_fd, lines);
}

/* Terminated, valid until the next call. */
static const char *content(const char *path)
{
    static struct buf text;
    struct err err = ERR_INIT;
    buf_clear(&text);
    if (!path_read_file(path, 64u << 20, &text, &err))
        fail_msg("%s: %s", err.what, err.why);
    return buf_cstr(&text);
}

static size_t count(const char *text, const char *needle)
{
    size_t n = 0;
    while ((text = strstr(text, needle)) != NULL) {
        n++;
        text++;
    }
    return n;
}

static void expect_match(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0)
        fail_msg("\"%s\" does not look like %s", text, pattern);
    regfree(&regex);
}

static void a_line_has_its_parts_in_local_time(void **state)
{
    (void)state;
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    start(-1, 0);
    int64_t before = clock_wall_us() / 1000000;
    LOG(net, LOG_WARN, "port %d is %s", 8080, "taken");
    assert_true(log_flush(10000));
    int64_t after = clock_wall_us() / 1000000;
    const char *line = content(file);
    expect_match(line, "^[0-3][0-9]-[A-Z][a-z][a-z]-20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
                       "\\.[0-9][0-9][0-9] WARN \\[main\\] net port 8080 is taken\n$");
    struct tm tm = {.tm_isdst = -1};
    char month[4];
    assert_int_equal(sscanf(line, "%d-%3s-%d %d:%d:%d", &tm.tm_mday, month, &tm.tm_year,
                            &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
                     6);
    while (tm.tm_mon < 11 && strcmp(months[tm.tm_mon], month) != 0)
        tm.tm_mon++;
    tm.tm_year -= 1900;
    assert_in_range(mktime(&tm), before, after);
}

static void a_client_cannot_forge_a_line(void **state)
{
    (void)state;
    start(-1, 0);
    LOG(http1, LOG_INFO, "GET /%s", "a\n01-Jan-2030\r\t\x1b[2J\x7f\xc2\x9b\xc3\xa4 \\ \xff");
    assert_true(log_flush(10000));
    const char *text = content(file);
    assert_int_equal(count(text, "\n"), 1);
    assert_non_null(strstr(text, "http1 GET /a\\x0A01-Jan-2030\\x0D\\x09\\x1B[2J\\x7F\xc2\\x9B"
                                 "\xc3\xa4 \\ \xff\n"));
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    static char message[5000];
    memset(message, 'm', sizeof(message));
    start(-1, 0);
    LOG(engine, LOG_INFO, "%.2048s", message);
    LOG(engine, LOG_INFO, "%.2049s", message);
    memset(message, '\x01', sizeof(message));
    LOG(engine, LOG_INFO, "%.4999s", message);
    assert_true(log_flush(10000));
    const char *line = strstr(content(file), "mmm");
    assert_int_equal(strspn(line, "m"), 2048);
    assert_int_equal(line[2048], '\n');
    line = strstr(line + 2048, "mmm");
    assert_int_equal(strspn(line, "m"), 2045);
    assert_memory_equal(line + 2045, "...\n", 4);
    assert_int_equal(count(line, "\\x01"), 2045);
}

static void levels_are_per_room(void **state)
{
    (void)state;
    enum log_level level;
    start(-1, 0);
    LOG(net, LOG_DEBUG, "one");
    log_set_level(LOG_ROOM_net, LOG_DEBUG);
    LOG(net, LOG_DEBUG, "two");
    LOG(http1, LOG_DEBUG, "three");
    log_set_level(LOG_ROOM_net, LOG_OFF);
    LOG(net, LOG_ERROR, "four");
    struct err err = ERR_INIT;
    err_set(&err, "five");
    err_at(&err, "server.xml", 7);
    log_err(LOG_ROOM_net, LOG_ERROR, &err);
    log_err(LOG_ROOM_config, LOG_ERROR, &err);
    assert_true(log_flush(10000));
    const char *text = content(file);
    assert_int_equal(count(text, "\n"), 2);
    assert_int_equal(count(text, " DEBUG [main] net two\n"), 1);
    assert_int_equal(count(text, " ERROR [main] config server.xml:7: five\n"), 1);
    assert_true(log_level_parse("debug", &level) && level == LOG_DEBUG);
    assert_true(log_level_parse("WARN", &level) && level == LOG_WARN);
    assert_true(log_level_parse("off", &level) && level == LOG_OFF);
    assert_false(log_level_parse("", &level));
    assert_false(log_level_parse("warning", &level));
}

static void errno_is_left_alone(void **state)
{
    (void)state;
    start(-1, 0);
    errno = EDOM;
    LOG(base, LOG_INFO, "%s", "x");
    assert_int_equal(errno, EDOM);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void the_file_is_0640_under_any_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < 3; i++) {
        mode_t old = umask(masks[i]);
        start(-1, 0);
        umask(old);
        log_stop();
        assert_int_equal(mode_of(file), 0640);
        assert_int_equal(unlink(file), 0);
    }
}

static void an_old_file_is_appended_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        start(-1, 0);
        LOG(base, LOG_INFO, "round %zu", i);
        log_stop();
        assert_int_equal(count(content(file), "round"), i + 1);
        assert_int_equal(mode_of(file), 0640);
        assert_int_equal(chmod(file, 0666), 0); /* set right by the next start */
    }
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    char in[128], path[160];
    struct err err = ERR_INIT;
    snprintf(in, sizeof(in), "%s/sub", folder);
    today(in, path, sizeof(path));
    assert_int_equal(mkdir(in, 0700), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    struct log_options options = {in, -1, 0};
    assert_false(log_start(&options, &err));
    assert_non_null(strstr(err.what, path));
    assert_true(err.why[0]);
    start(-1, 0);
    options.folder = folder;
    assert_false(log_start(&options, &err)); /* one at a time */
}

static void each_line_goes_to_the_copy_too(void **state)
{
    (void)state;
    int ends[2];
    char text[4096];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    start(ends[1], 0);
    LOG(cli, LOG_INFO, "hello");
    log_stop();
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    text[n] = 0;
    assert_string_equal(text, content(file));
    close(ends[0]);
}

static void a_rotated_file_is_left_at_reopen(void **state)
{
    (void)state;
    char old[128];
    snprintf(old, sizeof(old), "%s.1", file);
    start(-1, 0);
    LOG(base, LOG_INFO, "first");
    assert_true(log_flush(10000));
    assert_int_equal(rename(file, old), 0);
    log_reopen();
    LOG(base, LOG_INFO, "second");
    assert_true(log_flush(10000));
    assert_int_equal(count(content(old), "\n"), 1);
    assert_int_equal(count(content(file), "second"), 1);
    assert_int_equal(mode_of(file), 0640);
    assert_int_equal(unlink(file), 0); /* and without anybody's word */
    LOG(base, LOG_INFO, "third");
    assert_true(log_flush(10000));
    assert_int_equal(count(content(file), "third"), 1);
    assert_int_equal(count(content(file), "\n"), 1);
}

static void a_failed_reopen_keeps_the_old_file(void **state)
{
    (void)state;
    char sub[80], path[160], moved[80];
    snprintf(sub, sizeof(sub), "%s/sub", folder);
    start_in(sub, -1, 0); /* which makes it */
    snprintf(moved, sizeof(moved), "%s/moved", folder);
    assert_int_equal(rename(sub, moved), 0);
    int fd = open(sub, O_CREAT | O_WRONLY, 0600); /* no folder */
    assert_true(fd >= 0);
    close(fd);
    log_reopen();
    LOG(base, LOG_INFO, "kept");
    assert_true(log_flush(10000));
    today(moved, path, sizeof(path));
    assert_int_equal(count(content(path), "cannot reopen"), 1);
    assert_int_equal(count(content(path), "base kept"), 1);
    assert_int_equal(log_dropped(), 0);
}

/* Fills the pipe, so that the writer waits for it a moment. */
static void open_stuck_pipe(int ends[2])
{
    static const char filler[4096] = {'\n'};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filler, sizeof(filler)) > 0)
        continue;
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

static void *drain(void *arg)
{
    char text[4096];
    while (read(*(int *)arg, text, sizeof(text)) > 0)
        continue;
    return NULL;
}

static void a_full_queue_drops_counts_and_tells(void **state)
{
    (void)state;
    enum { CAPACITY = 64, LINES = 1000 };
    int ends[2];
    pthread_t drainer;
    open_stuck_pipe(ends);
    start(ends[1], CAPACITY);
    uint64_t begun = clock_us();
    for (int i = 0; i < LINES; i++)
        LOG(base, LOG_INFO, "line %d", i);
    assert_true(clock_us() - begun < 2000000); /* callers are not held up */
    assert_false(log_flush(10));
    uint64_t dropped = log_dropped();
    /* the writer took away at most one queueful per turn before it waited */
    assert_in_range(dropped, LINES - 3 * CAPACITY, LINES - CAPACITY);
    assert_int_equal(pthread_create(&drainer, NULL, drain, &ends[0]), 0);
    assert_true(log_flush(10000));
    log_stop();
    close(ends[1]);
    pthread_join(drainer, NULL);
    close(ends[0]);
    assert_int_equal(log_dropped(), dropped);
    const char *text = content(file);
    assert_int_equal(count(text, "base line"), LINES - dropped);
    /* One report may come before all was lost, the rest is told at the end; no third in a minute. */
    assert_in_range(count(text, " observe "), 1, 2);
    unsigned long long told = 0, number;
    while ((text = strstr(text, " observe ")) != NULL) {
        assert_int_equal(sscanf(text, " observe %llu log lines were lost", &number), 1);
        told += number;
        text++;
    }
    assert_int_equal(told, dropped);
}

static void a_full_disk_drops_counts_and_is_tried_again(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    mode_t before = mode_of("/dev/full");
    assert_int_equal(symlink("/dev/full", file), 0);
    start(-1, 0);
    for (int i = 0; i < 5; i++)
        LOG(base, LOG_INFO, "lost %d", i);
    assert_true(log_flush(10000));
    assert_int_equal(log_dropped(), 5);
    LOG(base, LOG_INFO, "lost too");
    assert_true(log_flush(10000));
    assert_int_equal(log_dropped(), 6);
    assert_int_equal(mode_of("/dev/full"), before);
    assert_int_equal(unlink(file), 0);
    log_reopen();
    LOG(base, LOG_INFO, "found");
    log_stop();
    const char *text = content(file);
    assert_int_equal(count(text, "base found\n"), 1);
    assert_int_equal(count(text, "ERROR [log] observe 6 log lines were lost: "), 1);
    assert_int_equal(count(text, "\n"), 2);
    assert_int_equal(log_dropped(), 6);
}

static void *log_many(void *arg)
{
    for (int i = 0; i < 2000; i++)
        LOG(workers, LOG_INFO, "from %s number %d.", (const char *)arg, i);
    return NULL;
}

static void many_threads_lose_and_tear_nothing(void **state)
{
    (void)state;
    struct thread threads[4];
    static char names[4][4] = {"w-0", "w-1", "w-2", "w-3"};
    char old[128];
    snprintf(old, sizeof(old), "%s.1", file);
    start(-1, 100000);
    for (size_t i = 0; i < 4; i++)
        assert_true(thread_start(&threads[i], names[i], log_many, names[i]));
    assert_int_equal(rename(file, old), 0);
    log_reopen();
    for (size_t i = 0; i < 4; i++)
        thread_join(&threads[i]);
    log_stop();
    assert_int_equal(log_dropped(), 0);
    size_t lines = 0;
    int next[4] = {0};
    for (int part = 0; part < 2; part++) {
        const char *at = content(part == 0 ? old : file);
        for (; *at; at = strchr(at, '\n') + 1, lines++) {
            char thread[16], name[16];
            int number;
            assert_int_equal(sscanf(at, "%*s %*s INFO [%15[^]]] workers from %15s number %d.\n",
                                    thread, name, &number),
                             3);
            assert_string_equal(thread, name);
            assert_int_equal(number, next[thread[2] - '0']++); /* each thread's in its order */
        }
    }
    assert_int_equal(lines, 8000);
}

/* Nobody flushes: within a second the line is there by itself. */
static void a_line_is_on_disk_within_a_second(void **state)
{
    (void)state;
    struct stat st = {.st_size = 0};
    start(-1, 0);
    LOG(base, LOG_INFO, "one");
    uint64_t deadline = clock_us() + 1000000;
    while (st.st_size == 0 && clock_us() < deadline)
        assert_int_equal(stat(file, &st), 0);
    assert_true(st.st_size > 0);
}

static void without_a_writer_warnings_go_to_stderr(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO), fd = open(file, O_CREAT | O_RDWR | O_APPEND, 0600);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    LOG(cli, LOG_INFO, "unseen");
    LOG(cli, LOG_WARN, "seen %d\n", 1);
    assert_true(log_flush(0));
    log_reopen(); /* nothing to do */
    char other[128];
    snprintf(other, sizeof(other), "%s/other", folder);
    start_in(other, -1, 0);
    LOG(cli, LOG_ERROR, "elsewhere");
    log_stop();
    log_stop();
    LOG(cli, LOG_ERROR, "seen 2");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    const char *text = content(file);
    expect_match(
        text, "^[^\n]* WARN \\[main\\] cli seen 1\\\\x0A\n[^\n]* ERROR \\[main\\] cli seen 2\n$");
    snprintf(other, sizeof(other), "%s/other/cserv.log", folder);
    assert_int_equal(count(content(other), "elsewhere"), 1);
}

int main(void)
{
    setenv("TZ", "Asia/Kathmandu", 1); /* a quarter of an hour beside the others */
    tzset();
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_line_has_its_parts_in_local_time),
        WITH_FOLDER(a_client_cannot_forge_a_line),
        WITH_FOLDER(long_messages_are_cut),
        WITH_FOLDER(levels_are_per_room),
        WITH_FOLDER(errno_is_left_alone),
        WITH_FOLDER(the_file_is_0640_under_any_umask),
        WITH_FOLDER(an_old_file_is_appended_to),
        WITH_FOLDER(a_log_that_cannot_be_opened_is_an_error),
        WITH_FOLDER(each_line_goes_to_the_copy_too),
        WITH_FOLDER(a_rotated_file_is_left_at_reopen),
        WITH_FOLDER(a_failed_reopen_keeps_the_old_file),
        WITH_FOLDER(a_full_queue_drops_counts_and_tells),
        WITH_FOLDER(a_full_disk_drops_counts_and_is_tried_again),
        WITH_FOLDER(many_threads_lose_and_tear_nothing),
        WITH_FOLDER(a_line_is_on_disk_within_a_second),
        WITH_FOLDER(without_a_writer_warnings_go_to_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
