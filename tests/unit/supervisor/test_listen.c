/* SPDX-License-Identifier: Apache-2.0
 * Binding the connectors' sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "supervisor/listen.h"

struct model {
    struct connector_config connectors[3];
    struct service_config service;
    struct server_config server;
};

/* COUNT connectors on ADDRESS and any port, on lines 10, 20, ... of server.xml. */
static void model_make(struct model *m, size_t count, const char *address)
{
    memset(m, 0, sizeof *m);
    m->server.doc.file = "/base/conf/server.xml";
    m->server.services = &m->service;
    m->service.connectors = count ? m->connectors : NULL;
    for (size_t i = 0; i < count; i++) {
        m->connectors[i].line = (int)(10 * (i + 1));
        m->connectors[i].address = address;
        m->connectors[i].accept_count = 10;
        m->connectors[i].next = i + 1 < count ? &m->connectors[i + 1] : NULL;
    }
}

static bool can_connect(int family, const char *address, int port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool six = family == AF_INET6;
    inet_pton(family, address, six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return false;
    const struct sockaddr *to = six ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4;
    bool good = connect(s, to, six ? sizeof v6 : sizeof v4) == 0;
    close(s);
    return good;
}

static void binds_every_connector_in_order(void **state)
{
    (void)state;
    struct model m;
    struct listen_socket *sockets;
    size_t count;
    struct err err = ERR_INIT;
    model_make(&m, 3, "127.0.0.1");
    assert_true(listen_open(&m.server, 0, &sockets, &count, &err));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(sockets[i].connector, &m.connectors[i]);
        assert_string_equal(sockets[i].address, "127.0.0.1");
        assert_true(sockets[i].port > 0);
        assert_true(can_connect(AF_INET, "127.0.0.1", sockets[i].port));
        assert_true(fcntl(sockets[i].fd, F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(sockets[i].fd, F_GETFL) & O_NONBLOCK);
    }
    int port = sockets[0].port;
    listen_close(&sockets, &count);
    assert_null(sockets);
    assert_false(can_connect(AF_INET, "127.0.0.1", port));
}

static void no_address_takes_ipv4_and_ipv6(void **state)
{
    (void)state;
    struct model m;
    struct listen_socket *sockets;
    size_t count;
    struct err err = ERR_INIT;
    model_make(&m, 1, "");
    assert_true(listen_open(&m.server, 0, &sockets, &count, &err));
    assert_true(can_connect(AF_INET, "127.0.0.1", sockets[0].port));
    bool six = strcmp(sockets[0].address, "::") == 0;
    if (six && can_connect(AF_INET6, "::1", sockets[0].port) == false)
        print_message("no IPv6 loopback here: only IPv4 was tried\n");
    if (!six)
        assert_string_equal(sockets[0].address, "0.0.0.0");
    listen_close(&sockets, &count);
}

static void a_taken_port_is_named_with_its_line(void **state)
{
    (void)state;
    struct model m, other;
    struct listen_socket *sockets, *never;
    size_t count, none;
    struct err err = ERR_INIT;
    char text[2304], port[16];
    model_make(&m, 1, "127.0.0.1");
    assert_true(listen_open(&m.server, 0, &sockets, &count, &err));
    model_make(&other, 2, "127.0.0.1");
    other.connectors[1].port = sockets[0].port;
    assert_false(listen_open(&other.server, 0, &never, &none, &err));
    assert_null(never);
    assert_int_equal(none, 0);
    assert_string_equal(err.file, "/base/conf/server.xml");
    assert_int_equal(err.line, 20);
    err_text(&err, text, sizeof text);
    snprintf(port, sizeof port, "%d", sockets[0].port);
    assert_non_null(strstr(text, "Address already in use"));
    assert_non_null(strstr(text, "127.0.0.1"));
    assert_non_null(strstr(text, port));
    assert_true(err.hint[0] != '\0');
    listen_close(&sockets, &count);
}

static void a_taken_port_is_waited_for(void **state)
{
    (void)state;
    struct model m;
    struct listen_socket *sockets, *never;
    size_t count, none;
    struct err err = ERR_INIT;
    model_make(&m, 1, "127.0.0.1");
    assert_true(listen_open(&m.server, 0, &sockets, &count, &err));
    m.connectors[0].port = sockets[0].port;
    uint64_t before = clock_us();
    assert_false(listen_open(&m.server, 120, &never, &none, &err));
    assert_true(clock_us() - before >= 120000);
    listen_close(&sockets, &count);
    assert_true(listen_open(&m.server, 120, &sockets, &count, &err));
    assert_int_equal(sockets[0].port, m.connectors[0].port);
    listen_close(&sockets, &count);
}

static void bad_addresses_are_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"192.0.2.1", "300.1.1.1", "no such host", "[::1]"};
    struct model m;
    struct listen_socket *sockets;
    size_t count;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        model_make(&m, 1, bad[i]);
        assert_false(listen_open(&m.server, 0, &sockets, &count, &err));
        assert_int_equal(err.line, 10);
        assert_non_null(strstr(err.what, bad[i]));
    }
}

static void no_connector_is_no_socket(void **state)
{
    (void)state;
    struct model m;
    struct listen_socket *sockets;
    size_t count = 7;
    struct err err = ERR_INIT;
    model_make(&m, 0, "");
    assert_true(listen_open(&m.server, 0, &sockets, &count, &err));
    assert_int_equal(count, 0);
    listen_close(&sockets, &count);
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *address, *url;
    } rows[] = {{"127.0.0.1", "http://127.0.0.1:80/"},
                {"::1", "http://[::1]:80/"},
                {"::", "http://localhost:80/ on all addresses"},
                {"0.0.0.0", "http://localhost:80/ on all addresses"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listen_socket s = {.fd = -1, .port = 80};
        struct buf out = BUF_EMPTY;
        snprintf(s.address, sizeof s.address, "%s", rows[i].address);
        assert_true(listen_url(&s, &out));
        assert_string_equal(buf_cstr(&out), rows[i].url);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_every_connector_in_order),
        cmocka_unit_test(no_address_takes_ipv4_and_ipv6),
        cmocka_unit_test(a_taken_port_is_named_with_its_line),
        cmocka_unit_test(a_taken_port_is_waited_for),
        cmocka_unit_test(bad_addresses_are_errors),
        cmocka_unit_test(no_connector_is_no_socket),
        cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
