/* SPDX-License-Identifier: Apache-2.0
 * The values of an access log's line as text: escaped so that nothing a client sends can end a line, a
 * quoted part or a JSON string. Called by access_render.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include "base/json.h"
#include "observe/access_priv.h"

/* ---- escaping ---- */

static const char hex[] = "0123456789abcdef";

/* The letter behind the backslash, 0 for none. JSON has no \v. */
static char short_escape(char c, bool json)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\f':
        return 'f';
    case '\b':
        return 'b';
    case '\v':
        return json ? 0 : 'v';
    default:
        return 0;
    }
}

static void put_escaped(struct access_line *line, unsigned char c)
{
    char out[6] = {'\\', short_escape((char)c, line->json)};
    size_t n = 2;
    if (!out[1] && line->json) {
        memcpy(out, "\\u00", 4);
        n = 4;
    } else if (!out[1]) {
        out[1] = 'x';
    }
    if (!short_escape((char)c, line->json)) {
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    access_put(line, out, n);
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* What is not ASCII: \xHH in a text line; in JSON UTF-8 as it is, but for the C1 controls. Returns how
 * many bytes of S were taken. */
static size_t put_foreign(struct access_line *line, struct span s)
{
    size_t n = line->json ? json_utf8_length(s) : 1;
    unsigned char c = (unsigned char)s.p[0], next = n > 1 ? (unsigned char)s.p[1] : 0;
    if (!line->json)
        put_escaped(line, c);
    else if (n == 0)
        access_put(line, "\xef\xbf\xbd", 3);
    else if (c == 0xc2 && next < 0xa0)
        put_escaped(line, next);
    else
        access_put(line, s.p, n);
    return n > 0 ? n : 1;
}

void access_put_text(struct access_line *line, struct span s)
{
    size_t start = 0, i = 0;
    while (i < s.n) {
        if (is_plain(s.p[i])) {
            i++;
            continue;
        }
        access_put(line, s.p + start, i - start);
        if ((unsigned char)s.p[i] < 0x80) {
            put_escaped(line, (unsigned char)s.p[i]);
            i++;
        } else {
            i += put_foreign(line, span_from(s, i));
        }
        start = i;
    }
    access_put(line, s.p + start, i - start);
}

/* ---- numbers and addresses ---- */

void access_put_number(struct access_line *line, uint64_t v)
{
    char digits[20];
    size_t i = sizeof(digits);
    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    access_put(line, digits + i, sizeof(digits) - i);
}

void access_put_padded(struct access_line *line, uint64_t v, int width)
{
    uint64_t least = 1;
    for (int i = 1; i < width; i++)
        least *= 10;
    for (; least > 1 && v < least; least /= 10)
        access_put(line, "0", 1);
    access_put_number(line, v);
}

/* As Java writes them: eight groups, no "::". */
static void put_long_ipv6(struct access_line *line, const uint8_t *b)
{
    for (int i = 0; i < 16; i += 2) {
        unsigned v = (unsigned)b[i] << 8 | b[i + 1];
        char out[5];
        size_t n = 0;
        if (i > 0)
            out[n++] = ':';
        for (unsigned shift = 16; shift > 0; shift -= 4)
            if (shift == 4 || v >> (shift - 4) != 0)
                out[n++] = hex[v >> (shift - 4) & 15];
        access_put(line, out, n);
    }
}

void access_put_address(struct access_line *line, const struct access_address *a, bool canonical)
{
    char text[INET6_ADDRSTRLEN];
    if (a->family == 4) {
        for (int i = 0; i < 4; i++) {
            if (i > 0)
                access_put(line, ".", 1);
            access_put_number(line, a->bytes[i]);
        }
    } else if (a->family != 6) {
        access_put(line, "-", 1);
    } else {
        if (!canonical)
            put_long_ipv6(line, a->bytes);
        else if (inet_ntop(AF_INET6, a->bytes, text, sizeof(text)))
            access_put(line, text, strlen(text));
        if (a->scope != 0) {
            access_put(line, "%", 1);
            access_put_number(line, a->scope);
        }
    }
}

/* ---- times ---- */

/* "[23/Nov/2026:02:24:49 +0530]", kept for the second in each thread. */
void access_put_clf_time(struct access_line *line, int64_t wall_us)
{
    static _Thread_local int64_t made_for = INT64_MIN;
    static _Thread_local char text[48];
    static _Thread_local size_t n;
    if (made_for != wall_us / 1000000) {
        struct date_time t;
        date_time_of(wall_us, &t);
        long offset = t.tm.tm_gmtoff / 60, minutes = offset < 0 ? -offset : offset;
        int made =
            snprintf(text, sizeof(text), "[%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld]", t.tm.tm_mday,
                     date_month(t.tm.tm_mon), t.tm.tm_year + 1900, t.tm.tm_hour, t.tm.tm_min,
                     t.tm.tm_sec, offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
        n = made > 0 && (size_t)made < sizeof(text) ? (size_t)made : 0;
        made_for = wall_us / 1000000;
    }
    access_put(line, text, n);
}

void access_put_time(struct access_line *line, const struct access_time *t, int64_t wall_us)
{
    char text[DATE_TEXT_MAX];
    struct date_time at;
    switch (t->moment) {
    case ACCESS_SECONDS:
        access_put_number(line, (uint64_t)(wall_us / 1000000));
        return;
    case ACCESS_MILLIS:
        access_put_number(line, (uint64_t)(wall_us / 1000));
        return;
    case ACCESS_MILLIS_OF_SECOND:
        access_put_padded(line, (uint64_t)(wall_us / 1000 % 1000), 3);
        return;
    case ACCESS_DATE:
        break;
    }
    if (t->date.count == 0) {
        access_put_clf_time(line, wall_us);
        return;
    }
    date_time_of(wall_us, &at);
    /* Not escaped in text lines: the pattern is the administrator's. */
    size_t n = date_pattern_print(&t->date, &at, text, sizeof(text));
    if (line->json)
        access_put_text(line, span_make(text, n));
    else
        access_put(line, text, n);
}

/* ---- cookies ---- */

/* "name=value", the value perhaps in quotes. */
static bool cookie_pair(struct span pair, struct span name, struct span *value)
{
    pair = span_trim(pair);
    size_t equals = span_find(pair, 0, '=');
    if (equals == pair.n || !span_eq(span_trim(span_cut(pair, 0, equals)), name))
        return false;
    *value = span_trim(span_from(pair, equals + 1));
    if (value->n >= 2 && value->p[0] == '"' && value->p[value->n - 1] == '"')
        *value = span_cut(*value, 1, value->n - 2);
    return true;
}

void access_put_cookie(struct access_line *line, const struct access_fields *f, struct span name)
{
    char scratch[ACCESS_SCRATCH];
    struct span field, pair, value;
    uint32_t found = 0;
    for (uint32_t i = 0;
         f->lookup &&
         (field = f->lookup(f->arg, ACCESS_REQUEST_FIELD, SPAN_LIT("cookie"), i, scratch)).p;
         i++) {
        while (span_split(&field, ';', &pair)) {
            if (!cookie_pair(pair, name, &value))
                continue;
            if (found++ > 0)
                access_put(line, ",", 1);
            access_put_text(line, value);
        }
    }
    if (found == 0)
        access_put(line, "-", 1);
}
