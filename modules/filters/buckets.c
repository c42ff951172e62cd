/* SPDX-License-Identifier: Apache-2.0
 * Counts by client: see buckets.h. */
#include "buckets.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define WAYS  16u /* places that one client may have */
#define SETS  (BUCKETS_CLIENTS / WAYS)
#define LOCKS 64u

struct bucket {
    struct client client;
    uint64_t begin_ms;
    uint32_t count; /* 0: never used */
};
struct padded_lock { /* on a cache line of its own */
    pthread_mutex_t lock;
    char rest[64 - sizeof(pthread_mutex_t) % 64];
};
struct buckets {
    uint64_t window_ms;
    uint64_t secret[2]; /* so that nobody can choose addresses that share a set */
    struct padded_lock locks[LOCKS];
    struct bucket v[SETS][WAYS];
};

/* ---- who ---- */

static uint64_t number_of(const unsigned char *bytes)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n = n << 8 | bytes[i];
    return n;
}

static uint64_t first_bits(uint64_t n, unsigned bits)
{
    return bits == 0 ? 0 : bits >= 64 ? n : n & ~(UINT64_MAX >> bits);
}

struct client client_of(cs_str address, unsigned ipv6_bits)
{
    static const struct client nobody = {0, 0};
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (!address.ptr || address.len >= sizeof(text))
        return nobody;
    memcpy(text, address.ptr, address.len);
    text[address.len] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1)
        return (struct client){0, UINT64_C(0xffff00000000) | ntohl(v4.s_addr)};
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return nobody;
    struct client c = {number_of(v6.s6_addr), number_of(v6.s6_addr + 8)};
    if (c.high == 0 && c.low >> 32 == 0xffff) /* ::ffff:192.0.2.1 is that address */
        return c;
    c.high = first_bits(c.high, ipv6_bits);
    c.low = first_bits(c.low, ipv6_bits > 64 ? ipv6_bits - 64 : 0);
    return c;
}

/* ---- the table ---- */

struct buckets *buckets_new(uint32_t window_seconds)
{
    struct buckets *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->window_ms = (uint64_t)window_seconds * 1000;
    if (getrandom(b->secret, sizeof(b->secret), 0) != (ssize_t)sizeof(b->secret))
        b->secret[0] = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)b;
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_init(&b->locks[i].lock, NULL);
    return b;
}

void buckets_free(struct buckets *b)
{
    for (unsigned i = 0; b && i < LOCKS; i++)
        pthread_mutex_destroy(&b->locks[i].lock);
    free(b);
}

static uint64_t stirred(uint64_t n)
{
    n = (n ^ n >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return n ^ n >> 32;
}

static size_t set_of(const struct buckets *b, struct client c)
{
    uint64_t n = stirred(c.high ^ b->secret[0]) + b->secret[1];
    return (size_t)(stirred(n ^ c.low) % SETS);
}

/* NOW may be a little before BEGIN: another thread's request took the lock first. */
static int is_over(const struct buckets *b, const struct bucket *k, uint64_t now_ms)
{
    return now_ms >= k->begin_ms && now_ms - k->begin_ms >= b->window_ms;
}

/* CLIENT's bucket, one that is free, or the one that is missed least. */
static struct bucket *find(const struct buckets *b, struct bucket *set, struct client client,
                           uint64_t now_ms)
{
    struct bucket *found = NULL;
    uint32_t least = UINT32_MAX;
    for (unsigned i = 0; i < WAYS; i++) {
        struct bucket *k = &set[i];
        if (k->count > 0 && k->client.high == client.high && k->client.low == client.low)
            return k;
        uint32_t worth = k->count == 0 || is_over(b, k, now_ms) ? 0 : k->count;
        if (!found || worth < least) {
            found = k;
            least = worth;
        }
    }
    found->count = 0;
    return found;
}

struct bucket_view buckets_count(struct buckets *b, struct client client, uint64_t now_ms)
{
    size_t set = set_of(b, client);
    pthread_mutex_t *lock = &b->locks[set % LOCKS].lock;
    pthread_mutex_lock(lock);
    struct bucket *k = find(b, b->v[set], client, now_ms);
    if (k->count == 0 || is_over(b, k, now_ms)) {
        k->client = client;
        k->begin_ms = now_ms;
        k->count = 0;
    }
    k->count += k->count < UINT32_MAX;
    uint64_t gone = now_ms > k->begin_ms ? now_ms - k->begin_ms : 0;
    struct bucket_view view = {k->count, (uint32_t)((b->window_ms - gone + 999) / 1000)};
    pthread_mutex_unlock(lock);
    return view;
}
