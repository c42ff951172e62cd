/* SPDX-License-Identifier: Apache-2.0
 * The hand-over under load, with real threads and sockets and without a tick that would hide a lost
 * wake-up: random splits, pipelining, bodies, half-closes, resets, answers larger than the socket's
 * buffers. Few connections on purpose: other traffic hides such a bug, too. A client that hears nothing
 * for 3 seconds fails the test. Also regression 104: a poller that was told to stop blocked once more,
 * until the tick. LONG_SECONDS=N runs each case twice for N seconds. */
#include "connector_rig.h"

#include "base/thread.h"

#define MAX_CLIENTS 40
#define MAX_ANSWER  60000u
#define BATCH       6 /* requests sent without waiting */

struct client {
    struct rig *rig;
    struct thread thread;
    uint64_t random, until_us;
    uint64_t answers, connections;
    const char *wrong; /* what went wrong first; NULL: nothing */
    int fd;
    char in[4096];
    size_t have;
};

static uint32_t dice(struct client *c, uint32_t sides)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return (uint32_t)(c->random >> 20) % sides;
}

/* ---- server ---- */

static char pattern(uint64_t size, uint64_t at)
{
    return (char)('a' + (size + at * 7) % 26);
}

/* "/N": N bytes; a body comes back before them. */
static void serve(struct engine *e, struct exchange *x)
{
    char text[3000];
    uint64_t size = 0;
    (void)e;
    CHECK(span_to_u64(span_from(x->req.uri.path, 1), MAX_ANSWER, &size));
    x->res.length = (int64_t)(size + buf_len(&x->req.body));
    response_write(x, buf_span(&x->req.body));
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < sizeof(text) ? (size_t)(size - at) : sizeof(text);
        for (size_t i = 0; i < n; i++)
            text[i] = pattern(size, at + i);
        if (response_write(x, span_make(text, n)) != RESPONSE_OK)
            return;
        at += n;
    }
}

/* ---- client ---- */

static bool failed(struct client *c, const char *wrong)
{
    if (!c->wrong)
        c->wrong = wrong;
    return false;
}

static bool send_split(struct client *c, const char *p, size_t n)
{
    while (n > 0) {
        size_t some = dice(c, 3) == 0 ? n : 1 + dice(c, (uint32_t)n);
        if (send(c->fd, p, some, MSG_NOSIGNAL) != (ssize_t)some)
            return failed(c, "cannot send");
        p += some;
        n -= some;
        if (n > 0 && dice(c, 4) == 0)
            poll(NULL, 0, dice(c, 50) == 0); /* nearly always only a chance for the others */
    }
    return true;
}

static bool more(struct client *c)
{
    size_t room = sizeof(c->in) - c->have;
    ssize_t n = recv(c->fd, c->in + c->have, 1 + dice(c, (uint32_t)room), 0);
    if (n < 0)
        return failed(c, errno == EAGAIN ? "silent for 3 s" : "reset");
    if (n == 0)
        return failed(c, "closed");
    c->have += (size_t)n;
    return true;
}

static void drop(struct client *c, size_t n)
{
    memmove(c->in, c->in + n, c->have - n);
    c->have -= n;
}

static bool read_head(struct client *c, uint64_t *length)
{
    char *end;
    while (!(end = memmem(c->in, c->have, "\r\n\r\n", 4)))
        if (c->have == sizeof(c->in) || !more(c))
            return failed(c, "a head without end");
    *end = '\0';
    char *at = strstr(c->in, "\r\nContent-Length: ");
    if (strncmp(c->in, "HTTP/1.1 200 OK", 15) != 0 || !at)
        return failed(c, "not 200 with a length");
    *length = strtoull(at + 18, NULL, 10);
    drop(c, (size_t)(end - c->in) + 4);
    return true;
}

static bool read_answer(struct client *c, uint64_t size, uint64_t body)
{
    uint64_t length;
    if (!read_head(c, &length))
        return false;
    if (length != size + body)
        return failed(c, "another request's answer");
    for (uint64_t at = 0; at < length;) {
        if (c->have == 0 && !more(c))
            return false;
        size_t n = c->have < length - at ? c->have : (size_t)(length - at);
        for (size_t i = 0; i < n; i++)
            if (c->in[i] != (at + i < body ? 'b' : pattern(size, at + i - body)))
                return failed(c, "a wrong byte");
        drop(c, n);
        at += n;
    }
    c->answers++;
    return true;
}

