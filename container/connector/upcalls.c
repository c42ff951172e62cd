/* SPDX-License-Identifier: Apache-2.0
 * What a protocol tells the connector: called from within feed and produce, by the owner of the
 * connection (poller, or worker in its lease). */
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "connector/group_priv.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "observe/record.h"

static void copy_address(struct endpoint *to, const struct conn_address *from)
{
    memcpy(to->bytes, from->bytes, sizeof(to->bytes));
    to->port = from->port;
    to->family = from->family;
    to->reserved = 0;
    to->scope = from->scope;
}

/* Once per connection: a listener for all addresses does not tell which one was meant. */
static void find_local(struct conn *c)
{
    struct sockaddr_storage sa;
    socklen_t size = sizeof(sa);
    if (getsockname(c->fd, (struct sockaddr *)&sa, &size) == 0)
        conn_address_from(&c->local, (struct sockaddr *)&sa);
}

static struct body_plan on_head(void *arg, struct exchange *x)
{
    struct active *a = arg;
    struct connector *c = a->group->connector;
    copy_address(&x->req.peer, &a->c->peer);
    if (a->c->local.family == 0)
        find_local(a->c);
    copy_address(&x->req.local, &a->c->local);
    x->req.view = c->options.view;
    x->req.view.remote = x->req.peer;
    engine_route.lookup(c->options.engine, a->slot, x, &x->route);
    a->in_body = true;
    a->receiving = x;
    a->refused_body = 0;
    a->head_timed = false;
    if (x->route.mode == ROUTE_REFUSE)
        return (struct body_plan){.mode = BODY_REFUSE,
                                  .refusal = {.status = x->route.refuse_status}};
    return body_plan_for(a, x);
}

static bool over_keep_alive(const struct connector *c, uint32_t requests)
{
    int64_t max = c->options.max_keep_alive_requests;
    return max > 0 && requests >= (uint64_t)max;
}

static void on_ready(void *arg, struct exchange *x)
{
    struct active *a = arg;
    struct conn *c = a->c;
    a->in_body = false;
    a->receiving = NULL;
    c->requests++;
    if (over_keep_alive(a->group->connector, c->requests)) {
        x->res.close = true;
        c->reason = CLOSE_requests;
    }
    if (!a->proto->multiplexed) {
        CHECK(!a->x);
        a->x = x;
        return;
    }
    /* The connection stays with the poller; the exchange itself is queued. */
    struct posted *p = posted_new(a->group, c, x);
    struct job *job = p ? arena_zalloc(&x->arena, sizeof(*job)) : NULL;
    if (!job) {
        a->proto->busy(a->px, x);
        return;
    }
    job->kind = JOB_EXCHANGE;
    job->x = x;
    job->task.queue = x->route.queue;
    exchange_hold(x); /* the worker's */
    a->under_way++;
    *a->group->batch_end = &job->task;
    a->group->batch_end = &job->task.next;
}

static void on_cancel(void *arg, struct exchange *x)
{
    (void)arg;
    posted_disconnect(x);
}

static struct pulled pull(void *arg, struct exchange *x, struct chain *into, size_t max)
{
    (void)arg;
    return posted_pull(x, into, max);
}

static void on_done(void *arg, struct exchange *x)
{
    struct active *a = arg;
    a->under_way--;
    posted_record(x);
    exchange_release(&x);
}

/* One line a minute and cause: clients must not be able to flood the log. */
static void log_refusal(unsigned status, const char *setting, const char *why)
{
    static _Atomic uint64_t told_us[6];
    static _Atomic uint64_t untold[6];
    unsigned row = status / 100 <= 5 ? status / 100 : 0;
    if (setting)
        row = 0;
    uint64_t now = clock_us(), last = atomic_load(&told_us[row]);
    if ((last != 0 && now - last < 60u * 1000000u) ||
        !atomic_compare_exchange_strong(&told_us[row], &last, now)) {
        atomic_fetch_add(&untold[row], 1);
        LOG(http1, LOG_DEBUG, "refused with %u: %s", status, why);
        return;
    }
    uint64_t before = atomic_exchange(&untold[row], 0);
    LOG(http1, LOG_INFO, "refused with %u: %s%s%s (%llu more since the last such line)", status,
        why, setting ? " Setting: " : "", setting ? setting : "", (unsigned long long)before);
}

static void on_refused(void *arg, const struct exchange *x, unsigned status, const char *setting,
                       const char *why)
{
    struct active *a = arg;
    struct record r = {.status = (uint16_t)status, .refused = true};
    if (x)
        r.started_us = x->at.started;
    a->in_body = a->head_timed = false;
    a->receiving = NULL;
    a->refused_body = !x || !x->req.has_body       ? 0
                      : x->req.content_length >= 0 ? (uint64_t)x->req.content_length
                                                   : UINT64_MAX;
    record_done(&r);
    log_refusal(status, setting, why);
}

const struct proto_upcalls connector_upcalls = {
    .on_head = on_head,
    .on_body = body_take,
    .on_ready = on_ready,
    .on_cancel = on_cancel,
    .pull = pull,
    .on_done = on_done,
    .on_refused = on_refused,
};

void exchange_record(const struct exchange *x, bool aborted)
{
    struct record r = {
        .started_us = x->at.started,
        .ready_us = x->at.ready,
        .taken_us = x->at.taken,
        .committed_us = x->at.committed,
        .served_us = x->at.served,
        .bytes_in = x->req.body_size,
        .bytes_out = x->res.written,
        .status = x->at.taken ? x->res.status : 0,
        .aborted = aborted,
    };
    record_done(&r);
}
