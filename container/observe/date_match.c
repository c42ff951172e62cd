/* SPDX-License-Identifier: Apache-2.0
 * Reading back what a date pattern has printed: which files are a log's own, and of which day. Called
 * before a file is removed, so whatever is not surely a date of that pattern does not match. */
#include "observe/date_priv.h"

struct reading {
    struct span rest;
    int year, month, day; /* -1: not seen */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of exactly WIDTH digits, or with WIDTH 1 of one to MOST. */
static bool take_number(struct reading *r, size_t width, size_t most, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < most && n < r->rest.n && is_digit(r->rest.p[n]))
        v = v * 10 + (r->rest.p[n++] - '0');
    if (n < width)
        return false;
    r->rest = span_from(r->rest, n);
    if (out)
        *out = v;
    return true;
}

static bool take_fixed(struct reading *r, size_t width, size_t natural, int *out)
{
    return take_number(r, width, width > 1 ? width : natural, out);
}

static bool take_name(struct reading *r, const char (*names)[10], int count, int width, int *out)
{
    for (int i = 0; i < count; i++) {
        struct span name = span_of(names[i]);
        if (width < 4)
            name = span_cut(name, 0, 3);
        if (!span_starts(r->rest, name))
            continue;
        r->rest = span_from(r->rest, name.n);
        if (out)
            *out = i + 1;
        return true;
    }
    return false;
}

static bool take_offset(struct reading *r, char letter, int width)
{
    if (letter == 'X' && r->rest.n > 0 && r->rest.p[0] == 'Z') {
        r->rest = span_from(r->rest, 1);
        return true;
    }
    if (r->rest.n == 0 || (r->rest.p[0] != '+' && r->rest.p[0] != '-'))
        return false;
    r->rest = span_from(r->rest, 1);
    if (!take_number(r, 2, 2, NULL))
        return false;
    if (letter == 'X' && width == 1)
        return true;
    if (letter == 'X' && width > 2) {
        if (r->rest.n == 0 || r->rest.p[0] != ':')
            return false;
        r->rest = span_from(r->rest, 1);
    }
    return take_number(r, 2, 2, NULL);
}

/* "CET", "+0530" */
static bool take_zone(struct reading *r)
{
    size_t n = 0;
    while (n < r->rest.n && n < 8 &&
           (is_digit(r->rest.p[n]) || r->rest.p[n] == '+' || r->rest.p[n] == '-' ||
            (r->rest.p[n] >= 'A' && r->rest.p[n] <= 'Z')))
        n++;
    r->rest = span_from(r->rest, n);
    return n > 0;
}

static bool take_item(struct reading *r, char letter, unsigned char width)
{
    bool literal = letter == 0, day_half;
    switch (letter) {
    case 'y':
        return take_number(r, width == 2 ? 2 : 4, width == 2 ? 2 : width > 4 ? width : 4, &r->year);
    case 'M':
    case 'L':
        return width < 3 ? take_fixed(r, width, 2, &r->month)
                         : take_name(r, date_months, 12, width, &r->month);
    case 'd':
        return take_fixed(r, width, 2, &r->day);
    case 'E':
        return take_name(r, date_weekdays, 7, width, NULL);
    case 'z':
        return take_zone(r);
    case 'Z':
    case 'X':
        return take_offset(r, letter, width);
    case 0:
    case 'a':
        day_half = span_starts(r->rest, SPAN_LIT("AM")) || span_starts(r->rest, SPAN_LIT("PM"));
        if (literal ? r->rest.n == 0 || (unsigned char)r->rest.p[0] != width : !day_half)
            return false;
        r->rest = span_from(r->rest, literal ? 1 : 2);
        return true;
    default: /* hours, minutes, seconds; days of the year and milliseconds may have three digits */
        return take_fixed(r, width, letter == 'D' || letter == 'S' ? 3 : 2, NULL);
    }
}

bool date_pattern_match(const struct date_pattern *p, struct span text, int64_t *day)
{
    struct reading r = {.rest = text, .year = -1, .month = -1, .day = -1};
    bool short_year = false;
    for (uint32_t i = 0; i < p->count; i++) {
        if (!take_item(&r, p->items[i].letter, p->items[i].width))
            return false;
        short_year |= p->items[i].letter == 'y' && p->items[i].width == 2;
    }
    if (r.rest.n > 0 || r.month == 0 || r.month > 12 || r.day == 0 || r.day > 31)
        return false;
    bool known = r.year >= 0 && r.month > 0 && r.day > 0;
    *day = known ? date_days(short_year ? 2000 + r.year : r.year, r.month, r.day) : INT64_MIN;
    return true;
}
