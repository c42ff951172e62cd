/* SPDX-License-Identifier: Apache-2.0
 * See nearest.h. Called by config, and by whoever else has to say that a name is not known. */
#include "base/nearest.h"

enum { DISTANCE_MAX = 3 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions and replacements from A to B, case folded; both shorter than NEAREST_NAME_LIMIT. */
static size_t edit_distance(struct span a, struct span b)
{
    size_t row[NEAREST_NAME_LIMIT + 1];
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

void nearest_begin(struct nearest *n, struct span given)
{
    n->given = given;
    n->distance = given.n < DISTANCE_MAX + 1 ? given.n : DISTANCE_MAX + 1;
}

bool nearest_try(struct nearest *n, struct span candidate)
{
    if (n->given.n >= NEAREST_NAME_LIMIT || candidate.n >= NEAREST_NAME_LIMIT)
        return false;
    size_t distance = edit_distance(n->given, candidate);
    if (distance >= n->distance)
        return false;
    n->distance = distance;
    return true;
}
