/* SPDX-License-Identifier: Apache-2.0
 * The floor of the benchmark: what any server must spend. One thread with bare epoll that receives,
 * finds the blank line and writes a constant answer, as many bytes as cserv's hello. It reads nothing
 * of the request and serves nobody but tests/bench. Usage: floor PORT; ends on SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, INPUT = 16384, ANSWERS = 64 };

static char answers[ANSWERS * 256]; /* the same one behind itself, for pipelined requests */
static size_t answer_length;

static void make_answers(void)
{
    char date[40], one[256];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    answer_length = (size_t)snprintf(one, sizeof one,
                                     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                     "Content-Length: 13\r\nDate: %s\r\n\r\nHello, World!",
                                     date);
    for (size_t i = 0; i < ANSWERS; i++)
        memcpy(answers + i * answer_length, one, answer_length);
}

/* False: the connection is over. A head that is split between two reads is told from its last bytes
 * only: the load client sends a request in one piece. */
static int serve(int fd)
{
    static char input[INPUT];
    ssize_t n = recv(fd, input, sizeof input, 0);
    if (n <= 0)
        return 0;
    size_t requests = 0;
    const char *at = input, *end = input + n, *blank;
    while (requests < ANSWERS && (blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4))) {
        requests++;
        at = blank + 4;
    }
    return requests == 0 || send(fd, answers, requests * answer_length, MSG_NOSIGNAL) > 0;
}

static int listen_on(const char *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1024) < 0) {
        perror("floor: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: floor PORT\n");
        return 2;
    }
    make_answers();
    int listener = listen_on(argv[1]), epoll = epoll_create1(EPOLL_CLOEXEC), one = 1;
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (!serve(fd))
                    close(fd);
                continue;
            }
            int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (client < 0)
                continue;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            e = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
            epoll_ctl(epoll, EPOLL_CTL_ADD, client, &e);
        }
    }
}
