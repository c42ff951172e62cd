/* SPDX-License-Identifier: Apache-2.0
 * Slow clients in thousands: heads that come a byte a second, bodies at a given rate, readers that do not
 * read, bodies for a streaming servlet. Who is cut off by the server comes back. One thread, one epoll;
 * a line on stdin asks for the figures, its end ends the crowd. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"
#include "load_crowd.h"

enum kind { HEADS, BODIES, READERS, STREAMS, KINDS };
static const char *const words[KINDS] = {"heads", "bodies", "readers", "streams"};

enum { SECOND_PARTS = 10, CONNECTING_MAX = 48, EVENTS = 256, PIECE_MAX = 65536 };

struct client {
    int fd; /* -1: to be opened */
    enum kind kind;
    bool connecting, asked;
};
struct crowd {
    int port, epoll;
    unsigned wanted[KINDS], open[KINDS], answered[KINDS];
    unsigned long long cut[KINDS]; /* connections that the server ended */
    const char *body, *big, *stream;
    unsigned rate;                /* bytes/s of BODIES */
    unsigned stream_rate, arrive; /* arrive: so many a second at most */
    unsigned arrived;             /* in this part of the second */
    struct client *clients;
    unsigned count, connecting;
};

static void lose(struct crowd *c, struct client *k, bool by_server)
{
    if (k->connecting)
        c->connecting--;
    else
        c->open[k->kind]--;
    if (by_server)
        c->cut[k->kind]++;
    close(k->fd);
    *k = (struct client){.fd = -1, .kind = k->kind};
}

static void begin(struct crowd *c, struct client *k)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->port)};
    int small = 4096;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (k->fd < 0) {
        perror("load: a socket for the crowd");
        exit(2);
    }
    if (k->kind == READERS)
        setsockopt(k->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    k->connecting = true;
    c->connecting++;
    c->arrived++;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = k};
    if ((connect(k->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, k->fd, &e) < 0)
        lose(c, k, false);
}

/* What it says first; the rest is the dribble. */
static void ask(struct crowd *c, struct client *k)
{
    char text[600];
    int n = 0;
    if (k->kind == HEADS)
        n = snprintf(text, sizeof text, "GET /examples/hello HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    else if (k->kind == READERS)
        n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", c->big);
    else
        n = snprintf(text, sizeof text,
                     "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                     "Content-Length: 4000000\r\n\r\n",
                     k->kind == BODIES ? c->body : c->stream);
    k->asked = send(k->fd, text, (size_t)n, MSG_NOSIGNAL) == n;
    if (!k->asked)
        lose(c, k, true);
}

static void connected(struct crowd *c, struct client *k)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        lose(c, k, false);
        return;
    }
    k->connecting = false;
    c->connecting--;
    c->open[k->kind]++;
    /* A reader does not want to know what came. */
    struct epoll_event e = {.events = k->kind == READERS ? EPOLLRDHUP : EPOLLIN | EPOLLRDHUP,
                            .data.ptr = k};
    epoll_ctl(c->epoll, EPOLL_CTL_MOD, k->fd, &e);
    ask(c, k);
}

static void event(struct crowd *c, struct client *k, uint32_t events)
{
    char some[2048];
    if (k->fd < 0)
        return;
    if (k->connecting) {
        connected(c, k);
        return;
    }
    if (events & EPOLLIN && k->kind != READERS && recv(k->fd, some, sizeof some, 0) > 0)
        c->answered[k->kind]++; /* 408, 413, 503: it will close */
    else if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP | EPOLLIN))
        lose(c, k, true);
}

static void dribble(struct crowd *c, struct client *k)
{
    static char bytes[PIECE_MAX];
    if (!bytes[0])
        memset(bytes, 'x', sizeof bytes);
    size_t n = k->kind == HEADS ? 1 : k->kind == BODIES ? c->rate : c->stream_rate;
    if (k->fd < 0 || k->connecting || k->kind == READERS)
        return;
    if (send(k->fd, bytes, n < PIECE_MAX ? n : PIECE_MAX, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        lose(c, k, true);
}

static void tell(const struct crowd *c)
{
    unsigned open = 0, wanted = 0;
    for (int k = 0; k < KINDS; k++) {
        open += c->open[k];
        wanted += c->wanted[k];
        printf("%s=%u %s-cut=%llu %s-told=%u ", words[k], c->open[k], words[k], c->cut[k], words[k],
               c->answered[k]);
    }
    printf("open=%u wanted=%u\n", open, wanted);
    fflush(stdout);
}

/* False: the crowd goes home. */
static bool steered(const struct crowd *c)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};
    char line[100];
    if (poll(&p, 1, 0) <= 0)
        return true;
    if (read(0, line, sizeof line) <= 0)
        return false;
    tell(c);
    return true;
}

