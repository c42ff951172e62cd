/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1 output: head, chunk framing, end (RFC 9112 6, 7.1; RFC 9110 6.4, 8.6). Called by whoever owns
 * the encoder: the worker in its lease, else the poller through h1_produce. */
#include "base/check.h"
#include "http/date.h"
#include "http/status.h"
#include "http1/h1_priv.h"

static bool append_number(struct buf *out, uint64_t v)
{
    char digits[20];
    size_t i = sizeof(digits);
    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    return buf_append(out, digits + i, sizeof(digits) - i);
}

static bool append_field(struct buf *out, struct span name, struct span value)
{
    if (!buf_reserve(out, name.n + value.n + 4))
        return false;
    return buf_append_span(out, name) && buf_append(out, ": ", 2) && buf_append_span(out, value) &&
           buf_append(out, "\r\n", 2);
}

static bool append_status(struct buf *out, unsigned status)
{
    if (status == 200)
        return buf_append_str(out, "HTTP/1.1 200 OK\r\n");
    struct span reason = status_reason(status);
    return buf_append_str(out, "HTTP/1.1 ") && append_number(out, status) &&
           buf_append(out, " ", 1) && buf_append_span(out, reason) && buf_append(out, "\r\n", 2);
}

static void decide_framing(struct exchange *x)
{
    struct wire *w = &x->wire;
    bool head = x->req.method == METHOD_HEAD;
    w->bodyless = head || status_sends_no_body(x->res.status);
    w->chunked = !w->bodyless && x->res.length < 0 && x->req.version >= 11;
    w->until_close = !w->bodyless && x->res.length < 0 && x->req.version < 11;
}

static bool append_framing(struct buf *out, const struct exchange *x)
{
    unsigned status = x->res.status;
    if (status < 200 || status == 204)
        return true;
    if (status == 205)
        return buf_append_str(out, "Content-Length: 0\r\n");
    if (x->wire.chunked)
        return buf_append_str(out, "Transfer-Encoding: chunked\r\n");
    /* 304 may tell the length of what it stands for, but never invents one (RFC 9110 8.6). */
    if (x->res.length < 0 || (status == 304 && x->res.length == 0))
        return true;
    return buf_append_str(out, "Content-Length: ") && append_number(out, (uint64_t)x->res.length) &&
           buf_append(out, "\r\n", 2);
}

bool h1_keeps(const void *px, const struct exchange *x)
{
    const struct h1 *h = px;
    return x->keep_alive && !x->res.close && !h->draining && !x->wire.until_close &&
           !h1_leaves_rest(h);
}

static bool append_connection(struct buf *out, const struct h1 *h, const struct exchange *x)
{
    if (!h1_keeps(h, x))
        return buf_append_str(out, "Connection: close\r\n");
    return x->req.version >= 11 || buf_append_str(out, "Connection: keep-alive\r\n");
}

bool h1_encode_head(void *px, struct exchange *x, struct buf *out)
{
    struct h1 *h = px;
    size_t start = buf_len(out);
    decide_framing(x);
    const struct headers *fields = &x->res.headers;
    bool ok = append_status(out, x->res.status);
    for (uint32_t i = 0; ok && i < fields->n; i++)
        ok = append_field(out, fields->v[i].name, fields->v[i].value);
    if (ok && headers_count(fields, FIELD_DATE) == 0)
        ok = append_field(out, SPAN_LIT("Date"), http_date_now());
    if (ok && h->cfg->server.n > 0 && headers_count(fields, FIELD_SERVER) == 0)
        ok = append_field(out, SPAN_LIT("Server"), h->cfg->server);
    ok = ok && append_framing(out, x) && append_connection(out, h, x) && buf_append(out, "\r\n", 2);
    if (!ok)
        out->tail = out->head + start;
    x->wire.head_done = ok;
    if (ok && !h1_keeps(h, x))
        x->res.close = x->wire.closes = true; /* what was said cannot be taken back */
    return ok;
}

bool h1_encode_hint(const struct exchange *x, struct buf *out)
{
    size_t start = buf_len(out);
    const struct headers *fields = &x->res.headers;
    if (x->req.version < 11) /* RFC 9110 15.2 */
        return true;
    bool ok = buf_append_str(out, "HTTP/1.1 103 Early Hints\r\n");
    for (uint32_t i = 0; ok && i < fields->n; i++)
        if (span_ieq(fields->v[i].name, SPAN_LIT("Link")))
            ok = append_field(out, fields->v[i].name, fields->v[i].value);
    ok = ok && buf_append(out, "\r\n", 2);
    if (!ok)
        out->tail = out->head + start;
    return ok;
}

void h1_encode_frame(const struct exchange *x, size_t n, struct proto_frame *frame)
{
    static const char hex[] = "0123456789abcdef";
    frame->before_n = frame->after_n = 0;
    if (!x->wire.chunked)
        return;
    char digits[16];
    size_t i = sizeof(digits);
    do {
        digits[--i] = hex[n & 15];
        n >>= 4;
    } while (n > 0);
    size_t count = sizeof(digits) - i;
    memcpy(frame->before, digits + i, count);
    memcpy(frame->before + count, "\r\n", 2);
    memcpy(frame->after, "\r\n", 2);
    frame->before_n = (uint8_t)(count + 2);
    frame->after_n = 2;
}

size_t h1_encode_end(const struct exchange *x, char out[12])
{
    if (!x->wire.chunked)
        return 0;
    memcpy(out, "0\r\n\r\n", 5);
    return 5;
}

/* Only refusals and interim answers are ours to produce; the connector drives the encoding of a posted
 * exchange itself, because HTTP/1 has only one at a time. */
bool h1_produce(void *px, struct chain *out, size_t max, bool *failed)
{
    struct h1 *h = px;
    (void)max;
    *failed = false;
    if (buf_len(&h->wire) == 0)
        return false;
    *failed = !chain_copy(out, buf_data(&h->wire), buf_len(&h->wire));
    buf_clear(&h->wire);
    h->interim = 0;
    return !*failed;
}
