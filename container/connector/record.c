/* SPDX-License-Identifier: Apache-2.0
 * The record of an exchange that is over: counters, and the facts for the access logs and valves of its
 * context.
 * Called by whoever lets go of the exchange: poller, worker in its lease, or the end of a handler. */
#include "base/clock.h"
#include "connector/group_priv.h"
#include "http/date.h"
#include "http/status.h"
#include "observe/access_log.h"
#include "observe/record.h"

struct source { /* what lookup is asked about */
    const struct exchange *x;
    const struct connector *connector;
};

uint64_t connection_number(const struct group *g, const struct conn *c)
{
    return (uint64_t)g->id << 32 | c->serial;
}

static struct access_address address(const struct endpoint *e)
{
    return (struct access_address){
        .bytes = e->bytes, .scope = e->scope, .port = e->port, .family = e->family};
}

static struct access_address conn_address_of(const struct conn_address *a)
{
    return (struct access_address){
        .bytes = a->bytes, .scope = a->scope, .port = a->port, .family = a->family};
}

/* ---- header fields ---- */

static struct span digits(uint64_t v, char scratch[ACCESS_SCRATCH])
{
    size_t i = ACCESS_SCRATCH;
    do {
        scratch[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    return span_make(scratch + i, ACCESS_SCRATCH - i);
}

static struct span announced_length(const struct exchange *x, char scratch[ACCESS_SCRATCH])
{
    unsigned status = x->res.status;
    if (status == 205)
        return SPAN_LIT("0");
    if (status < 200 || status == 204 || x->wire.chunked || x->res.length < 0 ||
        (status == 304 && x->res.length == 0))
        return SPAN_NONE;
    return digits((uint64_t)x->res.length, scratch);
}

/* What the encoder has put into the head (http1/encode.c) and no table holds. */
static struct span encoders_field(const struct source *s, struct span name,
                                  char scratch[ACCESS_SCRATCH])
{
    const struct exchange *x = s->x;
    if (!x->wire.head_done)
        return SPAN_NONE;
    switch (field_find(name)) {
    case FIELD_CONTENT_LENGTH:
        return announced_length(x, scratch);
    case FIELD_TRANSFER_ENCODING:
        return x->wire.chunked ? SPAN_LIT("chunked") : SPAN_NONE;
    case FIELD_CONNECTION:
        return x->wire.closes         ? SPAN_LIT("close")
               : x->req.version == 10 ? SPAN_LIT("keep-alive")
                                      : SPAN_NONE;
    case FIELD_SERVER:
        return s->connector->h1.server.n > 0 ? s->connector->h1.server : SPAN_NONE;
    case FIELD_DATE:
        return http_date_now();
    default:
        return SPAN_NONE;
    }
}

static struct span lookup(const void *arg, enum access_source source, struct span name,
                          uint32_t nth, char scratch[ACCESS_SCRATCH])
{
    const struct source *s = arg;
    struct span value = SPAN_NONE;
    if (source == ACCESS_REQUEST_FIELD)
        return headers_find(&s->x->req.headers, name, nth);
    if (source != ACCESS_RESPONSE_FIELD)
        return SPAN_NONE; /* requests have no attributes and no session */
    value = headers_find(&s->x->res.headers, name, nth);
    return value.p || nth > 0 ? value : encoders_field(s, name, scratch);
}

/* ---- facts ---- */

static struct span host_of(const struct exchange *x)
{
    return x->req.view.server_name.p ? x->req.view.server_name : x->req.host;
}

static bool keeps(const struct exchange *x)
{
    return x->wire.head_done && x->keep_alive && !x->res.close;
}

static struct access_fields fields_of(const struct exchange *x, const struct source *source,
                                      bool aborted, enum close_reason reason)
{
    return (struct access_fields){
        .method = x->req.method_text,
        .target = x->req.target,
        .path = x->req.uri.raw_path,
        .query = x->req.uri.query,
        .version = x->req.version,
        .status = x->at.taken ? x->res.status : 0,
        .aborted = aborted,
        .keeps = keeps(x),
        .bytes = x->wire.head_done && !x->wire.bodyless ? x->res.written : 0,
        .started_us = x->at.started,
        .committed_us = x->at.committed,
        .ended_us = clock_us(),
        .connection = x->req.connection,
        .host = host_of(x),
        .peer = address(&x->req.peer),
        .local = address(&x->req.local),
        .remote = address(&x->req.view.remote),
        .server_port = x->req.view.server_port,
        .lookup = lookup,
        .arg = source,
        .ready_us = x->at.ready,
        .taken_us = x->at.taken,
        .served_us = x->at.served,
        .bytes_in = x->req.body_size,
        .secure = x->req.view.secure,
        .scheme = x->req.view.scheme,
        .servlet = x->servlet,
        .close_reason = aborted && reason != CLOSE_none ? close_reason_name(reason) : NULL,
    };
}

void exchange_record(struct group *g, const struct exchange *x, bool aborted,
                     enum close_reason reason)
{
    const struct record r = {
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
    bool taken = g->records && x->route.recorded;
    if (!x->route.logs && !taken)
        return;
    const struct source source = {.x = x, .connector = g->connector};
    const struct access_fields f = fields_of(x, &source, aborted, reason);
    if (x->route.logs)
        access_logs_record(x->route.logs, &f);
    if (taken && engine_records_add(g->records, &x->route, &f))
        records_push(g);
}

/* ---- refusals ---- */

/* Path and query of a target that nobody has parsed. */
static void split_target(struct access_fields *f)
{
    if (f->path.p || f->target.n == 0 || f->target.p[0] != '/')
        return;
    size_t mark = span_find(f->target, 0, '?');
    f->path = span_cut(f->target, 0, mark);
    if (mark < f->target.n)
        f->query = span_from(f->target, mark + 1);
}

/* Where it is told of: as its route says, or as of a request to the default host. */
static void tell_refused(struct group *g, const struct exchange *x, const struct access_fields *f)
{
    bool routed = x && x->route.found;
    const struct access_logs *logs =
        routed ? x->route.logs : engine_route.unrouted_logs(g->connector->options.engine);
    if (logs)
        access_logs_record(logs, f);
    if (g->records && (!routed || x->route.recorded) &&
        engine_records_add(g->records, routed ? &x->route : NULL, f))
        records_push(g);
}

void refused_record(const struct active *a, const struct exchange *x, const struct refused *r)
{
    const struct record done = {
        .status = (uint16_t)r->status, .refused = true, .started_us = x ? x->at.started : 0};
    record_done(&done);
    const struct source source = {.x = x, .connector = a->group->connector};
    conn_find_local(a->c);
    struct access_fields f = {
        .method = r->method,
        .target = r->target,
        .raw_line = r->raw_line,
        .version = r->version,
        .status = (uint16_t)r->status,
        .keeps = !r->closes,
        .bytes = r->bytes,
        .ended_us = clock_us(),
        .connection = connection_number(a->group, a->c),
        .peer = conn_address_of(&a->c->peer),
        .local = conn_address_of(&a->c->local),
        .refused = true,
    };
    if (x) {
        f.path = x->req.uri.raw_path;
        f.query = x->req.uri.query;
        f.started_us = x->at.started;
        f.host = host_of(x);
        f.remote = address(&x->req.view.remote);
        f.server_port = x->req.view.server_port;
        f.lookup = lookup;
        f.arg = &source;
        f.ready_us = x->at.ready;
        f.bytes_in = x->req.body_size;
        f.secure = x->req.view.secure;
        f.scheme = x->req.view.scheme;
    }
    f.committed_us = f.ended_us;
    split_target(&f);
    tell_refused(a->group, x, &f);
}
