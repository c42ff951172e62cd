/* SPDX-License-Identifier: Apache-2.0
 * How long a server takes from the command that starts it to its first right answer, for
 * tests/bench/startup.sh; and a free port for every script here. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "load_first.h"
#include "load.h"

extern char **environ;

/* Below 32768, where the kernel takes ports for outgoing connections from: a client cannot get it
 * between now and the server's bind. */
int load_free_port(void)
{
    uint64_t random = load_clock() ^ (uint64_t)getpid() << 32;
    for (int tries = 0; tries < 1000; tries++) {
        int port = 20000 + (int)(load_random(&random) % 12000);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        bool free = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
        if (fd >= 0)
            close(fd);
        if (free) {
            printf("%d\n", port);
            return 0;
        }
    }
    fprintf(stderr, "load: no free port\n");
    return 1;
}

/* 1 a right answer, 0 nobody listens yet, -1 a wrong answer (printed). */
static int ask(int port, const char *request, size_t length)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) {
        close(fd);
        return 0;
    }
    struct load_expect want = {.kind = LOAD_HELLO, .length = 13};
    struct load_answer answer;
    load_answer_start(&answer);
    char bytes[4096];
    size_t have = 0, used = 0;
    enum load_step step = LOAD_MORE;
    while (step == LOAD_MORE && have < sizeof bytes) {
        ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
        size_t done;
        step = load_answer_read(&answer, &want, bytes + used, have - used, &done);
        used += done;
    }
    close(fd);
    if (step == LOAD_DONE)
        return 1;
    fprintf(stderr, "load: wrong first answer: %s\n",
            step == LOAD_WRONG ? answer.why : "it ends or does not come");
    return -1;
}

int load_first_answer(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "load: first-answer PORT PATH SECONDS COMMAND...; load --help\n");
        return 2;
    }
    int port = atoi(argv[0]), answered = 0;
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %.300s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", argv[1], port);
    uint64_t limit = (uint64_t)(atof(argv[2]) * 1e9), began = load_clock(), took = 0;
    pid_t child;
    posix_spawn_file_actions_t actions; /* what it prints is not our result */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    int error = posix_spawnp(&child, argv[3], &actions, NULL, argv + 3, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) {
        fprintf(stderr, "load: cannot run %s: %s\n", argv[3], strerror(error));
        return 1;
    }
    while (answered == 0 && took < limit) {
        answered = ask(port, request, (size_t)length);
        took = load_clock() - began;
        if (answered == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    int status = 0;
    if (answered == 0) /* it may wait for ever */
        kill(child, SIGTERM);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (answered == 0)
        fprintf(stderr, "load: no answer within %s s\n", argv[2]);
    if (status != 0)
        fprintf(stderr, "load: the command ended with %d\n",
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (answered != 1 || status != 0)
        return 1;
    printf("%.2f\n", (double)took / 1e6);
    return 0;
}
