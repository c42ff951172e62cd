/* SPDX-License-Identifier: Apache-2.0
 * See ranges.h. */
#include "ranges.h"

#include <stdbool.h>
#include <strings.h>

struct cursor {
    const char *p, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
}

/* Digits as a number; one too large is INT64_MAX, which is behind every file. -1: no digit. */
static int64_t take_number(struct cursor *c)
{
    int64_t n = -1;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        int digit = *c->p - '0';
        if (n < 0)
            n = digit;
        else
            n = n > (INT64_MAX - digit) / 10 ? INT64_MAX : n * 10 + digit;
    }
    return n;
}

/* One "first-last", "first-" or "-suffix". False: malformed. An unsatisfiable one has last < first. */
static bool take_range(struct cursor *c, int64_t size, struct range *out)
{
    int64_t first = take_number(c);
    if (c->p == c->end || *c->p != '-')
        return false;
    c->p++;
    int64_t last = take_number(c);
    if (first < 0 && last < 0)
        return false;
    if (first >= 0 && last >= 0 && last < first)
        return false;
    if (first < 0) { /* the last bytes */
        *out = (struct range){last < size ? size - last : 0, size - 1};
        if (last == 0)
            *out = (struct range){1, 0};
        return true;
    }
    *out = (struct range){first, last < 0 || last >= size ? size - 1 : last};
    return true;
}

static bool touch(const struct range *a, const struct range *b)
{
    return a->first - 1 <= b->last && b->first - 1 <= a->last;
}

/* Joins R into the rows it overlaps; the joined one stands where the first of them stood. */
static void add(struct ranges *out, struct range r)
{
    uint32_t place = out->count;
    for (uint32_t i = 0; i < out->count;) {
        struct range *other = &out->rows[i];
        if (!touch(&r, other)) {
            i++;
            continue;
        }
        r.first = other->first < r.first ? other->first : r.first;
        r.last = other->last > r.last ? other->last : r.last;
        place = i < place ? i : place;
        for (uint32_t k = i + 1; k < out->count; k++)
            out->rows[k - 1] = out->rows[k];
        out->count--;
        i = 0; /* it has grown: look at all again */
    }
    if (place > out->count)
        place = out->count;
    for (uint32_t k = out->count; k > place; k--)
        out->rows[k] = out->rows[k - 1];
    out->rows[place] = r;
    out->count++;
}

enum ranges_verdict ranges_parse(cs_str field, int64_t size, struct ranges *out)
{
    static const char unit[] = "bytes=";
    struct cursor c = {field.ptr, field.ptr + field.len};
    uint32_t wishes = 0;
    bool whole = false; /* a suffix of an empty file: satisfiable, but no 206 can say so */
    out->count = 0;
    if (field.len < sizeof(unit) - 1 || strncasecmp(field.ptr, unit, sizeof(unit) - 1) != 0)
        return RANGES_IGNORED;
    for (c.p += sizeof(unit) - 1; c.p < c.end;) {
        struct range r;
        skip_blanks(&c);
        if (c.p < c.end && *c.p == ',') { /* an empty element */
            c.p++;
            continue;
        }
        if (c.p == c.end)
            break;
        bool suffix = *c.p == '-';
        if (!take_range(&c, size, &r))
            return RANGES_UNSATISFIABLE;
        skip_blanks(&c);
        if (c.p < c.end && *c.p++ != ',')
            return RANGES_UNSATISFIABLE;
        if (++wishes > RANGES_MAX)
            return RANGES_IGNORED;
        whole = whole || (suffix && size == 0 && r.first < 1);
        if (r.first <= r.last)
            add(out, r);
    }
    if (out->count > 0)
        return RANGES_PARTIAL;
    return whole ? RANGES_IGNORED : RANGES_UNSATISFIABLE;
}
