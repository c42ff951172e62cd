/* SPDX-License-Identifier: Apache-2.0
 * Lists of names, and the name somebody probably meant. Called by the readers of this room, and by cli
 * for its own words. */
#include <string.h>

#include "base/check.h"
#include "config/schema.h"

void schema_guess_begin(struct schema_guess *g, const char *given)
{
    nearest_begin(&g->nearest, span_of(given));
    g->name[0] = '\0';
}

void schema_guess_try(struct schema_guess *g, struct span candidate)
{
    if (!nearest_try(&g->nearest, candidate))
        return;
    memcpy(g->name, candidate.p, candidate.n);
    g->name[candidate.n] = '\0';
}

/* The next word of WORDS and what follows its '='. */
static bool next_word(struct span *words, struct span *name, struct span *value)
{
    for (struct span piece; span_split(words, ' ', &piece);) {
        if (piece.n == 0)
            continue;
        size_t equals = span_find(piece, 0, '=');
        *name = span_cut(piece, 0, equals);
        *value = equals < piece.n ? span_from(piece, equals + 1) : SPAN_NONE;
        return true;
    }
    return false;
}

void schema_guess_words(struct schema_guess *g, const char *words)
{
    struct span rest = span_of(words), name, value;
    while (rest.p && next_word(&rest, &name, &value))
        schema_guess_try(g, name);
}

const char *schema_guess_name(const struct schema_guess *g)
{
    return g->name[0] ? g->name : NULL;
}

bool schema_word(const char *words, const char *name, struct span *value)
{
    struct span rest = span_of(words), word, found;
    while (rest.p && next_word(&rest, &word, &found)) {
        if (!span_eq(word, span_of(name)))
            continue;
        if (value)
            *value = found;
        return true;
    }
    return false;
}

const char *schema_nearest(const char *name, const char *const *known, size_t count)
{
    struct nearest n;
    const char *best = NULL;
    nearest_begin(&n, span_of(name));
    for (size_t i = 0; i < count; i++)
        if (nearest_try(&n, span_of(known[i])))
            best = known[i];
    return best;
}

bool schema_listed(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

int32_t schema_choice(const char *const *choices, const char *name)
{
    for (int32_t i = 0; choices[i]; i++)
        if (strcmp(choices[i], name) == 0)
            return i;
    return -1;
}
