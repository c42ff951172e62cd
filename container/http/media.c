/* SPDX-License-Identifier: Apache-2.0
 * See media.h. Called when a webapp asks; bytes come from clients and from webapps. */
#include "http/media.h"

#include "http/headers.h"

struct param_place {
    struct span all;         /* with everything behind the ';' before it */
    struct span name, value; /* the value with its quotes */
};

struct span media_type(struct span value)
{
    return span_trim(span_cut(value, 0, span_find(value, 0, ';')));
}

/* Behind the closing quote of the string that begins at START; 0: it does not end. */
static size_t quoted_end(struct span s, size_t start)
{
    for (size_t i = start + 1; i < s.n; i++) {
        bool escapes = s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
        if (escapes)
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return 0;
}

/* The next parameter of REST, which stands behind a ';'. MEDIA_ABSENT: there is none. */
static enum media_found next_param(struct span *rest, struct param_place *out)
{
    if (!rest->p)
        return MEDIA_ABSENT;
    size_t end = span_find(*rest, 0, ';'), equals = span_find(*rest, 0, '=');
    size_t quote = equals + 1;
    while (quote < rest->n && (rest->p[quote] == ' ' || rest->p[quote] == '\t'))
        quote++;
    if (equals < end && quote < rest->n && rest->p[quote] == '"') {
        size_t behind = quoted_end(*rest, quote);
        end = span_find(*rest, behind, ';');
        if (behind == 0 || span_trim(span_cut(*rest, behind, end - behind)).n > 0)
            return MEDIA_BAD;
    }
    if (equals > end)
        equals = end;
    out->all = span_cut(*rest, 0, end);
    out->name = span_trim(span_cut(out->all, 0, equals));
    out->value = equals < end ? span_trim(span_from(out->all, equals + 1)) : SPAN_LIT("");
    *rest = end < rest->n ? span_from(*rest, end + 1) : SPAN_NONE;
    return MEDIA_FOUND;
}

static struct span params_of(struct span value)
{
    size_t semicolon = span_find(value, 0, ';');
    return semicolon < value.n ? span_from(value, semicolon + 1) : SPAN_NONE;
}

/* Without quotes and escapes; in the arena. */
static struct span unquoted(struct span s, struct arena *a)
{
    if (s.n < 2 || s.p[0] != '"')
        return arena_copy(a, s);
    char *text = arena_alloc(a, s.n), *o = text;
    if (!text)
        return SPAN_NONE;
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (s.p[i] == '\\' && i + 2 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
            i++;
        *o++ = s.p[i];
    }
    *o = '\0';
    return span_make(text, (size_t)(o - text));
}

enum media_found media_param(struct span value, struct span name, struct arena *a, struct span *out)
{
    struct span rest = params_of(value);
    struct param_place place;
    enum media_found found;
    *out = SPAN_NONE;
    while ((found = next_param(&rest, &place)) == MEDIA_FOUND) {
        if (!span_ieq(place.name, name))
            continue;
        *out = unquoted(place.value, a);
        return out->p ? MEDIA_FOUND : MEDIA_NO_MEMORY;
    }
    return found;
}

struct span media_without(struct span value, struct span name, struct arena *a)
{
    struct span rest = params_of(value);
    struct param_place place;
    char *text = arena_alloc(a, value.n + 1), *o = text;
    if (!text)
        return SPAN_NONE;
    struct span type = media_type(value);
    if (type.n > 0)
        memcpy(o, type.p, type.n);
    o += type.n;
    while (next_param(&rest, &place) == MEDIA_FOUND) {
        if (span_ieq(place.name, name) || place.name.n == 0)
            continue;
        *o++ = ';';
        memcpy(o, place.all.p, place.all.n);
        o += place.all.n;
    }
    *o = '\0';
    return span_make(text, (size_t)(o - text));
}
