/* SPDX-License-Identifier: Apache-2.0
 * Strict UTF-8 (RFC 3629). uri.c checks decoded paths with it; others may check text of clients. */
#include "http/uri.h"

/* The second byte's range decides everything beyond "two bits are 10": overlong forms, surrogates
 * and what lies above U+10FFFF are shut out there. */
static size_t sequence_length(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0)
            *low = 0xA0;
        if (first == 0xED)
            *high = 0x9F;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0)
            *low = 0x90;
        if (first == 0xF4)
            *high = 0x8F;
        return 4;
    }
    return 0;
}

bool utf8_valid(struct span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        if (p[i] < 0x80) {
            i++;
            continue;
        }
        unsigned char low, high;
        size_t length = sequence_length(p[i], &low, &high);
        if (length == 0 || s.n - i < length || p[i + 1] < low || p[i + 1] > high)
            return false;
        for (size_t k = 2; k < length; k++)
            if ((p[i + k] & 0xC0) != 0x80)
                return false;
        i += length;
    }
    return true;
}
