/* SPDX-License-Identifier: Apache-2.0
 * The decoder of chunked bodies, in pieces, beside a second one that is written down plainly from the
 * grammar of RFC 9112 7.1, needs all bytes at once, and knows no limits: both take the same bodies, and
 * what the second one refuses the first one refuses, too. */
#include "fuzz.h"

#include <stdlib.h>

#include "http1/chunked.h"

enum verdict { COMPLETE, INCOMPLETE, BAD };

/* ---- the plain one ---- */

/* The line at the front of *REST, which it is taken from. */
static enum verdict take_line(struct span *rest, struct span *line)
{
    size_t lf = span_find(*rest, 0, '\n');
    if (lf == rest->n)
        return INCOMPLETE;
    if (lf == 0 || rest->p[lf - 1] != '\r')
        return BAD;
    *line = span_cut(*rest, 0, lf - 1);
    *rest = span_from(*rest, lf + 1);
    return COMPLETE;
}

static struct span take_token(struct span *s)
{
    size_t n = 0;
    while (n < s->n && http_is_token(span_cut(*s, n, 1)))
        n++;
    struct span token = span_cut(*s, 0, n);
    *s = span_from(*s, n);
    return token;
}

static bool take_quoted(struct span *s)
{
    for (size_t i = 1; i < s->n; i++) {
        if (s->p[i] == '"') {
            *s = span_from(*s, i + 1);
            return true;
        }
        if (s->p[i] == '\\')
            i++;
        if (i < s->n && !http_is_field_value(span_cut(*s, i, 1)))
            return false;
    }
    return false;
}

static bool extensions_are_good(struct span s)
{
    while (s.n > 0) {
        if (s.p[0] != ';')
            return false;
        s = span_from(s, 1);
        if (take_token(&s).n == 0)
            return false;
        if (s.n == 0 || s.p[0] != '=')
            continue;
        s = span_from(s, 1);
        if (s.n > 0 && s.p[0] == '"' ? !take_quoted(&s) : take_token(&s).n == 0)
            return false;
    }
    return true;
}

static bool read_size(struct span line, uint64_t *size)
{
    size_t n = 0;
    char digits[17];
    while (n < line.n && n < 17 && memchr("0123456789abcdefABCDEF", line.p[n], 22))
        n++;
    if (n == 0 || n > 16 || !extensions_are_good(span_from(line, n)))
        return false;
    memcpy(digits, line.p, n);
    digits[n] = '\0';
    *size = strtoull(digits, NULL, 16);
    return *size <= INT64_MAX;
}

static bool trailer_is_good(struct span line)
{
    size_t colon = span_find(line, 0, ':');
    return colon < line.n && http_is_token(span_cut(line, 0, colon)) &&
           http_is_field_value(span_from(line, colon + 1));
}

static enum verdict plain(struct span *rest, struct buf *body)
{
    struct span line;
    for (;;) {
        uint64_t size = 0;
        enum verdict v = take_line(rest, &line);
        if (v != COMPLETE)
            return v;
        if (!read_size(line, &size))
            return BAD;
        if (size == 0)
            break;
        struct span data = span_cut(*rest, 0, size);
        CHECK(buf_append_span(body, data));
        struct span end = span_cut(*rest, size, 2);
        if (!span_starts(SPAN_LIT("\r\n"), end))
            return BAD;
        if (data.n < size || end.n < 2)
            return INCOMPLETE;
        *rest = span_from(*rest, size + 2);
    }
    for (;;) {
        enum verdict v = take_line(rest, &line);
        if (v != COMPLETE || line.n == 0)
            return v;
        if (!trailer_is_good(line))
            return BAD;
    }
}

/* ---- the real one ---- */

static size_t take(void *arg, const char *p, size_t n, enum refusal *r)
{
    CHECK(n > 0 && *r == REFUSE_NONE);
    CHECK(buf_append(arg, p, n));
    return n;
}

static enum refusal real(struct span input, struct chunked *d, const struct h1_config *cfg,
                         uint32_t cuts, uint64_t max, struct buf *body, size_t *used)
{
    struct buf in = BUF_EMPTY;
    enum refusal r = REFUSE_NONE;
    size_t fed = 0;
    chunked_init(d);
    while (r == REFUSE_NONE && fed < input.n && d->state != CHUNKED_DONE) {
        size_t n = fuzz_cut(&cuts, input.n - fed);
        CHECK(buf_append_span(&in, span_cut(input, fed, n)));
        fed += n;
        r = chunked_feed(d, cfg, &in, body ? take : NULL, body, max);
        CHECK(d->total <= max && (!body || buf_len(body) <= d->total));
    }
    *used = fed - buf_len(&in);
    buf_free(&in);
    return r;
}

static bool is_limit(enum refusal r)
{
    return r == REFUSE_EXTENSION_SIZE || r == REFUSE_TRAILER_SIZE || r == REFUSE_BODY_SIZE;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make((const char *)data, size);
    bool small = (fuzz_option(&input) & 1) != 0;
    uint32_t cuts = fuzz_option(&input);
    struct h1_config cfg = {.max_extension_size = small ? 12 : 8192,
                            .max_trailer_size = small ? 16 : 8192};
    uint64_t max = small ? 32 : 65536;
    struct buf body = BUF_EMPTY, expected = BUF_EMPTY;
    struct chunked d, dropping;
    size_t used, used_dropping;
    enum refusal r = real(input, &d, &cfg, cuts, max, &body, &used);
    CHECK(real(input, &dropping, &cfg, 1, max, NULL, &used_dropping) == r);
    struct span rest = input;
    switch (plain(&rest, &expected)) {
    case COMPLETE:
        if (is_limit(r))
            break;
        CHECK(r == REFUSE_NONE && d.state == CHUNKED_DONE && dropping.state == CHUNKED_DONE);
        CHECK(used == input.n - rest.n && used == used_dropping);
        CHECK(span_eq(buf_span(&body), buf_span(&expected)));
        break;
    case INCOMPLETE:
        /* a bad byte may be seen before its line has ended */
        CHECK(r != REFUSE_NONE || d.state != CHUNKED_DONE);
        break;
    case BAD:
        CHECK(r != REFUSE_NONE);
        break;
    }
    buf_free(&body);
    buf_free(&expected);
    return 0;
}
