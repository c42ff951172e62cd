/* SPDX-License-Identifier: Apache-2.0
 * Answers to bodies that a servlet reads while they come: before the end of the body, while the client does
 * not read them, with a rest that nobody reads; full queues and the server's end. */
#include "stream_rig.h"

/* ---- answers and rests ---- */

static void answer_before_the_end(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    char text[512];
    head(fd, "/early", "Content-Length: 6");
    client_head(fd, text, sizeof(text));
    assert_int_equal(client_chunk(fd), 5);
    client_expect(fd, "early\r\n");
    client_send(fd, "sixsix");
    size_t n = client_chunk(fd);
    assert_int_equal(n, strlen(expected("sixsix", 6)));
    client_expect(fd, expected("sixsix", 6));
    client_expect(fd, "\r\n0\r\n\r\n");
    alive(fd);
    stop();
}

struct echo {
    int fd;
    const char *p;
    size_t n;
};

static void *send_body(void *arg)
{
    struct echo *e = arg;
    send_all(e->fd, e->p, e->n);
    return NULL;
}

/* Both directions at once, far beyond what the sockets hold: output that blocks keeps the lease. */
static void echoes(void **unused)
{
    (void)unused;
    start();
    rig.options.no_tick = true;
    rig_start(&rig);
    size_t n = 8 << 20, have = 0;
    char *p = make(n), *back = malloc(n + 70000), framing[64], text[512];
    struct echo e = {.fd = client_connect(&rig, 4096), .p = p, .n = n};
    pthread_t thread;
    snprintf(framing, sizeof(framing), "Content-Length: %zu", n);
    head(e.fd, "/echo", framing);
    pthread_create(&thread, NULL, send_body, &e);
    client_head(e.fd, text, sizeof(text));
    for (size_t k; (k = client_chunk(e.fd)) > 0; have += k) {
        assert_true(have + k <= n);
        for (size_t i = 0; i < k;) {
            ssize_t got = client_read(e.fd, back + have + i, k - i);
            assert_true(got > 0);
            i += (size_t)got;
        }
        client_expect(e.fd, "\r\n");
    }
    client_expect(e.fd, "\r\n");
    pthread_join(thread, NULL);
    assert_int_equal(have, n);
    assert_memory_equal(back, p, n);
    close(e.fd); /* more than maxSwallowSize was unread when its head went out */
    free(back);
    free(p);
    stop();
}

/* A client that never reads its answers is given up by sendTimeout, and its worker is free. */
static void never_reads_the_echo(void **unused)
{
    (void)unused;
    start();
    rig.options.send_timeout = 200;
    rig.options.socket_tx_buf = 4096;
    rig_start(&rig);
    char *p = make(32 << 20);
    int fd = client_connect(&rig, 4096);
    head(fd, "/echo", "Content-Length: 33554432");
    size_t at = 0;
    while (at < 32 << 20) {
        ssize_t k = send(fd, p + at, (32 << 20) - at, MSG_NOSIGNAL);
        if (k <= 0)
            break;
        at += (size_t)k;
    }
    rig_await(rig_closed(&rig, "send_timeout") == 1);
    close(fd);
    still_serves();
    free(p);
    stop();
}

static void unread(void **unused)
{
    (void)unused;
    start();
    rig.options.max_swallow_size = 10000;
    rig_start(&rig);
    char *p = make(1 << 20);
    int fd = client_connect(&rig, 0);
    head(fd, "/never", "Content-Length: 10000"); /* as much as is dropped */
    assert_int_equal(client_answer(fd, "no"), 200);
    send_all(fd, p, 10000);
    head(fd, "/never", CHUNKED);
    assert_int_equal(client_answer(fd, "no"), 200);
    client_send(fd, "1000\r\n");
    send_all(fd, p, 0x1000);
    client_send(fd, "\r\n0\r\n\r\n");
    alive(fd);
    fd = client_connect(&rig, 0);
    head(fd, "/never", "Content-Length: 1048576"); /* more: told, and it can be read */
    send_all(fd, p, 1 << 20);
    assert_int_equal(refused(fd, "no"), 200);
    rig_await(rig_closed(&rig, "unread") == 1);
    fd = client_connect(&rig, 0);
    head(fd, "/never", CHUNKED);
    assert_int_equal(client_answer(fd, "no"), 200);
    for (int i = 0; i < 4; i++) {
        client_send(fd, "1000\r\n");
        send_all(fd, p, 0x1000);
        client_send(fd, "\r\n");
    }
    client_expect_end(fd);
    fd = client_connect(&rig, 0);
    whole(fd, "/never", CHUNKED, "nonsense\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(client_answer(fd, "no"), 200);
    client_expect_end(fd);
    free(p);
    stop();
}

static void unread_and_stalled(void **unused)
{
    (void)unused;
    start();
    rig.options.body_timeout = 200;
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    head(fd, "/never", "Content-Length: 100");
    assert_int_equal(client_answer(fd, "no"), 200);
    client_send(fd, "abc");
    client_expect_end(fd); /* nothing more is said */
    rig_await(rig_closed(&rig, "body_timeout") == 1);
    stop();
}

static void its_queue_is_full(void **unused)
{
    (void)unused;
    start();
    rig.engine.share[1].max_streaming = 1;
    rig.options.max_queue_size = 1;
    rig_start(&rig);
    int running = client_connect(&rig, 0), waiting = client_connect(&rig, 0);
    head(running, "/wait", "Content-Length: 3");
    sem_wait(&begun);
    whole(waiting, "/sum", "Content-Length: 3", "abc");
    rig_await(rig_in_state(&rig, "LENT") == 2);
    int fd = client_connect(&rig, 0);
    whole(fd, "/sum", "Content-Length: 3", "abc");
    assert_int_equal(refused(fd, "wait for this webapp"), 503);
    still_serves(); /* its ordinary queue is another */
    sem_post(&go_on);
    client_send(running, "abc");
    assert_int_equal(client_answer(running, expected("abc", 3)), 200);
    assert_int_equal(client_answer(waiting, expected("abc", 3)), 200);
    close(running);
    close(waiting);
    stop();
}

/* The server goes: whoever waits for a client learns it. */
static void stopped_meanwhile(void **unused)
{
    (void)unused;
    start();
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    head(fd, "/wait", "Content-Length: 3");
    sem_wait(&begun);
    sem_post(&go_on);
    connector_drain(rig.connector);
    assert_false(connector_wait_empty(rig.connector, 20000));
    assert_true(connector_abort(rig.connector, RIG_SILENCE * 1000000u));
    assert_int_equal(atomic_load(&last_result), CHANNEL_GONE);
    close(fd);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_before_the_end), cmocka_unit_test(echoes),
        cmocka_unit_test(never_reads_the_echo),  cmocka_unit_test(unread),
        cmocka_unit_test(unread_and_stalled),    cmocka_unit_test(its_queue_is_full),
        cmocka_unit_test(stopped_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
