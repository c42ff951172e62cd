/* SPDX-License-Identifier: Apache-2.0
 * TRACE where the connector allows it: the request as it arrived, without what could be stolen by
 * reading it back (RFC 9110 9.3.8). Called by serve.c. */
#include "engine/engine_priv.h"

static bool is_secret(const struct header *h)
{
    return h->field == FIELD_AUTHORIZATION || h->field == FIELD_COOKIE ||
           span_ieq(h->name, SPAN_LIT("Proxy-Authorization"));
}

void trace_answer(const struct engine *e, struct exchange *x)
{
    struct buf echo = BUF_EMPTY;
    bool ok = buf_printf(&echo, "TRACE %.*s HTTP/1.%d\r\n", SPAN_ARG(x->req.target),
                         x->req.version == 10 ? 0 : 1);
    for (uint32_t i = 0; ok && i < x->req.headers.n; i++) {
        const struct header *h = &x->req.headers.v[i];
        if (!is_secret(h))
            ok = buf_printf(&echo, "%.*s: %.*s\r\n", SPAN_ARG(h->name), SPAN_ARG(h->value));
    }
    ok = ok && headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Content-Type"),
                                SPAN_LIT("message/http"));
    ok = ok && response_write(x, buf_span(&echo)) == RESPONSE_OK;
    buf_free(&echo);
    if (!ok)
        error_page(e, x, 503, SPAN_NONE);
}