/* In one go they would also leave, and come back, in one go. */
static bool may_begin(const struct crowd *c)
{
    return c->connecting < CONNECTING_MAX && c->arrived < c->arrive / SECOND_PARTS + 1;
}

static void run(struct crowd *c)
{
    struct epoll_event events[EVENTS];
    uint64_t part = 1000000000u / SECOND_PARTS, next = load_clock() + part;
    for (unsigned turn = 0; steered(c);) {
        for (unsigned i = 0; i < c->count && may_begin(c); i++)
            if (c->clients[i].fd < 0)
                begin(c, &c->clients[i]);
        uint64_t now = load_clock();
        int wait = now < next ? (int)((next - now) / 1000000) + 1 : 0;
        int n = epoll_wait(c->epoll, events, EVENTS, wait);
        for (int i = 0; i < n; i++)
            event(c, events[i].data.ptr, events[i].events);
        if (load_clock() < next)
            continue;
        next += part; /* each client once a second, a tenth of them at a time */
        for (unsigned i = turn % SECOND_PARTS; i < c->count; i += SECOND_PARTS)
            dribble(c, &c->clients[i]);
        turn++;
        c->arrived = 0;
    }
}

static bool take_word(struct crowd *c, const char *word)
{
    const char *value = strchr(word, '=');
    size_t n = value ? (size_t)(value++ - word) : 0;
    for (int k = 0; value && k < KINDS; k++) {
        if (strlen(words[k]) == n && memcmp(word, words[k], n) == 0) {
            c->wanted[k] = (unsigned)strtoul(value, NULL, 10);
            return true;
        }
    }
    if (n == 4 && memcmp(word, "body", 4) == 0)
        c->body = value;
    else if (n == 3 && memcmp(word, "big", 3) == 0)
        c->big = value;
    else if (n == 6 && memcmp(word, "stream", 6) == 0)
        c->stream = value;
    else if (n == 4 && memcmp(word, "rate", 4) == 0)
        c->rate = (unsigned)strtoul(value, NULL, 10);
    else if (n == 6 && memcmp(word, "arrive", 6) == 0)
        c->arrive = (unsigned)strtoul(value, NULL, 10);
    else if (n == 11 && memcmp(word, "stream-rate", 11) == 0)
        c->stream_rate = (unsigned)strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int load_crowd(int argc, char **argv)
{
    struct crowd c = {.body = "/examples/echo",
                      .big = "/examples/big?bytes=196608",
                      .stream = "/examples/upload",
                      .rate = 250,
                      .stream_rate = 250,
                      .arrive = 1500,
                      .epoll = epoll_create1(EPOLL_CLOEXEC)};
    c.port = argc > 0 ? atoi(argv[0]) : 0;
    for (int i = 1; i < argc; i++) {
        if (!take_word(&c, argv[i])) {
            fprintf(stderr, "load: crowd does not know '%s'; load --help\n", argv[i]);
            return 2;
        }
    }
    for (int k = 0; k < KINDS; k++)
        c.count += c.wanted[k];
    if (c.port <= 0 || c.count == 0 || c.epoll < 0) {
        fprintf(stderr, "load: crowd PORT KIND=COUNT...; load --help\n");
        return 2;
    }
    raise_limit();
    c.clients = calloc(c.count, sizeof *c.clients);
    if (!c.clients) {
        fprintf(stderr, "load: out of memory\n");
        return 2;
    }
    for (unsigned i = 0, kind = 0, left = c.wanted[0]; i < c.count; i++, left--) {
        while (left == 0)
            left = c.wanted[++kind];
        c.clients[i] = (struct client){.fd = -1, .kind = (enum kind)kind};
    }
    run(&c);
    tell(&c);
    free(c.clients);
    return 0; /* the sockets go with the process */
}
