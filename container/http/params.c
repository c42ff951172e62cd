/* SPDX-License-Identifier: Apache-2.0
 * Query and form parameters. Called when a servlet first asks for a parameter. */
#include "http/params.h"
#include "http/chars.h"

enum { FIRST_ROWS = 4 };

static bool grow(struct params *p, struct arena *a)
{
    void *v = arena_grow(a, p->v, &p->cap, sizeof(*p->v), FIRST_ROWS);
    if (v)
        p->v = v;
    return v != NULL;
}

/* Decodes S at *AT and puts a NUL behind; moves *AT behind that. False: bad escape. */
static bool decode(struct span s, char **at, struct span *out)
{
    char *o = *at;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int byte = i + 2 < s.n ? char_from_hex(s.p + i + 1) : -1;
            if (byte < 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        *o++ = c;
    }
    *out = span_make(*at, (size_t)(o - *at));
    *o = '\0';
    *at = o + 1;
    return true;
}

static enum params_verdict add(struct params *p, struct span piece, char **at, struct arena *a)
{
    size_t equals = span_find(piece, 0, '=');
    struct param new;
    if (!decode(span_cut(piece, 0, equals), at, &new.name))
        return PARAMS_BAD_ESCAPE;
    if (equals == piece.n) /* the name's own end serves as the empty value */
        new.value = span_make(new.name.p + new.name.n, 0);
    else if (!decode(span_from(piece, equals + 1), at, &new.value))
        return PARAMS_BAD_ESCAPE;
    if (p->n == p->cap && !grow(p, a))
        return PARAMS_NO_MEMORY;
    p->v[p->n++] = new;
    return PARAMS_OK;
}

bool params_add(struct params *p, struct span name, struct span value, struct arena *a)
{
    if (p->n == p->cap && !grow(p, a))
        return false;
    p->v[p->n++] = (struct param){name, value};
    return true;
}

enum params_verdict params_parse(struct params *p, struct span text, uint32_t max, struct arena *a)
{
    if (text.n == 0)
        return PARAMS_OK;
    /* One block for all: each NUL takes the place of a '=' or '&', the last one is the extra byte. */
    char *at = text.n < SIZE_MAX ? arena_alloc(a, text.n + 1) : NULL;
    if (!at)
        return PARAMS_NO_MEMORY;
    struct span rest = text, piece;
    while (span_split(&rest, '&', &piece)) {
        if (piece.n == 0)
            continue;
        if (p->n >= max)
            return PARAMS_TOO_MANY;
        enum params_verdict verdict = add(p, piece, &at, a);
        if (verdict != PARAMS_OK)
            return verdict;
    }
    return PARAMS_OK;
}

struct span params_get(const struct params *p, struct span name, uint32_t nth)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (span_eq(p->v[i].name, name) && nth-- == 0)
            return p->v[i].value;
    return SPAN_NONE;
}

static size_t high_bytes(struct span s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += (unsigned char)s.p[i] >= 0x80;
    return count;
}

static bool to_utf8(struct span *s, struct arena *a)
{
    size_t high = high_bytes(*s);
    if (high == 0)
        return true;
    char *text = arena_alloc(a, s->n + high + 1), *o = text;
    if (!text)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        unsigned char c = (unsigned char)s->p[i];
        if (c >= 0x80) {
            *o++ = (char)(0xc0 | c >> 6);
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        *o++ = (char)c;
    }
    *o = '\0';
    *s = span_make(text, (size_t)(o - text));
    return true;
}

bool params_from_latin1(struct params *p, uint32_t from, struct arena *a)
{
    for (uint32_t i = from; i < p->n; i++) {
        struct param new = p->v[i];
        if (!to_utf8(&new.name, a) || !to_utf8(&new.value, a))
            return false;
        p->v[i] = new;
    }
    return true;
}
