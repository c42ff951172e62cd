/* SPDX-License-Identifier: Apache-2.0
 * A slow disk holds up nobody but the connection whose bytes it takes; a connection that ends while a job
 * is under way ends when the job has. */
#include "body_rig.h"

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
        cmocka_unit_test(a_slow_disk_holds_up_one),
        cmocka_unit_test(gone_while_a_job_is_under_way),
        cmocka_unit_test(server_stops_while_a_job_is_under_way),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
