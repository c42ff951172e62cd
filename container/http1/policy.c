/* SPDX-License-Identifier: Apache-2.0
 * Request line, target, Host, Connection and Expect: see policy.h. Framing and chunk lines stand in
 * policy_body.c. */
#include "http1/policy.h"

#include "http/chars.h"
#include "http/cookie.h"

/* ---- request line (RFC 9112 3) ---- */

static enum refusal check_version(struct span v, uint16_t *version)
{
    if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.')
        return REFUSE_VERSION_SYNTAX;
    char major = v.p[5], minor = v.p[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return REFUSE_VERSION_SYNTAX;
    if (major != '1')
        return REFUSE_VERSION;
    *version = minor == '0' ? 10 : 11;
    return REFUSE_NONE;
}

/* What relaxedPathChars and relaxedQueryChars may let in. */
static const char relaxable[] = "\"<>[\\]^`{|}";

static bool is_relaxable(char c)
{
    return memchr(relaxable, c, sizeof(relaxable) - 1) != NULL;
}

static enum refusal check_target_bytes(const struct h1_config *cfg, struct span target)
{
    const bool *allowed = cfg->path_byte;
    for (size_t i = 0; i < target.n; i++) {
        char c = target.p[i];
        if (c == '?')
            allowed = cfg->query_byte;
        if (allowed[(unsigned char)c])
            continue;
        if (!is_relaxable(c))
            return REFUSE_TARGET_BYTE;
        return allowed == cfg->path_byte ? REFUSE_PATH_BYTE : REFUSE_QUERY_BYTE;
    }
    return REFUSE_NONE;
}

enum refusal policy_request_line(const struct h1_config *cfg, struct span line,
                                 struct request_line *out)
{
    size_t first = span_find(line, 0, ' ');
    size_t last = span_rfind(line, ' ');
    if (first == line.n || first == last || first == 0)
        return REFUSE_REQUEST_LINE;
    out->method = span_cut(line, 0, first);
    out->target = span_cut(line, first + 1, last - first - 1);
    if (!http_is_token(out->method))
        return REFUSE_METHOD_TOKEN;
    out->known = method_find(out->method); /* now: a refusal of a HEAD has no body either */
    if (out->target.n == 0)
        return REFUSE_REQUEST_LINE;
    enum refusal r = check_version(span_from(line, last + 1), &out->version);
    if (r != REFUSE_NONE)
        return r;
    if (out->target.n > cfg->max_uri_size)
        return REFUSE_URI_SIZE;
    if (out->known == METHOD_CONNECT)
        return REFUSE_CONNECT;
    return check_target_bytes(cfg, out->target);
}

bool h1_config_bytes(struct h1_config *cfg, const char *relaxed_path, const char *relaxed_query,
                     char *bad)
{
    static const char never[] = "\"<>\\^`{|}#";
    for (int c = 0; c < 256; c++) {
        bool ok = c > 0x20 && c < 0x7f && !memchr(never, c, sizeof(never) - 1);
        cfg->path_byte[c] = cfg->query_byte[c] = ok;
    }
    for (int which = 0; which < 2; which++) {
        bool *table = which == 0 ? cfg->path_byte : cfg->query_byte;
        for (const char *p = which == 0 ? relaxed_path : relaxed_query; *p; p++) {
            if (!is_relaxable(*p)) {
                *bad = *p;
                return false;
            }
            table[(unsigned char)*p] = true;
        }
    }
    return true;
}

/* ---- target (RFC 9112 3.2) ---- */

static bool scheme_prefix(struct span target, size_t *authority)
{
    struct span s7 = span_cut(target, 0, 7), s8 = span_cut(target, 0, 8);
    if (span_ieq(s7, SPAN_LIT("http://")))
        *authority = 7;
    else if (span_ieq(s8, SPAN_LIT("https://")))
        *authority = 8;
    else
        return false;
    return true;
}

static enum refusal absolute_form(struct request *req, size_t start, struct arena *a,
                                  struct span *path_and_query)
{
    struct span rest = span_from(req->target, start);
    size_t slash = span_find(rest, 0, '/'), mark = span_find(rest, 0, '?');
    size_t end = slash < mark ? slash : mark;
    struct span authority = span_cut(rest, 0, end);
    if (authority.n == 0 || !uri_parse_host(authority, &req->host, &req->port) || req->host.n == 0)
        return REFUSE_TARGET_AUTHORITY;
    req->host = arena_copy(a, req->host);
    *path_and_query = span_from(rest, end);
    if (end == rest.n || rest.p[end] == '?') { /* no path is "/" */
        char *p = arena_printf(a, "/%.*s", SPAN_ARG(*path_and_query));
        *path_and_query = span_of(p);
    }
    return req->host.p && path_and_query->p ? REFUSE_NONE : REFUSE_MEMORY;
}

enum refusal policy_target(struct request *req, struct arena *a, struct span *path_and_query)
{
    size_t authority;
    *path_and_query = req->target;
    if (req->target.p[0] == '/')
        return REFUSE_NONE;
    if (span_eq(req->target, SPAN_LIT("*"))) {
        *path_and_query = SPAN_NONE;
        return req->method == METHOD_OPTIONS ? REFUSE_NONE : REFUSE_TARGET_FORM;
    }
    if (scheme_prefix(req->target, &authority))
        return absolute_form(req, authority, a, path_and_query);
    return REFUSE_TARGET_FORM;
}

/* ---- fields ---- */

enum refusal policy_field_line(struct span line, struct span *name, struct span *value)
{
    size_t n = 0;
    while (n < line.n && char_is(line.p[n], CHAR_TOKEN))
        n++;
    if (n == 0 || n == line.n || line.p[n] != ':')
        return REFUSE_FIELD;
    *name = span_cut(line, 0, n);
    *value = span_trim(span_from(line, n + 1));
    return http_is_field_value(*value) ? REFUSE_NONE : REFUSE_FIELD_VALUE;
}

enum refusal policy_host(struct request *req, bool absolute)
{
    uint32_t count = headers_count(&req->headers, FIELD_HOST);
    if (count > 1)
        return REFUSE_HOST_TWICE;
    if (count == 0)
        return req->version >= 11 ? REFUSE_HOST_MISSING : REFUSE_NONE;
    struct span host;
    uint32_t port;
    if (!uri_parse_host(headers_get(&req->headers, FIELD_HOST, 0), &host, &port))
        return REFUSE_HOST;
    if (!absolute) {
        req->host = host;
        req->port = port;
    }
    return REFUSE_NONE;
}

enum refusal policy_expect(const struct request *req, bool *wants_continue)
{
    *wants_continue = false;
    uint32_t count = headers_count(&req->headers, FIELD_EXPECT);
    if (count == 0 || req->version < 11)
        return REFUSE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        struct span value = headers_get(&req->headers, FIELD_EXPECT, i);
        if (!span_ieq(value, SPAN_LIT("100-continue")))
            return REFUSE_EXPECTATION;
    }
    *wants_continue = true;
    return REFUSE_NONE;
}

bool policy_too_many_cookies(const struct h1_config *cfg, const struct request *req)
{
    return headers_count(&req->headers, FIELD_COOKIE) > 0 &&
           cookies_count(&req->headers) > cfg->max_cookie_count;
}

bool policy_keep_alive(const struct request *req)
{
    const struct headers *h = &req->headers;
    if (headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("close")))
        return false;
    return req->version >= 11 || headers_list_has(h, FIELD_CONNECTION, SPAN_LIT("keep-alive"));
}
