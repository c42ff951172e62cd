/* SPDX-License-Identifier: Apache-2.0
 * From a compiled pattern and the facts of an exchange to a line. Runs once per exchange and log on the
 * thread that ended the exchange: no system call, no allocation, no lock. */
#include "base/thread.h"
#include "observe/access_priv.h"

static void put_dash(struct access_line *line)
{
    access_put(line, "-", 1);
}

static void put_or_dash(struct access_line *line, struct span s)
{
    if (s.n > 0)
        access_put_text(line, s);
    else
        put_dash(line);
}

static uint64_t span_of_time(uint64_t from, uint64_t to)
{
    return from != 0 && to > from ? to - from : 0;
}

static void put_version(struct access_line *line, const struct access_fields *f)
{
    access_put(line, "HTTP/", 5);
    access_put_number(line, f->version / 10u);
    access_put(line, ".", 1);
    access_put_number(line, f->version % 10u);
}

static void put_first_line(struct access_line *line, const struct access_fields *f)
{
    if (f->raw_line.n > 0 || f->method.n == 0) {
        put_or_dash(line, f->raw_line);
        return;
    }
    access_put_text(line, f->method);
    access_put(line, " ", 1);
    put_or_dash(line, f->target);
    if (f->version == 0)
        return;
    access_put(line, " ", 1);
    put_version(line, f);
}

/* Every value of a field; more than one are separated by commas. */
static void put_named(struct access_line *line, const struct access_fields *f,
                      enum access_source source, struct span name)
{
    char scratch[ACCESS_SCRATCH];
    for (uint32_t i = 0;; i++) {
        struct span value = f->lookup ? f->lookup(f->arg, source, name, i, scratch) : SPAN_NONE;
        if (!value.p) {
            if (i == 0)
                put_dash(line);
            return;
        }
        if (i > 0)
            access_put(line, ",", 1);
        else if (value.n == 0)
            put_dash(line);
        access_put_text(line, value);
    }
}

static void put_client(struct access_line *line, const struct access_pattern *p,
                       const struct access_fields *f, bool by_name)
{
    if (p->attributes && by_name && f->remote_host.n > 0)
        access_put_text(line, f->remote_host);
    else if (p->attributes && f->remote.family != 0)
        access_put_address(line, &f->remote, p->canonical);
    else
        access_put_address(line, &f->peer, p->canonical);
}

/* ---- one function per code ---- */

struct rendering {
    const struct access_pattern *p;
    const struct access_fields *f;
    uint64_t elapsed_us;
};
#define PUT(name)                                                             \
    static void put_##name(struct access_line *line,                          \
                           __attribute__((unused)) const struct rendering *r, \
                           __attribute__((unused)) const struct access_element *e)
/* For a code that is the same as another one. */
#define PUT_AS(name, other)      \
    PUT(name)                    \
    {                            \
        put_##other(line, r, e); \
    }

