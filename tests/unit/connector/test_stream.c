/* SPDX-License-Identifier: Apache-2.0
 * Bodies that a servlet reads while they come: dispatched at the end of the head, whatever way the bytes
 * come, and clients that leave, stall, or send what is no body. */
#include "stream_rig.h"

/* ---- what arrives ---- */

static void dispatched_at_the_head(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    head(fd, "/wait", "Content-Length: 5");
    sem_wait(&begun); /* it runs, and nothing of the body has come */
    sem_post(&go_on);
    for (int i = 0; i < 5; i++) {
        poll(NULL, 0, 2);
        send_all(fd, &"hello"[i], 1);
    }
    assert_int_equal(client_answer(fd, expected("hello", 5)), 200);
    alive(fd);
    stop();
}

static void split_everywhere(void **unused)
{
    (void)unused;
    static const char text[] =
        "POST /sum HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nseven 7"
        "POST /sum HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrail: er\r\n\r\n"
        "POST /never HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n"
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    start();
    rig_start(&rig);
    for (size_t at = 0; at < sizeof(text); at++) { /* 0: byte by byte */
        int fd = client_connect(&rig, 0);
        if (at > 0) {
            send_all(fd, text, at);
            poll(NULL, 0, 1);
            send_all(fd, text + at, sizeof(text) - 1 - at);
        }
        for (size_t i = 0; at == 0 && i + 1 < sizeof(text); i++)
            send_all(fd, text + i, 1);
        assert_int_equal(client_answer(fd, expected("seven 7", 7)), 200);
        assert_int_equal(client_answer(fd, expected("abc0123456789", 13)), 200);
        assert_int_equal(client_answer(fd, "no"), 200);
        assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
        assert_int_equal(client_answer(fd, expected("", 0)), 200);
        close(fd);
    }
    stop();
}

static void large_ones_need_no_spool(void **unused)
{
    (void)unused;
    start();
    rig.spool.max_bytes = 1000; /* nothing of them goes there */
    rig_start(&rig);
    size_t n = 20 << 20;
    char *p = make(n), framing[64];
    int fd = client_connect(&rig, 0);
    snprintf(framing, sizeof(framing), "Content-Length: %zu", n);
    head(fd, "/sum", framing);
    send_all(fd, p, n);
    assert_int_equal(client_answer(fd, expected(p, n)), 200);
    head(fd, "/sum", CHUNKED);
    for (size_t i = 0; i < n; i += 1 << 18) {
        client_send(fd, "40000\r\n");
        send_all(fd, p + i, 1 << 18);
        client_send(fd, "\r\n");
    }
    client_send(fd, "0\r\n\r\n");
    assert_int_equal(client_answer(fd, expected(p, n)), 200);
    alive(fd);
    free(p);
    stop();
}

/* Behind ordinary ones in the same lease: it goes to its own queue, never past it. */
static void pipelined(void **unused)
{
    (void)unused;
    start();
    rig.options.no_tick = true;
    rig_start(&rig);
    enum { MANY = 50 };
    int fd = client_connect(&rig, 0);
    for (int i = 0; i < MANY; i++) {
        client_send(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        head(fd, "/sum", "Content-Length: 3");
        client_send(fd, "abc");
        head(fd, "/never", "Content-Length: 3");
        client_send(fd, "GET");
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(client_answer(fd, expected("", 0)), 200);
        assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
        assert_int_equal(client_answer(fd, "no"), 200);
    }
    alive(fd);
    stop();
}

static void continue_at_the_first_read(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    head(fd, "/wait", "Content-Length: 3\r\nExpect: 100-continue");
    sem_wait(&begun);
    assert_int_equal(poll(&p, 1, 20), 0); /* not before the servlet asks for it */
    sem_post(&go_on);
    client_expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, "abc");
    assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
    whole(fd, "/sum", "Content-Length: 3\r\nExpect: 100-continue", "abc"); /* does not wait */
    assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
    close(fd);
    fd = client_connect(&rig, 0); /* never asked for: no 100, and the stream ends */
    head(fd, "/never", "Content-Length: 3\r\nExpect: 100-continue");
    assert_int_equal(refused(fd, "no"), 200);
    stop();
}

/* ---- clients ---- */

