/* SPDX-License-Identifier: Apache-2.0
 * Request bodies larger than bodyMemory: what arrives is what was sent, whatever way it came; a disk that
 * fails or is full, and each cap, is told to the client by name and costs nobody else. */
#include "body_rig.h"

/* ---- what arrives ---- */

static void sizes_around_each_border(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {1,     999,   1000,  1001,   5095,   5096,           5097,
                                   66535, 66536, 66537, 132072, 132073, 3 * 1000 * 1000};
    begin();
    rig_start(&rig);
    char *p = make(sizes[ARRAY_COUNT(sizes) - 1]);
    int fd = client_connect(&rig, 0);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        send_head_of(fd, sizes[i]);
        send_all(fd, p, sizes[i]);
        assert_int_equal(client_answer(fd, expected(p, sizes[i])), 200);
        send_chunked(fd, p, sizes[i], 1 + sizes[i] / 3);
        assert_int_equal(client_answer(fd, expected(p, sizes[i])), 200);
    }
    assert_true(stats().bytes == 0 || stats().files > 0);
    close(fd);
    free(p);
    end();
}

static void byte_by_byte(void **unused)
{
    (void)unused;
    begin();
    rig.options.body_memory = 10;
    atomic_store(&faults.piece, 13);
    rig_start(&rig);
    char *p = make(3000);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 3000);
    for (size_t i = 0; i < 3000; i++)
        send_all(fd, p + i, 1);
    assert_int_equal(client_answer(fd, expected(p, 3000)), 200);
    send_chunked(fd, p, 500, 1);
    assert_int_equal(client_answer(fd, expected(p, 500)), 200);
    close(fd);
    free(p);
    end();
}

static void all_in_files(void **unused)
{
    (void)unused;
    begin();
    rig.options.body_memory = 0;
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 3);
    client_send(fd, "abc");
    assert_int_equal(client_answer(fd, expected("abc", 3)), 200);
    close(fd);
    end();
}

/* On a worker in its lease the parser meets bodies that only the poller can save. */
static void pipelined_behind_others(void **unused)
{
    (void)unused;
    begin();
    rig_start(&rig);
    enum { MANY = 20 };
    size_t n = 30000;
    char *p = make(n);
    int fd = client_connect(&rig, 0);
    for (int i = 0; i < MANY; i++) {
        client_send(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        send_head_of(fd, n + (size_t)i % 2 * 0);
        send_all(fd, p, n);
        send_chunked(fd, p, 2000, 700);
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(client_answer(fd, expected("", 0)), 200);
        assert_int_equal(client_answer(fd, expected(p, n)), 200);
        assert_int_equal(client_answer(fd, expected(p, 2000)), 200);
    }
    close(fd);
    free(p);
    end();
}

/* Without ticks, and with nothing more to read: a connection that a worker gives back for its body has to
 * wake the poller, or it waits for ever. */
static void given_back_to_a_sleeping_poller(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {2000, 66536, 70000, 100000};
    begin();
    rig.options.no_tick = true;
    rig.engine.slow = true; /* not run by the poller itself */
    rig_start(&rig);
    char *p = make(100000), *packet = malloc(101000);
    assert_non_null(packet);
    int fd = client_connect(&rig, 0);
    for (int i = 0; i < 200; i++) {
        size_t n = sizes[(size_t)i % ARRAY_COUNT(sizes)];
        int k = snprintf(packet, 1000,
                         "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
                         "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                         n);
        memcpy(packet + k, p, n);
        send_all(fd, packet, (size_t)k + n);
        assert_int_equal(client_answer(fd, expected("", 0)), 200);
        assert_int_equal(client_answer(fd, expected(p, n)), 200);
    }
    close(fd);
    free(packet);
    free(p);
    end();
}

static void memory_short_means_file(void **unused)
{
    (void)unused;
    begin();
    rig.options.body_memory = 65536;
    rig.spool.max_memory = 4000; /* not even one piece */
    rig_start(&rig);
    char *p = make(100000);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 100000);
    send_all(fd, p, 100000);
    assert_int_equal(client_answer(fd, expected(p, 100000)), 200);
    assert_true(stats().refused[SPOOL_MEMORY_SHARE] > 0);
    close(fd);
    free(p);
    end();
}

/* ---- refusals ---- */

static void too_large(void **unused)
{
    (void)unused;
    begin();
    rig.options.max_body_size = 50000;
    rig_start(&rig);
    char *p = make(1 << 20);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 50001);
    assert_int_equal(refused(fd, "maxBodySize"), 413); /* before a byte of it came */
    fd = client_connect(&rig, 0);
    send_head(fd, "Content-Length: 1000000\r\nExpect: 100-continue");
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    fd = client_connect(&rig, 0);
    send_head(fd, "Transfer-Encoding: chunked");
    client_send(fd, "9c40\r\n"); /* 40,000 */
    send_all(fd, p, 40000);
    client_send(fd, "\r\n9c40\r\n");
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    fd = client_connect(&rig, 0); /* who sends everything first hears it, too */
    send_head_of(fd, 20 << 20);
    for (int i = 0; i < 20; i++)
        send_all(fd, p, 1 << 20);
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    assert_int_equal(atomic_load(&rig.engine.served), 0);
    still_serves();
    free(p);
    end();
}

