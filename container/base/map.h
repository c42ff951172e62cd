/* SPDX-License-Identifier: Apache-2.0
 * A small map from byte strings to pointers, in order of insertion; for configuration and mapping
 * tables. Keys are copied; values are not owned. Not for sharing while it changes. */
#ifndef BASE_MAP_H
#define BASE_MAP_H
#include "base/span.h"

struct map;

struct map *map_new(void);                           /* NULL: out of memory */
void *map_get(const struct map *m, struct span key); /* NULL: no such key */
/* Sets or replaces; *old (may be NULL) gets the former value or NULL. False: out of memory. */
bool map_put(struct map *m, struct span key, void *value, void **old);
void *map_remove(struct map *m, struct span key); /* the former value or NULL */
size_t map_count(const struct map *m);
/* The I-th pair in order of insertion (removed ones do not count). I < map_count. */
void map_at(const struct map *m, size_t i, struct span *key, void **value);
void map_free(struct map **m);

#endif
