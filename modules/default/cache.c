/* SPDX-License-Identifier: Apache-2.0
 * See cache.h. In parts with a lock each, so that workers seldom meet. A part gives up entries by the
 * second-chance rule: a hit only sets a flag, the list is not touched. */
#include "cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 16, BUCKETS = 256 };

struct part {
    pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t used;
};
struct cache {
    size_t part_max;
    struct part parts[PARTS];
};

struct identity identity_of(const struct stat *st)
{
    return (struct identity){
        .dev = st->st_dev,
        .ino = st->st_ino,
        .size = st->st_size,
        .modified_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .changed_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
}

bool identity_same(const struct identity *a, const struct identity *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

/* ---- entries ---- */

struct entry *entry_new(cs_str key, const char *type, size_t size, char **room)
{
    size_t type_n = strlen(type) + 1;
    size_t head = sizeof(struct entry) + key.len + 1 + type_n;
    if (size > SIZE_MAX - head)
        return NULL;
    struct entry *e = malloc(head + size);
    if (!e)
        return NULL;
    *e = (struct entry){.key_n = key.len, .cost = head + size};
    atomic_init(&e->holders, 1);
    char *p = (char *)(e + 1);
    memcpy(p, key.ptr, key.len);
    p[key.len] = '\0';
    e->key = p;
    p += key.len + 1;
    memcpy(p, type, type_n);
    e->type = p;
    *room = p + type_n;
    return e;
}

void entry_release(struct entry *e)
{
    if (e && atomic_fetch_sub_explicit(&e->holders, 1, memory_order_acq_rel) == 1)
        free(e);
}

/* ---- the cache ---- */

struct cache *cache_new(size_t bytes)
{
    struct cache *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->part_max = bytes / PARTS;
    for (size_t i = 0; i < PARTS; i++)
        pthread_mutex_init(&c->parts[i].lock, NULL);
    return c;
}

static uint64_t hash_of(cs_str key) /* FNV-1a */
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

static struct part *part_of(struct cache *c, uint64_t hash)
{
    return &c->parts[hash % PARTS];
}

static struct entry **bucket_of(struct part *p, uint64_t hash)
{
    return &p->buckets[hash / PARTS % BUCKETS];
}

static struct entry *find_locked(struct part *p, uint64_t hash, cs_str key)
{
    struct entry *e = *bucket_of(p, hash);
    while (e && (e->hash != hash || e->key_n != key.len || memcmp(e->key, key.ptr, key.len) != 0))
        e = e->next;
    return e;
}

static void list_add_locked(struct part *p, struct entry *e)
{
    e->newer = NULL;
    e->older = p->newest;
    if (p->newest)
        p->newest->newer = e;
    else
        p->oldest = e;
    p->newest = e;
}

static void list_remove_locked(struct part *p, struct entry *e)
{
    *(e->newer ? &e->newer->older : &p->newest) = e->older;
    *(e->older ? &e->older->newer : &p->oldest) = e->newer;
}

static void remove_locked(struct part *p, struct entry *e)
{
    struct entry **at = bucket_of(p, e->hash);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    list_remove_locked(p, e);
    p->used -= e->cost;
    entry_release(e);
}

/* Ends: each round takes a flag or an entry away. */
static void make_room_locked(struct part *p, size_t max)
{
    while (p->used > max && p->oldest) {
        struct entry *e = p->oldest;
        if (atomic_exchange_explicit(&e->wanted, false, memory_order_relaxed)) {
            list_remove_locked(p, e);
            list_add_locked(p, e);
        } else {
            remove_locked(p, e);
        }
    }
}

struct entry *cache_get(struct cache *c, cs_str key)
{
    uint64_t hash = hash_of(key);
    struct part *p = part_of(c, hash);
    pthread_mutex_lock(&p->lock);
    struct entry *e = find_locked(p, hash, key);
    if (e)
        atomic_fetch_add_explicit(&e->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
    if (e && !atomic_load_explicit(&e->wanted, memory_order_relaxed))
        atomic_store_explicit(&e->wanted, true, memory_order_relaxed);
    return e;
}

void cache_put(struct cache *c, struct entry *e)
{
    cs_str key = {e->key, e->key_n};
    e->hash = hash_of(key);
    struct part *p = part_of(c, e->hash);
    if (e->cost > c->part_max)
        return;
    pthread_mutex_lock(&p->lock);
    struct entry *old = find_locked(p, e->hash, key);
    if (old)
        remove_locked(p, old);
    make_room_locked(p, c->part_max - e->cost);
    struct entry **bucket = bucket_of(p, e->hash);
    e->next = *bucket;
    *bucket = e;
    list_add_locked(p, e);
    p->used += e->cost;
    atomic_fetch_add_explicit(&e->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
}

void cache_drop(struct cache *c, struct entry *e)
{
    struct part *p = part_of(c, e->hash);
    pthread_mutex_lock(&p->lock);
    if (find_locked(p, e->hash, (cs_str){e->key, e->key_n}) == e)
        remove_locked(p, e);
    pthread_mutex_unlock(&p->lock);
}

size_t cache_used(struct cache *c)
{
    size_t used = 0;
    for (size_t i = 0; i < PARTS; i++) {
        pthread_mutex_lock(&c->parts[i].lock);
        used += c->parts[i].used;
        pthread_mutex_unlock(&c->parts[i].lock);
    }
    return used;
}

void cache_free(struct cache *c)
{
    for (size_t i = 0; c && i < PARTS; i++) {
        struct part *p = &c->parts[i];
        while (p->oldest)
            remove_locked(p, p->oldest);
        pthread_mutex_destroy(&p->lock);
    }
    free(c);
}