static void route_of_its_own(struct engine *e, const struct exchange *x, struct route *out)
{
    (void)e;
    if (span_eq(x->req.uri.path, SPAN_LIT("/more")))
        out->body_max = 60000;
    else if (span_eq(x->req.uri.path, SPAN_LIT("/none")))
        out->body_max = 0;
}

/* A webapp's own limit is above the connector's or below it. */
static void a_limit_of_the_webapps_own(void **unused)
{
    (void)unused;
    begin();
    rig.options.max_body_size = 50000;
    rig.engine.route = route_of_its_own;
    rig_start(&rig);
    char *p = make(60001);
    int fd = client_connect(&rig, 0);
    client_send(fd, "POST /more HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    send_all(fd, p, 60000);
    assert_int_equal(client_answer(fd, expected(p, 60000)), 200);
    client_send(fd, "POST /more HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n");
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    fd = client_connect(&rig, 0);
    client_send(fd, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    fd = client_connect(&rig, 0);
    send_head_of(fd, 50001);
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    still_serves();
    free(p);
    end();
}

static void spool_cannot(void (*set)(bool broken), unsigned status, const char *name)
{
    begin();
    rig_start(&rig);
    char *p = make(200000);
    set(true);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 200000);
    send_all(fd, p, 200000);
    assert_int_equal(refused(fd, name), status);
    assert_int_equal(atomic_load(&rig.engine.served), 0);
    fd = client_connect(&rig, 0); /* small ones go on */
    send_head_of(fd, 500);
    send_all(fd, p, 500);
    assert_int_equal(client_answer(fd, expected(p, 500)), 200);
    close(fd);
    set(false);
    still_serves();
    free(p);
    end();
}

static void disk_full(bool broken)
{
    atomic_store(&faults.write_room, 70000);
    atomic_store(&faults.write_error, broken ? ENOSPC : 0);
}

static void last_piece(bool broken) /* all of the body has come when it turns out */
{
    atomic_store(&faults.write_room, 198000);
    atomic_store(&faults.write_error, broken ? EIO : 0);
}

static void no_descriptor(bool broken)
{
    atomic_store(&faults.open_error, broken ? EMFILE : 0);
}

static void no_folder(bool broken)
{
    atomic_store(&faults.open_error, broken ? EACCES : 0);
}

static void disk_nearly_full(bool broken)
{
    atomic_store(&faults.free_percent, broken ? 4 : 50);
}

static void failures_of_the_spool(void **unused)
{
    (void)unused;
    spool_cannot(disk_full, 503, "disk of the temp folder is full");
    spool_cannot(last_piece, 503, "cannot be written");
    spool_cannot(no_descriptor, 503, "no file descriptor");
    spool_cannot(no_folder, 503, "temp folder");
    spool_cannot(disk_nearly_full, 503, "minFreeDisk");
}

static void caps_of_the_spool(void **unused)
{
    (void)unused;
    begin();
    rig.spool.max_bytes = 200000;
    rig.spool.max_files = 1;
    rig_start(&rig);
    int fd = client_connect(&rig, 0);
    send_head_of(fd, 151001); /* more than it could ever keep */
    assert_int_equal(refused(fd, "maxSpool"), 413);
    char *p = make(51000);
    int first = client_connect(&rig, 0), second = client_connect(&rig, 0);
    faults_hold(true); /* the first file stays */
    send_head_of(first, 50000);
    send_all(first, p, 50000);
    rig_await(atomic_load(&faults.waiting) == 1);
    send_head_of(second, 30000);
    send_all(second, p, 30000);
    assert_int_equal(refused(second, "maxSpoolFiles"), 503);
    second = client_connect(&rig, 0);
    send_head_of(second, 110000); /* would not fit just now: told before it is sent */
    assert_int_equal(refused(second, "maxSpool"), 503);
    faults_hold(false);
    assert_int_equal(client_answer(first, expected(p, 50000)), 200);
    close(first);
    rig_await(stats().files == 0);
    still_serves();
    free(p);
    end();
}

static void a_failing_read_is_told(void **unused)
{
    (void)unused;
    begin();
    rig_start(&rig);
    char *p = make(5000);
    int fd = client_connect(&rig, 0);
    atomic_store(&faults.read_error, EIO);
    send_head_of(fd, 5000);
    send_all(fd, p, 5000);
    assert_int_equal(client_answer(fd, ""), 503);
    atomic_store(&faults.read_error, 0);
    close(fd);
    still_serves();
    free(p);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_around_each_border),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(all_in_files),
        cmocka_unit_test(pipelined_behind_others),
        cmocka_unit_test(given_back_to_a_sleeping_poller),
        cmocka_unit_test(memory_short_means_file),
        cmocka_unit_test(too_large),
        cmocka_unit_test(a_limit_of_the_webapps_own),
        cmocka_unit_test(failures_of_the_spool),
        cmocka_unit_test(caps_of_the_spool),
        cmocka_unit_test(a_failing_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
