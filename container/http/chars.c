/* SPDX-License-Identifier: Apache-2.0
 * The byte classes of chars.h. Sub-delims that a path parameter or a token gives a meaning are listed
 * one by one; everything else goes by ranges. */
#include "http/chars.h"

/* Letters and digits may stand everywhere. */
#define WORD    (CHAR_TOKEN | CHAR_VALUE | CHAR_PATH | CHAR_HOST | CHAR_PLAIN)
#define DELIM   (CHAR_VALUE | CHAR_PATH | CHAR_HOST | CHAR_PLAIN) /* sub-delim, no tchar */
#define VISIBLE (CHAR_VALUE | CHAR_PLAIN) /* only reaches a path through relaxedPathChars */

const uint8_t http_chars[256] = {
    [0x00 ... 0x08] = CHAR_CONTROL,
    ['\t'] = CHAR_VALUE | CHAR_CONTROL,
    [0x0A ... 0x1F] = CHAR_CONTROL,
    [' '] = VISIBLE,
    ['!'] = WORD,
    ['"'] = VISIBLE,
    ['#'] = CHAR_VALUE | CHAR_TOKEN,
    ['$'] = WORD,
    ['%'] = CHAR_VALUE | CHAR_TOKEN,
    ['&'] = WORD,
    ['\''] = WORD,
    ['('] = DELIM,
    [')'] = DELIM,
    ['*'] = WORD,
    ['+'] = WORD,
    [','] = DELIM,
    ['-'] = WORD,
    ['.'] = WORD,
    ['/'] = CHAR_VALUE | CHAR_PATH,
    ['0' ... '9'] = WORD,
    [':'] = CHAR_VALUE | CHAR_PATH | CHAR_PLAIN,
    [';'] = CHAR_VALUE | CHAR_PATH | CHAR_HOST,
    ['<'] = VISIBLE,
    ['='] = DELIM,
    ['>'] = VISIBLE,
    ['?'] = CHAR_VALUE,
    ['@'] = CHAR_VALUE | CHAR_PATH | CHAR_PLAIN,
    ['A' ... 'Z'] = WORD,
    ['['] = VISIBLE,
    ['\\'] = CHAR_VALUE,
    [']'] = VISIBLE,
    ['^'] = VISIBLE | CHAR_TOKEN,
    ['_'] = WORD,
    ['`'] = VISIBLE | CHAR_TOKEN,
    ['a' ... 'z'] = WORD,
    ['{'] = VISIBLE,
    ['|'] = VISIBLE | CHAR_TOKEN,
    ['}'] = VISIBLE,
    ['~'] = WORD,
    [0x7F] = CHAR_CONTROL,
    [0x80 ... 0xFF] = CHAR_VALUE,
};

#define NO   -1
#define NO16 NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO
const int8_t http_hex[256] = {
    NO16, NO16, NO16, /* 0x00 to 0x2F */
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,  NO, NO, NO, NO, NO, NO, /* '0' */
    NO,   10,   11,   12,   13,   14,   15,   NO,   NO,   NO, NO, NO, NO, NO, NO, NO, /* 'A' */
    NO16,                                                                             /* 0x50 */
    NO,   10,   11,   12,   13,   14,   15,   NO,   NO,   NO, NO, NO, NO, NO, NO, NO, /* 'a' */
    NO16, NO16, NO16, NO16, NO16, NO16, NO16, NO16, NO16, /* 0x70 to 0xFF */
};
