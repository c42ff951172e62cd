/* SPDX-License-Identifier: Apache-2.0
 * Dates by pattern, as fileDateFormat and %{...}t of access logs have them: letters stand for the parts of
 * a date ("yyyy-MM-dd"), text in '' for itself. Always local time, always English names: the locale
 * changes nothing. Called by the access log and by what names log files. */
#ifndef OBSERVE_DATE_PATTERN_H
#define OBSERVE_DATE_PATTERN_H
#include <time.h>
#include "base/err.h"
#include "base/span.h"

struct date_time {
    struct tm tm;   /* local */
    int64_t second; /* since 1970-01-01 UTC */
    int32_t millis;
};
/* Kept for the second in each thread: breaking a time down takes libc's lock on the time zone. */
void date_time_of(int64_t wall_us, struct date_time *out);

enum { DATE_ITEMS_MAX = 64, DATE_TEXT_MAX = 256 };
struct date_pattern {
    struct {
        char letter;         /* 0: one byte that stands for itself, in `width` */
        unsigned char width; /* how often the letter was repeated */
    } items[DATE_ITEMS_MAX];
    uint32_t count;
};

/* False: ERR names the letter and its place, and which ones there are. Keep out what must not stand in a
 * file's name yourself. */
bool date_pattern_parse(struct span text, struct date_pattern *out, struct err *err);
/* Into OUT, not terminated; 0 when it does not fit (never with DATE_TEXT_MAX bytes). */
size_t date_pattern_print(const struct date_pattern *p, const struct date_time *t, char *out,
                          size_t size);
/* Whether TEXT is what P prints for some date. *DAY: that date in days since 1970-01-01, or INT64_MIN
 * when P does not tell year, month and day. */
bool date_pattern_match(const struct date_pattern *p, struct span text, int64_t *day);
/* The first second after T at which P may print something else. */
int64_t date_pattern_next(const struct date_pattern *p, const struct date_time *t);
int64_t date_day(const struct date_time *t); /* local days since 1970-01-01 */

/* "Jan" ... by tm_mon. */
const char *date_month(int month);

#endif
