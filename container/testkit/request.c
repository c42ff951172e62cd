/* SPDX-License-Identifier: Apache-2.0
 * Making a request as a client would send it, and serving it: what http1 and the connector do for one that
 * comes from a socket. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/service.h"
#include "http/status.h"
#include "testkit/testkit_priv.h"

/* HINT may be NULL, Q, too. Returns CODE. */
__attribute__((format(printf, 4, 5))) static int bad(struct cs_test_request *q, int code,
                                                     const char *hint, const char *format, ...)
{
    struct err err = ERR_INIT;
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_set(&err, "%s", text);
    if (hint)
        err_hint(&err, "%s", hint);
    failure(&err);
    if (q)
        q->bad = true;
    return code;
}

static int no_memory(struct cs_test_request *q)
{
    return bad(q, CS_ENOMEM, NULL, "out of memory for the request");
}

/* Whether calls that describe the request may still come. */
static bool is_open(struct cs_test_request *q)
{
    failure_none();
    if (!q)
        return false;
    if (q->ran)
        bad(q, CS_ESTATE, "Make another one", "the request ran already");
    return !q->ran;
}

/* ---- the head ---- */

static bool set_method(struct cs_test_request *q, const char *method)
{
    struct request *r = &q->x->req;
    r->method = method_find(span_of(method));
    r->method_text = method_text(r->method);
    if (r->method != METHOD_UNKNOWN)
        return true;
    bad(q, CS_EINVAL, "Methods are written in capitals; others are answered with 501",
        "'%.40s' is no method that reaches a webapp", method);
    return false;
}

static bool set_target(struct cs_test_request *q, const char *target)
{
    static const struct uri_policy policy = {.encoded_solidus = URI_SOLIDUS_REJECT,
                                             .reject_suspicious = true};
    struct request *r = &q->x->req;
    const char *why = "it does not begin with a slash, or has bytes that must be encoded";
    bool ok = target[0] == '/';
    for (const char *p = target; ok && *p; p++)
        ok = *p > ' ' && *p < 0x7f && *p != '#';
    r->target = arena_copy(&q->x->arena, span_of(target));
    ok = ok && r->target.p && uri_parse(r->target, &policy, &q->x->arena, &r->uri, &why);
    if (!ok)
        bad(q, CS_EINVAL, NULL, "the target '%.180s' is answered with 400 by the connector: %s",
            target, why ? why : "out of memory");
    return ok;
}

static bool set_address(struct endpoint *e, const char *text, uint16_t port)
{
    *e = (struct endpoint){.port = port, .family = 4};
    if (inet_pton(AF_INET, text, e->bytes) == 1)
        return true;
    e->family = 6;
    return inet_pton(AF_INET6, text, e->bytes) == 1;
}

static struct cs_test_request *make(cs_test_app *app)
{
    struct cs_test_request *q = calloc(1, sizeof(*q));
    if (!q || !(q->x = exchange_new())) {
        free(q);
        no_memory(NULL);
        return NULL;
    }
    q->app = app;
    q->pieces_end = &q->pieces;
    q->leaves_after = UINT64_MAX;
    lock_init(&q->lock, "test answer");
    cond_init(&q->done);
    cond_init(&q->woken);
    lock_acquire(&app->lock);
    list_add_tail(&app->requests, &q->of_app);
    lock_release(&app->lock);
    struct request *r = &q->x->req;
    q->x->channel = &memory_channel;
    q->x->channel_state = q;
    r->version = 11;
    set_address(&r->peer, "127.0.0.1", 50000);
    set_address(&r->local, "127.0.0.1", 8080);
    r->view.remote = r->peer;
    r->view.scheme = SPAN_LIT("http");
    return q;
}

cs_test_request *cs_test_request_new(cs_test_app *app, const char *method, const char *target)
{
    failure_none();
    if (!app)
        return NULL;
    struct cs_test_request *q = make(app);
    if (q && (!set_method(q, method) || !set_target(q, target))) {
        cs_test_request_free(q);
        q = NULL;
    }
    return q;
}

