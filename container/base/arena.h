/* SPDX-License-Identifier: Apache-2.0
 * One lifetime's memory: allocations are never freed one by one; cleanups run last-in first-out
 * when the arena is reset or destroyed. One owner thread at a time, no lock. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include <stdarg.h>
#include "base/span.h"

struct arena_block;
struct arena_cleanup;

struct arena {
    char *at, *end;             /* room left in the current block */
    struct arena_block *blocks; /* newest first */
    struct arena_cleanup *cleanups;
    size_t used; /* bytes handed out (rounded) since init or reset, for limits and gauges */
};

#define ARENA_ALIGN 16u

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define arena_unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define arena_unpoison(p, n) ((void)(p), (void)(n))
#endif

/* Takes no memory yet: the first block is made by the first allocation. */
void arena_init(struct arena *a);
void *arena_alloc_slow(struct arena *a, size_t n); /* for arena_alloc only */
static inline size_t arena_rounded(size_t n)
{
    return (n + (ARENA_ALIGN - 1)) & ~(size_t)(ARENA_ALIGN - 1);
}
/* 16-byte aligned, not cleared; of 0 bytes: some address, not NULL. NULL when out of memory. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
    /* Room is a multiple of the alignment: what fits, fits rounded, too. n == 0 wraps: slow. */
    if (n - 1 >= (size_t)(a->end - a->at))
        return arena_alloc_slow(a, n);
    void *p = a->at;
    size_t need = arena_rounded(n);
    a->at += need;
    a->used += need;
    arena_unpoison(p, n);
    return p;
}
/* About N bytes will be asked for: they come from one block, if they are at most 4 KiB, that is not much
 * larger. What is left of the current block is lost. */
void arena_expect(struct arena *a, size_t n);
void *arena_zalloc(struct arena *a, size_t n); /* cleared */
/* Copies with a NUL behind (not counted). .p == NULL when out of memory (or s.p == NULL). */
struct span arena_copy(struct arena *a, struct span s);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* An array twice as long as V, which is full, with what V has: *CAP items of ITEM bytes, 0 at first, then FIRST.
 * V stays the arena's. NULL when out of memory; *CAP is as it was then. */
void *arena_grow(struct arena *a, const void *v, uint32_t *cap, size_t item, uint32_t first);
/* FN(ARG) runs at reset or destroy, also when registered from within a cleanup. False: no memory,
 * nothing was registered. */
bool arena_on_cleanup(struct arena *a, void (*fn)(void *), void *arg);
/* Runs all cleanups now (LIFO). The memory stays. */
void arena_run_cleanups(struct arena *a);
/* Runs cleanups, gives back all blocks but the largest of at most 4 KiB: ready for the next lifetime, which
 * takes no memory when it needs no more than that. */
void arena_reset(struct arena *a);
void arena_destroy(struct arena *a); /* runs cleanups, gives everything back */

#endif
