/* SPDX-License-Identifier: Apache-2.0
 * Printing dates by pattern: see date_pattern.h. Reading them back is in date_match.c. */
#include <stdio.h>
#include "base/check.h"
#include "observe/date_priv.h"

const char date_months[12][10] = {"January",   "February", "March",    "April",
                                  "May",       "June",     "July",     "August",
                                  "September", "October",  "November", "December"};
const char date_weekdays[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char letters[] = "yMLdDEuaHkKhmsSzZX";

void date_time_of(int64_t wall_us, struct date_time *out)
{
    static _Thread_local struct date_time kept;
    static _Thread_local bool made;
    int64_t second = wall_us / 1000000;
    if (!made || kept.second != second) {
        time_t t = (time_t)second;
        kept.tm = (struct tm){.tm_mday = 1};
        localtime_r(&t, &kept.tm);
        kept.second = second;
        made = true;
    }
    *out = kept;
    out->millis = (int32_t)(wall_us % 1000000 / 1000);
}

const char *date_month(int month)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[(unsigned)month % 12];
}

int64_t date_days(int64_t year, int month, int day)
{
    /* Years that begin in March have their leap day at the end. */
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t date_day(const struct date_time *t)
{
    return date_days(t->tm.tm_year + 1900, t->tm.tm_mon + 1, t->tm.tm_mday);
}

/* ---- parsing ---- */

static bool add(struct date_pattern *p, char letter, unsigned char width, struct err *err)
{
    if (p->count == DATE_ITEMS_MAX)
        return err_set(err, "a date pattern may have at most %d parts", DATE_ITEMS_MAX);
    p->items[p->count].letter = letter;
    p->items[p->count++].width = width;
    return true;
}

/* Text from the quote at I on; returns the index behind its end. '' is one quote. */
static bool add_quoted(struct date_pattern *p, struct span text, size_t *i, struct err *err)
{
    size_t start = (*i)++;
    if (*i < text.n && text.p[*i] == '\'') {
        (*i)++;
        return add(p, 0, '\'', err);
    }
    for (; *i < text.n; (*i)++) {
        bool quote = text.p[*i] == '\'';
        if (quote && (*i + 1 == text.n || text.p[*i + 1] != '\'')) {
            (*i)++;
            return true;
        }
        *i += quote;
        if (!add(p, 0, (unsigned char)text.p[*i], err))
            return false;
    }
    return err_set(err, "the quote at character %zu of the date pattern has no end", start + 1);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool date_pattern_parse(struct span text, struct date_pattern *out, struct err *err)
{
    out->count = 0;
    for (size_t i = 0; i < text.n;) {
        char c = text.p[i];
        bool ok;
        if (c == '\'') {
            ok = add_quoted(out, text, &i, err);
        } else if (!is_letter(c)) {
            ok = add(out, 0, (unsigned char)c, err);
            i++;
        } else {
            size_t n = 1;
            while (i + n < text.n && text.p[i + n] == c)
                n++;
            if (!memchr(letters, c, sizeof(letters) - 1) || n > 10) {
                err_set(err, "'%.*s' at character %zu of the date pattern means nothing", (int)n,
                        text.p + i, i + 1);
                return err_hint(err, "Letters are %s; text stands between single quotes", letters);
            }
            ok = add(out, c, (unsigned char)n, err);
            i += n;
        }
        if (!ok)
            return false;
    }
    return true;
}

/* ---- printing ---- */

struct text {
    char *p;
    size_t n, size;
};

static void put(struct text *o, const char *p, size_t n)
{
    if (o->n > o->size)
        return;
    bool fits = n <= o->size - o->n;
    if (fits)
        memcpy(o->p + o->n, p, n);
    o->n = fits ? o->n + n : o->size + 1;
}

static void put_number(struct text *o, int64_t v, int width)
{
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%0*lld", width, (long long)v);
    CHECK(n > 0 && n < (int)sizeof(digits));
    put(o, digits, (size_t)n);
}

static void put_name(struct text *o, const char *name, int width)
{
    size_t n = strlen(name);
    put(o, name, width < 4 && n > 3 ? 3 : n);
}

static void put_offset(struct text *o, char letter, int width, const struct tm *tm)
{
    char digits[24];
    long minutes = tm->tm_gmtoff / 60;
    char sign = minutes < 0 ? '-' : '+';
    minutes = minutes < 0 ? -minutes : minutes;
    int hours = (int)(minutes / 60) % 100, rest = (int)(minutes % 60), n;
    if (letter == 'X' && minutes == 0)
        n = snprintf(digits, sizeof(digits), "Z");
    else if (letter == 'X' && width == 1)
        n = snprintf(digits, sizeof(digits), "%c%02d", sign, hours);
    else
        n = snprintf(digits, sizeof(digits), "%c%02d%s%02d", sign, hours,
                     letter == 'X' && width > 2 ? ":" : "", rest);
    put(o, digits, (size_t)n);
}

static void put_item(struct text *o, char letter, int width, const struct date_time *t)
{
    const struct tm *tm = &t->tm;
    int hour = tm->tm_hour % 12;
    switch (letter) {
    case 0:
        put(o, &(char){(char)width}, 1);
        break;
    case 'y':
        put_number(o, width == 2 ? (tm->tm_year + 1900) % 100 : tm->tm_year + 1900, width);
        break;
    case 'M':
    case 'L':
        if (width < 3)
            put_number(o, tm->tm_mon + 1, width);
        else
            put_name(o, date_months[(unsigned)tm->tm_mon % 12], width);
        break;
    case 'E':
        put_name(o, date_weekdays[(unsigned)tm->tm_wday % 7], width);
        break;
    case 'a':
        put(o, tm->tm_hour < 12 ? "AM" : "PM", 2);
        break;
    case 'z':
        put(o, tm->tm_zone ? tm->tm_zone : "", tm->tm_zone ? strlen(tm->tm_zone) : 0);
        break;
    case 'Z':
    case 'X':
        put_offset(o, letter, width, tm);
        break;
    default:
        put_number(o,
                   letter == 'd'   ? tm->tm_mday
                   : letter == 'D' ? tm->tm_yday + 1
                   : letter == 'u' ? (tm->tm_wday + 6) % 7 + 1
                   : letter == 'H' ? tm->tm_hour
                   : letter == 'k' ? (tm->tm_hour + 23) % 24 + 1
                   : letter == 'K' ? hour
                   : letter == 'h' ? (hour + 11) % 12 + 1
                   : letter == 'm' ? tm->tm_min
                   : letter == 's' ? tm->tm_sec
                                   : t->millis,
                   width);
    }
}

size_t date_pattern_print(const struct date_pattern *p, const struct date_time *t, char *out,
                          size_t size)
{
    struct text o = {.p = out, .size = size};
    for (uint32_t i = 0; i < p->count && o.n <= size; i++)
        put_item(&o, p->items[i].letter, p->items[i].width, t);
    return o.n <= size ? o.n : 0;
}

/* ---- when it changes ---- */

static bool has(const struct date_pattern *p, const char *set)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->items[i].letter != 0 && strchr(set, p->items[i].letter))
            return true;
    return false;
}

int64_t date_pattern_next(const struct date_pattern *p, const struct date_time *t)
{
    if (has(p, "sS"))
        return t->second + 1;
    if (has(p, "m"))
        return t->second + 60 - t->tm.tm_sec % 60;
    int64_t hour = t->second + 3600 - (t->tm.tm_min * 60 + t->tm.tm_sec) % 3600;
    if (has(p, "HkKhazZX"))
        return hour;
    struct tm next = t->tm;
    next.tm_mday++;
    next.tm_hour = next.tm_min = next.tm_sec = 0;
    next.tm_isdst = -1;
    int64_t day = (int64_t)mktime(&next);
    return day > t->second ? day : hour; /* a day whose midnight does not exist */
}
