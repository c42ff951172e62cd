/* SPDX-License-Identifier: Apache-2.0
 * Files in memory: their bytes and what every answer says of them. Bounded in bytes; what was not asked for
 * lately goes first. Whether an entry is still what the disk holds is not decided here (lookup.c asks each
 * time). Any thread. */
#ifndef DEFAULT_CACHE_H
#define DEFAULT_CACHE_H
#include <cserv/abi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

struct identity { /* two files with the same one have the same bytes */
    uint64_t dev, ino;
    int64_t size, modified_ns, changed_ns;
};
struct identity identity_of(const struct stat *st);
bool identity_same(const struct identity *a, const struct identity *b);

#define ENTRY_DATE_SIZE 30u
struct entry {
    _Atomic uint32_t holders;
    struct identity id;
    const char *bytes;              /* id.size of them; NULL: they stay on disk */
    const char *type;               /* Content-Type; "" for none */
    char etag[112];                 /* as in the field */
    char modified[ENTRY_DATE_SIZE]; /* as in Last-Modified */
    /* the cache's own */
    size_t key_n, cost;
    const char *key;
    uint64_t hash;
    _Atomic bool wanted; /* asked for since the last look */
    struct entry *next, *newer, *older;
};

/* A new entry with room for SIZE bytes of content (*ROOM), one holder. NULL: out of memory. */
struct entry *entry_new(cs_str key, const char *type, size_t size, char **room);
void entry_release(struct entry *e); /* NULL is fine */

struct cache;
struct cache *cache_new(size_t bytes); /* NULL: out of memory */
void cache_free(struct cache *c);      /* NULL is fine */
/* With one more holder, or NULL. */
struct entry *cache_get(struct cache *c, cs_str key);
/* In place of what its key had; the cache holds it, too. One that is too large is left out. */
void cache_put(struct cache *c, struct entry *e);
void cache_drop(struct cache *c, struct entry *e); /* if it is still there */
size_t cache_used(struct cache *c);                /* bytes, with what an entry costs */

#endif
