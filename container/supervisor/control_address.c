/* SPDX-License-Identifier: Apache-2.0
 * Binds and connects the control socket. Called by control_set.c and control.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/path.h"
#include "supervisor/control_address.h"

enum { BACKLOG = 64 };

/* Fills ADDRESS for BASE/run/cserv.sock. A path that does not fit goes through the open folder:
 * *folder is its descriptor then (to be closed after bind or connect), else -1. False: errno. */
static bool address_of(const char *base, struct sockaddr_un *address, int *folder)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    *folder = -1;
    if (path_join(address->sun_path, sizeof address->sun_path, base, "run/cserv.sock"))
        return true;
    char run[PATH_MAX];
    if (!path_join(run, sizeof run, base, "run")) {
        errno = ENAMETOOLONG;
        return false;
    }
    *folder = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return false;
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/cserv.sock", *folder);
    return true;
}

void control_address_remove(const char *base)
{
    char path[PATH_MAX];
    if (path_join(path, sizeof path, base, "run/cserv.sock"))
        unlink(path);
}

/* bind or connect, and the folder is closed again with errno kept. */
static bool attach(int fd, const char *base, int (*how)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_un address;
    int folder;
    if (!address_of(base, &address, &folder))
        return false;
    bool good = how(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int why = errno;
    if (folder >= 0)
        close(folder);
    errno = why;
    return good;
}

int control_address_listen(const char *base, struct err *err)
{
    control_address_remove(base);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The file gets the descriptor's mode, so it is never open to others, not even for a moment. */
    if (fd >= 0 && fchmod(fd, 0600) == 0 && attach(fd, base, bind) && listen(fd, BACKLOG) == 0)
        return fd;
    err_sys(err, errno, "cannot make the control socket %s/run/cserv.sock", base);
    if (fd >= 0)
        close(fd);
    return -1;
}

int control_address_connect(const char *base)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || attach(fd, base, connect))
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
