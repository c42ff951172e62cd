/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1 input: lines to a head, body bytes, refusals in order, the end of an exchange. Implements
 * struct proto_ops (h1.h) together with head.c and encode.c. */
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "http1/h1_priv.h"
#include "http1/line.h"

#define EMPTY_LINES 8u /* before a request line (RFC 9112 2.2) */
/* A request line is the target, the longest method we know, two blanks and the version. */
#define LINE_EXTRA 32u
/* Of a request line that never ends, so much is shown to the access log. */
#define RAW_LINE_MAX 256u

static void *h1_open(const void *config, const struct proto_upcalls *up)
{
    struct h1 *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    h->cfg = config;
    h->up = *up;
    h->state = H1_HEAD;
    return h;
}

static void h1_close(void *px)
{
    struct h1 *h = px;
    if (h->x)
        exchange_release(&h->x);
    buf_free(&h->head);
    buf_free(&h->wire);
    free(h);
}

void h1_begin_head(struct h1 *h)
{
    h->state = H1_HEAD;
    buf_clear(&h->head);
    h->scanned = 0;
    h->empty_lines = h->fields = 0;
    h->field_bytes = 0;
    h->refusal = h->stream_refusal = REFUSE_NONE;
    h->streams = h->skips = h->owes_continue = false;
    h->line = (struct request_line){.known = METHOD_UNKNOWN};
    h->raw_line = SPAN_NONE;
}

/* ---- refusals ---- */

/* The attribute that the log names. */
static const char *setting_of(const struct h1 *h, enum refusal r)
{
    if (r == REFUSE_PLAN || (r == REFUSE_BODY_SIZE && h->plan.refusal.setting))
        return h->plan.refusal.setting;
    if (r == REFUSE_URI)
        return h->uri_setting;
    if (r == REFUSE_TIMEOUT)
        return h->deadline;
    return refusal_row(r)->setting;
}

/* The sentence for the client where the row has none that fits; or NULL. */
static const char *detail_of(const struct h1 *h, enum refusal r)
{
    if (r == REFUSE_PLAN || r == REFUSE_BODY_SIZE)
        return h->plan.refusal.why;
    return r == REFUSE_URI ? h->uri_why : NULL;
}

/* The request line as far as it was read: from the request, from the head that is being collected, or
 * from the line that was refused just now. */
static void known_line(const struct h1 *h, struct refused *r)
{
    struct span head = buf_span(&h->head);
    r->version = h->line.version;
    if (h->x && h->x->req.target.p) {
        r->method = h->x->req.method_text;
        r->target = h->x->req.target;
    } else if (head.n > 0) {
        r->method = span_cut(head, 0, h->method_n);
        r->target = span_cut(head, h->method_n + 1, h->target_n);
    } else if (h->raw_line.p) {
        r->method = h->line.method;
        r->target = h->line.target;
        r->raw_line = h->raw_line;
    }
}

bool h1_refuse(struct h1 *h, enum refusal r, bool close)
{
    const struct refusal_row *row = refusal_row(r);
    bool old = h->x && h->x->req.version == 10;
    bool stays = !close && !row->closes && h->x && h->x->keep_alive && !h->draining;
    struct refusal_answer answer = {
        .why = r,
        .status = r == REFUSE_PLAN ? h->plan.refusal.status : row->status,
        .detail = detail_of(h, r),
        .head = h->line.known == METHOD_HEAD,
        .closes = !stays,
        .keep_alive = stays && old,
        .server = h->cfg->server,
    };
    if (!refusal_encode(&answer, &h->wire))
        stays = false;
    h->interim = 0;
    struct refused told = {.reason = r,
                           .status = answer.status,
                           .setting = setting_of(h, r),
                           .why = answer.detail ? answer.detail : row->sentence,
                           .bytes = refusal_body_size(&answer),
                           .closes = !stays};
    known_line(h, &told);
    h->up.on_refused(h->up.arg, h->x, &told);
    if (h->x)
        exchange_reset(h->x);
    h1_begin_head(h);
    if (!stays)
        h->state = H1_CLOSED;
    return stays;
}

static enum proto_verdict refuse(struct h1 *h, enum refusal r, bool close)
{
    return h1_refuse(h, r, close) ? PROTO_WROTE : PROTO_CLOSE;
}

/* ---- the head ---- */

static enum refusal take_request_line(struct h1 *h, struct span line)
{
    enum refusal r = policy_request_line(h->cfg, line, &h->line);
    if (r != REFUSE_NONE)
        return r;
    h->method_n = h->line.method.n;
    h->target_n = h->line.target.n;
    /* The version is ours: http-parser sees one that it knows. */
    bool ok = buf_append_span(&h->head, h->line.method) && buf_append(&h->head, " ", 1) &&
              buf_append_span(&h->head, h->line.target) &&
              buf_append_str(&h->head, " HTTP/1.1\r\n");
    return ok ? REFUSE_NONE : REFUSE_MEMORY;
}

