/* SPDX-License-Identifier: Apache-2.0
 * One connection of the load client: makes requests, sends them, checks the answers in order. Called
 * by load_drive.c only, on the connection's thread. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

enum { KEEP_OUT = 64 * 1024, PRINTED_ERRORS = 8 };

uint64_t load_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void no_longer_fresh(struct load_conn *c)
{
    if (c->fresh)
        c->drive->fresh--;
    c->fresh = false;
}

/* Requests without an answer are made again elsewhere: the run's number of requests is of answers. */
static void give_back_open(struct load_conn *c)
{
    c->drive->waiting -= c->open;
    if (c->drive->left <= UINT64_MAX - c->open)
        c->drive->left += c->open;
    c->open = 0;
    c->first = 0;
}

void load_conn_close(struct load_conn *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    no_longer_fresh(c);
    give_back_open(c);
    c->out.length = 0;
    c->out_sent = 0;
    c->rest.length = 0;
    c->leaving = false;
    c->armed = false;
    c->error = 0;
    c->drive->closed++;
}

void load_conn_wrong(struct load_conn *c, enum load_error error, const char *why)
{
    static const char *const words[] = {
#define X(name, word, text) word,
        LOAD_ERROR_LIST(X)
#undef X
    };
    static const char *const kinds[] = {"hello", "echo", "big"};
    struct load_drive *d = c->drive;
    uint64_t before = load_figures_errors(&d->figures);
    d->figures.errors[error]++;
    if (before < PRINTED_ERRORS)
        fprintf(stderr, "load: error %s: %s (%s)%s%s%s\n", words[error], why,
                c->open ? kinds[c->ring[c->first].kind] : "no request open",
                c->answer.line[0] ? ": '" : "", c->answer.line, c->answer.line[0] ? "'" : "");
    if (before + 1 >= LOAD_ERRORS_MAX)
        d->stop = true;
    c->answer.line[0] = '\0';
    load_conn_close(c);
}

static void watch(struct load_conn *c, bool out)
{
    struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = c};
    if (epoll_ctl(c->drive->epoll, EPOLL_CTL_MOD, c->fd, &e) == 0)
        c->armed = out;
}

/* Sends what is there; the rest waits for EPOLLOUT. */
static void send_out(struct load_conn *c)
{
    while (c->out_sent < c->out.length) {
        ssize_t n =
            send(c->fd, c->out.data + c->out_sent, c->out.length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            if (!c->armed)
                watch(c, true);
            return;
        }
        if (n < 0) { /* recv finds the end, perhaps behind answers that are still good */
            c->error = errno;
            break;
        }
        c->out_sent += (size_t)n;
    }
    c->out_sent = 0;
    c->out.length = 0;
    if (c->out.room > KEEP_OUT) {
        free(c->out.data);
        c->out = (struct load_bytes){0};
    }
    if (c->armed)
        watch(c, false);
}

void load_conn_issue(struct load_conn *c)
{
    struct load_drive *d = c->drive;
    unsigned depth = d->plan->depth;
    while (c->open < depth && d->left > 0) {
        load_request_make(d, &c->out, &c->ring[(c->first + c->open) % depth]);
        c->open++;
        d->waiting++;
        d->left--;
    }
    if (c->out_sent < c->out.length)
        send_out(c);
}

void load_conn_open(struct load_conn *c)
{
    struct load_drive *d = c->drive;
    d->closed--;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        d->closed++;
        d->figures.errors[LOAD_ERROR_CONNECT]++;
        fprintf(stderr,
                "load: no socket: %s; the limit of open files must exceed the connections\n",
                strerror(errno));
        d->stop = true;
        return;
    }
    if (d->counting && c->reopened)
        d->figures.reconnects++;
    c->reopened = true;
    c->fresh = true;
    d->fresh++;
    load_answer_start(&c->answer);
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)d->plan->port)};
    inet_pton(AF_INET, d->plan->host, &to.sin_addr);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        load_conn_wrong(c, LOAD_ERROR_CONNECT, strerror(errno));
        return;
    }
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0) {
        load_conn_wrong(c, LOAD_ERROR_CONNECT, strerror(errno));
        return;
    }
    d->now = load_clock();
    load_conn_issue(c);
}

/* The first open request was answered rightly. */
static void answered(struct load_conn *c)
{
    struct load_drive *d = c->drive;
    const struct load_expect *e = &c->ring[c->first];
    no_longer_fresh(c);
    if (d->counting) {
        d->figures.requests++;
        d->figures.by_kind[e->kind]++;
        d->figures.bytes += e->length;
        load_figures_latency(&d->figures, d->now - e->sent_at);
    }
    c->first = (c->first + 1) % d->plan->depth;
    c->open--;
    d->waiting--;
    if (c->answer.closes) {
        c->leaving = true;
        c->left_at = d->now;
        give_back_open(c);
    }
    load_answer_start(&c->answer);
}

/* Nothing more will come. ERROR is 0 for an orderly end. */
static void ended(struct load_conn *c, int error)
{
    if (error == 0)
        error = c->error;
    if (c->leaving) /* a reset is lawful too: pipelined requests may lie unread */
        load_conn_close(c);
    else if (error == ECONNREFUSED || error == ETIMEDOUT)
        load_conn_wrong(c, LOAD_ERROR_CONNECT, strerror(error));
    else if (c->open > 0 || c->drive->hold)
        load_conn_wrong(c, LOAD_ERROR_CLOSED, error ? strerror(error) : "end of stream");
    else
        load_conn_close(c);
}

/* False: the connection was closed. */
static bool take(struct load_conn *c, const char *bytes, size_t size)
{
    size_t used = 0;
    while (used < size) {
        if (c->leaving) {
            load_conn_wrong(c, LOAD_ERROR_OPEN, "more follows an answer with Connection: close");
            return false;
        }
        if (c->open == 0) {
            load_conn_wrong(c, LOAD_ERROR_SURPLUS, "bytes that no request asked for");
            return false;
        }
        size_t done;
        enum load_step step =
            load_answer_read(&c->answer, &c->ring[c->first], bytes + used, size - used, &done);
        used += done;
        if (step == LOAD_WRONG) {
            load_conn_wrong(c, c->answer.error, c->answer.why);
            return false;
        }
        if (step == LOAD_MORE)
            break;
        answered(c);
    }
    c->rest.length = 0;
    if (used < size) {
        memcpy(load_bytes_room(&c->rest, size - used), bytes + used, size - used);
        c->rest.length = size - used;
    }
    return true;
}

void load_conn_event(struct load_conn *c, uint32_t events)
{
    struct load_drive *d = c->drive;
    if (events & EPOLLOUT)
        send_out(c);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    size_t kept = c->rest.length; /* less than a head: far below LOAD_INPUT */
    if (kept > 0)
        memcpy(d->input, c->rest.data, kept);
    ssize_t n = recv(c->fd, d->input + kept, LOAD_INPUT - kept, 0);
    d->now = load_clock();
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        ended(c, n < 0 ? errno : 0);
        return;
    }
    if (take(c, d->input, kept + (size_t)n) && !c->leaving && !d->hold)
        load_conn_issue(c);
}
