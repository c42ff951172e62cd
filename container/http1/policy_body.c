/* SPDX-License-Identifier: Apache-2.0
 * How long a body is, and what a chunk line may look like (RFC 9112 6.3, 7.1): see policy.h. */
#include "http1/policy.h"

#include "base/check.h"
#include "http/chars.h"

/* Exactly one member `chunked`, in one field or several (RFC 9110 5.6.1 lets empty elements pass, the
 * transfer codings do not: a list that is odd in any way is refused, because the next hop may read it
 * otherwise). */
static enum refusal check_coding(const struct request *req)
{
    const struct headers *h = &req->headers;
    uint32_t codings = 0;
    bool last_chunked = false, unknown = false;
    for (uint32_t i = 0; i < headers_count(h, FIELD_TRANSFER_ENCODING); i++) {
        struct span rest = headers_get(h, FIELD_TRANSFER_ENCODING, i), piece;
        while (span_split(&rest, ',', &piece)) {
            piece = span_trim(piece);
            if (!http_is_token(piece))
                return REFUSE_CODING_LIST;
            last_chunked = span_ieq(piece, SPAN_LIT("chunked"));
            unknown = unknown || !last_chunked;
            codings++;
        }
    }
    if (codings == 1 && last_chunked)
        return REFUSE_NONE;
    if (codings == 1 || (unknown && last_chunked))
        return REFUSE_CODING;
    return REFUSE_CODING_LIST;
}

enum refusal policy_framing(const struct request *req, struct framing *out)
{
    const struct headers *h = &req->headers;
    uint32_t lengths = headers_count(h, FIELD_CONTENT_LENGTH);
    *out = (struct framing){.chunked = false, .length = 0};
    if (headers_count(h, FIELD_TRANSFER_ENCODING) > 0) {
        if (req->version < 11)
            return REFUSE_CODING_VERSION;
        if (lengths > 0)
            return REFUSE_LENGTH_AND_CODING;
        out->chunked = true;
        return check_coding(req);
    }
    if (lengths == 0)
        return REFUSE_NONE;
    struct span value = headers_get(h, FIELD_CONTENT_LENGTH, 0);
    if (lengths > 1 || !span_to_u64(value, INT64_MAX, &out->length))
        return REFUSE_LENGTH;
    return REFUSE_NONE;
}

/* quoted-string of RFC 9110 5.6.4, starting at the quote; returns its end or 0. */
static size_t quoted_end(struct span line, size_t at)
{
    for (at++; at < line.n && line.p[at] != '"'; at++) {
        if (line.p[at] == '\\')
            at++;
        if (at >= line.n || !char_is(line.p[at], CHAR_VALUE))
            return 0;
    }
    return at < line.n ? at + 1 : 0;
}

static size_t token_end(struct span line, size_t at)
{
    while (at < line.n && char_is(line.p[at], CHAR_TOKEN))
        at++;
    return at;
}

/* *( ";" token [ "=" ( token / quoted-string ) ] ) */
static bool extensions_ok(struct span line, size_t at)
{
    while (at < line.n) {
        if (line.p[at] != ';')
            return false;
        size_t end = token_end(line, at + 1);
        if (end == at + 1)
            return false;
        at = end;
        if (at == line.n || line.p[at] != '=')
            continue;
        at++;
        end = at < line.n && line.p[at] == '"' ? quoted_end(line, at) : token_end(line, at);
        if (end <= at)
            return false;
        at = end;
    }
    return true;
}

enum refusal policy_chunk_line(struct span line, uint64_t *size, size_t *extension)
{
    size_t n = 0;
    uint64_t v = 0;
    while (n < line.n && http_hex[(unsigned char)line.p[n]] >= 0) {
        if (n == 16)
            return REFUSE_CHUNK;
        v = v << 4 | (uint64_t)http_hex[(unsigned char)line.p[n]];
        n++;
    }
    if (n == 0 || v > INT64_MAX || !extensions_ok(line, n))
        return REFUSE_CHUNK;
    *size = v;
    *extension = line.n - n;
    return REFUSE_NONE;
}

static bool may_be_trailer(struct span name)
{
    static const char *const never[] = {
        "Age",
        "Authentication-Info",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Cookie",
        "Date",
        "Expect",
        "Expires",
        "Forwarded",
        "Host",
        "Keep-Alive",
        "Location",
        "Max-Forwards",
        "Pragma",
        "Range",
        "Retry-After",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Upgrade",
        "Transfer-Encoding",
        "Vary",
        "WWW-Authenticate",
        "Origin",
        "X-Real-IP",
    };
    static const char *const prefixes[] = {"Content-", "If-", "Proxy-", "Sec-", "X-Forwarded-"};
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
        if (span_ieq(span_cut(name, 0, strlen(prefixes[i])), span_of(prefixes[i])))
            return false;
    for (size_t i = 0; i < ARRAY_COUNT(never); i++)
        if (span_ieq(name, span_of(never[i])))
            return false;
    return true;
}

bool policy_trailer_kept(const struct h1_config *cfg, struct span name)
{
    struct span rest = cfg->allowed_trailers, one;
    if (rest.n == 0 || !may_be_trailer(name))
        return false;
    while (span_split(&rest, ',', &one))
        if (span_ieq(span_trim(one), name))
            return true;
    return false;
}
