/* SPDX-License-Identifier: Apache-2.0
 * Percent encoding, there and back. Called by uri.c for path parameters, by the engine for redirects
 * and for what servlets ask to have decoded. */
#include "http/uri.h"
#include "http/chars.h"

bool uri_decode(struct span s, bool plus, struct arena *a, struct span *out, bool *bad)
{
    *bad = false;
    char *text = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
    if (!text)
        return false;
    char *o = text;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int byte = s.n - i >= 3 ? char_from_hex(s.p + i + 1) : -1;
            if (byte < 0) {
                *bad = true;
                return false;
            }
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *o++ = c;
    }
    *o = '\0';
    *out = span_make(text, (size_t)(o - text));
    return true;
}

/* A ';' would begin a parameter where it is read again. */
static bool stays(char c)
{
    return char_is(c, CHAR_PATH) && c != ';';
}

struct span uri_encode_path(struct span s, struct arena *a)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = s.n;
    for (size_t i = 0; i < s.n; i++) {
        if (n > SIZE_MAX - 3)
            return SPAN_NONE;
        n += stays(s.p[i]) ? 0 : 2;
    }
    char *text = arena_alloc(a, n + 1);
    if (!text)
        return SPAN_NONE;
    char *o = text;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (stays(s.p[i])) {
            *o++ = s.p[i];
            continue;
        }
        *o++ = '%';
        *o++ = digits[c >> 4];
        *o++ = digits[c & 15];
    }
    *o = '\0';
    return span_make(text, n);
}
