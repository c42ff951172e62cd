/* SPDX-License-Identifier: Apache-2.0
 * Request bodies larger than bodyMemory: what arrives is what was sent, however the disk behaves; a disk
 * that fails or is full is told to the client by name and costs nobody else; a slow one holds up nobody
 * but the connection whose bytes it takes; a connection that ends while a job is under way ends when the
 * job has. */
#include "connector_rig.h"
#include "spool_faults.h"

static struct rig rig;

/* Answers with length and sum of the body, as the servlet reads it: in pieces of all sizes. */
static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    char piece[10007], text[64];
    size_t want = 1;
    uint64_t size = 0, sum = 0;
    int64_t n;
    while ((n = x->channel->read(x, piece, want)) > 0) {
        for (int64_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)piece[i];
        size += (uint64_t)n;
        want = want * 7 % sizeof(piece) + 1;
    }
    if (n < 0) {
        x->res.status = x->body_failed;
        x->res.length = 0;
        return;
    }
    int k = snprintf(text, sizeof(text), "%llu %llx", (unsigned long long)size,
                     (unsigned long long)sum);
    x->res.length = k;
    response_write(x, span_make(text, (size_t)k));
}

static void begin(void)
{
    memset(&faults, 0, sizeof(faults));
    lock_init(&faults.lock, "faults");
    cond_init(&faults.cond);
    atomic_store(&faults.free_percent, 50);
    rig_init(&rig, serve);
    rig.spool.system = &faulty_system;
    rig.spool.min_free = 5;
    rig.options.body_memory = 1000;
}

static struct spool_stats stats(void)
{
    struct spool_stats st;
    spool_stats(rig.options.spool, &st);
    return st;
}

static void end(void)
{
    rig_await(stats().files == 0 && stats().memory == 0 && stats().bytes == 0);
    rig_stop(&rig);
    cond_destroy(&faults.cond);
    lock_destroy(&faults.lock);
}

static char pattern(size_t i)
{
    return (char)('a' + i * 7 % 26 + i / 4096 % 3);
}

static char *make(size_t n)
{
    char *p = malloc(n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = pattern(i);
    p[n] = '\0';
    return p;
}

static const char *expected(const char *p, size_t n)
{
    static char text[64];
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)p[i];
    snprintf(text, sizeof(text), "%zu %llx", n, (unsigned long long)sum);
    return text;
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0)
            fail_msg("send: %s", strerror(errno));
        p += k;
        n -= (size_t)k;
    }
}

static void send_head(int fd, const char *framing)
{
    char head[256];
    snprintf(head, sizeof(head), "POST /x HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", framing);
    client_send(fd, head);
}

static void send_head_of(int fd, size_t n)
{
    char framing[64];
    snprintf(framing, sizeof(framing), "Content-Length: %zu", n);
    send_head(fd, framing);
}

static void send_chunked(int fd, const char *p, size_t n, size_t chunk)
{
    send_head(fd, "Transfer-Encoding: chunked");
    while (n > 0) {
        char line[32];
        size_t k = n < chunk ? n : chunk;
        snprintf(line, sizeof(line), "%zx\r\n", k);
        client_send(fd, line);
        send_all(fd, p, k);
        client_send(fd, "\r\n");
        p += k;
        n -= k;
    }
    client_send(fd, "0\r\n\r\n");
}

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

