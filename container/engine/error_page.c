/* SPDX-License-Identifier: Apache-2.0
 * The error page: the operator's file for the code, else status, reason, what happened, what it means,
 * as HTML or, for a client that would rather have that, as JSON. Nothing that the client did not send or
 * the servlet did not say. */
#include "base/json.h"
#include "base/path.h"
#include "engine/dispatch_priv.h"
#include "http/accept.h"
#include "http/status.h"
#include "observe/log.h"

#define FILE_MAX (1024u * 1024u)

/* ---- settings ---- */

bool engine_set_error_report(struct engine *e, struct engine_host *host,
                             const struct error_report *r, struct err *err)
{
    struct arena *a = &e->arena;
    struct error_report *copy = arena_alloc(a, sizeof(*copy));
    struct error_file *files = arena_zalloc(a, (r->file_count + 1) * sizeof(*files));
    bool ok = copy && files;
    for (uint32_t i = 0; ok && i < r->file_count; i++) {
        files[i].code = r->files[i].code;
        files[i].path = arena_strdup(a, r->files[i].path);
        ok = files[i].path != NULL;
    }
    if (!ok)
        return err_set(err, "out of memory for the error pages");
    *copy = *r;
    copy->files = files;
    if (host)
        host->report = copy;
    else
        e->report = copy;
    return true;
}

static const struct error_report *report_of(const struct engine *e, const struct exchange *x)
{
    static const struct error_report standard = {.files = NULL};
    const struct engine_host *h = x->route.host;
    if (h && h->report)
        return h->report;
    return e->report ? e->report : &standard;
}

/* ---- forms of the page ---- */

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

struct page {
    const struct engine *engine;
    const struct error_report *report;
    unsigned status;
    struct span message;
    struct buf text;
    struct span type;
};

static bool make_html(struct page *p)
{
    static const char head[] =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>%u %.*s</title><style>"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:12vh auto;padding:0 1rem}"
        "h1{font-size:1.5rem;border-bottom:1px solid}"
        "@media(prefers-color-scheme:dark){body{background:#16181d;color:#e6e6e6}}"
        "</style></head><body><h1>HTTP Status %u \xe2\x80\x93 %.*s</h1>\n";
    struct buf *out = &p->text;
    struct span reason = status_reason(p->status), sentence = status_sentence(p->status);
    bool more = !p->report->hide_report;
    bool ok = buf_printf(out, head, p->status, SPAN_ARG(reason), p->status, SPAN_ARG(reason));
    p->type = SPAN_LIT("text/html; charset=utf-8");
    if (ok && more && p->message.n > 0)
        ok = buf_append_str(out, "<p><b>Message</b> ") && append_escaped(out, p->message) &&
             buf_append_str(out, "</p>\n");
    if (ok && more && sentence.n > 0)
        ok = buf_append_str(out, "<p><b>Description</b> ") && append_escaped(out, sentence) &&
             buf_append_str(out, "</p>\n");
    if (ok && p->report->show_server_info)
        ok = buf_append_str(out, "<hr><p>") &&
             append_escaped(out, span_of(p->engine->options.server_name)) &&
             buf_append_str(out, "</p>\n");
    return ok && buf_append_str(out, "</body></html>\n");
}

static bool make_json(struct page *p)
{
    struct json j = json_begin(&p->text);
    p->type = SPAN_LIT("application/json");
    json_group(&j, NULL, '{');
    json_string(&j, "type", SPAN_LIT("Status Report"));
    json_int(&j, "status", p->status);
    json_string(&j, "reason", status_reason(p->status));
    if (!p->report->hide_report) {
        json_string(&j, "message", p->message.p ? p->message : SPAN_LIT(""));
        json_string(&j, "description", status_sentence(p->status));
    }
    if (p->report->show_server_info)
        json_string(&j, "server", span_of(p->engine->options.server_name));
    json_group_end(&j, '}');
    return j.ok && buf_append_str(&p->text, "\n");
}

/* The operator's own page. False: there is none, or it cannot be read. */
static bool read_file(struct page *p)
{
    const struct error_report *r = p->report;
    const char *path = NULL;
    struct err err = ERR_INIT;
    for (uint32_t i = 0; i < r->file_count; i++) {
        if (r->files[i].code == p->status || (r->files[i].code == 0 && !path))
            path = r->files[i].path;
    }
    if (!path)
        return false;
    p->type = SPAN_LIT("text/html; charset=utf-8");
    if (path_read_file(path, FILE_MAX, &p->text, &err))
        return true;
    log_err(LOG_ROOM_engine, LOG_WARN, &err);
    buf_clear(&p->text);
    return false;
}

static bool wants_json(const struct page *p, const struct exchange *x)
{
    const struct headers *h = &x->req.headers;
    return p->report->json || accept_quality(h, SPAN_LIT("application"), SPAN_LIT("json")) >
                                  accept_quality(h, SPAN_LIT("text"), SPAN_LIT("html"));
}

/* ---- writing it ---- */

/* What tells of the body that is dropped, and of how long it may be kept (RFC 9110 8.3 to 8.8). */
static bool describes_body(const struct header *h)
{
    static const char *const names[] = {
        "Content-Type",     "Content-Encoding",
        "Content-Language", "Content-Location",
        "Content-Length",   "Content-MD5",
        "Content-Digest",   "Content-Disposition",
        "Repr-Digest",      "Digest",
        "Accept-Ranges",    "Cache-Control",
        "Last-Modified",    "ETag",
        "Expires",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_ieq(h->name, span_of(names[i])))
            return true;
    return false;
}

/* All else stays, as in Tomcat: what filters say of origins and of transport counts for errors, too. */
static void keep_fields(struct exchange *x, struct headers *kept)
{
    for (uint32_t i = 0; i < x->res.headers.n; i++) {
        const struct header *h = &x->res.headers.v[i];
        if (!describes_body(h))
            headers_add(kept, &x->arena, h->name, h->value);
    }
}

bool error_reset(struct exchange *x, unsigned status)
{
    struct headers kept = {.v = NULL};
    keep_fields(x, &kept);
    if (response_reset(x) != RESPONSE_OK)
        return false;
    x->res.headers = kept;
    x->res.status = (uint16_t)status;
    return true;
}

void error_page(const struct engine *e, struct exchange *x, unsigned status, struct span message)
{
    struct page p = {.engine = e,
                     .report = report_of(e, x),
                     .status = status,
                     .message = message,
                     .text = BUF_EMPTY};
    if (!error_reset(x, status)) {
        response_abort(x);
        return;
    }
    bool ok = (wants_json(&p, x) ? make_json(&p) : read_file(&p) || make_html(&p)) &&
              headers_set_copy(&x->res.headers, &x->arena, SPAN_LIT("Content-Type"), p.type) &&
              response_write(x, buf_span(&p.text)) == RESPONSE_OK;
    buf_free(&p.text);
    if (!ok && response_reset(x) == RESPONSE_OK)
        x->res.status = 503; /* without a page: memory is short */
}
