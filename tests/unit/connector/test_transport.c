/* SPDX-License-Identifier: Apache-2.0
 * A transport as awkward as TLS (awkward_transport.h), driven through the real connector without a
 * tick: handshake, records that wait while the socket is dry, reading that wants to write, writing that
 * wants to read, and sending that reads more than it wanted. */
#include "connector_rig.h"

#include <semaphore.h>

#include "awkward_transport.h"
#include "mock_mux.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static sem_t routing, go_on, serving, go_serve;
static char large[40000];

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/wait")) {
        sem_post(&serving);
        sem_wait(&go_serve);
    }
    if (path_is(x, "/large"))
        x->res.length = sizeof(large);
    if (path_is(x, "/large"))
        response_write(x, span_make(large, sizeof(large)));
    else
        response_write(x, x->req.uri.path);
}

/* On the poller: "/hold" keeps it from seeing edges. */
static void route(struct engine *e, const struct exchange *x, struct route *out)
{
    (void)e;
    (void)out;
    if (!path_is(x, "/hold"))
        return;
    sem_post(&routing);
    sem_wait(&go_on);
}

static int set_up(void **state)
{
    static struct rig r;
    rig_init(&r, serve);
    r.engine.route = route;
    r.options.transport = &awkward_transport;
    r.options.no_tick = true;
    *state = &r;
    sem_init(&routing, 0, 0);
    sem_init(&go_on, 0, 0);
    sem_init(&serving, 0, 0);
    sem_init(&go_serve, 0, 0);
    atomic_store(&awkward_asks, false);
    memset(large, 'l', sizeof(large));
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    assert_int_equal(awkward_open, 0); /* each was closed once */
    sem_destroy(&routing);
    sem_destroy(&go_on);
    sem_destroy(&serving);
    sem_destroy(&go_serve);
    return 0;
}

/* ---- the client's side ---- */

struct peer {
    int fd;
    size_t left, asked, blob;
    size_t ahead; /* answers sent before they were asked for */
};

static void peer_connect(struct peer *p, const struct rig *r, int window)
{
    *p = (struct peer){.fd = client_connect(r, window)};
    for (int i = 0; i < 5; i++)
        client_send(p->fd, (char[]){"HELLO"[i], '\0'});
    client_expect(p->fd, "hello");
}

/* In records of up to 3; FLAG is set in the first one. */
static void peer_send(struct peer *p, const char *text, unsigned char flag)
{
    struct buf out = BUF_EMPTY;
    for (size_t n = strlen(text); n > 0;) {
        size_t some = n < 3 ? n : 3;
        char first = (char)(some | flag);
        assert_true(buf_append(&out, &first, 1) && buf_append(&out, text, some));
        flag = 0;
        text += some;
        n -= some;
    }
    assert_int_equal(send(p->fd, buf_data(&out), buf_len(&out), MSG_NOSIGNAL), buf_len(&out));
    buf_free(&out);
}

/* The next byte of payload; 0 at the end. Answers what the server asks, drops blobs. */
static char peer_byte(struct peer *p)
{
    char c;
    for (;;) {
        if (client_read(p->fd, &c, 1) != 1)
            return 0;
        if (p->left > 0) {
            p->left--;
            return c;
        }
        if (c == '?') {
            p->asked++;
            if (p->ahead == 0)
                client_send(p->fd, "\x40");
            p->ahead -= p->ahead > 0;
        } else if (c == 'r') {
            p->blob++;
        } else {
            assert_in_range(c, 1, 3);
            p->left = (size_t)c;
        }
    }
}

static void peer_expect(struct peer *p, const char *body)
{
    char head[1024];
    size_t n = 0, length = strlen(body);
    do {
        assert_true(n + 1 < sizeof(head));
        head[n] = peer_byte(p);
        assert_true(head[n] != 0);
        head[++n] = '\0';
    } while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
    assert_non_null(strstr(head, "HTTP/1.1 200 OK"));
    for (size_t i = 0; i < length; i++)
        assert_int_equal(peer_byte(p), body[i]);
}

/* ---- tests ---- */

static void handshake_and_records(void **state)
{
    struct peer p;
    rig_start(*state);
    peer_connect(&p, *state, 0);
    for (int i = 0; i < 20; i++) {
        peer_send(&p, GET("/one"), 0);
        peer_expect(&p, "/one");
    }
    peer_send(&p, GET("/one") GET("/two") GET("/three"), 0); /* the socket is dry after the first */
    peer_expect(&p, "/one");
    peer_expect(&p, "/two");
    peer_expect(&p, "/three");
    peer_send(&p, GET("/four"), 0);
    shutdown(p.fd, SHUT_WR);
    peer_expect(&p, "/four");
    assert_int_equal(peer_byte(&p), 0);
    close(p.fd);
}

