/* SPDX-License-Identifier: Apache-2.0
 * Cookie fields of requests: see cookie.h. */
#include "http/cookie.h"

#include "http/chars.h"

enum { FIRST_ROWS = 8 };

static bool grow(struct cookies *c, struct arena *a)
{
    void *v = arena_grow(a, c->v, &c->cap, sizeof(*c->v), FIRST_ROWS);
    if (v)
        c->v = v;
    return v != NULL;
}

/* RFC 6265 4.1.1, and what is not ASCII, for browsers send that. */
static bool is_cookie_octet(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte > 0x20 && byte != '"' && byte != ',' && byte != ';' && byte != '\\' && byte != 0x7f;
}

bool cookie_value_ok(struct span value)
{
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = span_cut(value, 1, value.n - 2);
    for (size_t i = 0; i < value.n; i++)
        if (!is_cookie_octet(value.p[i]))
            return false;
    return true;
}

/* TEXT is the arena's: what stands behind a name or value becomes its NUL. */
static bool add_pair(struct cookies *c, struct span piece, struct arena *a)
{
    size_t equals = span_find(piece, 0, '=');
    struct span name = span_trim(span_cut(piece, 0, equals));
    struct span value = equals < piece.n ? span_trim(span_from(piece, equals + 1))
                                         : span_make(piece.p + piece.n, 0);
    if (!http_is_token(name) || !cookie_value_ok(value))
        return true;
    if (c->n == c->cap && !grow(c, a))
        return false;
    ((char *)(uintptr_t)name.p)[name.n] = '\0';
    ((char *)(uintptr_t)value.p)[value.n] = '\0';
    c->v[c->n++] = (struct cookie_pair){name, value};
    return true;
}

bool cookies_parse(struct cookies *c, const struct headers *h, struct arena *a)
{
    struct span field;
    for (uint32_t nth = 0; (field = headers_get(h, FIELD_COOKIE, nth)).p; nth++) {
        struct span rest = arena_copy(a, field), piece;
        if (!rest.p)
            return false;
        while (span_split(&rest, ';', &piece))
            if (!add_pair(c, piece, a))
                return false;
    }
    return true;
}

struct span cookies_get(const struct cookies *c, struct span name, uint32_t nth)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (span_eq(c->v[i].name, name) && nth-- == 0)
            return c->v[i].value;
    return SPAN_NONE;
}

uint32_t cookies_count(const struct headers *h)
{
    uint32_t count = 0;
    struct span rest, piece;
    for (uint32_t nth = 0; (rest = headers_get(h, FIELD_COOKIE, nth)).p; nth++)
        while (span_split(&rest, ';', &piece))
            count += span_trim(piece).n > 0;
    return count;
}
