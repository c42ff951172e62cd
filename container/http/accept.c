/* SPDX-License-Identifier: Apache-2.0
 * The Accept and Accept-Language fields: see accept.h. */
#include "http/accept.h"

#include <stdlib.h>

/* "0.25" to 250 (RFC 9110 12.4.2); 0 when it is no weight. */
static unsigned weight(struct span s)
{
    unsigned value = 0, scale = 1000;
    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') || (s.n > 1 && s.p[1] != '.'))
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        if (i == 1)
            continue;
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        value += (unsigned)(s.p[i] - '0') * scale;
        scale /= 10;
    }
    return value <= 1000 ? value : 0;
}

/* The weight among the parameters of one range. */
static unsigned range_weight(struct span params)
{
    struct span one;
    while (span_split(&params, ';', &one)) {
        one = span_trim(one);
        if (one.n >= 2 && (one.p[0] == 'q' || one.p[0] == 'Q') && one.p[1] == '=')
            return weight(span_from(one, 2));
    }
    return 1000;
}

/* How well RANGE ("text/html", "text/" and a star, two stars) fits: 3, 2, 1, or 0 for not at all. */
static unsigned fit(struct span range, struct span type, struct span subtype)
{
    size_t slash = span_find(range, 0, '/');
    struct span t = span_cut(range, 0, slash);
    struct span s = slash < range.n ? span_from(range, slash + 1) : SPAN_LIT("");
    if (span_eq(t, SPAN_LIT("*")))
        return span_eq(s, SPAN_LIT("*")) ? 1 : 0;
    if (!span_ieq(t, type))
        return 0;
    return span_ieq(s, subtype) ? 3 : span_eq(s, SPAN_LIT("*")) ? 2 : 0;
}

unsigned accept_quality(const struct headers *h, struct span type, struct span subtype)
{
    unsigned best_fit = 0, quality = 0;
    struct span value = headers_find(h, SPAN_LIT("Accept"), 0);
    if (!value.p)
        return 1000;
    for (uint32_t nth = 0; value.p; value = headers_find(h, SPAN_LIT("Accept"), ++nth)) {
        struct span item;
        while (span_split(&value, ',', &item)) {
            size_t end = span_find(item, 0, ';');
            unsigned f = fit(span_trim(span_cut(item, 0, end)), type, subtype);
            if (f <= best_fit)
                continue;
            best_fit = f;
            quality = range_weight(end < item.n ? span_from(item, end + 1) : SPAN_LIT(""));
        }
    }
    return quality;
}

/* ---- languages ---- */

struct wanted {
    struct span language;
    unsigned quality;
    uint32_t place;
};

/* 1*8ALPHA *("-" 1*8alphanum) */
static bool is_language(struct span s)
{
    struct span part;
    bool first = true;
    while (span_split(&s, '-', &part)) {
        if (part.n == 0 || part.n > 8)
            return false;
        for (size_t i = 0; i < part.n; i++) {
            char c = ascii_lower(part.p[i]);
            if (!(c >= 'a' && c <= 'z') && (first || c < '0' || c > '9'))
                return false;
        }
        first = false;
    }
    return true;
}

static int by_quality(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->quality != y->quality)
        return x->quality < y->quality ? 1 : -1;
    return x->place < y->place ? -1 : 1;
}

static uint32_t count_items(const struct headers *h, struct span name)
{
    uint32_t count = 0;
    struct span value;
    for (uint32_t nth = 0; (value = headers_find(h, name, nth)).p; nth++) {
        count++;
        for (size_t i = 0; i < value.n; i++)
            count += value.p[i] == ',';
    }
    return count;
}

bool accept_languages(const struct headers *h, struct arena *a, struct span **out, uint32_t *n)
{
    const struct span name = SPAN_LIT("Accept-Language");
    uint32_t count = 0, max = count_items(h, name);
    struct wanted *found = arena_alloc(a, (max + 1) * sizeof(*found));
    struct span *list = arena_alloc(a, (max + 1) * sizeof(*list)), value, item;
    *n = 0;
    if (!found || !list)
        return false;
    for (uint32_t nth = 0; (value = headers_find(h, name, nth)).p; nth++) {
        while (span_split(&value, ',', &item)) {
            size_t end = span_find(item, 0, ';');
            struct span language = span_trim(span_cut(item, 0, end));
            unsigned q = range_weight(end < item.n ? span_from(item, end + 1) : SPAN_LIT(""));
            if (q > 0 && is_language(language)) {
                found[count] = (struct wanted){language, q, count};
                count++;
            }
        }
    }
    qsort(found, count, sizeof(*found), by_quality);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_copy(a, found[i].language);
        if (!list[i].p)
            return false;
    }
    *out = list;
    *n = count;
    return true;
}
