/* SPDX-License-Identifier: Apache-2.0
 * The plain error page: status, reason, what happened, what it means. No server version, nothing that
 * the client did not send or the servlet did not say. */
#include "engine/engine_priv.h"
#include "http/status.h"

static bool append_escaped(struct buf *out, struct span s)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char *text = c == '<'                ? "&lt;"
                           : c == '>'              ? "&gt;"
                           : c == '&'              ? "&amp;"
                           : c == '"'              ? "&quot;"
                           : c < 0x20 || c == 0x7f ? " "
                                                   : NULL;
        ok = text ? buf_append_str(out, text) : buf_append(out, s.p + i, 1);
    }
    return ok;
}

static bool make_page(struct buf *out, unsigned status, struct span message)
{
    static const char head[] =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>%u %.*s</title><style>"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:12vh auto;padding:0 1rem}"
        "h1{font-size:1.5rem;border-bottom:1px solid}"
        "@media(prefers-color-scheme:dark){body{background:#16181d;color:#e6e6e6}}"
        "</style></head><body><h1>HTTP Status %u \xe2\x80\x93 %.*s</h1>\n";
    struct span reason = status_reason(status), sentence = status_sentence(status);
    bool ok = buf_printf(out, head, status, SPAN_ARG(reason), status, SPAN_ARG(reason));
    if (ok && message.n > 0)
        ok = buf_append_str(out, "<p><b>Message</b> ") && append_escaped(out, message) &&
             buf_append_str(out, "</p>\n");
    if (ok && sentence.n > 0)
        ok = buf_append_str(out, "<p><b>Description</b> ") && append_escaped(out, sentence) &&
             buf_append_str(out, "</p>\n");
    return ok && buf_append_str(out, "</body></html>\n");
}

/* Fields that the answer needs whatever its body: they were set for it by the caller's reset. */
void error_page(struct exchange *x, unsigned status, struct span message)
{
    struct buf page = BUF_EMPTY;
    struct headers kept = {.v = NULL};
    for (uint32_t i = 0; i < x->res.headers.n; i++) {
        const struct header *h = &x->res.headers.v[i];
        if (h->field == FIELD_ALLOW || h->field == FIELD_RETRY_AFTER || h->field == FIELD_LOCATION)
            headers_add(&kept, &x->arena, h->name, h->value);
    }
    if (response_reset(x) != RESPONSE_OK) {
        response_abort(x);
        return;
    }
    x->res.headers = kept;
    x->res.status = (uint16_t)status;
    bool ok = make_page(&page, status, message) &&
              headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Content-Type"),
                               SPAN_LIT("text/html; charset=utf-8")) &&
              response_write(x, buf_span(&page)) == RESPONSE_OK;
    buf_free(&page);
    if (!ok && response_reset(x) == RESPONSE_OK)
        x->res.status = 503; /* without a page: memory is short */
}
