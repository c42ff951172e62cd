/* SPDX-License-Identifier: Apache-2.0
 * Near maxConnections: who has been idle longest makes room for new clients, then who is slowest, as long
 * as it is below twice the least rate. When all connections are taken, also whose request has been
 * incomplete for longest, and who has only just become idle. On the poller, once per turn; each group closes its share. */
#include "base/clock.h"
#include "connector/group_priv.h"

#define RESERVE_MAX  64u     /* connections kept free for new clients */
#define FRESH_MS     1000    /* idle for less: between two requests, or about to send its first */
#define SCAN_US      10000u  /* between two searches for slow ones: they cost a look at each */
#define SCAN_SHARE   20u     /* and at most such a part of the time */
#define YOUNGEST_US  100000u /* requests that have waited for less are not closed at all */
#define DEFAULT_RATE 240u    /* where there is no least rate */

uint32_t room_line(uint32_t max_connections)
{
    uint32_t reserve = max_connections / 32;
    if (reserve > RESERVE_MAX)
        reserve = RESERVE_MAX;
    if (reserve == 0 && max_connections > 1)
        reserve = 1;
    return max_connections - reserve;
}

static bool is_fresh(const struct group *g, const struct conn *c)
{
    const struct connector_options *o = &g->connector->options;
    int64_t all = c->requests > 0 ? o->keep_alive_timeout : o->connection_timeout;
    return all > FRESH_MS && poller_deadline_left(c) > all - FRESH_MS;
}

/* Oldest first. FRESH: also those that have only just become idle, but not those that have said nothing
 * yet: one of them may be who the room is made for. */
static uint32_t close_idle(struct group *g, uint32_t want, bool fresh)
{
    uint32_t tries = want + RESERVE_MAX;
    LIST_FOREACH_SAFE (link, next, &g->idle) {
        struct conn *c = CONTAINER_OF(link, struct conn, again);
        bool spared = is_fresh(g, c) && (!fresh || c->requests == 0);
        if (want == 0 || tries-- == 0 || (spared && !fresh))
            break;
        if (spared)
            continue;
        conn_die(g, c, CLOSE_room_idle);
        want--;
    }
    return want;
}

struct victim {
    struct conn *c;
    uint64_t rank; /* low ones go first */
};

static bool is_slow(uint64_t rate, uint32_t least)
{
    return rate != PACE_YOUNG && rate < 2 * (uint64_t)(least > 0 ? least : DEFAULT_RATE);
}

/* Whether V->c has to go, and how soon: by its rate; when FULL also requests that are only too young to be
 * called slow, oldest first, as honest clients are done with theirs in no time. */
static bool is_victim(struct victim *v, uint64_t now, bool full)
{
    const struct conn *c = v->c;
    const struct active *a = c->active;
    if (!a)
        return false;
    if (c->state == CONN_HEAD || c->state == CONN_BODY) {
        uint64_t age =
            pace_runs(&a->input) && now > a->input.window_us ? now - a->input.window_us : 0;
        v->rank = pace_rate(&a->input, now, a->received);
        if (v->rank != PACE_YOUNG || !full || age < YOUNGEST_US)
            return is_slow(v->rank, a->body_rate);
        v->rank = PACE_YOUNG - age;
        return true;
    }
    bool sends = c->state == CONN_SEND || c->state == CONN_PARKED || c->state == CONN_MUX;
    if (!sends || !pace_runs(&a->output))
        return false;
    v->rank = pace_rate(&a->output, now, conn_taken(c));
    return is_slow(v->rank, a->send_rate);
}

/* ROWS stay sorted, slowest first, COUNT of at most MAX. */
static uint32_t insert(struct victim *rows, uint32_t count, uint32_t max, struct victim v)
{
    if (count == max && v.rank >= rows[count - 1].rank)
        return count;
    uint32_t i = count < max ? count++ : count - 1;
    for (; i > 0 && rows[i - 1].rank > v.rank; i--)
        rows[i] = rows[i - 1];
    rows[i] = v;
    return count;
}

/* How many are still wanted; 0 when it is too early to know. */
static uint32_t close_slowest(struct group *g, uint32_t want, bool full)
{
    struct victim victims[RESERVE_MAX];
    uint32_t count = 0, max = want < RESERVE_MAX ? want : RESERVE_MAX;
    uint64_t now = clock_us();
    if (now < g->scan_again_us)
        return 0;
    LIST_FOREACH (link, poller_connections(g->poller)) {
        struct victim v = {.c = CONTAINER_OF(link, struct conn, all)};
        if (is_victim(&v, now, full))
            count = insert(victims, count, max, v);
    }
    for (uint32_t i = 0; i < count; i++)
        conn_cut_off(g, victims[i].c, CLOSE_room_slow);
    uint64_t end = clock_us(), pause = (end - now) * SCAN_SHARE;
    g->scan_again_us = end + (pause > SCAN_US ? pause : SCAN_US);
    return want - count;
}

void group_make_room(struct group *g)
{
    struct connector *c = g->connector;
    uint32_t open = atomic_load_explicit(&c->connections, memory_order_relaxed);
    if (open <= c->room_line)
        return;
    uint32_t want = (open - c->room_line + c->group_count - 1) / c->group_count;
    bool full = open >= c->options.max_connections;
    want = close_idle(g, want, false);
    if (want > 0)
        want = close_slowest(g, want, full);
    if (want > 0 && full)
        close_idle(g, want, true);
}
