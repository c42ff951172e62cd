/* SPDX-License-Identifier: Apache-2.0
 * Drives h1_proto (http1/h1.h) without sockets: what a client sends in pieces goes in, what it would
 * receive is gathered in `out`, and every exchange that goes up is written down in `seen`, so that two
 * ways of sending the same bytes can be compared. Used by tests/unit/http1. */
#ifndef SUPPORT_H1_HARNESS_H
#define SUPPORT_H1_HARNESS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/check.h"
#include "http1/h1.h"

/* Bytes with a name of their own: a literal may hold NULs. */
#define BYTES(s)           \
    {                      \
        (s), sizeof(s) - 1 \
    }

struct h1_peer {
    struct h1_config config;
    struct body_plan plan;             /* what the mock connector answers to on_head */
    size_t body_room;                  /* bytes of bodies that it takes before it pauses */
    struct proto_refusal body_refusal; /* with a status: of any body byte */
    void *px;
    struct buf in, out, seen;
    enum proto_verdict verdict; /* of the last feed */
    bool closed;                /* nothing more is fed */
    bool hold;                  /* exchanges that go up are kept in `up_now`, unanswered */
    struct exchange *up_now;
    unsigned heads, exchanges, refusals;
    struct {
        unsigned status;
        const char *setting, *why;
    } refused; /* the last one */
};

static inline struct body_plan peer_on_head(void *arg, struct exchange *x)
{
    struct h1_peer *p = arg;
    assert_non_null(x->req.target.p);
    p->heads++;
    return p->plan;
}

static inline struct body_taken peer_on_body(void *arg, struct exchange *x, const char *p, size_t n)
{
    struct h1_peer *peer = arg;
    if (peer->body_refusal.status != 0)
        return (struct body_taken){.refusal = peer->body_refusal};
    size_t k = n < peer->body_room ? n : peer->body_room;
    peer->body_room -= k;
    assert_true(buf_append(&x->req.body, p, k));
    return (struct body_taken){.n = k};
}

static inline void peer_on_ready(void *arg, struct exchange *x)
{
    struct h1_peer *p = arg;
    assert_null(p->up_now);
    p->exchanges++;
    p->up_now = x;
}

static inline void peer_on_refused(void *arg, const struct exchange *x, const struct refused *r)
{
    struct h1_peer *p = arg;
    (void)x;
    assert_non_null(r->why);
    assert_non_null(h1_proto.refusal_name(r->reason));
    p->refusals++;
    p->refused.status = r->status;
    p->refused.setting = r->setting;
    p->refused.why = r->why;
}

/* The defaults of the connector (http-rules.md section 6). */
static inline void peer_config(struct h1_config *config)
{
    char bad;
    *config = (struct h1_config){
        .max_uri_size = 8192,
        .max_header_size = 8192,
        .max_header_count = 100,
        .max_cookie_count = 200,
        .max_trailer_size = 8192,
        .max_extension_size = 8192,
        .max_swallow_size = 2 * 1024 * 1024,
        .uri = {.encoded_solidus = URI_SOLIDUS_REJECT, .reject_suspicious = true},
        .server = SPAN_NONE,
    };
    assert_true(h1_config_bytes(config, "", "", &bad));
}

/* The mock connector of P; *P stays where it is until peer_close. The upcalls of multiplexed protocols
 * stay NULL: HTTP/1 has no business there. */
static inline void peer_open(struct h1_peer *p)
{
    *p = (struct h1_peer){
        .plan = {.mode = BODY_COLLECT, .max = 65536, .refusal = {.setting = "bodyMemory"}},
        .body_room = SIZE_MAX};
    peer_config(&p->config);
    struct proto_upcalls up = {.on_head = peer_on_head,
                               .on_body = peer_on_body,
                               .on_ready = peer_on_ready,
                               .on_refused = peer_on_refused,
                               .arg = p};
    p->px = h1_proto.open(&p->config, &up);
    assert_non_null(p->px);
}

static inline void peer_close(struct h1_peer *p)
{
    if (p->up_now)
        exchange_release(&p->up_now);
    h1_proto.close(p->px);
    buf_free(&p->in);
    buf_free(&p->out);
    buf_free(&p->seen);
}

/* Takes what the protocol itself has to say. */
static inline bool peer_produce(struct h1_peer *p)
{
    struct chain chain = CHAIN_EMPTY;
    bool failed = true;
    bool some = h1_proto.produce(p->px, &chain, 65536, &failed);
    assert_false(failed);
    assert_int_equal(some, chain.len > 0);
    while (chain.len > 0) {
        struct iovec iov;
        assert_int_equal(chain_iov(&chain, &iov, 1), 1);
        assert_true(buf_append(&p->out, iov.iov_base, iov.iov_len));
        chain_consume(&chain, iov.iov_len);
    }
    chain_clear(&chain);
    return some;
}

static inline void peer_note(struct h1_peer *p, const char *what, struct span s)
{
    const char *none = s.p ? "" : "(none)";
    assert_true(buf_printf(&p->seen, "%s=%s", what, none));
    assert_true(buf_append_span(&p->seen, s) && buf_append_str(&p->seen, "|"));
}

