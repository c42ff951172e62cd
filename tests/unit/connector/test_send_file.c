/* SPDX-License-Identifier: Apache-2.0
 * Files as parts of answers, through a real connector: every byte in its place, whatever the framing, the
 * sizes and the call at which the socket is full; every descriptor closed exactly once, also when the
 * client leaves, the file shrinks, the answer is given up, or memory is short. */
#include "connector_rig.h"

#include "choppy_transport.h"
#include "failing_malloc.h"
#include "file_answers.h"

#define MIX_FILE   20011u /* more than what is copied */
#define MIX_MEMORY 17003u
#define MIX_SMALL  5u

static _Atomic int last_result;
static _Atomic bool go_on;

static void send_part(struct exchange *x, int64_t offset, int64_t length)
{
    atomic_store(&last_result, response_send_file(x, open_it(), offset, length));
}

static bool path_is(const struct exchange *x, const char *p)
{
    return span_eq(x->req.uri.path, span_of(p));
}

/* Memory, file, memory, small file, file. */
static void send_mix(struct exchange *x)
{
    int64_t at = 0;
    response_write(x, span_make(pattern, 10));
    send_part(x, at += 10, MIX_FILE);
    response_write(x, span_make(pattern + (at += MIX_FILE), 10));
    response_write_ref(x, span_make(pattern + (at += 10), MIX_MEMORY), NULL, NULL);
    send_part(x, at += MIX_MEMORY, MIX_SMALL);
    send_part(x, at += MIX_SMALL, MIX_FILE);
}
#define MIX (20u + 2 * MIX_FILE + MIX_MEMORY + MIX_SMALL)

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/small")) {
        x->res.length = 1000;
        send_part(x, 251, 1000);
    } else if (path_is(x, "/big")) {
        x->res.length = BIG;
        send_part(x, 0, BIG);
    } else if (path_is(x, "/chunks")) {
        send_part(x, 0, BIG);
    } else if (path_is(x, "/mix")) {
        send_mix(x);
    } else if (path_is(x, "/mix-length")) {
        x->res.length = MIX;
        send_mix(x);
    } else if (path_is(x, "/abort")) {
        send_part(x, 0, BIG);
        response_abort(x);
    } else if (path_is(x, "/twice")) { /* the second when the client has long gone */
        send_part(x, 0, BIG);
        while (!atomic_load(&go_on))
            poll(NULL, 0, 1);
        send_part(x, 0, BIG);
    } else {
        response_write(x, x->req.uri.path);
    }
}

