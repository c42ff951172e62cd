/* SPDX-License-Identifier: Apache-2.0
 * What a protocol tells the connector: called from within feed and produce, by the owner of the
 * connection (poller, or worker in its lease). */
#include <string.h>
#include <sys/socket.h>

#include "connector/group_priv.h"
#include "observe/counters.h"
#include "observe/log_limit.h"

static void copy_address(struct endpoint *to, const struct conn_address *from)
{
    memcpy(to->bytes, from->bytes, sizeof(to->bytes));
    to->port = from->port;
    to->family = from->family;
    to->reserved = 0;
    to->scope = from->scope;
}

/* A listener for all addresses does not tell which one was meant. */
void conn_find_local(struct conn *c)
{
    struct sockaddr_storage sa;
    socklen_t size = sizeof(sa);
    if (c->local.family != 0)
        return;
    if (getsockname(c->fd, (struct sockaddr *)&sa, &size) == 0)
        conn_address_from(&c->local, (struct sockaddr *)&sa);
}

static void set_rates(struct active *a, const struct route *r)
{
    const struct connector_options *o = &a->group->connector->options;
    a->body_rate = r->body_min_rate >= 0 ? (uint32_t)r->body_min_rate : o->body_min_rate;
    a->send_rate = r->send_min_rate >= 0 ? (uint32_t)r->send_min_rate : o->send_min_rate;
}

static struct body_plan on_head(void *arg, struct exchange *x)
{
    struct active *a = arg;
    struct connector *c = a->group->connector;
    copy_address(&x->req.peer, &a->c->peer);
    conn_find_local(a->c);
    copy_address(&x->req.local, &a->c->local);
    x->req.view = c->options.view;
    x->req.view.remote = x->req.peer;
    x->req.connection = connection_number(a->group, a->c);
    engine_route.lookup(c->options.engine, a->slot, x, &x->route);
    if (a->proto->multiplexed && x->route.mode == ROUTE_STREAM)
        x->route.mode = ROUTE_COLLECT;
    a->in_body = true;
    a->receiving = x;
    a->refused_body = 0;
    a->head_timed = a->body_timed = false;
    set_rates(a, &x->route);
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
    struct posted *p = posted_new(a->group, c, x, 0);
    struct job *job = p ? arena_zalloc(&x->arena, sizeof(*job)) : NULL;
    if (!job) {
        a->proto->busy(a->px, x, BUSY_MEMORY);
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

static void on_skipped(void *arg)
{
    struct active *a = arg;
    a->in_body = a->body_timed = false;
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
void refusal_log(unsigned status, const char *setting, const char *why)
{
    static struct log_limit limits[6];
    unsigned row = setting || status / 100 > 5 ? 0 : status / 100;
    LOG(http1, LOG_DEBUG, "refused with %u: %s", status, why);
    LOG_LIMITED(http1, LOG_INFO, &limits[row], "refused with %u: %s%s%s", status, why,
                setting ? " Setting: " : "", setting ? setting : "");
}

static void on_refused(void *arg, const struct exchange *x, const struct refused *r)
{
    struct active *a = arg;
    a->in_body = a->head_timed = false;
    a->receiving = NULL;
    a->refused_body = !x || !x->req.has_body       ? 0
                      : x->req.content_length >= 0 ? (uint64_t)x->req.content_length
                                                   : UINT64_MAX;
    refused_record(a, x, r);
    if (r->reason < REFUSALS_MAX)
        atomic_fetch_add_explicit(&a->group->refused[r->reason], 1, memory_order_relaxed);
    refusal_log(r->status, r->setting, r->why);
}

const struct proto_upcalls connector_upcalls = {
    .on_head = on_head,
    .on_body = body_take,
    .on_ready = on_ready,
    .on_skipped = on_skipped,
    .on_cancel = on_cancel,
    .pull = pull,
    .on_done = on_done,
    .on_refused = on_refused,
};
