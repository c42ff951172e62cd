/* SPDX-License-Identifier: Apache-2.0
 * Origins: see origin.h. */
#include "origin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int is(cs_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static int begins(cs_str s, const char *text)
{
    size_t n = strlen(text);
    return s.len >= n && memcmp(s.ptr, text, n) == 0;
}

static cs_str from(cs_str s, size_t n)
{
    s.ptr += n;
    s.len -= n;
    return s;
}

/* The bytes of a scheme (RFC 3986 3.1) before "://"; 0: there is none. */
static size_t scheme_length(cs_str s)
{
    size_t n = 0;
    while (n < s.len && (isalnum((unsigned char)s.ptr[n]) || (n > 0 && strchr("+-.", s.ptr[n]))))
        n++;
    return n > 0 && isalpha((unsigned char)s.ptr[0]) && begins(from(s, n), "://") ? n : 0;
}

static int is_port(cs_str s)
{
    long port = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.ptr[i]) || i > 4)
            return 0;
        port = port * 10 + (s.ptr[i] - '0');
    }
    return s.len > 0 && port <= 65535;
}

/* The bytes of a host: in brackets, or up to a colon; 0: malformed. */
static size_t host_length(cs_str s)
{
    size_t n = 0;
    int bracket = s.len > 0 && s.ptr[0] == '[';
    while (n < s.len) {
        unsigned char c = (unsigned char)s.ptr[n];
        if (bracket ? c == ']' : c == ':')
            break;
        if (c >= 0x80 || !(isalnum(c) || strchr(bracket ? "[:." : "-._~", c)))
            return 0;
        n++;
    }
    if (!bracket)
        return n;
    return n > 1 && n < s.len ? n + 1 : 0;
}

int origin_is_valid(cs_str origin)
{
    if (!origin.ptr || memchr(origin.ptr, '%', origin.len) || memchr(origin.ptr, '\0', origin.len))
        return 0;
    if (is(origin, "null") || begins(origin, "file://"))
        return 1;
    size_t scheme = scheme_length(origin);
    if (scheme == 0)
        return 0;
    cs_str rest = from(origin, scheme + 3);
    size_t host = host_length(rest);
    if (host == 0)
        return 0;
    rest = from(rest, host);
    return rest.len == 0 || (rest.ptr[0] == ':' && is_port(from(rest, 1)));
}

int origin_is_own(cs_str origin, cs_str scheme, cs_str host, int64_t port)
{
    int64_t named = is(scheme, "https") ? 443 : 80;
    if (!scheme.ptr || !host.ptr || !begins(origin, scheme.ptr) ||
        !begins(from(origin, scheme.len), "://"))
        return 0;
    cs_str rest = from(origin, scheme.len + 3);
    if (rest.len < host.len || strncasecmp(rest.ptr, host.ptr, host.len) != 0)
        return 0;
    rest = from(rest, host.len);
    if (rest.len > 0) {
        if (rest.ptr[0] != ':' || !is_port(from(rest, 1)))
            return 0;
        named = 0;
        for (size_t i = 1; i < rest.len; i++)
            named = named * 10 + (rest.ptr[i] - '0');
    }
    return named == port;
}

/* Fetch 2.2.2: the types that a page may send without asking first. */
static int is_simple_type(cs_str type)
{
    static const char *const simple[] = {"application/x-www-form-urlencoded", "multipart/form-data",
                                         "text/plain"};
    size_t n = 0;
    if (!type.ptr)
        return 1;
    while (n < type.len && type.ptr[n] != ';' && type.ptr[n] != ' ' && type.ptr[n] != '\t')
        n++;
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
        if (n == strlen(simple[i]) && strncasecmp(type.ptr, simple[i], n) == 0)
            return 1;
    return 0;
}

enum cors_kind cors_kind_of(const struct cors_ask *a)
{
    if (!a->origin.ptr)
        return CORS_NONE;
    if (a->other_origin.ptr || !origin_is_valid(a->origin))
        return CORS_INVALID;
    if (origin_is_own(a->origin, a->scheme, a->host, a->port))
        return CORS_NONE;
    if (strcmp(a->method, "OPTIONS") == 0) {
        if (!a->asked_method.ptr)
            return CORS_ACTUAL;
        return a->asked_method.len > 0 ? CORS_PREFLIGHT : CORS_INVALID;
    }
    int simple = strcmp(a->method, "GET") == 0 || strcmp(a->method, "HEAD") == 0 ||
                 (strcmp(a->method, "POST") == 0 && is_simple_type(a->content_type));
    return simple ? CORS_SIMPLE : CORS_ACTUAL;
}
