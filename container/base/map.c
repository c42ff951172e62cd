/* SPDX-License-Identifier: Apache-2.0
 * Byte strings to pointers, in order of insertion: pairs in an array, and a table of places in it,
 * found by hash. For configuration and mapping tables, which are built once and read often: removing
 * costs a pass over all pairs. */
#include "base/map.h"
#include "base/check.h"
#include <stdlib.h>

struct pair {
    char *key; /* n bytes and a NUL */
    size_t n;
    uint64_t hash;
    void *value;
};

struct map {
    struct pair *pairs;
    uint32_t *table; /* 1 + place in pairs, 0 = free; linear probing */
    size_t count;
    size_t table_size; /* a power of two, at least twice the room for pairs */
};

#define FIRST_TABLE 16u

struct map *map_new(void)
{
    return calloc(1, sizeof(struct map));
}

/* The table's cell for KEY: where it stands, or the free one where it belongs. */
static uint32_t *cell_of(const struct map *m, struct span key, uint64_t hash)
{
    size_t mask = m->table_size - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint32_t *cell = &m->table[i];
        if (*cell == 0)
            return cell;
        const struct pair *pair = &m->pairs[*cell - 1];
        if (pair->hash == hash && span_eq((struct span){pair->key, pair->n}, key))
            return cell;
    }
}

static void table_fill(struct map *m)
{
    memset(m->table, 0, m->table_size * sizeof(*m->table));
    for (size_t i = 0; i < m->count; i++) {
        const struct pair *pair = &m->pairs[i];
        *cell_of(m, (struct span){pair->key, pair->n}, pair->hash) = (uint32_t)(i + 1);
    }
}

static bool grow(struct map *m)
{
    size_t size = m->table_size ? m->table_size * 2 : FIRST_TABLE;
    if (size > UINT32_MAX)
        return false; /* the table holds 32-bit places */
    struct pair *pairs = reallocarray(m->pairs, size / 2, sizeof(*pairs));
    if (!pairs)
        return false;
    m->pairs = pairs; /* larger than the table knows when the next one fails: harmless */
    uint32_t *table = malloc(size * sizeof(*table));
    if (!table)
        return false;
    free(m->table);
    m->table = table;
    m->table_size = size;
    table_fill(m);
    return true;
}

static struct pair *find(const struct map *m, struct span key)
{
    if (m->count == 0)
        return NULL;
    uint32_t place = *cell_of(m, key, span_hash(key));
    return place ? &m->pairs[place - 1] : NULL;
}

void *map_get(const struct map *m, struct span key)
{
    const struct pair *pair = find(m, key);
    return pair ? pair->value : NULL;
}

bool map_put(struct map *m, struct span key, void *value, void **old)
{
    struct pair *pair = find(m, key);
    if (pair) {
        if (old)
            *old = pair->value;
        pair->value = value;
        return true;
    }
    if (m->count == m->table_size / 2 && !grow(m))
        return false;
    if (key.n == SIZE_MAX)
        return false;
    char *copy = malloc(key.n + 1);
    if (!copy)
        return false;
    if (key.n > 0)
        memcpy(copy, key.p, key.n);
    copy[key.n] = '\0';
    uint64_t hash = span_hash(key);
    *cell_of(m, key, hash) = (uint32_t)(m->count + 1);
    m->pairs[m->count++] = (struct pair){.key = copy, .n = key.n, .hash = hash, .value = value};
    if (old)
        *old = NULL;
    return true;
}

void *map_remove(struct map *m, struct span key)
{
    struct pair *pair = find(m, key);
    if (!pair)
        return NULL;
    void *value = pair->value;
    free(pair->key); /* KEY itself may have pointed there: not used below */
    size_t behind = m->count - 1 - (size_t)(pair - m->pairs);
    memmove(pair, pair + 1, behind * sizeof(*pair));
    m->count--;
    table_fill(m);
    return value;
}

size_t map_count(const struct map *m)
{
    return m->count;
}

void map_at(const struct map *m, size_t i, struct span *key, void **value)
{
    CHECK(i < m->count);
    const struct pair *pair = &m->pairs[i];
    if (key)
        *key = (struct span){pair->key, pair->n};
    if (value)
        *value = pair->value;
}

void map_free(struct map **mp)
{
    struct map *m = *mp;
    *mp = NULL;
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->pairs[i].key);
    free(m->pairs);
    free(m->table);
    free(m);
}
