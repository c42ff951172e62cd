/* SPDX-License-Identifier: Apache-2.0
 * Files that are not in memory when the poller has to send them: an io thread reads, nobody else waits,
 * and whatever happens meanwhile to client, file or server ends well. What the kernel has in memory is
 * what the test says. */
#include "connector_rig.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include "choppy_transport.h"
#include "file_answers.h"
#include "spool_faults.h"

static _Atomic int probe_error;   /* 0: everything is in memory */
static _Atomic size_t probe_most; /* so much at most; 0: all */
static _Atomic unsigned probes;

ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
    size_t most = atomic_load(&probe_most);
    atomic_fetch_add(&probes, 1);
    CHECK(flags == RWF_NOWAIT);
    if ((errno = atomic_load(&probe_error)) != 0)
        return -1;
    ssize_t there = preadv(fd, iov, n, offset);
    return most > 0 && there > (ssize_t)most ? (ssize_t)most : there;
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (span_eq(x->req.uri.path, SPAN_LIT("/big"))) {
        x->res.length = BIG;
        response_send_file(x, open_it(), 0, BIG);
    } else {
        response_write(x, x->req.uri.path);
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
    atomic_store(&probe_error, EAGAIN);
    atomic_store(&probe_most, 0);
    rig_init(&r, serve);
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
    return mend_file();
}

static int slow_client(struct rig *r)
{
    int fd = client_connect(r, 4096);
    client_send(fd, GET("/big"));
    return fd;
}

static void hello(struct rig *r)
{
    int fd = client_connect(r, 0);
    client_send(fd, GET("/hello"));
    client_answer(fd, "/hello");
    close(fd);
}

static void every_window_is_read_first(void **state)
{
    uint64_t before = counter_read(COUNTER_cold_reads);
    rig_start(*state);
    fetch_big(*state, GET("/big"), false, 4096);
    uint64_t reads = counter_read(COUNTER_cold_reads) - before;
    assert_in_range(reads, 8, BIG / (256 * 1024));
}

static void a_file_system_that_cannot_tell(void **state)
{
    atomic_store(&probe_error, EOPNOTSUPP);
    every_window_is_read_first(state);
}

static void warm_windows_need_no_thread(void **state)
{
    uint64_t before = counter_read(COUNTER_cold_reads);
    atomic_store(&probe_error, 0);
    atomic_store(&probes, 0);
    rig_start(*state);
    fetch_big(*state, GET("/big"), false, 4096);
    assert_int_equal(counter_read(COUNTER_cold_reads), before);
    assert_in_range(probes, 8, BIG / (256 * 1024)); /* not at every edge */
    atomic_store(&probe_most, 10007);
    fetch_big(*state, GET("/big"), false, 4096);
    assert_int_equal(counter_read(COUNTER_cold_reads), before);
}

static void nobody_else_waits(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    faults_hold(true);
    int fd = slow_client(r);
    rig_await(atomic_load(&faults.waiting) == 1);
    for (int i = 0; i < 20; i++)
        hello(r);
    assert_int_equal(rig_in_state(r, "SEND") + rig_in_state(r, "PARKED"), 1);
    faults_hold(false);
    char head[1024];
    client_head(fd, head, sizeof(head));
    assert_true(read_file(fd, BIG));
}

/* The disk is slow, not the client: its time does not run. */
static void a_slow_disk_is_no_slow_client(void **state)
{
    struct rig *r = *state;
    r->options.send_timeout = 200;
    rig_start(r);
    faults_hold(true);
    int fd = slow_client(r);
    rig_await(atomic_load(&faults.waiting) == 1);
    poll(NULL, 0, 500); /* longer than sendTimeout: the point of the case */
    faults_hold(false);
    char head[1024];
    client_head(fd, head, sizeof(head));
    assert_true(read_file(fd, BIG));
    assert_int_equal(rig_closed(r, "send_timeout"), 0);
}

static void client_leaves_meanwhile(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    faults_hold(true);
    int fd = slow_client(r);
    rig_await(atomic_load(&faults.waiting) == 1);
    atomic_store(&choppy.fail_at, atomic_load(&choppy.calls) + 1);
    reset_now(fd);
    faults_hold(false);
    rig_await(rig_closed(r, "reset") == 1);
    rig_await(open_files() == 0);
}

/* The connection is over at once; its descriptors stay until the io thread has let go of them. */
static void cut_off_meanwhile(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    faults_hold(true);
    int fd = slow_client(r);
    rig_await(atomic_load(&faults.waiting) == 1);
    connector_drain(r->connector);
    assert_false(connector_abort(r->connector, 100000));
    read_to_the_end(fd);
    assert_int_equal(rig_in_state(r, "DEAD"), 1);
    assert_int_equal(open_files(), 1);
    faults_hold(false);
    rig_await(rig_closed(r, "drain") == 1);
    rig_await(open_files() == 0);
}

static void unreadable(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    atomic_store(&faults.read_error, EIO);
    assert_true(read_to_the_end(slow_client(r)) < BIG);
    rig_await(rig_closed(r, "file") == 1);
}

static void cut_short(void **state)
{
    struct rig *r = *state;
    rig_start(r);
    faults_hold(true);
    int fd = slow_client(r);
    rig_await(atomic_load(&faults.waiting) == 1);
    assert_int_equal(truncate(path, 4096), 0);
    faults_hold(false);
    assert_true(read_to_the_end(fd) < BIG);
    rig_await(rig_closed(r, "file") == 1);
}

static void without_sendfile(void **state)
{
    struct rig *r = *state;
    r->options.transport = &choppy_without_sendfile;
    cut_off_meanwhile(state);
    rig_stop(r);
    rig_start(r);
    fetch_big(r, GET("/big"), false, 4096);
    atomic_store(&faults.piece, 1000);
    fetch_big(r, GET("/big"), false, 4096);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_window_is_read_first),
        TEST(a_file_system_that_cannot_tell),
        TEST(warm_windows_need_no_thread),
        TEST(nobody_else_waits),
        TEST(a_slow_disk_is_no_slow_client),
        TEST(client_leaves_meanwhile),
        TEST(cut_off_meanwhile),
        TEST(unreadable),
        TEST(cut_short),
        TEST(without_sendfile),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