static int set_up(void **state)
{
    static struct rig r;
    choppy_reset();
    atomic_store(&go_on, false);
    rig_init(&r, serve);
    r.options.transport = &choppy_transport;
    rig_start(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    assert_int_equal(open_files(), 0);
    return mend_file();
}

/* ---- the client's side ---- */

/* Of a stream, with nudges: a byte of NEXT whenever nothing comes for a while. */
struct reader {
    int fd;
    size_t nudged;
};

static char read_byte(struct reader *r)
{
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    char c;
    while (poll(&p, 1, 2) == 0 && r->nudged < strlen(NEXT))
        assert_int_equal(send(r->fd, &NEXT[r->nudged++], 1, MSG_NOSIGNAL), 1);
    assert_int_equal(client_read(r->fd, &c, 1), 1);
    return c;
}

static void read_text(struct reader *r, const char *text)
{
    for (; *text; text++)
        assert_int_equal(read_byte(r), *text);
}

static void read_head(struct reader *r, char *head, size_t size)
{
    size_t n = 0;
    do {
        assert_true(n + 1 < size);
        head[n++] = read_byte(r);
        head[n] = '\0';
    } while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
}

static size_t read_chunk_length(struct reader *r)
{
    char line[20];
    size_t n = 0;
    do {
        assert_true(n + 1 < sizeof(line));
        line[n] = read_byte(r);
    } while (line[n++] != '\n');
    return strtoul(line, NULL, 16);
}

static void read_body(struct reader *r, const char *head, size_t length)
{
    bool chunked = strstr(head, "Transfer-Encoding: chunked") != NULL;
    size_t left = chunked ? read_chunk_length(r) : length;
    for (size_t i = 0; i < length; i++) {
        assert_true(left > 0);
        assert_int_equal(read_byte(r), pattern[i]);
        if (--left > 0 || !chunked)
            continue;
        read_text(r, "\r\n");
        left = read_chunk_length(r);
    }
    assert_int_equal(left, 0);
    if (chunked)
        read_text(r, "\r\n");
}

/* The rest of NEXT, and its answer: the connection goes on. */
static void read_after(struct reader *r)
{
    client_send(r->fd, &NEXT[r->nudged]);
    r->nudged = strlen(NEXT);
    assert_int_equal(client_answer(r->fd, "/after"), 200);
    close(r->fd);
}

static void fetch(struct rig *rig, const char *request, size_t length, int window)
{
    struct reader r = {.fd = client_connect(rig, window)};
    char head[1024];
    client_send(r.fd, request);
    read_head(&r, head, sizeof(head));
    read_body(&r, head, length);
    read_after(&r);
}

/* ---- cases ---- */

static void small_leaves_with_its_head(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    char head[1024], body[1000];
    client_send(fd, GET("/warm"));
    client_answer(fd, "/warm");
    rig_await(rig_in_state(r, "IDLE") == 1);
    uint64_t sends = counter_read(COUNTER_send_calls);
    client_send(fd, GET("/small"));
    client_head(fd, head, sizeof(head));
    assert_non_null(strstr(head, "Content-Length: 1000\r\n"));
    for (size_t n = 0; n < sizeof(body);)
        n += (size_t)client_read(fd, body + n, sizeof(body) - n);
    assert_memory_equal(body, pattern + 251, sizeof(body));
    rig_await(rig_in_state(r, "IDLE") == 1);
    assert_int_equal(counter_read(COUNTER_send_calls) - sends, 1);
    assert_int_equal(open_files(), 0);
    close(fd);
}

static void big_to_a_fast_and_to_a_slow_client(void **state)
{
    uint64_t early = counter_read(COUNTER_leases_ended_early);
    fetch_big(*state, GET("/big"), false, 0);
    fetch_big(*state, GET("/chunks"), true, 0);
    uint64_t slow = counter_read(COUNTER_leases_ended_early);
    fetch_big(*state, GET("/big"), false, 4096);
    fetch_big(*state, GET("/chunks"), true, 4096);
    assert_int_equal(counter_read(COUNTER_leases_ended_early), slow + 2);
    assert_true(slow - early <= 2);
}

/* The socket is full at the Nth call, for every N: on the worker, and then on the poller. */
static void full_at_each_call(void **state)
{
    for (uint32_t n = 1;; n++) {
        choppy_reset();
        atomic_store(&choppy.bite, 4001);
        atomic_store(&choppy.full_at, n);
        fetch(*state, n % 2 ? GET("/mix") : GET("/mix-length"), MIX, 0);
        if (n > atomic_load(&choppy.calls))
            break;
    }
    rig_await(open_files() == 0);
}

static void full_at_every_other_call(void **state)
{
    for (uint32_t each = 2; each <= 5; each++) {
        choppy_reset();
        atomic_store(&choppy.bite, 6007);
        atomic_store(&choppy.full_each, each);
        fetch(*state, GET("/mix"), MIX, 0);
        fetch(*state, GET("/mix-length"), MIX, 0);
    }
}

static void without_sendfile(void **state)
{
    struct rig *r = *state;
    rig_stop(r);
    rig_init(r, serve);
    r->options.transport = &choppy_without_sendfile;
    rig_start(r);
    full_at_each_call(state);
    choppy_reset();
    fetch_big(r, GET("/big"), false, 4096);
    fetch_big(r, GET("/chunks"), true, 0);
}

static void no_bytes_for_head(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    char head[1024];
    client_send(fd, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n" NEXT);
    client_head(fd, head, sizeof(head));
    assert_non_null(strstr(head, "Content-Length: 8388608\r\n"));
    client_answer(fd, "/after");
    assert_int_equal(open_files(), 0);
    close(fd);
}

static void given_up_in_the_middle(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/abort"));
    assert_true(read_to_the_end(fd) < BIG);
    rig_await(rig_closed(r, "aborted") == 1);
    rig_await(open_files() == 0);
}

static void cut(int fd)
{
    (void)fd;
    CHECK(truncate(path, 300000) == 0);
}

/* On the worker: between the look at its size and the sending. */
static void cut_short_in_the_lease(void **state)
{
    struct rig *r = *state;
    uint64_t aborted = counter_read(COUNTER_responses_aborted);
    atomic_store(&choppy.on_file, cut);
    int fd = client_connect(r, 0);
    client_send(fd, GET("/chunks"));
    assert_true(read_to_the_end(fd) <= 300000 + 1000);
    rig_await(rig_closed(r, "file") == 1);
    assert_int_equal(last_result, RESPONSE_GONE);
    assert_int_equal(counter_read(COUNTER_responses_aborted) - aborted, 1);
    rig_await(open_files() == 0);
}

static void cut_short_on_the_poller(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/big"));
    /* PARKED when the poller was quicker than the end of the answer */
    rig_await(rig_in_state(r, "SEND") + rig_in_state(r, "PARKED") == 1);
    cut(-1);
    assert_true(read_to_the_end(fd) < BIG);
    rig_await(rig_closed(r, "file") == 1);
    rig_await(open_files() == 0);
}

static void client_leaves(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/twice"));
    rig_await(rig_in_state(r, "PARKED") == 1);
    assert_int_equal(last_result, RESPONSE_OK);
    reset_now(fd);
    rig_await(rig_closed(r, "reset") == 1);
    rig_await(open_files() == 0);
    atomic_store(&go_on, true);
    rig_await(last_result == RESPONSE_GONE);
}

static void breaks_at_each_call(void **state)
{
    struct rig *r = *state;
    for (uint32_t n = 1;; n++) {
        choppy_reset();
        atomic_store(&choppy.bite, 4001);
        atomic_store(&choppy.full_at, 4);
        atomic_store(&choppy.fail_at, n);
        int fd = client_connect(r, 0);
        client_send(fd, "GET /mix HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        read_to_the_end(fd);
        uint64_t closed = n;
        rig_await(rig_closed(r, "reset") + rig_closed(r, "requested") == closed);
        if (n > atomic_load(&choppy.calls))
            break;
    }
    assert_true(rig_closed(r, "reset") > 10);
}

/* Each allocation of the worker fails once: the answer is whole, or the client can tell. */
static void each_allocation_fails(void **state)
{
    struct rig *r = *state;
    if (!failing_malloc_works())
        skip();
    for (uint64_t n = 1;; n++) {
        choppy_reset();
        atomic_store(&choppy.full_at, (uint32_t)(1 + n % 7));
        atomic_store(&choppy.bite, 4001);
        int fd = client_connect(r, 0);
        client_send(fd, "GET /mix-length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        failing_malloc_at(n);
        size_t got = read_to_the_end(fd);
        bool failed = failing_malloc_done();
        assert_true(failed || got > MIX);
        rig_await(rig_in_state(r, "DEAD") + rig_in_state(r, "LENT") == 0);
        rig_await(open_files() == 0);
        if (!failed)
            break;
    }
    struct reader after = {.fd = client_connect(r, 0)};
    read_after(&after);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(small_leaves_with_its_head), TEST(big_to_a_fast_and_to_a_slow_client),
        TEST(full_at_each_call),          TEST(full_at_every_other_call),
        TEST(without_sendfile),           TEST(no_bytes_for_head),
        TEST(given_up_in_the_middle),     TEST(cut_short_in_the_lease),
        TEST(cut_short_on_the_poller),    TEST(client_leaves),
        TEST(breaks_at_each_call),        TEST(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
