/* SPDX-License-Identifier: Apache-2.0
 * What a service manager gets to hear: the address in all its forms, and the datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "supervisor/notify.h"

static char folder[64], path[sizeof((struct sockaddr_un *)0)->sun_path + 1];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/cserv-notify-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/socket", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unlink(path);
    return rmdir(folder);
}

/* A manager that listens at NAME, a path or "@abstract". */
static int manager(const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(a.sun_path, name, n);
    if (name[0] == '@')
        a.sun_path[0] = '\0';
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, length), 0);
    return fd;
}

static void hears(int fd, const char *text)
{
    char got[2048];
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static void tells_to(const char *name)
{
    struct err err = ERR_INIT;
    struct notify n;
    int fd = manager(name);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_true(notify_open(&n, &err));
    assert_null(getenv("NOTIFY_SOCKET")); /* children do not get it */
    notify_say(&n, "READY=1\nMAINPID=%d", 7);
    hears(fd, "READY=1\nMAINPID=7");
    notify_close(&n);
    notify_say(&n, "never heard");
    assert_int_equal(recv(fd, (char[8]){0}, 8, MSG_DONTWAIT), -1);
    close(fd);
}

static void a_path(void **state)
{
    (void)state;
    tells_to(path);
}

static void a_path_that_fills_the_address(void **state)
{
    (void)state;
    size_t n = strlen(path);
    memset(path + n, 'x', sizeof path - 1 - n);
    path[sizeof path - 1] = '\0';
    tells_to(path);
}

static void an_abstract_name(void **state)
{
    (void)state;
    char name[80];
    snprintf(name, sizeof name, "@cserv-test-%s", folder + sizeof "/tmp/" - 1);
    tells_to(name);
}

static void nobody_wants_to_know(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct notify n;
    unsetenv("NOTIFY_SOCKET");
    assert_true(notify_open(&n, &err));
    assert_int_equal(n.fd, -1);
    notify_say(&n, "READY=1");
    assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
    assert_true(notify_open(&n, &err));
    assert_int_equal(n.fd, -1);
}

static void refuses(const char *name, const char *what)
{
    struct err err = ERR_INIT;
    struct notify n;
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_false(notify_open(&n, &err));
    assert_non_null(strstr(err.what, what));
    assert_true(err.hint[0] != '\0');
    assert_int_equal(n.fd, -1);
    assert_null(getenv("NOTIFY_SOCKET"));
    notify_say(&n, "READY=1"); /* does nothing */
}

static void what_cannot_be_told_to(void **state)
{
    (void)state;
    char longer[sizeof path + 8];
    refuses("relative/path", "not the address");
    refuses("vsock:2:1", "not the address");
    refuses("@", "not the address");
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    refuses(longer, "not the address");
    refuses("/nowhere/socket", "cannot be reached");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct notify n;
    char text[3000], got[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int fd = manager(path);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_true(notify_open(&n, &err));
    notify_say(&n, "STATUS=%s", text);
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 1023);
    notify_close(&n);
    close(fd);
}

static void a_manager_that_does_not_listen_delays_nobody(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct notify n;
    int fd = manager(path);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_true(notify_open(&n, &err));
    for (int i = 0; i < 10000; i++)
        notify_say(&n, "STATUS=%d", i);
    close(fd);
    notify_say(&n, "STATUS=gone"); /* no signal, no end */
    notify_close(&n);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_path),
        WITH_FOLDER(a_path_that_fills_the_address),
        WITH_FOLDER(an_abstract_name),
        WITH_FOLDER(nobody_wants_to_know),
        WITH_FOLDER(what_cannot_be_told_to),
        WITH_FOLDER(long_messages_are_cut),
        WITH_FOLDER(a_manager_that_does_not_listen_delays_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