void cs_test_request_free(cs_test_request *q)
{
    if (!q)
        return;
    lock_acquire(&q->app->lock);
    list_remove(&q->of_app);
    lock_release(&q->app->lock);
    exchange_release(&q->x);
    while (q->pieces) {
        struct piece *next = q->pieces->next;
        free(q->pieces);
        q->pieces = next;
    }
    buf_free(&q->got);
    cond_destroy(&q->done);
    cond_destroy(&q->woken);
    lock_destroy(&q->lock);
    free(q);
}

static bool frames_body(enum http_field f)
{
    return f == FIELD_CONTENT_LENGTH || f == FIELD_TRANSFER_ENCODING;
}

int cs_test_request_header(cs_test_request *q, const char *name, const char *value)
{
    if (!is_open(q))
        return CS_ESTATE;
    struct span n = span_of(name), v = span_trim(span_of(value));
    if (!n.p || !v.p || !http_is_token(n) || !http_is_field_value(v))
        return bad(q, CS_EINVAL, NULL, "the field '%.60s' is malformed", name ? name : "");
    if (frames_body(field_find(n)))
        return bad(q, CS_EINVAL,
                   "Leave it out: cs_test_request_body and cs_test_request_chunked make it",
                   "%s frames the body", name);
    return headers_add_copy(&q->x->req.headers, &q->x->arena, n, v) ? CS_OK : no_memory(q);
}

int cs_test_request_remote(cs_test_request *q, const char *address, int secure)
{
    if (!is_open(q))
        return CS_ESTATE;
    struct request *r = &q->x->req;
    if (!set_address(&r->peer, address, 50000))
        return bad(q, CS_EINVAL, NULL, "'%.60s' is no address", address);
    r->view.remote = r->peer;
    r->view.secure = secure != 0;
    r->view.scheme = secure ? SPAN_LIT("https") : SPAN_LIT("http");
    return CS_OK;
}

/* ---- the body, the client ---- */

int cs_test_request_body(cs_test_request *q, const void *bytes, size_t size)
{
    if (!is_open(q))
        return CS_ESTATE;
    struct piece *p = malloc(sizeof(*p) + size);
    if (!p)
        return no_memory(q);
    p->next = NULL;
    p->size = size;
    if (size > 0)
        memcpy(p->bytes, bytes, size);
    *q->pieces_end = p;
    q->pieces_end = &p->next;
    q->body_size += size;
    return CS_OK;
}

int cs_test_request_chunked(cs_test_request *q)
{
    if (!is_open(q))
        return CS_ESTATE;
    q->chunked = true;
    return CS_OK;
}

int cs_test_request_body_fails(cs_test_request *q, int code)
{
    if (!is_open(q))
        return CS_ESTATE;
    if (code != CS_EGONE && code != CS_EINVAL && code != CS_ELIMIT)
        return bad(q, CS_EINVAL, "It is CS_EGONE, CS_EINVAL or CS_ELIMIT",
                   "a body does not fail with %d", code);
    q->body_end = code;
    return CS_OK;
}

int cs_test_request_client_leaves(cs_test_request *q, uint64_t bytes)
{
    if (!is_open(q))
        return CS_ESTATE;
    q->leaves_after = bytes;
    return CS_OK;
}

/* ---- run ---- */

static bool add_field(struct cs_test_request *q, const char *name, const char *value)
{
    return headers_add_copy(&q->x->req.headers, &q->x->arena, span_of(name), span_of(value)) ||
           no_memory(q) == CS_OK;
}

