/* SPDX-License-Identifier: Apache-2.0
 * Writes JSON as it goes, without building it in memory first; used by request. */
#include "examples.h"

static void put(struct json *j, const void *bytes, size_t size)
{
    if (j->rc == CS_OK && size > 0)
        j->rc = cs_res_write(j->res, bytes, size);
}

static void puts_text(struct json *j, const char *text)
{
    put(j, text, strlen(text));
}

/* The length of the UTF-8 sequence that begins at P with N bytes left; 0 when it is not valid: cut
 * off, overlong, a surrogate or above U+10FFFF (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */
    size_t length;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        length = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        length = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (n < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return length;
}

/* Writes what stands for the byte C where it cannot stand itself. */
static void put_escaped(struct json *j, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char code[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (c >= 0x80) {
        puts_text(j, "\\ufffd"); /* the replacement character: the byte is no text */
    } else if (c == '"' || c == '\\') {
        code[1] = (char)c;
        put(j, code, 2);
    } else {
        put(j, code, sizeof(code));
    }
}

static void put_string(struct json *j, cs_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t plain = 0; /* bytes before i that go out as they are */
    puts_text(j, "\"");
    for (size_t i = 0; i < text.len;) {
        size_t length = utf8_length(p + i, text.len - i);
        if (length > 0 && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\' && p[i] != 0x7f) {
            i += length;
            plain += length;
            continue;
        }
        put(j, p + i - plain, plain);
        put_escaped(j, p[i]);
        i++;
        plain = 0;
    }
    put(j, p + text.len - plain, plain);
    puts_text(j, "\"");
}

/* What comes before every value: a comma unless it is the first, and its key if it has one. */
static void begin_value(struct json *j, const char *key)
{
    if (j->inside)
        puts_text(j, ",");
    j->inside = true;
    if (key) {
        put_string(j, cs_str_of(key));
        puts_text(j, ":");
    }
}

void json_open(struct json *j, const char *key, char bracket)
{
    begin_value(j, key);
    put(j, &bracket, 1);
    j->inside = false;
}

void json_close(struct json *j, char bracket)
{
    put(j, &bracket, 1);
    j->inside = true;
}

void json_text(struct json *j, const char *key, cs_str text)
{
    begin_value(j, key);
    if (text.ptr)
        put_string(j, text);
    else
        puts_text(j, "null");
}

void json_number(struct json *j, const char *key, int64_t number)
{
    begin_value(j, key);
    if (j->rc == CS_OK)
        j->rc = cs_res_printf(j->res, "%lld", (long long)number);
}
