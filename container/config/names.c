/* SPDX-License-Identifier: Apache-2.0
 * Lists of names, and the name somebody probably meant. Called by the readers of this room, and by cli
 * for its own words. */
#include <string.h>

#include "base/check.h"
#include "config/schema.h"

enum { NAME_LIMIT = 64, DISTANCE_MAX = 3 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions and replacements from A to B, case folded; both shorter than NAME_LIMIT. */
static size_t edit_distance(struct span a, struct span b)
{
    size_t row[NAME_LIMIT + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t same = ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 1]) ? 0 : 1;
            size_t next = smallest(row[j] + 1, row[j - 1] + 1, diagonal + same);
            diagonal = row[j];
            row[j] = next;
        }
    }
    return row[b.n];
}

void schema_guess_begin(struct schema_guess *g, const char *given)
{
    g->given = span_of(given);
    g->distance = g->given.n < DISTANCE_MAX + 1 ? g->given.n : DISTANCE_MAX + 1;
    g->name[0] = '\0';
}

/* CANDIDATE is nearer than what was found before; remembers the distance. */
static bool is_nearer(struct schema_guess *g, struct span candidate)
{
    if (g->given.n >= NAME_LIMIT || candidate.n >= NAME_LIMIT)
        return false;
    size_t distance = edit_distance(g->given, candidate);
    if (distance >= g->distance)
        return false;
    g->distance = distance;
    return true;
}

void schema_guess_try(struct schema_guess *g, struct span candidate)
{
    if (!is_nearer(g, candidate))
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
    struct schema_guess g;
    const char *best = NULL;
    schema_guess_begin(&g, name);
    for (size_t i = 0; i < count; i++)
        if (is_nearer(&g, span_of(known[i])))
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
