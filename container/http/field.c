/* SPDX-License-Identifier: Apache-2.0
 * Field names to numbers, and what may stand in names and values. http1 calls all three for every
 * field of every request, the response side for every field a servlet sets. */
#include "http/headers.h"
#include "base/check.h"
#include "http/chars.h"

static const struct span texts[FIELD_COUNT] = {
    [FIELD_OTHER] = {"", 0},
#define X(name, text) [FIELD_##name] = {text, sizeof(text) - 1},
#include "http/fields.def"
#undef X
};

/* The switch in field_find names every field once more: who adds one to fields.def adds it there,
 * under its length (test_headers checks each). */
_Static_assert(FIELD_COUNT == 23, "fields.def and field_find differ");

/* Most clients send the canonical spelling: one compare of words. Others cost a pass over the name. */
static inline bool same(const char *p, const char *text, size_t n)
{
    if (memcmp(p, text, n) == 0)
        return true;
    for (size_t i = 0; i < n; i++)
        if (ascii_lower(p[i]) != ascii_lower(text[i]))
            return false;
    return true;
}

#define TRY(name, n)                             \
    do {                                         \
        if (same(p, texts[FIELD_##name].p, (n))) \
            return FIELD_##name;                 \
    } while (0)

enum http_field field_find(struct span name)
{
    const char *p = name.p;
    switch (name.n) {
    case 2:
        TRY(TE, 2);
        break;
    case 4:
        TRY(HOST, 4);
        TRY(DATE, 4);
        break;
    case 5:
        TRY(ALLOW, 5);
        break;
    case 6:
        TRY(ACCEPT, 6);
        TRY(COOKIE, 6);
        TRY(EXPECT, 6);
        TRY(SERVER, 6);
        break;
    case 7:
        TRY(UPGRADE, 7);
        TRY(TRAILER, 7);
        break;
    case 8:
        TRY(LOCATION, 8);
        break;
    case 10:
        TRY(CONNECTION, 10);
        TRY(KEEP_ALIVE, 10);
        break;
    case 11:
        TRY(RETRY_AFTER, 11);
        break;
    case 12:
        TRY(CONTENT_TYPE, 12);
        break;
    case 13:
        TRY(AUTHORIZATION, 13);
        TRY(CONTENT_RANGE, 13);
        TRY(LAST_MODIFIED, 13);
        break;
    case 14:
        TRY(CONTENT_LENGTH, 14);
        break;
    case 16:
        TRY(CONTENT_ENCODING, 16);
        break;
    case 17:
        TRY(TRANSFER_ENCODING, 17);
        TRY(IF_MODIFIED_SINCE, 17);
        break;
    default:
        break;
    }
    return FIELD_OTHER;
}

struct span field_text(enum http_field f)
{
    CHECK(f >= FIELD_OTHER && f < FIELD_COUNT);
    return texts[f];
}

bool http_is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!char_is(s.p[i], CHAR_TOKEN))
            return false;
    return s.n > 0;
}

static bool values_only(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!char_is(p[i], CHAR_VALUE))
            return false;
    return true;
}

/* Eight bytes at a time: a borrow out of a byte below 0x20, or out of one that equals 0x7F, sets its
 * top bit. Borrows may also flag a clean neighbour, and HT is flagged: then the table decides. */
bool http_is_field_value(struct span s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        uint64_t low = (word - ones * 0x20) & ~word;
        uint64_t del = ((word ^ (ones * 0x7F)) - ones) & ~(word ^ (ones * 0x7F));
        if (((low | del) & tops) != 0 && !values_only(s.p + i, 8))
            return false;
    }
    return values_only(s.p + i, s.n - i);
}