static enum refusal take_field(struct h1 *h, struct span line)
{
    struct span name, value;
    h->field_bytes += line.n + 2;
    if (h->field_bytes > h->cfg->max_header_size)
        return REFUSE_HEADER_SIZE;
    enum refusal r = policy_field_line(line, &name, &value);
    if (r != REFUSE_NONE)
        return r;
    if (++h->fields > h->cfg->max_header_count)
        return REFUSE_HEADER_COUNT;
    bool ok = buf_append_span(&h->head, name) && buf_append(&h->head, ":", 1) &&
              buf_append_span(&h->head, value) && buf_append(&h->head, "\r\n", 2);
    return ok ? REFUSE_NONE : REFUSE_MEMORY;
}

/* A line that has not ended yet may not grow for ever; one that has is held to the same limit, so that
 * the answer does not depend on how the bytes came. N: its bytes so far, without the LF. */
static enum refusal check_length(const struct h1 *h, size_t n)
{
    bool first = buf_len(&h->head) == 0;
    if (first)
        return n > (size_t)h->cfg->max_uri_size + LINE_EXTRA ? REFUSE_URI_SIZE : REFUSE_NONE;
    bool over = h->field_bytes + n > (size_t)h->cfg->max_header_size + 2;
    return over ? REFUSE_HEADER_SIZE : REFUSE_NONE;
}

static enum refusal take_line(struct h1 *h, struct span line, bool *complete)
{
    bool first = buf_len(&h->head) == 0;
    if (first && line.n == 0)
        return ++h->empty_lines > EMPTY_LINES ? REFUSE_EMPTY_LINES : REFUSE_NONE;
    if (first)
        return take_request_line(h, line);
    if (line.n > 0)
        return take_field(h, line);
    *complete = true;
    return buf_append(&h->head, "\r\n", 2) ? h1_head_complete(h) : REFUSE_MEMORY;
}

static bool have_exchange(struct h1 *h)
{
    if (!h->x && !(h->x = exchange_new()))
        return false;
    h->at_once = h->x->at.started == 0;
    if (h->at_once)
        h->x->at.started = clock_us();
    return true;
}

static enum proto_verdict feed_head(struct h1 *h, struct buf *in, bool *go_on)
{
    bool complete = false;
    *go_on = false;
    if (!have_exchange(h))
        return refuse(h, REFUSE_MEMORY, true);
    while (!complete) {
        struct span line = SPAN_NONE;
        enum line_result found = line_find(in, &h->scanned, &line);
        size_t n = found == LINE_MORE ? buf_len(in) : line.n + (found == LINE_OK ? 1 : 0);
        enum refusal r = check_length(h, n);
        if (r == REFUSE_NONE && found == LINE_BAD)
            r = REFUSE_LINE_END;
        if (r == REFUSE_NONE && found == LINE_OK)
            r = take_line(h, line, &complete);
        if (r != REFUSE_NONE) {
            h->raw_line = line.p ? line : span_cut(buf_span(in), 0, RAW_LINE_MAX);
            return refuse(h, r, true);
        }
        if (found == LINE_MORE)
            return PROTO_MORE;
        line_consume(in, &h->scanned, line);
    }
    *go_on = true;
    return PROTO_MORE;
}

/* ---- the body ---- */

/* The body came by itself: nobody waits for a 100 any more (RFC 9110 10.1.1). */
static void drop_interim(struct h1 *h)
{
    h->wire.tail -= h->interim;
    h->interim = 0;
}

/* As chunked_take_fn. */
static size_t take_body(void *arg, const char *p, size_t n, enum refusal *r)
{
    struct h1 *h = arg;
    struct body_taken taken = h->up.on_body(h->up.arg, h->x, p, n);
    drop_interim(h);
    if (taken.refusal.status != 0) {
        h->plan.refusal = taken.refusal;
        *r = REFUSE_PLAN;
        return 0;
    }
    h->x->req.body_size += taken.n;
    h->paused = taken.n < n;
    return taken.n;
}

static enum refusal feed_chunks(struct h1 *h, struct buf *in)
{
    bool dropped = h->refusal != REFUSE_NONE;
    enum refusal r =
        chunked_feed(&h->chunks, h->cfg, in, dropped ? NULL : take_body, h, h->body_max);
    if (r == REFUSE_BODY_SIZE && dropped)
        r = h->refusal;
    if (r == REFUSE_NONE && h->chunks.state == CHUNKED_DONE)
        h->state = H1_BUSY;
    return r;
}

static enum refusal feed_body(struct h1 *h, struct buf *in)
{
    enum refusal r = REFUSE_NONE;
    size_t n = buf_len(in) < h->body_left ? buf_len(in) : (size_t)h->body_left;
    if (n > 0 && h->refusal == REFUSE_NONE)
        n = take_body(h, buf_data(in), n, &r);
    buf_consume(in, n);
    h->body_left -= n;
    if (r == REFUSE_NONE && h->body_left == 0)
        h->state = H1_BUSY;
    return r;
}

