/* SPDX-License-Identifier: Apache-2.0
 * malloc, calloc and realloc of the whole program, one call of which can be made to fail, whatever thread
 * it is on. Not with sanitizers, which have their own. One program includes it once. */
#ifndef SUPPORT_FAILING_MALLOC_H
#define SUPPORT_FAILING_MALLOC_H
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static _Atomic uint64_t failing_malloc_left; /* calls to go; 0: none fails */

/* The Nth call from now on (from 1) fails, unless failing_malloc_done is called before. */
static inline void failing_malloc_at(uint64_t n)
{
    atomic_store(&failing_malloc_left, n);
}
/* Whether it did. */
static inline bool failing_malloc_done(void)
{
    return atomic_exchange(&failing_malloc_left, 0) == 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAILING_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAILING_MALLOC 0
#endif
#endif
#ifndef FAILING_MALLOC
#define FAILING_MALLOC 1
#endif

static inline bool failing_malloc_works(void)
{
    return FAILING_MALLOC;
}

#if FAILING_MALLOC
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool failing_malloc_now(void)
{
    uint64_t left = atomic_load_explicit(&failing_malloc_left, memory_order_relaxed);
    while (left > 0)
        if (atomic_compare_exchange_weak(&failing_malloc_left, &left, left - 1)) {
            if (left == 1)
                errno = ENOMEM; /* libc itself relies on that */
            return left == 1;
        }
    return false;
}

void *malloc(size_t n)
{
    return failing_malloc_now() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return failing_malloc_now() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return failing_malloc_now() ? NULL : __libc_realloc(p, n);
}
#endif

#endif
