/* SPDX-License-Identifier: Apache-2.0
 * A view of bytes somebody else owns: not terminated, may hold any byte. p == NULL means "absent",
 * n == 0 with p != NULL means "empty". ASCII only where case is folded: locale never matters. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

#define SPAN_LIT(s) ((struct span){(s), sizeof(s) - 1})
#define SPAN_NONE   ((struct span){NULL, 0})
/* For printf("%.*s", SPAN_ARG(s)) */
#define SPAN_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct span span_of(const char *s) /* NULL gives SPAN_NONE */
{
    return (struct span){s, s ? strlen(s) : 0};
}
static inline struct span span_make(const char *p, size_t n)
{
    return (struct span){p, n};
}
static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool span_ieq(struct span a, struct span b); /* equal when ASCII case is folded */
bool span_starts(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);
struct span span_trim(struct span s); /* without leading and trailing SP and HT (HTTP's OWS) */
struct span span_from(struct span s, size_t start);          /* s from START to its end; clamps */
struct span span_cut(struct span s, size_t start, size_t n); /* clamps */
/* Index of the first C at or after START, or s.n when there is none. */
size_t span_find(struct span s, size_t start, char c);
size_t span_rfind(struct span s, char c); /* index of the last C, or s.n */
/* Takes the piece before SEP off REST and returns it; false when REST is used up. "a,,b" gives
 * "a", "", "b"; "" gives one "". REST becomes SPAN_NONE after the last piece. */
bool span_split(struct span *rest, char sep, struct span *piece);
/* Decimal digits only, no sign, no blanks; false on anything else, empty, or above MAX. */
bool span_to_u64(struct span s, uint64_t max, uint64_t *out);
/* Ordering by bytes, as memcmp; the shorter first when one is a prefix. */
int span_cmp(struct span a, struct span b);
uint64_t span_hash(struct span s); /* seeded per process: not stable between runs */

#endif