/* The request is complete: up it goes, or its refusal out. */
static enum proto_verdict complete(struct h1 *h)
{
    if (h->refusal != REFUSE_NONE)
        return refuse(h, h->refusal, false);
    struct exchange *x = h->x;
    h->x = NULL;
    drop_interim(h);
    x->req.complete = !h->streams;
    x->at.ready = h->at_once ? x->at.started : clock_us();
    h->up.on_ready(h->up.arg, x);
    return PROTO_READY;
}

static enum proto_verdict h1_feed(void *px, struct buf *in)
{
    struct h1 *h = px;
    CHECK(h->state != H1_BUSY && !h->streams);
    if (h->skips) {
        if (!h1_skip(h, in))
            return PROTO_CLOSE;
        if (h->skips)
            return PROTO_MORE;
    }
    h->at_once = false;
    if (h->state == H1_HEAD) {
        bool go_on;
        enum proto_verdict v = feed_head(h, in, &go_on);
        if (!go_on)
            return v;
        if (h->streams)
            return complete(h);
    }
    h->paused = false;
    if (h->state == H1_BODY || h->state == H1_CHUNKS) {
        enum refusal r = h->state == H1_BODY ? feed_body(h, in) : feed_chunks(h, in);
        if (r != REFUSE_NONE)
            return refuse(h, r, true);
    }
    if (h->state == H1_BUSY)
        return complete(h);
    if (h->state == H1_CLOSED)
        return PROTO_CLOSE;
    if (buf_len(&h->wire) > 0)
        return PROTO_WROTE;
    return h->paused ? PROTO_PAUSE : PROTO_MORE;
}

/* ---- between requests ---- */

static void h1_next(void *px, struct exchange *x)
{
    struct h1 *h = px;
    CHECK((h->state == H1_BUSY || h->streams) && !h->x);
    if (h->state == H1_BUSY)
        h1_begin_head(h);
    else
        h1_skip_begin(h);
    if (atomic_load_explicit(&x->holders, memory_order_acquire) == 1) {
        exchange_reset(x);
        h->x = x;
    } else {
        exchange_release(&x);
    }
}

static enum proto_verdict h1_busy(void *px, struct exchange *x, enum proto_busy why)
{
    struct h1 *h = px;
    CHECK((h->state == H1_BUSY || h->streams) && !h->x);
    h->x = x;
    return refuse(h,
                  why == BUSY_FULL   ? REFUSE_BUSY
                  : why == BUSY_LATE ? REFUSE_LATE
                                     : REFUSE_MEMORY,
                  h->state != H1_BUSY);
}

static enum proto_verdict h1_give_up(void *px, struct exchange *x, const struct proto_refusal *why)
{
    struct h1 *h = px;
    if (x) {
        CHECK((h->state == H1_BUSY || h->streams) && !h->x);
        h->x = x;
    }
    h->plan.refusal = *why;
    return refuse(h, REFUSE_PLAN, true);
}

static void h1_rest(void *px)
{
    struct h1 *h = px;
    CHECK((h->state == H1_BUSY || h->streams) && !h->x);
    buf_free(&h->head); /* the exchange has its own copy */
    if (buf_len(&h->wire) == 0)
        buf_free(&h->wire);
}

static bool h1_idle(const void *px)
{
    const struct h1 *h = px;
    return h->state == H1_HEAD && buf_len(&h->head) == 0 && h->scanned == 0 &&
           h->empty_lines == 0 && buf_len(&h->wire) == 0;
}

static enum proto_verdict h1_timeout(void *px, const char *setting)
{
    struct h1 *h = px;
    h->deadline = setting;
    if (h->state == H1_CLOSED || h->skips || h1_idle(h))
        return PROTO_CLOSE;
    h1_refuse(h, REFUSE_TIMEOUT, true);
    return buf_len(&h->wire) > 0 ? PROTO_WROTE : PROTO_CLOSE;
}

static void h1_drain(void *px)
{
    ((struct h1 *)px)->draining = true;
}

const struct proto_ops h1_proto = {
    .name = "http/1.1",
    .multiplexed = false,
    .open = h1_open,
    .feed = h1_feed,
    .produce = h1_produce,
    .next = h1_next,
    .busy = h1_busy,
    .refuse = h1_give_up,
    .read_body = h1_read_body,
    .trailers_to = h1_trailers_to,
    .interim = h1_interim,
    .unread = h1_unread,
    .rest = h1_rest,
    .idle = h1_idle,
    .timeout = h1_timeout,
    .refusal_name = refusal_name,
    .drain = h1_drain,
    .close = h1_close,
    .encode_head = h1_encode_head,
    .encode_frame = h1_encode_frame,
    .encode_end = h1_encode_end,
    .keeps = h1_keeps,
    .encode_hint = h1_encode_hint,
};
