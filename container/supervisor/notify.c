/* SPDX-License-Identifier: Apache-2.0
 * The notification socket: see notify.h. Called by supervisor.c and supervise_child.c. */
#include "supervisor/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024 };

/* The length of the address; 0 when NAME is none: it may fill sun_path wholly, without a 0 at its end,
 * and the one of an abstract socket is as long as its name. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t n = strlen(name);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || n < 2 || n > sizeof(address->sun_path))
        return 0;
    memcpy(address->sun_path, name, n);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static bool connect_to(struct notify *n, const char *name, struct err *err)
{
    struct sockaddr_un address;
    socklen_t length = address_of(name, &address);
    if (length == 0) {
        err_set(err, "NOTIFY_SOCKET=%.200s is not the address of a socket", name);
        return err_hint(err, "It is a path or @name of at most %zu bytes",
                        sizeof(address.sun_path));
    }
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd >= 0 && connect(n->fd, (const struct sockaddr *)&address, length) == 0)
        return true;
    err_sys(err, errno, "the service manager's NOTIFY_SOCKET=%.200s cannot be reached", name);
    notify_close(n);
    return err_hint(err, "The server runs, but its manager will not learn that it is ready");
}

bool notify_open(struct notify *n, struct err *err)
{
    n->fd = -1;
    const char *name = getenv("NOTIFY_SOCKET");
    bool good = !name || name[0] == '\0' || connect_to(n, name, err);
    unsetenv("NOTIFY_SOCKET");
    return good;
}

void notify_say(const struct notify *n, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list ap;
    if (n->fd < 0)
        return;
    va_start(ap, fmt);
    int length = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    if (length <= 0)
        return;
    size_t size = (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
    while (send(n->fd, message, size, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
