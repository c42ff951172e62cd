/* SPDX-License-Identifier: Apache-2.0
 * Answers larger than memory, through a real connector: the handler is done long before its client has
 * read anything; past both caps it waits, and only then; every byte comes, in order, however small or
 * large the writes are, whatever the disk does; a quarter of the threads waits at most; nothing is left of
 * memory and files afterwards (rig_stop checks it). */
#include "connector_rig.h"

#include "choppy_transport.h"
#include "failing_malloc.h"
#include "file_answers.h"
#include "spool_faults.h"

#define MIB (1024u * 1024u)

static _Atomic unsigned gone;
static _Atomic uint64_t size; /* of "/bytes" */
static _Atomic size_t piece;  /* of each write; 0: all kinds */
static struct spool_stats stats;

/* Byte I of an answer is I % 251. */
static const char *at(uint64_t i)
{
    return pattern + i % 251;
}

static size_t next_piece(uint64_t done, uint32_t *seed)
{
    static const size_t kinds[] = {1,     7,     100,   1000,  4096,  16383,
                                   16384, 16385, 65536, 70000, 300000};
    *seed = *seed * 1103515245u + 12345u;
    size_t n = atomic_load(&piece) ? atomic_load(&piece) : kinds[(*seed >> 16) % 11];
    uint64_t left = atomic_load(&size) - done;
    return n < left ? n : (size_t)left;
}

static void released(void *arg)
{
    (void)arg;
}

static enum response_result write_one(struct exchange *x, uint64_t done, size_t n, uint32_t seed)
{
    if (atomic_load(&piece) == 0 && n > 4096 && seed % 5 == 0)
        return response_write_ref(x, span_make(at(done), n), released, NULL);
    if (atomic_load(&piece) == 0 && n > 4096 && seed % 5 == 1)
        return response_send_file(x, open_it(), (int64_t)(done % 251), (int64_t)n);
    return response_write(x, span_make(at(done), n));
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (x->req.uri.path.n != 6 || memcmp(x->req.uri.path.p, "/bytes", 6) != 0) {
        response_write(x, x->req.uri.path);
        return;
    }
    uint32_t seed = 1;
    if (x->req.uri.query.n > 0)
        x->res.length = (int64_t)atomic_load(&size);
    for (uint64_t done = 0; done < atomic_load(&size);) {
        size_t n = next_piece(done, &seed);
        if (write_one(x, done, n, seed >> 8) != RESPONSE_OK) {
            atomic_fetch_add(&gone, 1);
            return;
        }
        done += n;
    }
}

static int set_up(void **state)
{
    static struct rig r;
    choppy_reset();
    memset(&faults, 0, sizeof(faults));
    lock_init(&faults.lock, "faults");
    cond_init(&faults.cond);
    atomic_store(&faults.free_percent, 50);
    atomic_store(&gone, 0);
    atomic_store(&size, 4 * MIB);
    atomic_store(&piece, 65536);
    rig_init(&r, serve);
    r.options.output_spool = 16 * MIB;
    r.options.transport = &choppy_transport;
    r.spool.system = &faulty_system;
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    rig_stop(*state);
    cond_destroy(&faults.cond);
    lock_destroy(&faults.lock);
    assert_int_equal(open_files(), 0);
    return 0;
}

/* ---- the client's side ---- */

static void expect_run(int fd, uint64_t *done, size_t n)
{
    static char got[65536];
    while (n > 0) {
        ssize_t k = client_read(fd, got, n < sizeof(got) ? n : sizeof(got));
        assert_true(k > 0);
        for (size_t i = 0; i < (size_t)k; i += 251 - (*done + i) % 251) {
            size_t run = 251 - (*done + i) % 251;
            if (run > (size_t)k - i)
                run = (size_t)k - i;
            assert_memory_equal(got + i, at(*done + i), run);
        }
        *done += (size_t)k;
        n -= (size_t)k;
    }
}

