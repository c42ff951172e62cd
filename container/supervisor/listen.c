/* SPDX-License-Identifier: Apache-2.0
 * Binds what server.xml's connectors ask for. Called once by the supervisor (or by `run --single`)
 * before there is a container. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "supervisor/listen.h"

/* How often a port in use is tried again. */
enum { RETRY_MS = 50 };

union any_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

static bool is_any(const char *address)
{
    return address[0] == '\0' || strcmp(address, "::") == 0 || strcmp(address, "*") == 0;
}

/* errno of the failed step, 0 when *fd listens. */
static int try_listen(const union any_address *to, socklen_t length, int backlog, int *fd)
{
    int on = 1, off = 0;
    int s = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return errno;
    /* SO_REUSEADDR lets us follow a server whose old connections linger in TIME_WAIT; a second
     * listener on the port is still refused, which SO_REUSEPORT would not do. */
    bool good = setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (good && to->sa.sa_family == AF_INET6)
        good = setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0;
    if (good && bind(s, &to->sa, length) == 0 && listen(s, backlog) == 0) {
        *fd = s;
        return 0;
    }
    int why = errno;
    close(s);
    return why;
}

static int listen_any(in_port_t port, int backlog, int *fd)
{
    union any_address to = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT}};
    to.v6.sin6_port = port;
    int why = try_listen(&to, sizeof to.v6, backlog, fd);
    if (why != EAFNOSUPPORT && why != EADDRNOTAVAIL)
        return why;
    to = (union any_address){.v4 = {.sin_family = AF_INET, .sin_port = port}};
    return try_listen(&to, sizeof to.v4, backlog, fd);
}

static int listen_at(const struct connector_config *c, const union any_address *to,
                     socklen_t length, int *fd)
{
    int backlog = (int)c->accept_count;
    if (is_any(c->address))
        return listen_any(htons((uint16_t)c->port), backlog, fd);
    union any_address with_port = *to;
    if (to->sa.sa_family == AF_INET6)
        with_port.v6.sin6_port = htons((uint16_t)c->port);
    else
        with_port.v4.sin_port = htons((uint16_t)c->port);
    return try_listen(&with_port, length, backlog, fd);
}

/* The first address that NAME (numeric or a host name) stands for. */
static bool resolve(const char *name, union any_address *to, socklen_t *length, struct err *err)
{
    struct addrinfo wish = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(name, NULL, &wish, &found);
    if (rc != 0) {
        err_set(err, "the address \"%s\" cannot be listened on", name);
        err_why(err, "%s", rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return err_hint(err, "Give an address of this machine, or none for all addresses");
    }
    CHECK(found->ai_addrlen <= sizeof *to);
    memcpy(to, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool refuse(const struct connector_config *c, int why, struct err *err)
{
    const char *address = c->address[0] ? c->address : "all addresses";
    err_sys(err, why, "cannot listen on %s port %lld", address, (long long)c->port);
    if (why == EADDRINUSE)
        return err_hint(err,
                        "Stop what listens there (\"ss -ltnp sport = :%lld\" names it) or change "
                        "the port here",
                        (long long)c->port);
    if (why == EACCES)
        return err_hint(err, "Ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one");
    if (why == EADDRNOTAVAIL)
        return err_hint(err, "Give an address of this machine, or none for all addresses");
    return false;
}

bool listen_describe(struct listen_socket *s, struct err *err)
{
    union any_address at;
    socklen_t length = sizeof at;
    if (getsockname(s->fd, &at.sa, &length) != 0)
        return err_sys(err, errno, "descriptor %d is no listening socket", s->fd);
    bool six = at.sa.sa_family == AF_INET6;
    if (!six && at.sa.sa_family != AF_INET)
        return err_set(err, "descriptor %d is no internet socket", s->fd);
    const void *raw = six ? (const void *)&at.v6.sin6_addr : (const void *)&at.v4.sin_addr;
    CHECK(inet_ntop(at.sa.sa_family, raw, s->address, sizeof s->address) != NULL);
    s->port = ntohs(six ? at.v6.sin6_port : at.v4.sin_port);
    return true;
}

static bool open_one(const struct connector_config *c, uint64_t give_up_us, struct listen_socket *s,
                     struct err *err)
{
    union any_address to;
    socklen_t length = 0;
    if (!is_any(c->address) && !resolve(c->address, &to, &length, err))
        return false;
    int why;
    while ((why = listen_at(c, &to, length, &s->fd)) == EADDRINUSE && clock_us() < give_up_us)
        poll(NULL, 0, RETRY_MS);
    if (why != 0)
        return refuse(c, why, err);
    s->connector = c;
    return listen_describe(s, err);
}

static size_t count_connectors(const struct server_config *config)
{
    size_t n = 0;
    for (const struct service_config *s = config->services; s; s = s->next)
        for (const struct connector_config *c = s->connectors; c; c = c->next)
            n++;
    return n;
}

bool listen_open(const struct server_config *config, uint32_t wait_ms,
                 struct listen_socket **sockets, size_t *count, struct err *err)
{
    uint64_t give_up_us = clock_us() + MS_TO_US(wait_ms);
    size_t n = count_connectors(config), done = 0;
    *count = 0;
    *sockets = calloc(n ? n : 1, sizeof **sockets);
    if (!*sockets)
        return err_set(err, "out of memory");
    for (size_t i = 0; i < n; i++)
        (*sockets)[i].fd = -1;
    for (const struct service_config *s = config->services; s; s = s->next) {
        for (const struct connector_config *c = s->connectors; c; c = c->next) {
            if (!open_one(c, give_up_us, &(*sockets)[done], err)) {
                err_at(err, config->doc.file, c->line);
                listen_close(sockets, &n);
                return false;
            }
            done++;
        }
    }
    *count = n;
    return true;
}

void listen_close(struct listen_socket **sockets, size_t *count)
{
    for (size_t i = 0; *sockets && i < *count; i++)
        if ((*sockets)[i].fd >= 0)
            close((*sockets)[i].fd);
    free(*sockets);
    *sockets = NULL;
    *count = 0;
}

bool listen_url(const struct listen_socket *s, struct buf *out)
{
    if (strcmp(s->address, "::") == 0 || strcmp(s->address, "0.0.0.0") == 0)
        return buf_printf(out, "http://localhost:%d/ on all addresses", s->port);
    if (strchr(s->address, ':'))
        return buf_printf(out, "http://[%s]:%d/", s->address, s->port);
    return buf_printf(out, "http://%s:%d/", s->address, s->port);
}