/* The whole answer up to the end of the stream; the status. */
static unsigned refused(int fd, const char *setting)
{
    char text[2048];
    size_t n = 0;
    ssize_t k;
    while ((k = client_read(fd, text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)k;
    assert_int_equal(k, 0); /* no reset: the client can read it */
    text[n] = '\0';
    assert_non_null(strstr(text, "Connection: close\r\n"));
    if (!strstr(text, setting))
        fail_msg("no '%s' in %s", setting, text);
    close(fd);
    return (unsigned)strtoul(text + 9, NULL, 10);
}

static void still_serves(void)
{
    int fd = client_connect(&rig, 0);
    char *p = make(20000);
    send_head_of(fd, 20000);
    send_all(fd, p, 20000);
    assert_int_equal(client_answer(fd, expected(p, 20000)), 200);
    close(fd);
    free(p);
}

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
    send_head_of(fd, 1 << 20);
    send_all(fd, p, 1 << 20);
    assert_int_equal(refused(fd, "maxBodySize"), 413);
    assert_int_equal(atomic_load(&rig.engine.served), 0);
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
    send_head_of(fd, 101001); /* more than it could ever keep */
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
    send_head_of(second, 60000); /* would not fit just now: told before it is sent */
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

/* ---- slow disks, and ends in the middle ---- */

static void a_slow_disk_holds_up_one(void **unused)
{
    (void)unused;
    begin();
    rig_start(&rig);
    char *p = make(1 << 20);
    int slow = client_connect(&rig, 0), fd = client_connect(&rig, 0);
    faults_hold(true);
    send_head_of(slow, 1 << 20);
    send_all(slow, p, 200000); /* fits the socket's buffers: nobody reads it */
    rig_await(atomic_load(&faults.waiting) == 1);
    for (int i = 0; i < 100; i++) {
        client_send(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(client_answer(fd, expected("", 0)), 200);
    }
    assert_int_equal(stats().jobs, 1); /* and it does not pile up */
    assert_true(stats().memory <= 1000 + 65536);
    assert_int_equal(rig_in_state(&rig, "BODY"), 1);
    faults_hold(false);
    send_all(slow, p + 200000, (1 << 20) - 200000);
    assert_int_equal(client_answer(slow, expected(p, 1 << 20)), 200);
    close(slow);
    close(fd);
    free(p);
    end();
}

/* The connection goes away while an io thread has its bytes: it is DEAD at once, and free afterwards. */
static void gone_while_a_job_is_under_way(void **unused)
{
    (void)unused;
    begin();
    rig.options.body_timeout = 100;
    rig_start(&rig);
    char *p = make(1 << 20);
    int fd = client_connect(&rig, 0);
    faults_hold(true);
    send_head_of(fd, 1 << 20);
    send_all(fd, p, 100000);
    rig_await(atomic_load(&faults.waiting) == 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(fd);
    poll(NULL, 0, 350); /* bodyTimeout does not run: the disk is slow, not the client */
    assert_int_equal(rig_in_state(&rig, "BODY"), 1);
    assert_int_equal(rig_closed(&rig, "body_timeout"), 0);
    faults_hold(false);
    rig_await(rig_closed(&rig, "reset") == 1);
    free(p);
    end();
}

static void server_stops_while_a_job_is_under_way(void **unused)
{
    (void)unused;
    begin();
    rig_start(&rig);
    char *p = make(1 << 20);
    int fd = client_connect(&rig, 0);
    faults_hold(true);
    send_head_of(fd, 1 << 20);
    send_all(fd, p, 100000);
    rig_await(atomic_load(&faults.waiting) == 1);
    connector_drain(rig.connector);
    assert_false(connector_wait_empty(rig.connector, 1000));
    assert_false(connector_abort(rig.connector, 1000)); /* an io thread is in the way */
    assert_int_equal(rig_in_state(&rig, "DEAD"), 1);
    char c;
    while (client_read(fd, &c, 1) > 0)
        ;
    close(fd); /* it was told at once */
    faults_hold(false);
    assert_true(connector_wait_empty(rig.connector, RIG_SILENCE * 1000000u));
    assert_int_equal(atomic_load(&rig.engine.served), 0);
    free(p);
    end();
}

/* Many at once, small pieces, random cuts: what the model cannot see. */
static void many(void **unused)
{
    (void)unused;
    begin();
    rig.options.body_memory = 300;
    rig.options.groups = 2;
    atomic_store(&faults.piece, 1000);
    rig_start(&rig);
    enum { CLIENTS = 30, SIZE = 20000 };
    char *p = make(SIZE);
    int fd[CLIENTS];
    size_t sent[CLIENTS] = {0};
    unsigned seed = 7;
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = client_connect(&rig, 0);
        send_head_of(fd[i], SIZE);
    }
    for (int left = CLIENTS; left > 0;) {
        int i = rand_r(&seed) % CLIENTS;
        size_t k = (size_t)rand_r(&seed) % 900 + 1;
        if (sent[i] == SIZE)
            continue;
        if (k > SIZE - sent[i])
            k = SIZE - sent[i];
        send_all(fd[i], p + sent[i], k);
        sent[i] += k;
        left -= sent[i] == SIZE;
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(client_answer(fd[i], expected(p, SIZE)), 200);
        close(fd[i]);
    }
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
        cmocka_unit_test(memory_short_means_file),
        cmocka_unit_test(too_large),
        cmocka_unit_test(failures_of_the_spool),
        cmocka_unit_test(caps_of_the_spool),
        cmocka_unit_test(a_failing_read_is_told),
        cmocka_unit_test(a_slow_disk_holds_up_one),
        cmocka_unit_test(gone_while_a_job_is_under_way),
        cmocka_unit_test(server_stops_while_a_job_is_under_way),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
