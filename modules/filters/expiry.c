/* SPDX-License-Identifier: Apache-2.0
 * The grammar of expiration: see expiry.h. */
#include "expiry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LATEST INT64_C(253402300799) /* the last second of the year 9999 */
#define DAY    INT64_C(86400)

struct word {
    const char *p;
    size_t n;
};

static struct word next_word(const char **text)
{
    *text += strspn(*text, " \t\r\n");
    struct word w = {*text, strcspn(*text, " \t\r\n")};
    *text += w.n;
    return w;
}

static int is(struct word w, const char *text)
{
    return w.n == strlen(text) && strncasecmp(w.p, text, w.n) == 0;
}

/* A whole number as Java's int. */
static int read_number(struct word w, int64_t *out)
{
    char digits[16], *end;
    if (w.n == 0 || w.n >= sizeof(digits) || (!isdigit((unsigned char)w.p[0]) && w.n < 2))
        return 0;
    memcpy(digits, w.p, w.n);
    digits[w.n] = '\0';
    if (!isdigit((unsigned char)digits[0]) &&
        ((digits[0] != '-' && digits[0] != '+') || !isdigit((unsigned char)digits[1])))
        return 0;
    *out = strtoll(digits, &end, 10);
    return !*end && *out >= INT32_MIN && *out <= INT32_MAX;
}

static int read_unit(struct word w, struct expiry_part *part)
{
    static const struct {
        const char *name, *names;
        enum expiry_unit unit;
        int64_t factor;
    } units[] = {
        {"year", "years", EXPIRY_MONTHS, 12},     {"month", "months", EXPIRY_MONTHS, 1},
        {"week", "weeks", EXPIRY_DAYS, 7},        {"day", "days", EXPIRY_DAYS, 1},
        {"hour", "hours", EXPIRY_SECONDS, 3600},  {"minute", "minutes", EXPIRY_SECONDS, 60},
        {"second", "seconds", EXPIRY_SECONDS, 1},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (is(w, units[i].name) || is(w, units[i].names)) {
            part->unit = units[i].unit;
            part->amount *= units[i].factor;
            return 1;
        }
    }
    return 0;
}

/* "A3600", "M604800": the old form. */
static int parse_short(struct word w, const char *rest, struct expiry *out)
{
    int letter = tolower((unsigned char)*w.p);
    if (w.n < 2 || (letter != 'a' && letter != 'm') || next_word(&rest).n > 0)
        return 0;
    out->of_modification = letter == 'm';
    out->count = 1;
    out->v[0].unit = EXPIRY_SECONDS;
    return read_number((struct word){w.p + 1, w.n - 1}, &out->v[0].amount);
}

int expiry_parse(const char *text, struct expiry *out)
{
    struct word w = next_word(&text);
    memset(out, 0, sizeof(*out));
    out->of_modification = is(w, "modification");
    if (!out->of_modification && !is(w, "access") && !is(w, "now"))
        return w.n > 0 && parse_short(w, text, out);
    w = next_word(&text);
    if (is(w, "plus"))
        w = next_word(&text);
    for (; w.n > 0; w = next_word(&text)) {
        if (out->count == EXPIRY_PARTS || !read_number(w, &out->v[out->count].amount) ||
            !read_unit(next_word(&text), &out->v[out->count]))
            return 0;
        out->count++;
    }
    return out->count > 0;
}

/* ---- the calendar ---- */

static int is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_before(int64_t year) /* from 1970-01-01 to its first day */
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) +
           (y / 400 - 1969 / 400);
}

static int64_t length_of(int64_t year, int64_t month) /* 0: January */
{
    static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month] + (month == 1 && is_leap(year));
}

static int64_t clamped(int64_t t)
{
    return t < 0 ? 0 : t > LATEST ? LATEST : t;
}

static int64_t plus_months(int64_t t, int64_t months)
{
    int64_t days = t / DAY, year = 1970 + days / 366, month = 0;
    while (days_before(year + 1) <= days)
        year++;
    days -= days_before(year);
    for (; days >= length_of(year, month); month++)
        days -= length_of(year, month);
    int64_t all = year * 12 + month + months;
    if (all < INT64_C(1970) * 12)
        return 0;
    if (all >= INT64_C(10000) * 12)
        return LATEST;
    year = all / 12;
    if (days >= length_of(year, all % 12))
        days = length_of(year, all % 12) - 1;
    days += days_before(year);
    for (month = 0; month < all % 12; month++)
        days += length_of(year, month);
    return days * DAY + t % DAY;
}

int64_t expiry_after(const struct expiry *e, int64_t begin)
{
    int64_t t = clamped(begin);
    for (uint32_t i = 0; i < e->count; i++) {
        int64_t amount = e->v[i].amount;
        if (e->v[i].unit == EXPIRY_MONTHS)
            t = plus_months(t, amount);
        else
            t = clamped(t + amount * (e->v[i].unit == EXPIRY_DAYS ? DAY : 1));
    }
    return t;
}
