/* SPDX-License-Identifier: Apache-2.0
 * JSON text: see json.h. Called by cli, deploy and admin. */
#include <inttypes.h>
#include "base/json.h"

struct json json_begin(struct buf *out)
{
    return (struct json){.out = out, .ok = true};
}

static void put(struct json *j, const char *p, size_t n)
{
    j->ok = j->ok && buf_append(j->out, p, n);
}

size_t json_utf8_length(struct span s)
{
    unsigned char c = (unsigned char)s.p[0], next = s.n > 1 ? (unsigned char)s.p[1] : 0;
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n > s.n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, above U+10FFFF */
    if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) || (c == 0xf0 && next < 0x90) ||
        (c == 0xf4 && next > 0x8f))
        return 0;
    return n;
}

static void put_escaped(struct json *j, unsigned char c)
{
    static const char letters[] = "\b\f\n\r\t\"\\", names[] = "bfnrt\"\\";
    for (size_t i = 0; i < sizeof letters - 1; i++) {
        if (c == (unsigned char)letters[i]) {
            put(j, (char[]){'\\', names[i]}, 2);
            return;
        }
    }
    j->ok = j->ok && buf_printf(j->out, "\\u%04x", c);
}

static void put_string(struct json *j, struct span s)
{
    put(j, "\"", 1);
    while (s.n > 0) {
        size_t n = json_utf8_length(s);
        unsigned char c = (unsigned char)s.p[0];
        if (n == 0)
            put(j, "\xef\xbf\xbd", 3);
        else if (n == 1 && (c < ' ' || c == '"' || c == '\\' || c == 0x7f))
            put_escaped(j, c);
        else
            put(j, s.p, n);
        s = span_from(s, n ? n : 1);
    }
    put(j, "\"", 1);
}

static void put_name(struct json *j, const char *name)
{
    if (j->comma)
        put(j, ",", 1);
    j->comma = true;
    if (!name)
        return;
    put_string(j, span_of(name));
    put(j, ":", 1);
}

void json_group(struct json *j, const char *name, char bracket)
{
    put_name(j, name);
    put(j, &bracket, 1);
    j->comma = false;
}

void json_group_end(struct json *j, char bracket)
{
    put(j, &bracket, 1);
    j->comma = true;
}

void json_string(struct json *j, const char *name, struct span value)
{
    put_name(j, name);
    put_string(j, value);
}

void json_int(struct json *j, const char *name, int64_t value)
{
    put_name(j, name);
    j->ok = j->ok && buf_printf(j->out, "%" PRId64, value);
}

void json_raw(struct json *j, const char *name, struct span json)
{
    put_name(j, name);
    put(j, json.p, json.n);
}