static void failed_handshake(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    int fd = client_connect(r, 0);
    client_send(fd, "HELP!");
    char c;
    assert_true(client_read(fd, &c, 1) <= 0);
    close(fd);
    fd = client_connect(r, 0);
    client_send(fd, "HEL");
    close(fd);
    rig_await(rig_closed(r, "handshake") == 2);
}

/* regression 107: who never finished the handshake stayed for ever. */
static void slow_handshake(void **state)
{
    struct rig *r = *state;
    r->options.no_tick = false;
    r->options.connection_timeout = 200;
    rig_start(r);
    int fd = client_connect(r, 0);
    client_send(fd, "HEL");
    client_expect_end(fd);
    rig_await(rig_closed(r, "head_timeout") == 1);
}

static void reading_wants_to_write(void **state)
{
    struct peer p;
    struct rig *r = *state;
    r->options.socket_tx_buf = 65536; /* the kernel's own choice may hold the whole blob */
    rig_start(r);
    unsigned blocked = atomic_load(&awkward_reads_blocked);
    peer_connect(&p, r, 4096);
    peer_send(&p, GET("/one"), 0);
    peer_expect(&p, "/one");
    peer_send(&p, GET("/two") GET("/three"), 0x80);
    rig_await(atomic_load(&awkward_reads_blocked) > blocked); /* nobody reads the blob yet */
    peer_expect(&p, "/two");
    peer_expect(&p, "/three");
    assert_int_equal(p.blob, AWKWARD_BLOB);
    close(p.fd);
}

static void writing_wants_to_read(void **state)
{
    struct peer p;
    rig_start(*state);
    atomic_store(&awkward_asks, true);
    unsigned blocked = atomic_load(&awkward_writes_blocked);
    peer_connect(&p, *state, 0);
    for (int i = 0; i < 5; i++) {
        peer_send(&p, GET("/one") GET("/two"), 0);
        peer_expect(&p, "/one");
        peer_expect(&p, "/two");
    }
    peer_send(&p, GET("/large"), 0);
    peer_expect(&p, "");
    for (size_t i = 0; i < sizeof(large); i++)
        assert_int_equal(peer_byte(&p), 'l');
    assert_true(p.asked > 100);
    assert_true(atomic_load(&awkward_writes_blocked) > blocked);
    close(p.fd);
}

static void both_at_once(void **state)
{
    struct peer p;
    rig_start(*state);
    atomic_store(&awkward_asks, true);
    peer_connect(&p, *state, 4096);
    for (int i = 0; i < 5; i++) {
        peer_send(&p, GET("/one"), 0x80);
        peer_send(&p, GET("/two"), 0x80);
        peer_expect(&p, "/one");
        peer_expect(&p, "/two");
    }
    assert_int_equal(p.blob, 10 * AWKWARD_BLOB);
    assert_true(p.asked > 5);
    close(p.fd);
}

static void expect_plain(struct peer *p, const char *text)
{
    for (; *text; text++)
        assert_int_equal(peer_byte(p), *text);
}

/* regression 108: sending took the next request off the socket, whose edge then found it dry, and the
 * request lay in the transport with R clear. It takes a protocol that reads before each send, a client
 * that answers before it is asked, and a poller that looks at the inbox before it sees the edge: it is
 * held up in a route until all that has happened. */
static void sending_takes_the_next_request(void **state)
{
    struct rig *r = *state;
    struct peer p, holder;
    r->options.proto = &mock_mux;
    r->engine.slow = true; /* handlers never run on the poller's thread */
    rig_start(r);
    peer_connect(&p, r, 0);
    peer_connect(&holder, r, 0);
    peer_send(&p, "1 GET /wait\n", 0);
    sem_wait(&serving);
    peer_send(&p, "PING\n", 0); /* after its answer everything is read, and R clear */
    expect_plain(&p, "PONG\n");
    peer_send(&holder, "1 GET /hold\n", 0);
    sem_wait(&routing);
    atomic_store(&awkward_ask_once, true);
    client_send(p.fd, "\x40");
    p.ahead = 1;
    peer_send(&p, "2 GET /next\n", 0);
    sem_post(&go_serve);
    rig_await(atomic_load(&r->engine.done) == 1);
    sem_post(&go_on);
    expect_plain(&p, "1 H 200\n1 D 5\n/wait1 E\n");
    expect_plain(&p, "2 H 200\n2 D 5\n/next2 E\n");
    expect_plain(&holder, "1 H 200\n1 D 5\n/hold1 E\n");
    assert_int_equal(p.asked, 1);
    close(p.fd);
    close(holder.fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handshake_and_records),          TEST(failed_handshake),      TEST(slow_handshake),
        TEST(reading_wants_to_write),         TEST(writing_wants_to_read), TEST(both_at_once),
        TEST(sending_takes_the_next_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
