/* SPDX-License-Identifier: Apache-2.0
 * Accepting: addresses of both families, 64 at a time, pausing, stopping, and what happens when no file
 * descriptor is left (in a child with a limit of its own). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/listener.h"
#include "observe/counters.h"

#define MANY 100

static struct poller *p;
static struct net_listener *l;
static int accepted[MANY], accepted_count, pause_after;
static struct conn_address last_peer;
static uint16_t port;

static bool on_accept(void *arg, int fd, const struct conn_address *peer)
{
    CHECK(arg == &accepted_count && accepted_count < MANY);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    last_peer = *peer;
    accepted[accepted_count++] = fd;
    return accepted_count != pause_after;
}
static const struct net_listener_ops listener_ops = {.on_accept = on_accept};

static void nothing_edge(struct conn *c, unsigned what)
{
    (void)c;
    (void)what;
}
static void nothing_deadline(struct conn *c)
{
    (void)c;
}
static const struct poller_ops poller_ops = {.on_edge = nothing_edge,
                                             .on_deadline = nothing_deadline};

static int listen_on(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *a = family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    socklen_t n = family == AF_INET6 ? sizeof(six) : sizeof(four);
    if (fd < 0)
        return -1;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, a, n) != 0 || listen(fd, 128) != 0 || getsockname(fd, a, &n) != 0) {
        close(fd);
        return -1;
    }
    port = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    return fd;
}

static void start(int fd)
{
    struct err err;
    struct poller_options o = {.max_connections = 10, .ops = &poller_ops};
    p = poller_new(&o, &err);
    assert_non_null(p);
    poller_take_role(p);
    l = net_listener_new(p, fd, &listener_ops, &accepted_count, &err);
    assert_non_null(l);
    assert_true(net_listener_start(l, &err));
    assert_ptr_equal(net_listener_arg(l), &accepted_count);
    accepted_count = 0;
    pause_after = -1;
}

static void end(void)
{
    for (int i = 0; i < accepted_count; i++)
        close(accepted[i]);
    net_listener_destroy(&l);
    poller_give_role(p);
    poller_destroy(&p);
}

static int client(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    return fd;
}

static void turn(void)
{
    poller_wait(p, false, 0);
}

/* ---- addresses ---- */

static struct conn_address of_six(const char *text, uint32_t scope)
{
    struct sockaddr_in6 a = {
        .sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_scope_id = scope};
    struct conn_address out;
    assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
    memset(&out, 0xff, sizeof(out));
    conn_address_from(&out, (struct sockaddr *)&a);
    return out;
}

static void addresses(void **unused)
{
    (void)unused;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(8080)};
    struct conn_address a;
    inet_pton(AF_INET, "192.0.2.7", &four.sin_addr);
    conn_address_from(&a, (struct sockaddr *)&four);
    assert_int_equal(a.family, 4);
    assert_int_equal(a.port, 8080);
    assert_memory_equal(a.bytes, "\xc0\x00\x02\x07\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    struct conn_address mapped = of_six("::ffff:192.0.2.7", 3);
    assert_int_equal(mapped.family, 4);
    assert_int_equal(mapped.port, 80);
    assert_int_equal(mapped.scope, 0);
    assert_memory_equal(mapped.bytes, a.bytes, 16);
    struct conn_address six = of_six("fe80::1", 5);
    assert_int_equal(six.family, 6);
    assert_int_equal(six.scope, 5);
    assert_memory_equal(six.bytes, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    assert_int_equal(of_six("::192.0.2.7", 0).family, 6); /* compatible is not mapped */
    struct sockaddr other = {.sa_family = AF_UNIX};
    conn_address_from(&a, &other);
    assert_int_equal(a.family, 0);
}

static void dual_stack_gives_plain_ipv4(void **unused)
{
    (void)unused;
    int listen_fd = listen_on(AF_INET6);
    if (listen_fd < 0)
        skip(); /* no IPv6 here */
    start(listen_fd);
    int fd = client();
    turn();
    assert_int_equal(accepted_count, 1);
    assert_int_equal(last_peer.family, 4);
    assert_memory_equal(last_peer.bytes, "\x7f\0\0\x01", 4);
    struct sockaddr_in self;
    socklen_t n = sizeof(self);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&self, &n), 0);
    assert_int_equal(last_peer.port, ntohs(self.sin_port));
    close(fd);
    end();
}

