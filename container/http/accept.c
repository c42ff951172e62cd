/* SPDX-License-Identifier: Apache-2.0
 * The Accept field: see accept.h. */
#include "http/accept.h"

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
