/* SPDX-License-Identifier: Apache-2.0
 * Constant answers: see refusal.h. */
#include "http1/refusal.h"

#include "base/check.h"
#include "http/date.h"
#include "http/status.h"

/* OPTIONS * speaks for the server as a whole: what at least one webapp may serve (RFC 9110 9.3.7). */
#define ALLOW_ALL "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n"

static const struct refusal_row rows[REFUSE_COUNT] = {
    {"none", NULL, "", 0, false},
#define X(name, status, closes, setting, sentence) {#name, setting, sentence, status, closes},
#include "http1/refusals.def"
#undef X
};

const struct refusal_row *refusal_row(enum refusal r)
{
    CHECK(r > REFUSE_NONE && r < REFUSE_COUNT);
    return &rows[r];
}

static bool append_body(const struct refusal_answer *a, const char *sentence, struct buf *out)
{
    const char *before = a->detail ? "The request is refused: " : "";
    const char *text = a->detail ? a->detail : sentence;
    const char *after = a->detail ? ".\n" : "\n";
    size_t length = text[0] ? strlen(before) + strlen(text) + strlen(after) : 0;
    if (length > 0 && !buf_append_str(out, "Content-Type: text/plain; charset=utf-8\r\n"))
        return false;
    if (!buf_printf(out, "Content-Length: %zu\r\n\r\n", length))
        return false;
    return a->head || length == 0 || buf_printf(out, "%s%s%s", before, text, after);
}

bool refusal_encode(const struct refusal_answer *a, struct buf *out)
{
    struct span reason = status_reason(a->status);
    struct span date = http_date_now();
    return buf_printf(out, "HTTP/1.1 %u %.*s\r\nDate: %.*s\r\n", a->status, SPAN_ARG(reason),
                      SPAN_ARG(date)) &&
           (a->server.n == 0 || buf_printf(out, "Server: %.*s\r\n", SPAN_ARG(a->server))) &&
           (a->why != REFUSE_OPTIONS_ALL || buf_append_str(out, ALLOW_ALL)) &&
           (a->status != 503 || buf_append_str(out, "Retry-After: 1\r\n")) &&
           (!a->closes || buf_append_str(out, "Connection: close\r\n")) &&
           (a->closes || !a->keep_alive || buf_append_str(out, "Connection: keep-alive\r\n")) &&
           append_body(a, refusal_row(a->why)->sentence, out);
}