PUT(literal)
{
    access_put(line, e->text.p, e->text.n);
}
PUT(remote_address)
{
    put_client(line, r->p, r->f, false);
}
PUT_AS(remote_address_named, remote_address)
PUT(remote_host)
{
    put_client(line, r->p, r->f, true);
}
PUT(peer_address)
{
    access_put_address(line, &r->f->peer, r->p->canonical);
}
PUT(local_address)
{
    access_put_address(line, &r->f->local, r->p->canonical);
}
PUT(bytes)
{
    access_put_number(line, r->f->bytes);
}
PUT(bytes_or_dash)
{
    if (r->f->bytes == 0)
        put_dash(line);
    else
        access_put_number(line, r->f->bytes);
}
PUT(cookie)
{
    access_put_cookie(line, r->f, e->text);
}
PUT(elapsed_us)
{
    access_put_number(line, r->elapsed_us);
}
PUT_AS(elapsed_us_named, elapsed_us)
PUT(elapsed_ms)
{
    access_put_number(line, r->elapsed_us / 1000u);
}
PUT(elapsed_ns)
{
    access_put_number(line, r->elapsed_us * 1000u);
}
PUT(elapsed_s)
{
    access_put_number(line, r->elapsed_us / 1000000u);
}
PUT_AS(elapsed_s_named, elapsed_s)
PUT(elapsed_fraction)
{
    access_put_number(line, r->elapsed_us / 1000000u);
    access_put(line, ".", 1);
    access_put_padded(line, r->elapsed_us / 1000u % 1000u, 3);
}
PUT(first_byte_ms)
{
    if (r->f->committed_us == 0)
        put_dash(line);
    else
        access_put_number(line, span_of_time(r->f->started_us, r->f->committed_us) / 1000u);
}
PUT(protocol)
{
    if (r->p->attributes && r->f->protocol.n > 0)
        access_put_text(line, r->f->protocol);
    else if (r->f->version != 0)
        put_version(line, r->f);
    else
        put_dash(line);
}
PUT(request_field)
{
    put_named(line, r->f, ACCESS_REQUEST_FIELD, e->text);
}
PUT(response_field)
{
    put_named(line, r->f, ACCESS_RESPONSE_FIELD, e->text);
}
PUT(request_attribute)
{
    put_named(line, r->f, ACCESS_REQUEST_ATTRIBUTE, e->text);
}
PUT(session_attribute)
{
    put_named(line, r->f, ACCESS_SESSION_ATTRIBUTE, e->text);
}
PUT(thread)
{
    access_put_text(line, span_of(thread_self_name()));
}
PUT(logical_user)
{
    put_dash(line);
}
PUT(connection)
{
    access_put_number(line, r->f->connection);
}
PUT(method)
{
    put_or_dash(line, r->f->method);
}
PUT(local_port)
{
    bool told = r->p->attributes && r->f->server_port != 0;
    access_put_number(line, told ? r->f->server_port : r->f->local.port);
}
PUT_AS(local_port_named, local_port)
PUT(remote_port)
{
    access_put_number(line, r->f->peer.port);
}
PUT(query)
{
    if (r->f->query.p)
        access_put(line, "?", 1);
    access_put_text(line, r->f->query);
}
PUT(request_line)
{
    put_first_line(line, r->f);
}
PUT(status)
{
    if (r->f->status == 0)
        put_dash(line);
    else
        access_put_number(line, r->f->status);
}
PUT(session)
{
    put_or_dash(line, r->f->session);
}
PUT(time)
{
    access_put_clf_time(line, line->wall_us);
}
PUT(time_by_pattern)
{
    int64_t back_us = e->time->begin ? (int64_t)r->elapsed_us : 0;
    access_put_time(line, e->time, line->wall_us - back_us);
}
PUT(user)
{
    put_or_dash(line, r->f->user);
}
PUT(path)
{
    put_or_dash(line, r->f->path);
}
PUT(server_name)
{
    if (r->f->host.n > 0)
        access_put_text(line, r->f->host);
    else
        access_put_address(line, &r->f->local, r->p->canonical);
}
PUT(connection_status)
{
    access_put(line, r->f->aborted ? "X" : r->f->keeps ? "+" : "-", 1);
}

typedef void put_fn(struct access_line *line, const struct rendering *r,
                    const struct access_element *e);
static put_fn *const put[ACCESS_CODE_COUNT] = {
    [ACCESS_CODE_literal] = put_literal,
#define X(name, letter, argument, key, text) [ACCESS_CODE_##name] = put_##name,
#include "observe/access_codes.def"
#undef X
};

void access_render(const struct access_pattern *p, const struct access_fields *f,
                   struct access_line *line)
{
    const struct rendering r = {
        .p = p, .f = f, .elapsed_us = span_of_time(f->started_us, f->ended_us)};
    line->n = 0;
    line->json = p->json;
    for (uint32_t i = 0; i < p->count && line->n <= line->size; i++)
        put[p->v[i].code](line, &r, &p->v[i]);
}
