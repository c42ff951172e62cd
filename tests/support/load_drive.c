/* SPDX-License-Identifier: Apache-2.0
 * The load client's loop: one thread, one epoll descriptor, its share of the connections. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "load.h"

enum { EVENTS = 256 };
static const uint64_t second = 1000000000u;

static uint64_t after(uint64_t now, double seconds)
{
    return now + (uint64_t)(seconds * (double)second);
}

bool load_drive_start(struct load_drive *d, const struct load_plan *plan, unsigned number,
                      unsigned connections)
{
    *d = (struct load_drive){
        .plan = plan, .number = number, .room = connections, .left = UINT64_MAX};
    d->figures.cpu = -1;
    d->random = plan->seed + number * UINT64_C(0x9e3779b97f4a7c15);
    d->now = load_clock();
    d->deadline = after(d->now, plan->limit);
    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    d->input = malloc(LOAD_INPUT);
    d->conns = calloc(connections, sizeof *d->conns);
    struct load_expect *rings = calloc((size_t)connections * plan->depth, sizeof *rings);
    if (d->epoll < 0 || !d->input || !d->conns || !rings) {
        fprintf(stderr, "load: cannot start: out of memory or descriptors\n");
        free(rings);
        free(d->conns);
        free(d->input);
        return false;
    }
    for (unsigned i = 0; i < connections; i++) {
        d->conns[i].fd = -1;
        d->conns[i].drive = d;
        d->conns[i].ring = rings + (size_t)i * plan->depth;
    }
    d->count = d->closed = connections;
    return true;
}

void load_drive_end(struct load_drive *d)
{
    for (unsigned i = 0; i < d->room; i++) {
        load_conn_close(&d->conns[i]);
        free(d->conns[i].out.data);
        free(d->conns[i].rest.data);
    }
    free(d->conns[0].ring);
    free(d->conns);
    free(d->input);
    close(d->epoll);
}

static void open_closed(struct load_drive *d)
{
    for (unsigned seen = 0; d->closed > 0 && d->fresh < LOAD_FRESH_MAX && seen < d->count; seen++) {
        if (d->left == 0 || d->stop)
            return;
        struct load_conn *c = &d->conns[d->cursor];
        d->cursor = (d->cursor + 1) % d->count;
        if (c->fd < 0)
            load_conn_open(c);
    }
}

/* Four times a second: who waits too long. */
static void check_times(struct load_drive *d)
{
    if (d->now - d->checked < second / 4)
        return;
    d->checked = d->now;
    for (unsigned i = 0; i < d->count; i++) {
        struct load_conn *c = &d->conns[i];
        if (c->fd < 0)
            continue;
        if (c->leaving && after(c->left_at, d->plan->timeout) < d->now)
            load_conn_wrong(c, LOAD_ERROR_OPEN, "the server does not close as announced");
        else if (c->open > 0 && after(c->ring[c->first].sent_at, d->plan->timeout) < d->now)
            load_conn_wrong(c, LOAD_ERROR_TIMEOUT, "no complete answer in time");
    }
    if (d->now > d->deadline && !d->stop) {
        fprintf(stderr, "load: the time limit of %.0f s is over, %u requests are open\n",
                d->plan->limit, d->waiting);
        d->figures.errors[LOAD_ERROR_LIMIT]++;
        d->stop = true;
    }
}

void load_drive_turn(struct load_drive *d, int milliseconds)
{
    struct epoll_event events[EVENTS];
    if (d->closed > 0)
        open_closed(d);
    int n = epoll_wait(d->epoll, events, EVENTS, milliseconds);
    d->now = load_clock();
    for (int i = 0; i < n; i++) {
        struct load_conn *c = events[i].data.ptr;
        load_conn_event(c, events[i].events); /* closes no other connection than its own */
    }
    check_times(d);
}

static void run_until(struct load_drive *d, uint64_t end)
{
    while (d->now < end && !d->stop) {
        uint64_t left = (end - d->now) / 1000000u;
        load_drive_turn(d, left > 50 ? 50 : (int)left + 1);
    }
}

static void run_dry(struct load_drive *d)
{
    while ((d->waiting > 0 || d->left > 0) && !d->stop)
        load_drive_turn(d, 50);
}

void *load_drive_run(void *drive)
{
    struct load_drive *d = drive;
    const struct load_plan *plan = d->plan;
    if (plan->warmup > 0)
        run_until(d, after(d->now, plan->warmup));

    bool measure = plan->pid > 0 && d->number == 0;
    double cpu = measure ? load_cpu_seconds(plan->pid) : -1;
    uint64_t began = d->now = load_clock();
    d->counting = true;
    if (plan->requests > 0) {
        d->left = plan->requests / plan->threads + (d->number < plan->requests % plan->threads);
        run_dry(d);
    } else {
        run_until(d, after(d->now, plan->seconds));
    }
    d->figures.seconds = (double)(d->now - began) / (double)second;
    if (measure && cpu >= 0)
        d->figures.cpu = load_cpu_seconds(plan->pid) - cpu;
    d->counting = false;
    d->left = 0;
    run_dry(d);
    return NULL;
}