static bool complete_head(struct cs_test_request *q)
{
    struct request *r = &q->x->req;
    char length[24];
    snprintf(length, sizeof(length), "%llu", (unsigned long long)q->body_size);
    r->content_length = -1;
    r->has_body = q->chunked || q->body_size > 0 || q->body_end != CS_OK;
    r->body_size = q->body_size;
    if (!q->chunked && q->pieces)
        r->content_length = (int64_t)q->body_size;
    if (headers_count(&r->headers, FIELD_HOST) == 0 && !add_field(q, "Host", TEST_HOST))
        return false;
    if (q->chunked ? !add_field(q, "Transfer-Encoding", "chunked")
                   : q->pieces && !add_field(q, "Content-Length", length))
        return false;
    if (uri_parse_host(headers_get(&r->headers, FIELD_HOST, 0), &r->host, &r->port))
        return true;
    bad(q, CS_EINVAL, NULL, "the field Host is malformed: that is answered with 400");
    return false;
}

/* Tells what a connector would do without asking the webapp. */
static bool reaches_webapp(struct cs_test_request *q)
{
    if (q->body_end == CS_OK || q->x->route.mode == ROUTE_STREAM)
        return true;
    bad(q, CS_EFAIL, NULL,
        "only a servlet with CS_STREAMING is called for a body that does not come whole");
    return false;
}

static bool wait_for_end(struct cs_test_request *q)
{
    uint64_t deadline = clock_us() + HOOK_LIMIT_US;
    lock_acquire(&q->lock);
    while (!q->ended && cond_wait_until(&q->done, &q->lock, deadline))
        continue;
    bool ended = q->ended;
    lock_release(&q->lock);
    if (!ended)
        bad(q, CS_EFAIL, NULL, "the answer to %.200s did not end within 30 s", q->x->req.target.p);
    return ended;
}

/* As the encoder tells a client, when the webapp did not. */
static void tell_length(struct cs_test_request *q)
{
    struct response *r = &q->x->res;
    char text[24];
    if (!r->committed || r->length < 0 || status_has_no_body(r->status) ||
        headers_count(&r->headers, FIELD_CONTENT_LENGTH) > 0)
        return;
    snprintf(text, sizeof(text), "%lld", (long long)r->length);
    if (!headers_add_copy(&r->headers, &q->x->arena, SPAN_LIT("Content-Length"), span_of(text)))
        no_memory(q);
}

/* An asynchronous request: this thread is all the workers that it has. */
static bool serve_on(struct cs_test_request *q, uint32_t slot)
{
    uint64_t deadline = clock_us() + HOOK_LIMIT_US;
    bool over = false, in_time = true;
    while (!over) {
        if (!channel_wait_for_wake(q, deadline)) {
            in_time = false;
            deadline += HOOK_LIMIT_US;
        }
        over = engine_resume(q->app->engine, slot, q->x);
    }
    if (!in_time)
        bad(q, CS_EFAIL, NULL, "the answer to %.200s did not end within 30 s", q->x->req.target.p);
    return in_time;
}

static bool serve(struct cs_test_request *q)
{
    struct engine *e = q->app->engine;
    struct exchange *x = q->x;
    uint32_t slot = engine_slot_take(e);
    if (slot == UINT32_MAX)
        return no_memory(q) == CS_OK;
    engine_route.lookup(e, slot, x, &x->route);
    bool ok = reaches_webapp(q);
    if (ok) {
        q->reading = q->pieces;
        x->at.started = x->at.ready = x->at.taken = clock_us();
        ok = engine_serve(e, slot, x) || serve_on(q, slot);
    }
    engine_slot_give(e, slot);
    return ok && wait_for_end(q);
}

int cs_test_run(cs_test_request *q)
{
    if (!is_open(q) || q->bad)
        return CS_EFAIL;
    struct cs_test_app *before = log_lines_of(q->app);
    bool ok = complete_head(q) && serve(q);
    log_lines_of(before);
    q->ran = true;
    if (ok)
        tell_length(q);
    return ok ? CS_OK : CS_EFAIL;
}

cs_test_request *cs_test_get(cs_test_app *app, const char *target)
{
    cs_test_request *q = cs_test_request_new(app, "GET", target);
    return q && cs_test_run(q) == CS_OK ? q : NULL;
}
