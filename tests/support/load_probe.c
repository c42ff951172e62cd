/* SPDX-License-Identifier: Apache-2.0
 * Probes: one request every so many milliseconds, nine of ten on a connection that stays, the tenth on a
 * new one; what they took, and whether each was answered rightly. A connection that the server has closed
 * between two requests is replaced, as every client does. For tests/long. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"
#include "load_crowd.h"

enum { PATIENCE = 20 };

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = PATIENCE};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

enum result { RIGHT, WRONG, CLOSED /* no byte of an answer came */ };

/* *closes: the connection is of no more use. */
static enum result ask(int fd, const char *request, bool *closes)
{
    struct load_expect want = {.kind = LOAD_HELLO, .length = 13};
    struct load_answer answer;
    char bytes[4096];
    size_t have = 0, used = 0;
    enum load_step step = LOAD_MORE;
    *closes = true;
    if (fd < 0)
        return WRONG;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return CLOSED;
    load_answer_start(&answer);
    while (step == LOAD_MORE && have < sizeof bytes) {
        ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (n <= 0)
            return have == 0 && (n == 0 || errno == ECONNRESET) ? CLOSED : WRONG;
        have += (size_t)n;
        size_t done;
        step = load_answer_read(&answer, &want, bytes + used, have - used, &done);
        used += done;
    }
    *closes = answer.closes || step != LOAD_DONE;
    return step == LOAD_DONE ? RIGHT : WRONG;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A client sits at a machine of its own: what it waits here for a processor, behind server and crowd, is not the
 * server's. Wants root; the figures tell. */
static bool hurry(void)
{
    const struct sched_param first = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &first) == 0;
}

int load_probe(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "load: probe PORT PATH COUNT MILLISECONDS; load --help\n");
        return 2;
    }
    int port = atoi(argv[0]), kept = -1;
    unsigned used = 0; /* requests on the one that is kept */
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10), answered = 0, replaced = 0;
    double *took = calloc(count ? count : 1, sizeof *took);
    char request[512];
    if (!took || count == 0)
        return 2;
    snprintf(request, sizeof request, "GET %.300s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", argv[1],
             port);
    bool hurried = hurry();
    struct timespec gap = {.tv_nsec = atol(argv[3]) * 1000000};
    for (unsigned i = 0; i < count; i++) {
        bool fresh = i % 10 == 9, closes;
        uint64_t began = load_clock();
        if (!fresh && kept < 0) {
            kept = connect_to(port);
            used = 0;
        }
        int fd = fresh ? connect_to(port) : kept;
        enum result r = ask(fd, request, &closes);
        if (r == CLOSED && !fresh && used > 0) {
            close(fd);
            kept = fd = connect_to(port);
            replaced++;
            r = ask(fd, request, &closes);
        }
        answered += r == RIGHT;
        used = fresh ? used : closes ? 0 : used + 1;
        took[i] = (double)(load_clock() - began) / 1e6;
        if (fd >= 0 && (fresh || closes))
            close(fd);
        if (!fresh && closes)
            kept = -1;
        nanosleep(&gap, NULL);
    }
    qsort(took, count, sizeof *took, by_time);
    printf("probes=%u answered=%u replaced=%u p50=%.3f p99=%.3f max=%.3f at-once=%s\n", count,
           answered, replaced, took[count / 2], took[count * 99 / 100], took[count - 1],
           hurried ? "yes" : "no");
    free(took);
    return answered == count ? 0 : 1;
}