/* ---- accepting ---- */

static void at_most_8_in_a_turn(void **unused)
{
    (void)unused;
    int fds[20];
    start(listen_on(AF_INET));
    for (int i = 0; i < 20; i++)
        fds[i] = client();
    turn();
    assert_int_equal(accepted_count, 8);
    turn();
    assert_int_equal(accepted_count, 16);
    turn();
    assert_int_equal(accepted_count, 20);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    end();
}

static void paused_and_resumed(void **unused)
{
    (void)unused;
    int fds[5];
    start(listen_on(AF_INET));
    pause_after = 2;
    for (int i = 0; i < 5; i++)
        fds[i] = client();
    turn();
    turn();
    assert_int_equal(accepted_count, 2); /* the one that said pause was taken all the same */
    net_listener_resume(l);
    net_listener_resume(l); /* twice is harmless */
    turn();
    assert_int_equal(accepted_count, 5);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    end();
}

static void stop_takes_the_backlog_first(void **unused)
{
    (void)unused;
    int fds[3];
    start(listen_on(AF_INET));
    for (int i = 0; i < 3; i++)
        fds[i] = client();
    net_listener_stop(l);
    assert_int_equal(accepted_count, 3);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(late, (struct sockaddr *)&a, sizeof(a)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    net_listener_resume(l); /* of a stopped one: nothing */
    turn();
    close(late);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    end();
}

/* ---- no descriptors left ---- */

static int fillers[1024], filler_count;

static void use_up_descriptors(void)
{
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = 100};
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int fd;
    while ((fd = dup(0)) >= 0)
        fillers[filler_count++] = fd;
    CHECK(errno == EMFILE);
}

static bool is_closed(int fd)
{
    struct pollfd f = {.fd = fd, .events = POLLIN};
    char c;
    return poll(&f, 1, 1000) == 1 && read(fd, &c, 1) <= 0;
}

/* Runs FN in a child, where descriptors can be used up; it returns whether all was well. */
static void in_child(bool (*fn)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(fn() ? 0 : 1);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool clients_are_closed_one_a_turn(void)
{
    int fds[3];
    start(listen_on(AF_INET));
    for (int i = 0; i < 3; i++)
        fds[i] = client();
    use_up_descriptors();
    uint64_t refused = counter_read(COUNTER_accepts_refused);
    for (int i = 0; i < 3; i++) {
        turn();
        if (!is_closed(fds[i]) ||
            counter_read(COUNTER_accepts_refused) != refused + 1 + (uint64_t)i)
            return false;
    }
    close(fds[0]);
    close(fillers[0]);
    close(fillers[1]);
    int fd = client();
    turn();
    return accepted_count == 1 && fd >= 0; /* room again: served again */
}

static void out_of_descriptors(void **unused)
{
    (void)unused;
    in_child(clients_are_closed_one_a_turn);
}

/* The listener closes its spare and accepts; meanwhile another thread takes the descriptor. Here the limit
 * is lowered to below every free number for one turn, which comes to the same. */
static bool the_spare_comes_back(void)
{
    struct rlimit none = {.rlim_cur = 3, .rlim_max = 100},
                  some = {.rlim_cur = 100, .rlim_max = 100};
    start(listen_on(AF_INET));
    int first = client(), second = client();
    use_up_descriptors();
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    turn(); /* the spare is lost */
    CHECK(setrlimit(RLIMIT_NOFILE, &some) == 0);
    int taken = dup(0);
    turn(); /* nothing can be done */
    if (taken < 0 || accepted_count != 0)
        return false;
    close(taken); /* one descriptor is free: the spare's */
    turn();
    turn();
    return is_closed(first) && is_closed(second) && accepted_count == 0;
}

/* regression 113: a spare descriptor that was lost once never came back; the loop span from then on. */
static void the_spare_descriptor_comes_back(void **unused)
{
    (void)unused;
    in_child(the_spare_comes_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(dual_stack_gives_plain_ipv4),
        cmocka_unit_test(at_most_8_in_a_turn),
        cmocka_unit_test(paused_and_resumed),
        cmocka_unit_test(stop_takes_the_backlog_first),
        cmocka_unit_test(out_of_descriptors),
        cmocka_unit_test(the_spare_descriptor_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
