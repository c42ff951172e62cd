/* SPDX-License-Identifier: Apache-2.0
 * From a complete head to a request: tokens, target, Host, framing, expectation, destination. The order
 * of the checks is the order in which a refusal can still be told from the next request. */
#include "http1/fields.h"
#include "http1/h1_priv.h"

static struct span copy_text(struct exchange *x, struct span s)
{
    return arena_copy(&x->arena, s);
}

/* http-parser has opinions on targets and framing, too. Whatever it refuses the policy refuses as well,
 * and has the better reasons (regression 205). */
static enum refusal why_bad(struct exchange *x, struct span target)
{
    struct framing framing;
    struct span path;
    x->req.target = target;
    enum refusal r = policy_target(&x->req, &x->arena, &path);
    if (r == REFUSE_NONE)
        r = policy_framing(&x->req, &framing);
    return r == REFUSE_NONE ? REFUSE_FIELD : r;
}

/* What a small request needs besides head and fields: path, parameters, the answer's fields. */
#define REST_BYTES 384u

static enum refusal parse_fields(struct h1 *h)
{
    struct exchange *x = h->x;
    arena_expect(&x->arena, buf_len(&h->head) + h->fields * sizeof(struct header) + REST_BYTES);
    struct span head = copy_text(x, buf_span(&h->head));
    if (!head.p || !headers_expect(&x->req.headers, &x->arena, h->fields))
        return REFUSE_MEMORY;
    x->req.method = h->line.known;
    x->req.version = h->line.version;
    x->req.method_text = copy_text(x, span_cut(head, 0, h->method_n));
    switch (fields_parse((char *)(uintptr_t)head.p, head.n, h->method_n, x)) {
    case FIELDS_OK:
        return x->req.method_text.p ? REFUSE_NONE : REFUSE_MEMORY;
    case FIELDS_BAD:
        return why_bad(x, span_cut(head, h->method_n + 1, h->target_n));
    case FIELDS_NO_MEMORY:
        return REFUSE_MEMORY;
    }
    return REFUSE_FIELD;
}

static enum refusal check_framing(struct h1 *h, struct framing *framing)
{
    struct request *req = &h->x->req;
    enum refusal r = policy_framing(req, framing);
    if (r != REFUSE_NONE)
        return r;
    req->content_length = -1;
    if (!framing->chunked && headers_count(&req->headers, FIELD_CONTENT_LENGTH) > 0)
        req->content_length = (int64_t)framing->length;
    req->has_body = framing->chunked || framing->length > 0;
    return REFUSE_NONE;
}

/* The attribute without which PATH would pass; NULL when there is none. */
static const char *lenient_setting(struct h1 *h, struct span path)
{
    struct uri_policy lenient = {.encoded_solidus = h->cfg->uri.encoded_solidus};
    struct uri ignored;
    const char *why;
    if (uri_parse(path, &lenient, &h->x->arena, &ignored, &why))
        return "rejectSuspiciousURIs";
    lenient.encoded_solidus = URI_SOLIDUS_DECODE;
    bool passes = uri_parse(path, &lenient, &h->x->arena, &ignored, &why);
    return passes ? "encodedSolidusHandling" : NULL;
}

static enum refusal parse_target(struct h1 *h)
{
    struct exchange *x = h->x;
    struct span path;
    enum refusal r = policy_target(&x->req, &x->arena, &path);
    if (r == REFUSE_NONE)
        r = policy_host(&x->req, x->req.target.p[0] != '/' && path.p);
    if (r != REFUSE_NONE)
        return r;
    if (!path.p) {
        h->refusal = REFUSE_OPTIONS_ALL;
        return REFUSE_NONE;
    }
    const char *why = NULL;
    if (uri_parse(path, &h->cfg->uri, &x->arena, &x->req.uri, &why))
        return REFUSE_NONE;
    if (!why)
        return REFUSE_MEMORY;
    h->refusal = REFUSE_URI;
    h->uri_why = why;
    h->uri_setting = lenient_setting(h, path);
    return REFUSE_NONE;
}

/* Where it goes and how much of its body is taken. */
static void ask_plan(struct h1 *h)
{
    h->plan = h->up.on_head(h->up.arg, h->x);
    if (h->plan.mode == BODY_REFUSE)
        h->refusal = REFUSE_PLAN;
    h->body_max = h->plan.max;
}

static enum refusal begin_body(struct h1 *h, const struct framing *framing, bool wants_continue)
{
    bool refused = h->refusal != REFUSE_NONE;
    uint64_t max = refused ? h->cfg->max_swallow_size : h->body_max;
    if (!framing->chunked && framing->length > max)
        return refused ? h->refusal : REFUSE_BODY_SIZE;
    if (!framing->chunked && framing->length == 0)
        return REFUSE_NONE; /* nothing follows: the caller sees an empty body */
    if (refused && refusal_row(h->refusal)->closes)
        return h->refusal; /* nobody gains by waiting for the body */
    if (wants_continue) {
        if (refused)
            return h->refusal; /* the client must not send what nobody wants */
        h->owes_continue = true;
        if (h->plan.mode == BODY_COLLECT) {
            struct span interim = h1_interim(h);
            if (!buf_append_span(&h->wire, interim))
                return REFUSE_MEMORY;
            h->interim = interim.n;
        }
    }
    h->streams = !refused && h->plan.mode == BODY_STREAM;
    h->body_max = max;
    if (framing->chunked) {
        chunked_init(&h->chunks);
        h->chunks.kept = &h->x->req.trailers;
        h->chunks.arena = &h->x->arena;
        h->state = H1_CHUNKS;
    } else {
        h->body_left = framing->length;
        h->state = H1_BODY;
    }
    return REFUSE_NONE;
}

enum refusal h1_head_complete(struct h1 *h)
{
    struct framing framing = {.chunked = false};
    bool wants_continue = false;
    enum refusal r = parse_fields(h);
    if (r == REFUSE_NONE)
        r = check_framing(h, &framing);
    if (r == REFUSE_NONE)
        r = parse_target(h);
    if (r != REFUSE_NONE)
        return r;
    struct request *req = &h->x->req;
    h->x->keep_alive = policy_keep_alive(req);
    /* Also of a request that is refused already: its client would wait for a 100 that never comes. */
    enum refusal expect = policy_expect(req, &wants_continue);
    if (req->method == METHOD_UNKNOWN)
        h->refusal = REFUSE_METHOD_UNKNOWN;
    else if (expect != REFUSE_NONE && h->refusal != REFUSE_URI)
        h->refusal = expect;
    if (h->refusal == REFUSE_NONE && policy_too_many_cookies(h->cfg, req))
        h->refusal = REFUSE_COOKIE_COUNT;
    if (h->refusal == REFUSE_NONE)
        ask_plan(h);
    h->state = H1_BUSY;
    return begin_body(h, &framing, wants_continue);
}
