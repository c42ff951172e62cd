/* SPDX-License-Identifier: Apache-2.0
 * Dates of fields: see http_date.h. Only the form that servers may send. */
#include "http_date.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define FORM "ddd, 00 mmm 0000 00:00:00 GMT" /* 0: a digit; d, m: letters of names */

static int number_at(const char *text, size_t at, size_t digits)
{
    int n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (text[at + i] - '0');
    return n;
}

int64_t http_date(cs_str text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (!text.ptr || text.len != sizeof(FORM) - 1)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        int good = FORM[i] == '0'     ? isdigit(c)
                   : islower(FORM[i]) ? isalpha(c)
                                      : c == (unsigned char)FORM[i];
        if (!good)
            return -1;
    }
    const char *month = months;
    while (*month && memcmp(month, text.ptr + 8, 3) != 0)
        month += 3;
    struct tm t = {.tm_mday = number_at(text.ptr, 5, 2),
                   .tm_mon = (int)(month - months) / 3,
                   .tm_year = number_at(text.ptr, 12, 4) - 1900,
                   .tm_hour = number_at(text.ptr, 17, 2),
                   .tm_min = number_at(text.ptr, 20, 2),
                   .tm_sec = number_at(text.ptr, 23, 2)};
    if (!*month || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 ||
        t.tm_sec > 60 || t.tm_year < 70)
        return -1;
    return timegm(&t);
}
