/* SPDX-License-Identifier: Apache-2.0
 * The control socket: requests, limits, dribbling clients, long paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "supervisor/control.h"
#include "supervisor/control_address.h"

enum { PATIENCE_MS = 20000 };

struct fixture {
    char root[64];       /* removed at the end */
    char base[PATH_MAX]; /* served */
    struct control_server *server;
};

/* "echo WORDS" gives the words back, "refuse" refuses, "big N" answers N bytes. */
static int handle(void *arg, const char *words, struct buf *reply)
{
    (void)arg;
    if (strncmp(words, "echo ", 5) == 0)
        return buf_append_str(reply, words + 5) ? 0 : 1;
    if (strncmp(words, "big ", 4) == 0) {
        for (long n = atol(words + 4); n > 0; n--)
            (void)buf_append(reply, "x", 1);
        return 0;
    }
    (void)buf_append_str(reply, "I will not");
    return 1;
}

static void serve(struct fixture *f)
{
    struct err err = ERR_INIT;
    char run[PATH_MAX];
    assert_true(path_join(run, sizeof run, f->base, "run"));
    assert_true(path_make_dirs(run, 0700, &err));
    f->server = control_server_start(f->base, handle, NULL, &err);
    assert_non_null(f->server);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    snprintf(f->root, sizeof f->root, "%s", "/tmp/cserv-control-XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->base, sizeof f->base, "%s", f->root);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    control_server_stop(&f->server);
    bool good = path_remove_tree(f->root, &err);
    free(f);
    return good ? 0 : -1;
}

/* Asks and expects RC and TEXT. */
static void expect(const struct fixture *f, const char *words, int rc, const char *text)
{
    struct buf reply = BUF_EMPTY;
    struct err err = ERR_INIT;
    int got = -1;
    assert_int_equal(control_request(f->base, words, PATIENCE_MS, &reply, &got, &err),
                     CONTROL_ANSWERED);
    assert_int_equal(got, rc);
    assert_string_equal(buf_cstr(&reply), text);
    buf_free(&reply);
}

static int raw(const struct fixture *f, const char *bytes)
{
    int fd = control_address_connect(f->base);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
    return fd;
}

/* Reads to the end into TEXT; false when the server does not close in time. */
static bool read_end(int fd, char *text, size_t size)
{
    size_t have = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, PATIENCE_MS) != 1)
            return false;
        ssize_t n = recv(fd, text + have, size - 1 - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    text[have] = '\0';
    return true;
}

static void answers_and_refuses(void **state)
{
    struct fixture *f = *state;
    serve(f);
    expect(f, "echo  two  words ", 0, " two  words");
    expect(f, "refuse", 1, "I will not");
    expect(f, "", 1, "a request is one line of words, such as \"status\"");
}

