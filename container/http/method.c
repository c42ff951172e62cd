/* SPDX-License-Identifier: Apache-2.0
 * From a method's text to its number and back; http1 asks once per request. */
#include "http/method.h"
#include "base/check.h"

static const struct span texts[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = {"", 0},
#define X(name, text) [METHOD_##name] = {text, sizeof(text) - 1},
#include "http/methods.def"
#undef X
};

/* A row of comparisons in the order of the table, which begins with what is common: the sizes are
 * constants, so each is a compare of the length and, for the one that fits, of a word or two. */
enum method method_find(struct span text)
{
#define X(name, literal)                                                                    \
    if (text.n == sizeof(literal) - 1 && memcmp(text.p, literal, sizeof(literal) - 1) == 0) \
        return METHOD_##name;
#include "http/methods.def"
#undef X
    return METHOD_UNKNOWN;
}

struct span method_text(enum method m)
{
    CHECK(m >= METHOD_UNKNOWN && m < METHOD_COUNT);
    return texts[m];
}