static void expect_bytes(int fd, uint64_t bytes)
{
    char head[1024];
    uint64_t done = 0;
    client_head(fd, head, sizeof(head));
    if (strstr(head, "Content-Length: ")) {
        expect_run(fd, &done, bytes);
    } else {
        for (size_t n; (n = client_chunk(fd)) > 0;) {
            expect_run(fd, &done, n);
            client_expect(fd, "\r\n");
        }
        client_expect(fd, "\r\n");
    }
    assert_int_equal(done, bytes);
    client_send(fd, NEXT);
    client_answer(fd, "/after");
    close(fd);
}

static int ask(struct rig *r, const char *request)
{
    int fd = client_connect(r, 4096);
    client_send(fd, request);
    return fd;
}

static struct spool_stats *look(struct rig *r)
{
    spool_stats(r->options.spool, &stats);
    return &stats;
}

/* ---- cases ---- */

static void done_before_anything_is_read(void **state, const char *request)
{
    struct rig *r = *state;
    int fd = ask(r, request);
    rig_await(atomic_load(&r->engine.done) == 1);
    assert_in_range(look(r)->memory, 1, 65536);
    assert_in_range(look(r)->bytes, MIB, 4 * MIB);
    expect_bytes(fd, 4 * MIB);
    rig_await(look(r)->memory == 0 && look(r)->bytes == 0 && look(r)->files == 0);
    assert_int_equal(gone, 0);
}

static void the_worker_is_free(void **state)
{
    rig_start(*state);
    done_before_anything_is_read(state, GET("/bytes"));
}

static void the_worker_is_free_with_a_length(void **state)
{
    rig_start(*state);
    done_before_anything_is_read(state, GET("/bytes?length"));
}

static void small_writes_are_gathered(void **state)
{
    struct rig *r = *state;
    atomic_store(&piece, 100);
    rig_start(r);
    done_before_anything_is_read(state, GET("/bytes"));
    assert_in_range(faults.writes, 16, 4 * MIB / 16384 + 1);
}

static void one_large_write(void **state)
{
    atomic_store(&piece, 4 * MIB);
    rig_start(*state);
    int fd = ask(*state, GET("/bytes?length"));
    rig_await(atomic_load(&((struct rig *)*state)->engine.done) == 1);
    expect_bytes(fd, 4 * MIB);
    fd = ask(*state, GET("/bytes"));
    rig_await(atomic_load(&((struct rig *)*state)->engine.done) == 3);
    expect_bytes(fd, 4 * MIB);
}

static void past_both_caps_it_waits(void **state)
{
    struct rig *r = *state;
    r->options.output_spool = MIB;
    atomic_store(&size, 40 * MIB);
    uint64_t waited = counter_read(COUNTER_writers_waited);
    rig_start(r);
    int fd = ask(r, GET("/bytes"));
    rig_await(counter_read(COUNTER_writers_waited) > waited);
    assert_int_equal(r->engine.done, 0);
    assert_in_range(look(r)->bytes, MIB - 65536, MIB);
    struct connector_status s;
    connector_status(r->connector, &s);
    assert_int_equal(s.writers_waiting, 1);
    expect_bytes(fd, 40 * MIB);
    connector_status(r->connector, &s);
    assert_int_equal(s.writers_waiting, 0);
}

static void all_kinds_of_writes(void **state)
{
    struct rig *r = *state;
    atomic_store(&piece, 0);
    atomic_store(&size, 24 * MIB + 17);
    for (int i = 0; i < 4; i++) {
        r->options.output_memory = i % 2 ? 1024 : 65536;
        r->options.output_spool = i / 2 ? 700000 : 0;
        if (i > 0)
            rig_stop(r);
        rig_start(r);
        expect_bytes(ask(r, GET("/bytes")), 24 * MIB + 17);
        expect_bytes(ask(r, GET("/bytes?length")), 24 * MIB + 17);
        assert_int_equal(gone, 0);
    }
}