static void the_socket_is_the_owner_s(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[PATH_MAX];
    mode_t former = umask(0);
    serve(f);
    umask(former);
    assert_true(path_join(path, sizeof path, f->base, "run/cserv.sock"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    control_server_stop(&f->server);
    assert_false(path_exists(path));
}

static void an_absent_server_is_told_apart(void **state)
{
    struct fixture *f = *state;
    struct buf reply = BUF_EMPTY;
    struct err err = ERR_INIT;
    int rc;
    assert_int_equal(control_request(f->base, "x", 100, &reply, &rc, &err), CONTROL_ABSENT);
    assert_non_null(strstr(err.what, f->base));
    serve(f);
    int listener = control_address_listen(f->base, &err); /* takes the name away from the server */
    assert_true(listener >= 0);
    assert_int_equal(control_request(f->base, "x", 100, &reply, &rc, &err), CONTROL_ERROR);
    close(listener); /* the file stays: as after kill -9 */
    assert_int_equal(control_request(f->base, "x", 100, &reply, &rc, &err), CONTROL_ABSENT);
    buf_free(&reply);
}

static void a_path_longer_than_a_socket_address_works(void **state)
{
    struct fixture *f = *state;
    char part[101];
    memset(part, 'd', sizeof part - 1);
    part[sizeof part - 1] = '\0';
    for (int i = 0; i < 3; i++) {
        char longer[PATH_MAX];
        assert_true(path_join(longer, sizeof longer, f->base, part));
        memcpy(f->base, longer, sizeof longer);
    }
    serve(f);
    expect(f, "echo far away", 0, "far away");
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    char text[64];
    serve(f);
    int fd = raw(f, "e");
    for (const char *rest = "cho slow\n"; *rest; rest++) {
        assert_int_equal(send(fd, rest, 1, MSG_NOSIGNAL), 1);
        expect(f, "echo meanwhile", 0, "meanwhile"); /* the server has surely read the byte */
    }
    assert_true(read_end(fd, text, sizeof text));
    assert_string_equal(text, "OK slow");
    close(fd);
}

static void the_end_of_the_connection_ends_the_line(void **state)
{
    struct fixture *f = *state;
    char text[64];
    serve(f);
    int fd = raw(f, "echo no newline");
    shutdown(fd, SHUT_WR);
    assert_true(read_end(fd, text, sizeof text));
    assert_string_equal(text, "OK no newline");
    close(fd);
}

static void too_long_and_unprintable_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    static char big[CONTROL_REQUEST_MAX + 1];
    char text[256];
    serve(f);
    memset(big, 'a', sizeof big - 1);
    int fd = raw(f, big);
    assert_true(read_end(fd, text, sizeof text));
    assert_string_equal(text, "FAIL the request is longer than 4096 bytes");
    close(fd);
    fd = raw(f, "echo \x1b[31m\n");
    assert_true(read_end(fd, text, sizeof text));
    assert_memory_equal(text, "FAIL ", 5);
    close(fd);
    memcpy(big, "echo ", 5);
    big[CONTROL_REQUEST_MAX - 1] = '\n'; /* the longest request that is allowed */
    fd = raw(f, big);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(fd, text, 4, 0), 4);
    assert_memory_equal(text, "OK a", 4);
    close(fd);
}

static void a_long_answer_arrives_whole(void **state)
{
    struct fixture *f = *state;
    struct buf reply = BUF_EMPTY;
    struct err err = ERR_INIT;
    int rc = -1;
    serve(f);
    assert_int_equal(control_request(f->base, "big 3000000", PATIENCE_MS, &reply, &rc, &err),
                     CONTROL_ANSWERED);
    assert_int_equal(rc, 0);
    assert_int_equal(buf_len(&reply), 3000000);
    buf_free(&reply);
}

/* More silent clients than places: each new one still gets its answer at once, not after the 5 s
 * that the silent ones have. */
static void silent_clients_delay_nobody(void **state)
{
    struct fixture *f = *state;
    int silent[2 * CONTROL_CLIENTS_MAX];
    serve(f);
    uint64_t before = clock_us();
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        silent[i] = raw(f, "ech");
        expect(f, "echo quick", 0, "quick");
    }
    assert_true(clock_us() - before < 4000000);
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        close(silent[i]);
}

static void a_silent_client_is_dropped_after_five_seconds(void **state)
{
    struct fixture *f = *state;
    char text[64];
    serve(f);
    uint64_t before = clock_us();
    int fd = raw(f, "ech");
    assert_true(read_end(fd, text, sizeof text));
    uint64_t took = clock_us() - before;
    assert_string_equal(text, "");
    assert_true(took >= 4900000 && took < 9000000);
    close(fd);
}

static volatile sig_atomic_t terms;

static void on_term(int sig)
{
    (void)sig;
    terms++;
}

static void stop_raises_sigterm(void **state)
{
    struct fixture *f = *state;
    struct sigaction act = {.sa_handler = on_term}, former;
    sigset_t term, mask;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &mask);
    sigaction(SIGTERM, &act, &former);
    serve(f);
    expect(f, "stop", 0, "stopping");
    while (terms == 0)
        sigsuspend(&mask);
    assert_int_equal(terms, 1);
    sigaction(SIGTERM, &former, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

int main(void)
{
#define WITH_BASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BASE(answers_and_refuses),
        WITH_BASE(the_socket_is_the_owner_s),
        WITH_BASE(an_absent_server_is_told_apart),
        WITH_BASE(a_path_longer_than_a_socket_address_works),
        WITH_BASE(a_request_may_come_byte_by_byte),
        WITH_BASE(the_end_of_the_connection_ends_the_line),
        WITH_BASE(too_long_and_unprintable_requests_are_refused),
        WITH_BASE(a_long_answer_arrives_whole),
        WITH_BASE(silent_clients_delay_nobody),
        WITH_BASE(a_silent_client_is_dropped_after_five_seconds),
        WITH_BASE(stop_raises_sigterm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
