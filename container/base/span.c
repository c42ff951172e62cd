/* SPDX-License-Identifier: Apache-2.0
 * Searching, comparing and hashing of borrowed bytes. Used by every parser and table; the hot ones
 * work on eight bytes at a time. */
#include "base/span.h"
#include <sys/random.h>
#include <time.h>

__extension__ typedef unsigned __int128 u128;

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

static inline uint64_t load8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    return w;
}

static inline uint64_t load4(const char *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof(w));
    return w;
}

/* ascii_lower for eight bytes. The additions set a byte's top bit where it is at least 'A', and
 * where it is beyond 'Z'; without the top bits of the input nothing is carried into a neighbour. */
static inline uint64_t lower8(uint64_t w)
{
    uint64_t low = w & EACH_BYTE(0x7f);
    uint64_t from_a = low + EACH_BYTE(0x80 - 'A');
    uint64_t past_z = low + EACH_BYTE(0x7f - 'Z');
    uint64_t upper = (from_a ^ past_z) & ~w & EACH_BYTE(0x80);
    return w | upper >> 2;
}

bool span_ieq(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    size_t n = a.n;
    if (n < 8) {
        for (size_t i = 0; i < n; i++) {
            if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
                return false;
        }
        return true;
    }
    for (size_t i = 0; i + 8 < n; i += 8) {
        if (lower8(load8(a.p + i)) != lower8(load8(b.p + i)))
            return false;
    }
    return lower8(load8(a.p + n - 8)) == lower8(load8(b.p + n - 8)); /* may overlap the last step */
}

bool span_starts(struct span s, struct span prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool span_ends(struct span s, struct span suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct span span_from(struct span s, size_t start)
{
    return span_cut(s, start, SIZE_MAX);
}

struct span span_cut(struct span s, size_t start, size_t n)
{
    if (!s.p)
        return SPAN_NONE;
    if (start > s.n)
        start = s.n;
    size_t left = s.n - start;
    return (struct span){s.p + start, n < left ? n : left};
}

size_t span_find(struct span s, size_t start, char c)
{
    if (start >= s.n)
        return s.n;
    const char *hit = memchr(s.p + start, c, s.n - start);
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t span_rfind(struct span s, char c)
{
    const char *hit = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

bool span_split(struct span *rest, char sep, struct span *piece)
{
    if (!rest->p)
        return false;
    size_t at = span_find(*rest, 0, sep);
    *piece = (struct span){rest->p, at};
    *rest = at < rest->n ? (struct span){rest->p + at + 1, rest->n - at - 1} : SPAN_NONE;
    return true;
}

bool span_to_u64(struct span s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned int digit = (unsigned int)(unsigned char)s.p[i] - '0';
        if (digit > 9 || digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

int span_cmp(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

/* The hash folds 128-bit products of the input and secret numbers. Which keys collide depends on
 * the secrets, which never leave the process, so a peer cannot choose keys that fall together. */
static uint64_t secret[4];

__attribute__((constructor)) static void secret_init(void)
{
    if (getrandom(secret, sizeof(secret), 0) == (ssize_t)sizeof(secret))
        return;
    struct timespec
        now; /* only where a sandbox forbids getrandom: better than the same each time */
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        secret[i] = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        secret[i] ^= (uint64_t)now.tv_nsec << (i * 8) ^ (uint64_t)(uintptr_t)&now;
    }
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    u128 product = (u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t span_hash(struct span s)
{
    const char *p = s.p;
    size_t n = s.n;
    uint64_t state = secret[0];
    uint64_t a = 0, b = 0;
    for (; n > 16; n -= 16, p += 16)
        state = fold(load8(p) ^ secret[1], load8(p + 8) ^ state);
    if (n >= 8) { /* the two loads cover the rest; they may overlap */
        a = load8(p);
        b = load8(p + n - 8);
    } else if (n >= 4) {
        a = load4(p);
        b = load4(p + n - 4);
    } else if (n > 0) {
        a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
            (unsigned char)p[n - 1];
    }
    state = fold(a ^ secret[2], b ^ state);
    return fold(state ^ secret[3], (uint64_t)s.n ^ secret[1]);
}