static void the_disk_is_full(void **state)
{
    struct rig *r = *state;
    atomic_store(&size, 12 * MIB);
    atomic_store(&faults.write_error, ENOSPC);
    atomic_store(&faults.write_room, 300001);
    rig_start(r);
    uint64_t waited = counter_read(COUNTER_writers_waited);
    int fd = ask(r, GET("/bytes"));
    rig_await(counter_read(COUNTER_writers_waited) > waited);
    expect_bytes(fd, 12 * MIB);
    assert_int_equal(gone, 0);
}

/* Nothing to be had from the budget: the client gets its answer all the same, at its own pace. */
static void the_totals_are_used_up(void **state)
{
    struct rig *r = *state;
    r->spool.max_memory = 1;
    r->spool.max_bytes = 1;
    rig_start(r);
    for (int i = 0; i < 2; i++) {
        atomic_store(&piece, i ? 0 : 10000);
        expect_bytes(ask(r, GET("/bytes?length")), 4 * MIB);
    }
    assert_int_equal(gone, 0);
}

static void the_slowest_is_given_up(void **state)
{
    struct rig *r = *state;
    char head[1024];
    r->options.output_spool = 100000;
    rig_start(r); /* 4 threads, 3 for one webapp, 1 of them may wait */
    atomic_store(&size, 40 * MIB);
    uint64_t waited = counter_read(COUNTER_writers_waited);
    int stopped = ask(r, GET("/bytes"));
    rig_await(counter_read(COUNTER_writers_waited) > waited);
    int reads = ask(r, GET("/bytes"));
    client_head(reads, head, sizeof(head));
    uint64_t done = 0;
    size_t n = client_chunk(reads);
    rig_await(rig_closed(r, "output_full") == 1);
    rig_await(gone == 1);
    assert_int_equal(counter_read(COUNTER_answers_given_up), 1);
    for (; n > 0; n = client_chunk(reads)) { /* the one that moves is not touched */
        expect_run(reads, &done, n);
        client_expect(reads, "\r\n");
    }
    client_expect(reads, "\r\n");
    assert_int_equal(done, 40 * MIB);
    assert_true(read_to_the_end(stopped) < 40 * MIB);
    close(reads);
}

static void client_leaves(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    for (int waits = 0; waits <= 1; waits++) {
        atomic_store(&size, waits ? 40 * MIB : 4 * MIB);
        int fd = ask(r, GET("/bytes"));
        if (waits)
            rig_await(look(r)->bytes >= 15 * MIB);
        else
            rig_await(atomic_load(&r->engine.done) == 1);
        reset_now(fd);
        rig_await(look(r)->memory == 0 && look(r)->bytes == 0);
        rig_await(gone == (unsigned)waits);
    }
    rig_await(rig_closed(r, "reset") == 2);
}

/* Each allocation fails once: the answer is whole, or the client can tell. */
static void each_allocation_fails(void **state)
{
    struct rig *r = *state;
    r->options.output_memory = 40000;
    rig_start(r);
    if (!failing_malloc_works())
        skip();
    atomic_store(&size, MIB);
    atomic_store(&piece, 0);
    for (uint64_t n = 1;; n++) {
        int fd = client_connect(r, 4096);
        choppy_reset();
        atomic_store(&choppy.bite, 40001);
        atomic_store(&choppy.full_at, (uint32_t)(1 + n % 5));
        failing_malloc_at(n);
        client_send(fd, "GET /bytes?length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        size_t got = read_to_the_end(fd);
        bool failed = failing_malloc_done();
        assert_true(failed || got > MIB);
        rig_await(look(r)->memory == 0 && look(r)->bytes == 0 && open_files() == 0);
        if (!failed)
            break;
    }
    assert_true(r->engine.done > 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_worker_is_free),        TEST(the_worker_is_free_with_a_length),
        TEST(small_writes_are_gathered), TEST(one_large_write),
        TEST(past_both_caps_it_waits),   TEST(all_kinds_of_writes),
        TEST(the_disk_is_full),          TEST(the_totals_are_used_up),
        TEST(the_slowest_is_given_up),   TEST(client_leaves),
        TEST(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
