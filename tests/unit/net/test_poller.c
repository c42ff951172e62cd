/* SPDX-License-Identifier: Apache-2.0
 * The poller: what the kernel tells as edges, who holds the role, waits that end, deadlines, connections
 * that end in each other's callbacks, slots that keep their memory. Also the facts about epoll that the
 * hand-over rests on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "net/poller.h"
#include "observe/counters.h"

#define SILENCE_US 3000000u
#define CONNS      4

static struct poller *p;
static struct conn *conns[CONNS];
static int peers[CONNS];
static unsigned told[CONNS], edges[CONNS]; /* what was told last; how often */
static unsigned deadlines[CONNS];
static int closes_with[CONNS]; /* on an edge this one is closed, too; -1: none */

static int number_of(const struct conn *c)
{
    for (int i = 0; i < CONNS; i++)
        if (conns[i] == c)
            return i;
    fail_msg("an edge of a connection that is closed");
    return 0;
}

static void on_edge(struct conn *c, unsigned what)
{
    int i = number_of(c), other = closes_with[i];
    told[i] = what;
    edges[i]++;
    if (other >= 0 && conns[other])
        poller_close(&conns[other]);
}

static void on_deadline(struct conn *c)
{
    deadlines[number_of(c)]++;
}

static const struct poller_ops ops = {.on_edge = on_edge, .on_deadline = on_deadline};

/* A TCP connection over loopback: socketpairs know no RST. */
static void tcp_pair(int ends[2])
{
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    assert_int_equal(bind(l, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&a, &n), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(ends[1], (struct sockaddr *)&a, n), 0);
    ends[0] = accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(ends[0] >= 0);
    close(l);
}

static void open_one(int i)
{
    int ends[2];
    struct conn_address peer = {.family = 4, .port = (uint16_t)i};
    tcp_pair(ends);
    conns[i] = poller_open(p, ends[0], &peer, NULL, &transport_plain);
    assert_non_null(conns[i]);
    peers[i] = ends[1];
}

static void start(bool no_tick)
{
    struct err err;
    struct poller_options o = {
        .max_connections = CONNS, .ops = &ops, .arg = peers, .no_tick = no_tick};
    p = poller_new(&o, &err);
    assert_non_null(p);
    poller_take_role(p);
    for (int i = 0; i < CONNS; i++) {
        conns[i] = NULL;
        peers[i] = -1;
        told[i] = edges[i] = deadlines[i] = 0;
        closes_with[i] = -1;
    }
}

static int set_up(void **state)
{
    (void)state;
    start(true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < CONNS; i++) {
        if (conns[i])
            poller_close(&conns[i]);
        if (peers[i] >= 0)
            close(peers[i]);
    }
    poller_give_role(p);
    poller_destroy(&p);
    return 0;
}

static void collect(void) /* what is there */
{
    poller_wait(p, false, 0);
}

static void await_edges(int i, unsigned count)
{
    uint64_t limit = clock_us() + SILENCE_US;
    while (edges[i] < count && clock_us() < limit)
        poller_wait(p, true, 100000);
    assert_int_equal(edges[i], count);
}

static char byte_of(int i)
{
    char c = 0;
    assert_int_equal(conns[i]->transport->recv(conns[i], &c, 1), 1);
    return c;
}

/* ---- facts about epoll ---- */

static void readiness_is_told_when_armed_and_then_once(void **unused)
{
    (void)unused;
    open_one(0);
    assert_int_equal(write(peers[0], "ab", 2), 2);
    collect();
    assert_int_equal(edges[0], 0); /* not armed */
    assert_true(poller_arm(conns[0]));
    await_edges(0, 1);
    assert_int_equal(told[0], POLLER_READ | POLLER_WRITE);
    collect();
    assert_int_equal(edges[0], 1); /* unread bytes are no edge */
    assert_int_equal(byte_of(0), 'a');
    collect();
    assert_int_equal(edges[0], 1); /* nor what was left by a short read */
    assert_int_equal(write(peers[0], "c", 1), 1);
    await_edges(0, 2);
    assert_true(told[0] & POLLER_READ);
}