/* Sends some requests at once and reads their answers. LAST: with an end of stream behind them. */
static bool exchange_some(struct client *c, bool last)
{
    uint64_t size[BATCH], body[BATCH];
    static const uint32_t sizes[] = {1, 20, 300, 9000, MAX_ANSWER};
    char text[BATCH * 1000];
    size_t n = 0, count = 1 + dice(c, BATCH);
    for (size_t i = 0; i < count; i++) {
        size[i] = dice(c, sizes[dice(c, dice(c, 8) ? 3 : ARRAY_COUNT(sizes))]);
        body[i] = dice(c, 4) ? 0 : 1 + dice(c, 800);
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "%s /%u HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n\r\n",
                              body[i] ? "POST" : "GET", (unsigned)size[i], (unsigned)body[i]);
        memset(text + n, 'b', (size_t)body[i]);
        n += (size_t)body[i];
    }
    if (!send_split(c, text, n))
        return false;
    if (last)
        shutdown(c->fd, SHUT_WR);
    for (size_t i = 0; i < count; i++)
        if (!read_answer(c, size[i], body[i]))
            return false;
    return true;
}

static bool expect_end(struct client *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, 0);
    return n == 0 || failed(c, n > 0 ? "bytes behind the end" : "no end of stream");
}

static void one_connection(struct client *c)
{
    static const char begun[] = "GET /1 HT";
    static const char whole[] = "GET /59999 HTTP/1.1\r\nHost: a\r\n\r\n";
    c->fd = client_connect(c->rig, dice(c, 2) ? 4096 : 0);
    c->have = 0;
    c->connections++;
    unsigned rounds = 1 + dice(c, 30);
    bool going = true;
    for (unsigned i = 0; going && i + 1 < rounds; i++)
        going = exchange_some(c, false);
    switch (going ? dice(c, 4) : 3) {
    case 0: /* in the middle of a request */
        send_split(c, begun, strlen(begun));
        break;
    case 1: { /* without reading the answer. Not in the middle of a request: a reset that comes together
               * with data is noticed when something is sent, else by a deadline */
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        send_split(c, whole, strlen(whole));
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        break;
    }
    case 2:
        if (exchange_some(c, true))
            expect_end(c);
        break;
    default:
        break;
    }
    close(c->fd);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    while (!c->wrong && clock_us() < c->until_us)
        one_connection(c);
    return NULL;
}

/* ---- cases ---- */

/* QUICK: the holder of the poller role runs handlers itself; else workers do. */
static void stress_once(unsigned clients, uint32_t groups, bool quick)
{
    static struct client rows[MAX_CLIENTS];
    const char *seconds = getenv("LONG_SECONDS");
    uint64_t until = clock_us() + (seconds ? strtoull(seconds, NULL, 10) * 1000000u : 500000u);
    static struct rig r;
    rig_init(&r, serve);
    r.engine.slow = !quick;
    r.options.no_tick = true;
    r.options.groups = groups;
    r.options.max_threads = 6;
    r.options.output_memory = 1u << 20; /* of 6 threads one may wait for its client: nobody is to */
    rig_start(&r);
    int small = 1; /* the kernel's least; connections inherit it */
    assert_int_equal(setsockopt(r.listen_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    uint64_t early = counter_read(COUNTER_leases_ended_early);
    for (unsigned i = 0; i < clients; i++) {
        rows[i] = (struct client){.rig = &r, .random = 88172645463325252u + i, .until_us = until};
        assert_true(thread_start(&rows[i].thread, "client", client_main, &rows[i]));
    }
    uint64_t answers = 0, connections = 0;
    const char *wrong = NULL;
    for (unsigned i = 0; i < clients; i++) {
        thread_join(&rows[i].thread);
        answers += rows[i].answers;
        connections += rows[i].connections;
        wrong = wrong ? wrong : rows[i].wrong;
    }
    print_message(
        "%u clients, %u groups, %s: %llu answers on %llu connections, %llu leases ended early\n",
        clients, groups, quick ? "quick" : "slow", (unsigned long long)answers,
        (unsigned long long)connections,
        (unsigned long long)(counter_read(COUNTER_leases_ended_early) - early));
    struct connector_status status;
    connector_status(r.connector, &status);
    rig_stop(&r);
    for (const struct connector_status_row *c = status.closed; wrong && c->name; c++) {
        if (c->value > 0)
            print_message("closed: %s %llu\n", c->name, (unsigned long long)c->value);
    }
    if (wrong)
        fail_msg("%s", wrong);
    assert_true(answers > 50);
}

static void stress(unsigned clients, uint32_t groups)
{
    stress_once(clients, groups, false);
    stress_once(clients, groups, true);
}

static void one_client(void **unused)
{
    (void)unused;
    stress(1, 1);
}
static void two_clients(void **unused)
{
    (void)unused;
    stress(2, 1);
}
static void three_clients(void **unused)
{
    (void)unused;
    stress(3, 1);
}
static void forty_clients(void **unused)
{
    (void)unused;
    stress(MAX_CLIENTS, 1);
}
static void forty_clients_three_groups(void **unused)
{
    (void)unused;
    stress(MAX_CLIENTS, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_client),
        cmocka_unit_test(two_clients),
        cmocka_unit_test(three_clients),
        cmocka_unit_test(forty_clients),
        cmocka_unit_test(forty_clients_three_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
