/* SPDX-License-Identifier: Apache-2.0
 * Records of finished exchanges for the valves that take them (cs_valve.records): copied by the thread
 * that ends the exchange into a bounded memory, given to the valves in batches by a worker. The connector
 * says when (connector/records.c). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/engine_priv.h"
#include "observe/access_fields.h"
#include "observe/counters.h"
#include "observe/log_limit.h"

#define CALL_ROWS 256u         /* at most, of one call; so many are worth a task */
#define ROWS_MAX  4096u        /* that wait */
#define TEXT_MAX  (4u << 20)   /* bytes of their texts */
#define SPAN_MAX  8191u        /* of one text */
#define KEEP_TEXT (256u << 10) /* larger memory is not kept */

struct row { /* the texts of `pub` are offsets into the batch, plus 1, until it is delivered */
    cs_record pub;
    const struct engine_host *host;
    const struct context *context;
};
struct batch {
    struct row *rows;
    uint32_t count, cap;
    struct buf text;
};
struct records {
    struct engine *engine;
    struct lock lock;
    struct batch in; /* under the lock */
    _Atomic uint32_t waiting;
    _Atomic uint64_t since_us; /* when the first of these came */
    struct log_limit told;
    _Atomic bool delivers; /* whoever set it has these two */
    struct batch out;
    cs_record chosen[CALL_ROWS];
};

bool records_taken(const struct engine *e, const struct engine_host *h, const struct context *c)
{
    return e->pipeline.takes || (h && h->pipeline.takes) || (c && c->pipeline.takes);
}

bool engine_records_open(struct engine *e, struct records **out)
{
    *out = NULL;
    if (!e->takers)
        return true;
    struct records *r = calloc(1, sizeof(*r));
    if (!r)
        return false;
    r->engine = e;
    lock_init(&r->lock, "records");
    *out = r;
    return true;
}

static void free_batch(struct batch *b)
{
    free(b->rows);
    buf_free(&b->text);
}

void engine_records_close(struct records **rp)
{
    struct records *r = *rp;
    *rp = NULL;
    if (!r)
        return;
    free_batch(&r->in);
    free_batch(&r->out);
    lock_destroy(&r->lock);
    free(r);
}

/* ---- adding ---- */

struct source { /* what a row is made of, found without the lock */
    const struct access_fields *f;
    char remote[64], peer[64];
    struct span user_agent, referer;
    char scratch[2][ACCESS_SCRATCH];
};

static void format(const struct access_address *a, char *out, size_t size)
{
    struct endpoint e = {.port = a->port, .family = a->family, .scope = a->scope};
    if (a->family)
        memcpy(e.bytes, a->bytes, a->family == 4 ? 4 : 16);
    endpoint_format(&e, out, size);
}

static void find(struct source *s)
{
    const struct access_fields *f = s->f;
    format(&f->peer, s->peer, sizeof(s->peer));
    format(f->remote.family ? &f->remote : &f->peer, s->remote, sizeof(s->remote));
    s->user_agent = s->referer = SPAN_NONE;
    if (!f->lookup)
        return;
    s->user_agent =
        f->lookup(f->arg, ACCESS_REQUEST_FIELD, SPAN_LIT("user-agent"), 0, s->scratch[0]);
    s->referer = f->lookup(f->arg, ACCESS_REQUEST_FIELD, SPAN_LIT("referer"), 0, s->scratch[1]);
}

/* Room for one more row. */
static bool row_fits(struct batch *b)
{
    if (b->count < b->cap)
        return true;
    uint32_t cap = b->cap > 0 ? b->cap * 2 : 64;
    struct row *more = b->count < ROWS_MAX ? realloc(b->rows, cap * sizeof(*more)) : NULL;
    if (!more)
        return false;
    b->rows = more;
    b->cap = cap;
    return true;
}

/* False: out of memory. */
static bool keep(struct batch *b, struct span s, cs_str *out)
{
    *out = (cs_str){NULL, 0};
    if (!s.p)
        return true;
    s = span_cut(s, 0, s.n < SPAN_MAX ? s.n : SPAN_MAX);
    *out = (cs_str){(const char *)(uintptr_t)(buf_len(&b->text) + 1), s.n};
    return buf_append_span(&b->text, s) && buf_append(&b->text, "", 1);
}

static bool keep_texts(struct batch *b, const struct source *s, const struct context *c,
                       cs_record *r)
{
    const struct access_fields *f = s->f;
    return keep(b, f->method, &r->method) && keep(b, f->path, &r->uri) &&
           keep(b, f->query, &r->query) && keep(b, http_version_text(f->version), &r->protocol) &&
           keep(b, f->scheme, &r->scheme) && keep(b, f->host, &r->host) &&
           keep(b, span_of(s->remote), &r->remote_addr) &&
           keep(b, span_of(s->peer), &r->peer_addr) &&
           keep(b, c ? span_of(c->path) : SPAN_NONE, &r->context_path) &&
           keep(b, f->servlet, &r->servlet) && keep(b, s->user_agent, &r->user_agent) &&
           keep(b, s->referer, &r->referer) &&
           keep(b, f->close_reason ? span_of(f->close_reason) : SPAN_NONE, &r->close_reason);
}

static int64_t after(uint64_t start_us, uint64_t at_us)
{
    return at_us == 0 ? -1 : at_us > start_us ? (int64_t)(at_us - start_us) : 0;
}