static void data_and_fin_together_are_told_once(void **unused)
{
    (void)unused;
    open_one(0);
    assert_true(poller_arm(conns[0]));
    await_edges(0, 1);
    assert_int_equal(told[0], POLLER_WRITE);
    assert_int_equal(write(peers[0], "a", 1), 1);
    assert_int_equal(shutdown(peers[0], SHUT_WR), 0);
    await_edges(0, 2);
    assert_int_equal(told[0] & (POLLER_READ | POLLER_CLOSED), POLLER_READ | POLLER_CLOSED);
    assert_int_equal(byte_of(0), 'a');
    collect();
    assert_int_equal(edges[0], 2); /* never again, although the end was not read */
    char c;
    assert_int_equal(conns[0]->transport->recv(conns[0], &c, 1), 0);
}

static void reset_is_no_closed(void **unused)
{
    (void)unused;
    open_one(0);
    assert_true(poller_arm(conns[0]));
    await_edges(0, 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peers[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(peers[0]);
    peers[0] = -1;
    await_edges(0, 2);
    assert_true(told[0] & POLLER_READ);
    assert_false(told[0] & POLLER_CLOSED);
    char c;
    assert_int_equal(conns[0]->transport->recv(conns[0], &c, 1), TRANSPORT_ERROR);
}

static void writable_again_is_an_edge(void **unused)
{
    (void)unused;
    static char much[1 << 20];
    struct iovec iov = {.iov_base = much, .iov_len = sizeof(much)};
    open_one(0);
    assert_true(poller_arm(conns[0]));
    await_edges(0, 1);
    long sent = 0, n;
    while ((n = conns[0]->transport->sendv(conns[0], &iov, 1, false)) > 0)
        sent += n;
    assert_int_equal(n, TRANSPORT_WANT_WRITE);
    collect();
    unsigned before = edges[0];
    while (sent > 0) {
        ssize_t got = read(peers[0], much, sizeof(much));
        assert_true(got > 0);
        sent -= got;
    }
    await_edges(0, before + 1);
    assert_true(told[0] & POLLER_WRITE);
}

static void send_to_the_gone_is_an_error(void **unused)
{
    (void)unused; /* and no SIGPIPE */
    struct iovec iov = {.iov_base = "x", .iov_len = 1};
    open_one(0);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peers[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(peers[0]);
    peers[0] = -1;
    assert_int_equal(conns[0]->transport->sendv(conns[0], &iov, 1, false), TRANSPORT_ERROR);
    assert_int_equal(conns[0]->transport->sendv(conns[0], &iov, 1, false), TRANSPORT_ERROR);
}

/* ---- the poller ---- */

static void closed_in_anothers_callback(void **unused)
{
    (void)unused;
    open_one(0);
    open_one(1);
    closes_with[0] = 1; /* whichever of them is told first closes the other */
    closes_with[1] = 0;
    assert_true(poller_arm(conns[0]) && poller_arm(conns[1]));
    uint64_t limit = clock_us() + SILENCE_US;
    while (edges[0] + edges[1] == 0 && clock_us() < limit)
        poller_wait(p, true, 100000);
    collect();
    assert_int_equal(edges[0] + edges[1], 1); /* not told of a closed one */
    assert_int_equal(poller_connection_count(p), 1);
}

static void slots_are_limited_and_keep_their_memory(void **unused)
{
    (void)unused;
    for (int i = 0; i < CONNS; i++)
        open_one(i);
    struct conn_address peer = {.family = 4};
    int fd = dup(peers[0]);
    assert_null(poller_open(p, fd, &peer, NULL, &transport_plain));
    assert_int_equal(fcntl(fd, F_GETFD) >= 0, 1); /* the caller's still */
    close(fd);
    assert_int_equal(poller_connection_count(p), CONNS);
    struct conn *old = conns[2];
    uint32_t serial = old->serial;
    atomic_store(&old->bits, 3);
    uint64_t closes = counter_read(COUNTER_closes);
    poller_close(&conns[2]);
    assert_null(conns[2]);
    assert_int_equal(counter_read(COUNTER_closes), closes + 1);
    assert_int_equal(old->bits, 3); /* a late look is harmless */
    char c;
    assert_int_equal(read(peers[2], &c, 1), 0);
    close(peers[2]);
    open_one(2);
    assert_ptr_equal(conns[2], old);
    assert_int_equal(conns[2]->bits, 0);
    assert_true(conns[2]->serial != serial);
    assert_false(conns[2]->armed);
    unsigned listed = 0;
    LIST_FOREACH (link, poller_connections(p)) {
        number_of(CONTAINER_OF(link, struct conn, all));
        listed++;
    }
    assert_int_equal(listed, CONNS);
}

static void *wake_soon(void *arg)
{
    sem_wait(arg);
    poller_wake(p);
    return NULL;
}

static void woken(void **unused)
{
    (void)unused;
    struct thread t;
    sem_t go;
    sem_init(&go, 0, 0);
    assert_true(thread_start(&t, "waker", wake_soon, &go));
    sem_post(&go);
    poller_wait(p, true, 0); /* without a tick: nothing else ends it */
    thread_join(&t);
    uint64_t from = clock_us();
    poller_wake(p); /* before the wait: also ends it */
    poller_wake(p);
    poller_wait(p, true, 0);
    assert_true(clock_us() - from < SILENCE_US);
    from = clock_us();
    poller_wait(p, true, 20000); /* both were taken at once */
    assert_true(clock_us() - from >= 15000);
    sem_destroy(&go);
}

static void limits_of_waits(void **unused)
{
    (void)unused;
    uint64_t from = clock_us();
    poller_wait(p, false, 1000000);
    assert_true(clock_us() - from < 500000);
    from = clock_us();
    poller_wait(p, true, 30000);
    uint64_t took = clock_us() - from;
    assert_in_range(took, 25000, SILENCE_US);
    assert_true(poller_now_us(p) >= from + 25000);
}

static void the_tick_ends_a_wait(void **unused)
{
    (void)unused;
    tear_down(NULL);
    start(false);
    uint64_t from = clock_us();
    poller_wait(p, true, 0);
    assert_in_range(clock_us() - from, 1, SILENCE_US);
}

static void deadlines_come_up(void **unused)
{
    (void)unused;
    tear_down(NULL);
    start(false);
    open_one(0);
    open_one(1);
    open_one(2);
    uint64_t from = clock_us();
    poller_deadline(conns[0], 150);
    poller_deadline(conns[1], 150);
    poller_deadline(conns[1], -1);
    poller_deadline(conns[2], 150);
    poller_close(&conns[2]);
    while (deadlines[0] == 0 && clock_us() - from < SILENCE_US)
        poller_wait(p, true, 0);
    assert_true(clock_us() - from >= 150000);
    poller_wait(p, true, 0);
    assert_int_equal(deadlines[0], 1);
    assert_int_equal(deadlines[1], 0);
}

static void abort_of(void (*fn)(void))
{
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
static void take_twice(void)
{
    poller_take_role(p);
}
static void arm_twice(void)
{
    poller_arm(conns[0]);
    poller_arm(conns[0]);
}
static void wait_without(void)
{
    poller_give_role(p);
    poller_wait(p, false, 0);
}
static void close_without(void)
{
    poller_give_role(p);
    poller_close(&conns[0]);
}

static void the_role_is_asserted(void **unused)
{
    (void)unused;
    open_one(0);
    abort_of(take_twice);
    abort_of(arm_twice);
    abort_of(wait_without);
    abort_of(close_without);
}

static void *use_role(void *arg)
{
    poller_take_role(arg);
    poller_wait(arg, false, 0);
    poller_give_role(arg);
    return NULL;
}

static void the_role_moves_between_threads(void **unused)
{
    (void)unused;
    struct thread t;
    poller_give_role(p);
    assert_true(thread_start(&t, "other", use_role, p));
    thread_join(&t);
    poller_take_role(p);
    assert_ptr_equal(poller_arg(p), peers);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readiness_is_told_when_armed_and_then_once),
        TEST(data_and_fin_together_are_told_once),
        TEST(reset_is_no_closed),
        TEST(writable_again_is_an_edge),
        TEST(send_to_the_gone_is_an_error),
        TEST(closed_in_anothers_callback),
        TEST(slots_are_limited_and_keep_their_memory),
        TEST(woken),
        TEST(limits_of_waits),
        TEST(the_tick_ends_a_wait),
        TEST(deadlines_come_up),
        TEST(the_role_is_asserted),
        TEST(the_role_moves_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
