/* SPDX-License-Identifier: Apache-2.0
 * One table of what each byte may be in HTTP and URI text: a lookup instead of a row of comparisons
 * on the paths every request takes. Used within http; independent of locale. */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H
#include <stdbool.h>
#include <stdint.h>

enum {
    CHAR_TOKEN = 1,   /* tchar: RFC 9110 5.6.2 */
    CHAR_VALUE = 2,   /* may stand in a field value: HT, SP, VCHAR, obs-text */
    CHAR_PATH = 4,    /* pchar without '%', and '/': stands in a path without being encoded */
    CHAR_HOST = 8,    /* unreserved and sub-delims: reg-name without '%' */
    CHAR_PLAIN = 16,  /* in a path segment: copied as it is, no decision needed */
    CHAR_CONTROL = 32 /* C0 and DEL */
};

extern const uint8_t http_chars[256];
extern const int8_t http_hex[256]; /* 0..15, or -1 */

static inline bool char_is(char c, unsigned kind)
{
    return (http_chars[(unsigned char)c] & kind) != 0;
}

/* The byte that the two characters behind a '%' stand for, or -1. P[0] and P[1] are readable. */
static inline int char_from_hex(const char *p)
{
    int high = http_hex[(unsigned char)p[0]], low = http_hex[(unsigned char)p[1]];
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

#endif
