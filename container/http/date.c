/* SPDX-License-Identifier: Apache-2.0
 * HTTP dates, with our own calendar: libc's follows the locale and the time zone. The answer side
 * takes http_date_now for every answer; the parser serves If-Modified-Since and its kin. */
#include "http/date.h"
#include "base/clock.h"

static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

enum { DAY_SECONDS = 86400 };
#define FIRST_SECOND INT64_C(-62167219200) /* 0000-01-01 00:00:00 */
#define LAST_SECOND  INT64_C(253402300799) /* 9999-12-31 23:59:59 */

struct moment {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

/* Years are taken to begin in March, so that the leap day is the last of its year, and counted in
 * eras of 400 years, which all have the same number of days. Day 0 is 1970-01-01. */
enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 };

static int64_t days_of(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int of_era = y - era * 400;
    int of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (int64_t)era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

static void date_of(int64_t days, struct moment *m)
{
    int64_t shifted = days + EPOCH_SHIFT;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    int of_era = (int)(shifted - era * ERA_DAYS);
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int march_month = (5 * of_year + 2) / 153;
    m->day = of_year - (153 * march_month + 2) / 5 + 1;
    m->month = march_month < 10 ? march_month + 3 : march_month - 9;
    m->year = (int)(era * 400) + year + (m->month <= 2);
}

static char *put_two(char *p, int n)
{
    p[0] = (char)('0' + n / 10);
    p[1] = (char)('0' + n % 10);
    return p + 2;
}

static char *put_name(char *p, const char name[4], char behind)
{
    memcpy(p, name, 3);
    p[3] = behind;
    return p + 4;
}

void http_date_format(int64_t seconds, char out[HTTP_DATE_SIZE])
{
    if (seconds < FIRST_SECOND)
        seconds = FIRST_SECOND;
    if (seconds > LAST_SECOND)
        seconds = LAST_SECOND;
    int64_t days = seconds / DAY_SECONDS;
    int rest = (int)(seconds % DAY_SECONDS);
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    struct moment m;
    date_of(days, &m);
    int weekday = (int)((days % 7 + 11) % 7); /* day 0 was a Thursday */
    char *p = put_name(out, day_names[weekday], ',');
    *p++ = ' ';
    p = put_two(p, m.day);
    *p++ = ' ';
    p = put_name(p, month_names[m.month - 1], ' ');
    p = put_two(put_two(p, m.year / 100), m.year % 100);
    *p++ = ' ';
    p = put_two(p, rest / 3600);
    *p++ = ':';
    p = put_two(p, rest / 60 % 60);
    *p++ = ':';
    p = put_two(p, rest % 60);
    memcpy(p, " GMT", 5);
}

/* The readers below take their piece off the front of S; false when it is not there. */
static bool take(struct span *s, const char *text)
{
    struct span piece = span_of(text);
    if (!span_starts(*s, piece))
        return false;
    *s = span_from(*s, piece.n);
    return true;
}

static bool take_number(struct span *s, size_t digits, int *out)
{
    uint64_t n;
    if (s->n < digits || !span_to_u64(span_cut(*s, 0, digits), 9999, &n))
        return false;
    *out = (int)n;
    *s = span_from(*s, digits);
    return true;
}

static bool take_month(struct span *s, int *month)
{
    for (int i = 0; i < 12; i++)
        if (take(s, month_names[i])) {
            *month = i + 1;
            return true;
        }
    return false;
}

static bool take_time(struct span *s, struct moment *m)
{
    return take_number(s, 2, &m->hour) && take(s, ":") && take_number(s, 2, &m->minute) &&
           take(s, ":") && take_number(s, 2, &m->second);
}

/* RFC 9110 5.6.7: what would lie more than 50 years ahead is the latest past year that ends so. */
static int full_year(const struct moment *m)
{
    struct moment now;
    date_of(clock_wall_us() / 1000000 / DAY_SECONDS, &now);
    int year = now.year - now.year % 100 + m->year;
    bool ahead = days_of(year, m->month, m->day) > days_of(now.year + 50, now.month, now.day);
    return ahead ? year - 100 : year;
}

/* The three forms, behind the day's name. */
static bool take_rest(struct span s, bool long_name, struct moment *m)
{
    if (take(&s, ", ")) {
        const char *between = long_name ? "-" : " ";
        if (!take_number(&s, 2, &m->day) || !take(&s, between) || !take_month(&s, &m->month) ||
            !take(&s, between) || !take_number(&s, long_name ? 2 : 4, &m->year) || !take(&s, " ") ||
            !take_time(&s, m) || !take(&s, " GMT"))
            return false;
        if (long_name)
            m->year = full_year(m);
        return s.n == 0;
    }
    return !long_name && take(&s, " ") && take_month(&s, &m->month) && take(&s, " ") &&
           take_number(&s, take(&s, " ") ? 1 : 2, &m->day) && take(&s, " ") && take_time(&s, m) &&
           take(&s, " ") && take_number(&s, 4, &m->year) && s.n == 0;
}

static bool is_real(const struct moment *m)
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);
    int length = lengths[m->month - 1] + (m->month == 2 && leap);
    return m->day >= 1 && m->day <= length && m->hour <= 23 && m->minute <= 59 && m->second <= 60;
}

/* The day's name has to be one, but need not be the right one: it says nothing the date does not. */
bool http_date_parse(struct span s, int64_t *seconds)
{
    struct moment m;
    bool known = false, long_name = false;
    for (int i = 0; i < 7 && !known; i++) {
        long_name = take(&s, long_day_names[i]);
        known = long_name || take(&s, day_names[i]);
    }
    if (!known || !take_rest(s, long_name, &m) || !is_real(&m))
        return false;
    *seconds =
        days_of(m.year, m.month, m.day) * DAY_SECONDS + m.hour * 3600 + m.minute * 60 + m.second;
    return true;
}

struct span http_date_now(void)
{
    static _Thread_local int64_t made_for = INT64_MIN;
    static _Thread_local char text[HTTP_DATE_SIZE];
    int64_t now = clock_wall_us() / 1000000;
    if (now != made_for) {
        http_date_format(now, text);
        made_for = now;
    }
    return span_make(text, HTTP_DATE_SIZE - 1);
}