/* Everything of X that a servlet could see, and what http/headers.h promises of its text. */
static inline void peer_see(struct h1_peer *p, const struct exchange *x)
{
    const struct request *r = &x->req;
    assert_int_equal(r->target.p[r->target.n], '\0');
    peer_note(p, "method", r->method_text);
    assert_true(span_eq(r->method_text, method_text(r->method)));
    peer_note(p, "target", r->target);
    peer_note(p, "path", r->uri.path);
    peer_note(p, "query", r->uri.query);
    peer_note(p, "host", r->host);
    assert_true(buf_printf(&p->seen, "port=%u|version=%u|length=%lld|keep=%d|", r->port,
                           (unsigned)r->version, (long long)r->content_length, x->keep_alive));
    for (uint32_t i = 0; i < r->headers.n; i++) {
        const struct header *h = &r->headers.v[i];
        assert_int_equal(h->name.p[h->name.n], '\0');
        assert_int_equal(h->value.p[h->value.n], '\0');
        assert_int_equal(h->field, field_find(h->name));
        assert_true(buf_append_span(&p->seen, h->name) && buf_append_str(&p->seen, ":"));
        assert_true(buf_append_span(&p->seen, h->value) && buf_append_str(&p->seen, "|"));
    }
    peer_note(p, "body", buf_span(&r->body));
    assert_true(buf_append_str(&p->seen, "\n"));
}

/* Answers the exchange that is up with "ok" and lets the protocol go on. */
static inline void peer_answer(struct h1_peer *p)
{
    struct exchange *x = p->up_now;
    assert_non_null(x);
    p->up_now = NULL;
    x->res.length = 3;
    assert_true(h1_proto.encode_head(p->px, x, &p->out));
    if (!x->wire.bodyless)
        assert_true(buf_append_str(&p->out, "ok\n"));
    if (h1_proto.keeps(p->px, x)) {
        h1_proto.next(p->px, x);
    } else {
        exchange_release(&x);
        p->closed = true;
    }
}

/* Feeds what has come until the protocol wants more or the connection is to be closed. */
static inline void peer_run(struct h1_peer *p)
{
    while (!p->closed && !p->up_now) {
        p->verdict = h1_proto.feed(p->px, &p->in);
        switch (p->verdict) {
        case PROTO_MORE:
            assert_false(peer_produce(p));
            return;
        case PROTO_PAUSE:
            assert_false(peer_produce(p));
            return;
        case PROTO_WROTE:
            assert_true(peer_produce(p));
            break;
        case PROTO_CLOSE:
            peer_produce(p);
            p->closed = true;
            break;
        case PROTO_READY:
            assert_false(peer_produce(p)); /* nothing may leave behind the answer's back */
            peer_see(p, p->up_now);
            if (!p->hold)
                peer_answer(p);
            break;
        }
    }
}

static inline void peer_send(struct h1_peer *p, struct span bytes)
{
    if (p->closed)
        return; /* a connector drops what comes after a close */
    assert_true(buf_append_span(&p->in, bytes));
    peer_run(p);
}

static inline void peer_send_str(struct h1_peer *p, const char *text)
{
    peer_send(p, span_of(text));
}

static inline void peer_send_bytewise(struct h1_peer *p, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        peer_send(p, span_cut(bytes, i, 1));
}

/* ---- looking at answers ---- */

/* One answer taken off the front of `out`: a refusal, an interim answer or the mock connector's own. */
struct h1_answer {
    unsigned status;
    struct span head, body; /* head: with its empty line */
};

static inline bool answer_has(const struct h1_answer *a, const char *line)
{
    struct span rest = a->head, piece;
    while (span_split(&rest, '\n', &piece))
        if (piece.n > 0 && span_eq(span_cut(piece, 0, piece.n - 1), span_of(line)))
            return true;
    return false;
}

/* The number in "Content-Length: N", or -1. */
static inline int64_t answer_length(struct span head)
{
    static const struct span name = BYTES("Content-Length: ");
    struct span rest = head, line;
    while (span_split(&rest, '\n', &line)) {
        uint64_t n;
        if (!span_starts(line, name))
            continue;
        line = span_from(line, name.n);
        assert_true(span_to_u64(span_cut(line, 0, line.n - 1), INT64_MAX, &n));
        return (int64_t)n;
    }
    return -1;
}

/* False: there is none. HEAD: the answer to a HEAD request. */
static inline bool answer_take(struct span *out, bool head, struct h1_answer *a)
{
    static const struct span start = BYTES("HTTP/1.1 ");
    if (out->n == 0)
        return false;
    const char *end = memmem(out->p, out->n, "\r\n\r\n", 4);
    assert_true(span_starts(*out, start));
    assert_non_null(end);
    a->head = span_make(out->p, (size_t)(end - out->p) + 4);
    uint64_t status;
    assert_true(span_to_u64(span_cut(a->head, start.n, 3), 999, &status));
    a->status = (unsigned)status;
    int64_t length = answer_length(a->head);
    bool none = head || a->status < 200 || length < 0;
    a->body = span_cut(*out, a->head.n, none ? 0 : (size_t)length);
    assert_true(none || a->body.n == (size_t)length);
    *out = span_from(*out, a->head.n + a->body.n);
    return true;
}

/* All answers so far, as statuses: "200 100 400". */
static inline const char *answer_statuses(const struct h1_peer *p, char *text, size_t size)
{
    struct span out = buf_span(&p->out);
    struct h1_answer a;
    size_t n = 0;
    text[0] = '\0';
    while (answer_take(&out, false, &a) && n + 5 < size) {
        const char digits[] = {(char)('0' + a.status / 100), (char)('0' + a.status / 10 % 10),
                               (char)('0' + a.status % 10), '\0'};
        if (n > 0)
            text[n++] = ' ';
        memcpy(text + n, digits, sizeof(digits));
        n += 3;
    }
    return text;
}

#endif
