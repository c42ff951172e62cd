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

const char *refusal_name(unsigned r)
{
    return r < REFUSE_COUNT ? rows[r].name : NULL;
}

struct body {
    const char *before, *text, *after;
    size_t length;
};

static struct body body_of(const struct refusal_answer *a)
{
    struct body b = {.before = a->detail ? "The request is refused: " : "",
                     .text = a->detail ? a->detail : refusal_row(a->why)->sentence,
                     .after = a->detail ? ".\n" : "\n"};
    b.length = b.text[0] ? strlen(b.before) + strlen(b.text) + strlen(b.after) : 0;
    return b;
}

size_t refusal_body_size(const struct refusal_answer *a)
{
    return a->head ? 0 : body_of(a).length;
}

static bool append_body(const struct refusal_answer *a, struct buf *out)
{
    struct body b = body_of(a);
    if (b.length > 0 && !buf_append_str(out, "Content-Type: text/plain; charset=utf-8\r\n"))
        return false;
    if (!buf_printf(out, "Content-Length: %zu\r\n\r\n", b.length))
        return false;
    return a->head || b.length == 0 || buf_printf(out, "%s%s%s", b.before, b.text, b.after);
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
           append_body(a, out);
}