static void one_that_leaves(const char *path, bool reset, const char *reason)
{
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    head(fd, path, "Content-Length: 10");
    client_send(fd, "abc");
    if (strcmp(path, "/early") == 0) {
        char text[512];
        client_head(fd, text, sizeof(text));
        assert_int_equal(client_chunk(fd), 5);
        client_expect(fd, "early\r\n");
    }
    struct linger now = {.l_onoff = 1};
    if (reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
    rig_await(rig_closed(&rig, reason) == 1);
    rig_await(atomic_load(&last_result) == CHANNEL_GONE);
    assert_int_equal(counter_read(COUNTER_responses_aborted) > 0, true);
    stop();
}

static void clients_that_leave(void **unused)
{
    (void)unused;
    one_that_leaves("/sum", false, "peer");
    one_that_leaves("/sum", true, "reset");
    one_that_leaves("/early", false, "peer");
    one_that_leaves("/early", true, "reset");
}

static void half_closed(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    whole(fd, "/sum", "Content-Length: 3", "abc"); /* whole: it is answered */
    shutdown(fd, SHUT_WR);
    assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
    client_expect_end(fd);
    fd = client_connect(&rig, 0);
    whole(fd, "/sum", "Content-Length: 30", "abc");
    shutdown(fd, SHUT_WR);
    client_expect_end(fd); /* cut off: never as if it were whole */
    assert_int_equal(atomic_load(&last_result), CHANNEL_GONE);
    stop();
}

static void stalled(void **unused)
{
    (void)unused;
    start();
    rig.options.body_timeout = 200;
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    uint64_t before = clock_us();
    head(fd, "/sum", "Content-Length: 10");
    client_send(fd, "abc");
    assert_int_equal(refused(fd, "408"), 408);
    assert_in_range(clock_us() - before, 190000, 2000000);
    assert_int_equal(atomic_load(&last_result), CHANNEL_GONE);
    rig_await(rig_closed(&rig, "body_timeout") == 1);
    fd = client_connect(&rig, 0); /* after the head was sent: it is cut off */
    head(fd, "/early", CHUNKED);
    char text[512];
    client_head(fd, text, sizeof(text));
    assert_int_equal(client_chunk(fd), 5);
    client_expect(fd, "early\r\n");
    client_expect_end(fd);
    stop();
}

/* Always some progress, and never enough. */
static void too_slow(void **unused)
{
    (void)unused;
    start();
    rig.options.body_min_rate = 2000;
    rig.options.rate_window = 300;
    rig_start(&rig);
    int fd = client_connect(&rig, 0), quick = client_connect(&rig, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char piece[1000];
    memset(piece, 'x', sizeof(piece));
    head(fd, "/sum", "Content-Length: 100000");
    head(quick, "/sum", "Content-Length: 100000");
    while (poll(&p, 1, 50) == 0) { /* some 200 bytes/s, and 20000 */
        send_all(fd, piece, 10);
        send_all(quick, piece, 1000);
    }
    assert_int_equal(refused(fd, "408"), 408);
    rig_await(rig_closed(&rig, "body_rate") == 1);
    assert_int_equal(rig_in_state(&rig, "LENT"), 1); /* the other is served on */
    close(quick);
    stop();
}

/* The servlet's own time is not the client's. */
static void a_slow_servlet(void **unused)
{
    (void)unused;
    start();
    rig.options.body_timeout = 200;
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    head(fd, "/wait", "Content-Length: 3");
    sem_wait(&begun);
    poll(NULL, 0, 300);
    sem_post(&go_on);
    poll(NULL, 0, 20);
    client_send(fd, "abc");
    assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
    alive(fd);
    stop();
}

static void malformed(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    whole(fd, "/sum", CHUNKED, "3\r\nabcX\r\n");
    assert_int_equal(refused(fd, "400"), 400);
    assert_int_equal(atomic_load(&last_result), CHANNEL_MALFORMED);
    stop();
}

static void too_large_a_body(void **unused)
{
    (void)unused;
    start();
    rig.options.max_body_size = 10000;
    rig_start(&rig);
    char *p = make(1 << 20);
    int fd = client_connect(&rig, 0);
    head(fd, "/sum", "Content-Length: 10001");
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    assert_int_equal(atomic_load(&rig.engine.served), 0);
    fd = client_connect(&rig, 0);
    head(fd, "/sum", CHUNKED);
    client_send(fd, "2000\r\n");
    send_all(fd, p, 0x2000);
    client_send(fd, "\r\n100000\r\n");
    send_all(fd, p, 1 << 20);
    assert_int_equal(refused(fd, "413"), 413); /* and no reset */
    assert_int_equal(atomic_load(&last_result), CHANNEL_LIMIT);
    free(p);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dispatched_at_the_head),
        cmocka_unit_test(split_everywhere),
        cmocka_unit_test(large_ones_need_no_spool),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(continue_at_the_first_read),
        cmocka_unit_test(clients_that_leave),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(stalled),
        cmocka_unit_test(too_slow),
        cmocka_unit_test(a_slow_servlet),
        cmocka_unit_test(malformed),
        cmocka_unit_test(too_large_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
