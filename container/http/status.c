/* SPDX-License-Identifier: Apache-2.0
 * Reason phrases and sentences, straight from an array indexed by the code; every answer's status
 * line asks here. */
#include "http/status.h"

enum { LOWEST = 100, HIGHEST = 511 };

struct words {
    struct span reason, sentence;
};

static const struct words table[HIGHEST - LOWEST + 1] = {
#define X(code, reason, sentence) \
    [(code)-LOWEST] = {{reason, sizeof(reason) - 1}, {sentence, sizeof(sentence) - 1}},
#include "http/statuses.def"
#undef X
};

static const struct words *find(unsigned code)
{
    if (code < LOWEST || code > HIGHEST || !table[code - LOWEST].reason.p)
        return NULL;
    return &table[code - LOWEST];
}

struct span status_reason(unsigned code)
{
    const struct words *w = find(code);
    return w ? w->reason : SPAN_LIT("Unknown");
}

struct span status_sentence(unsigned code)
{
    const struct words *w = find(code);
    return w ? w->sentence : SPAN_LIT("");
}