static void keep_numbers(const struct access_fields *f, cs_record *r)
{
    uint64_t start = f->started_us ? f->started_us : f->ended_us;
    r->size = sizeof(*r);
    r->flags = (f->aborted ? CS_RECORD_ABORTED : 0) | (f->refused ? CS_RECORD_REFUSED : 0) |
               (f->keeps ? CS_RECORD_KEPT : 0) | (f->secure ? CS_RECORD_SECURE : 0);
    r->status = f->status;
    r->started_us = clock_wall_us() - (int64_t)(clock_us() - start);
    r->ready_us = after(start, f->ready_us);
    r->taken_us = after(start, f->taken_us);
    r->committed_us = after(start, f->committed_us);
    r->served_us = after(start, f->served_us);
    r->ended_us = after(start, f->ended_us);
    r->bytes_in = (int64_t)f->bytes_in;
    r->bytes_out = (int64_t)f->bytes;
    r->connection = f->connection;
}

static bool add_locked(struct records *r, const struct source *s, const struct engine_host *h,
                       const struct context *c)
{
    struct batch *b = &r->in;
    size_t before = buf_len(&b->text);
    if (before >= TEXT_MAX || !row_fits(b))
        return false;
    struct row *row = &b->rows[b->count];
    *row = (struct row){.host = h, .context = c};
    keep_numbers(s->f, &row->pub);
    if (!keep_texts(b, s, c, &row->pub))
        return false; /* what it has of the text is forgotten with the batch */
    b->count++;
    return true;
}

static void lose(struct records *r)
{
    counter_add(COUNTER_records_lost, 1);
    LOG_LIMITED(engine, LOG_WARN, &r->told,
                "valves that take records are too slow, or no worker is free: records are lost");
}

bool engine_records_add(struct records *r, const struct route *route, const struct access_fields *f)
{
    const struct engine_host *h = route ? route->host : r->engine->fallback;
    const struct context *c = route ? route->context : NULL;
    if (!records_taken(r->engine, h, c))
        return false;
    struct source s = {.f = f};
    find(&s);
    lock_acquire(&r->lock);
    uint32_t count = r->in.count;
    bool added = add_locked(r, &s, h, c);
    if (added && count == 0)
        atomic_store_explicit(&r->since_us, f->ended_us, memory_order_relaxed);
    if (added)
        atomic_store_explicit(&r->waiting, ++count, memory_order_release);
    lock_release(&r->lock);
    if (added)
        counter_add(COUNTER_records, 1);
    else
        lose(r);
    return count >= CALL_ROWS;
}

/* ---- delivering ---- */

bool engine_records_wait(const struct records *r)
{
    return atomic_load_explicit(&r->waiting, memory_order_acquire) > 0;
}

bool engine_records_due(const struct records *r, uint64_t now_us)
{
    uint32_t waiting = atomic_load_explicit(&r->waiting, memory_order_acquire);
    uint64_t since = atomic_load_explicit(&r->since_us, memory_order_relaxed);
    return waiting >= CALL_ROWS || (waiting > 0 && now_us > since + RECORDS_DELAY_US);
}

struct delivery {
    struct guarded guarded;
    const struct valve *valve;
    const cs_record *rows;
    uint32_t count;
};

static int deliver_body(void *guarded)
{
    struct delivery *d = guarded;
    return d->valve->row->records(d->rows, d->count, sizeof(cs_record), d->valve->reg.self);
}

static void call_valve(const struct valve *v, const cs_record *rows, uint32_t count)
{
    static struct log_limit limit;
    struct delivery d = {.valve = v, .rows = rows, .count = count};
    int rc = count > 0 ? module_invoke(&v->module->as, deliver_body, &d.guarded) : CS_OK;
    if (count > 0 && (rc != CS_OK || d.guarded.failure[0]))
        LOG_LIMITED(engine, LOG_ERROR, &limit,
                    "valve %s of module %s failed with %d for %u records%s%s", v->reg.name,
                    v->module->as.module->name, rc, count, d.guarded.failure[0] ? ": " : "",
                    d.guarded.failure);
}

static bool concerns(const struct valve *v, const struct row *row)
{
    if (v->context)
        return v->context == row->context;
    return !v->host || v->host == row->host;
}

static void deliver_to(struct records *r, const struct valve *v)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->out.count; i++) {
        if (!concerns(v, &r->out.rows[i]))
            continue;
        r->chosen[n++] = r->out.rows[i].pub;
        if (n == CALL_ROWS) {
            call_valve(v, r->chosen, n);
            n = 0;
        }
    }
    call_valve(v, r->chosen, n);
}

static void point(const struct batch *b, cs_str *s)
{
    if (s->ptr)
        s->ptr = buf_data(&b->text) + ((uintptr_t)s->ptr - 1);
}

/* Its texts lie still from now on. */
static void settle(struct batch *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        cs_record *r = &b->rows[i].pub;
        cs_str *texts[] = {&r->method,       &r->uri,     &r->query,       &r->protocol,
                           &r->scheme,       &r->host,    &r->remote_addr, &r->peer_addr,
                           &r->context_path, &r->servlet, &r->user_agent,  &r->referer,
                           &r->close_reason};
        for (size_t k = 0; k < ARRAY_COUNT(texts); k++)
            point(b, texts[k]);
    }
}

void engine_records_deliver(struct records *r)
{
    bool delivers = atomic_exchange(&r->delivers, true);
    CHECK(!delivers);
    lock_acquire(&r->lock);
    struct batch full = r->in;
    r->in = r->out;
    r->out = full;
    atomic_store_explicit(&r->waiting, 0, memory_order_relaxed);
    lock_release(&r->lock);
    settle(&r->out);
    for (const struct valve *v = r->engine->takers; v && r->out.count > 0; v = v->next_taker)
        deliver_to(r, v);
    r->out.count = 0;
    if (r->out.text.cap > KEEP_TEXT)
        buf_free(&r->out.text);
    else
        buf_clear(&r->out.text);
    atomic_store(&r->delivers, false);
}
