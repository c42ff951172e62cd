/* SPDX-License-Identifier: Apache-2.0
 * What a container finds out about itself from its command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "observe/log.h"
#include "supervisor/spawn.h"

enum { ARGUMENTS = 12 };

static struct connector_config connectors[2] = {
    {.address = "127.0.0.1", .port = 0, .accept_count = 1, .line = 3},
    {.address = "", .port = 0, .accept_count = 1, .line = 4}};
static struct service_config service;
static struct server_config config;

static void model_make(void)
{
    connectors[0].next = &connectors[1];
    service.connectors = &connectors[0];
    config.services = &service;
    config.doc.file = "server.xml";
}

/* A command line as spawn_container makes it, for two listening sockets. */
static int make_line(char storage[ARGUMENTS][64], char **argv, const struct listen_socket *sockets)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    close(pair[0]);
    snprintf(storage[0], 64, SPAWN_COMMAND);
    snprintf(storage[1], 64, "-b");
    snprintf(storage[2], 64, "/base");
    snprintf(storage[3], 64, "--home");
    snprintf(storage[4], 64, "/home");
    snprintf(storage[5], 64, "--supervisor");
    snprintf(storage[6], 64, "%d", pair[1]);
    snprintf(storage[7], 64, "--log-to-stdout");
    for (int i = 0; i < 2; i++) {
        snprintf(storage[8 + 2 * i], 64, "--listen");
        snprintf(storage[9 + 2 * i], 64, "%d:0:%s", sockets[i].fd, connectors[i].address);
    }
    for (int i = 0; i < ARGUMENTS; i++)
        argv[i] = storage[i];
    return ARGUMENTS;
}

struct line {
    char storage[ARGUMENTS][64], *argv[ARGUMENTS];
    int argc;
    struct listen_socket *sockets;
    size_t count;
};

static void line_make(struct line *l)
{
    struct err err = ERR_INIT;
    model_make();
    assert_true(listen_open(&config, 0, &l->sockets, &l->count, &err));
    l->argc = make_line(l->storage, l->argv, l->sockets);
}

static void line_free(struct line *l, struct spawned *s)
{
    close(s->supervisor_fd);
    spawned_free(s);
    listen_close(&l->sockets, &l->count);
}

static void sockets_find_their_connectors(void **state)
{
    (void)state;
    struct line l;
    struct spawned s;
    struct listen_socket *found;
    size_t count;
    struct err err = ERR_INIT;
    line_make(&l);
    fcntl(l.sockets[0].fd, F_SETFD, 0); /* as after exec */
    assert_true(spawn_parse(l.argc, l.argv, &s, &err));
    assert_string_equal(s.base, "/base");
    assert_string_equal(s.home, "/home");
    assert_true(s.log_to_stdout);
    assert_true(fcntl(l.sockets[0].fd, F_GETFD) & FD_CLOEXEC);
    assert_true(spawn_match(&s, &config, &found, &count, &err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(found[i].fd, l.sockets[i].fd);
        assert_int_equal(found[i].port, l.sockets[i].port);
        assert_string_equal(found[i].address, l.sockets[i].address);
        assert_ptr_equal(found[i].connector, &connectors[i]);
        found[i].fd = -1;
    }
    listen_close(&found, &count);
    line_free(&l, &s);
}

/* Between the bind and a restart one connector went and another came. */
static void a_changed_configuration_takes_what_fits(void **state)
{
    (void)state;
    struct line l;
    struct spawned s;
    struct listen_socket *found;
    size_t count;
    struct err err = ERR_INIT;
    line_make(&l);
    assert_true(spawn_parse(l.argc, l.argv, &s, &err));
    struct connector_config fresh = {.address = "127.0.0.1", .port = 8081, .next = &connectors[1]};
    service.connectors = &fresh;
    log_set_level(LOG_ROOM_supervisor, LOG_OFF);
    assert_true(spawn_match(&s, &config, &found, &count, &err));
    log_set_level(LOG_ROOM_supervisor, LOG_INFO);
    assert_int_equal(count, 1);
    assert_ptr_equal(found[0].connector, &connectors[1]);
    assert_int_equal(found[0].fd, l.sockets[1].fd);
    assert_int_equal(fcntl(l.sockets[0].fd, F_GETFD), -1); /* nobody serves it: closed */
    found[0].fd = -1;
    l.sockets[0].fd = -1;
    listen_close(&found, &count);
    line_free(&l, &s);
}

static void other_command_lines_are_refused(void **state)
{
    (void)state;
    static const struct {
        int argument;
        const char *text;
    } bad[] = {{1, "--base"}, {6, "-1"},   {6, "99999"}, {7, "--log"},    {9, "nine"},
               {9, "5"},      {9, "5:80"}, {9, "x:80:"}, {9, "9999:80:"}, {11, "0:65536:"}};
    struct line l;
    struct spawned s;
    line_make(&l);
    int supervisor = (int)strtol(l.storage[6], NULL, 10);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        char kept[64];
        memcpy(kept, l.storage[bad[i].argument], 64);
        snprintf(l.storage[bad[i].argument], 64, "%s", bad[i].text);
        assert_false(spawn_parse(l.argc, l.argv, &s, &err));
        assert_non_null(strstr(err.hint, "cserv start"));
        memcpy(l.storage[bad[i].argument], kept, 64);
    }
    for (int argc = 1; argc < 7; argc++) {
        struct err err = ERR_INIT;
        assert_false(spawn_parse(argc, l.argv, &s, &err));
    }
    s.supervisor_fd = supervisor;
    line_free(&l, &s);
}

/* What this program does when it is started as a container: tells one variable. */
static int tell_tunables(int argc, char **argv)
{
    struct spawned s;
    struct err err = ERR_INIT;
    if (!spawn_parse(argc, argv, &s, &err))
        return 1;
    const char *value = getenv("GLIBC_TUNABLES");
    value = value ? value : "(none)";
    bool sent = send(s.supervisor_fd, value, strlen(value), MSG_NOSIGNAL) > 0;
    close(s.supervisor_fd);
    spawned_free(&s);
    return sent ? 0 : 1;
}

static void assert_tunables(const char *before, const char *in_container)
{
    static const struct spawn_options options = {.base = "/base", .home = "/home"};
    struct err err = ERR_INIT;
    char text[256];
    pid_t pid;
    int fd, status;
    if (before)
        setenv("GLIBC_TUNABLES", before, 1);
    else
        unsetenv("GLIBC_TUNABLES");
    assert_true(spawn_container(&options, &pid, &fd, &err));
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 30000), 1);
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, in_container);
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void the_container_has_room_for_static_tls(void **state)
{
    (void)state;
    assert_tunables(NULL, "glibc.rtld.optional_static_tls=65536");
    assert_tunables("", "glibc.rtld.optional_static_tls=65536");
    assert_tunables("glibc.malloc.arena_max=4",
                    "glibc.malloc.arena_max=4:glibc.rtld.optional_static_tls=65536");
    assert_tunables("glibc.rtld.optional_static_tls=1024", "glibc.rtld.optional_static_tls=1024");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], SPAWN_COMMAND) == 0)
        return tell_tunables(argc - 1, argv + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_find_their_connectors),
        cmocka_unit_test(a_changed_configuration_takes_what_fits),
        cmocka_unit_test(other_command_lines_are_refused),
        cmocka_unit_test(the_container_has_room_for_static_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
