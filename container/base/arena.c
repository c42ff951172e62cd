/* SPDX-License-Identifier: Apache-2.0
 * Memory that lives and dies together: blocks handed out front to back, which get larger as more is asked
 * for, up to 4 KiB. Used for exchanges, configuration trees and whatever else has one lifetime. Under
 * AddressSanitizer what was not handed out is poisoned, so a read behind an allocation or after a reset is
 * found. */
#include "base/arena.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    _Alignas(ARENA_ALIGN) struct arena_block *next;
    size_t size; /* usable bytes behind this header */
};

struct arena_cleanup {
    struct arena_cleanup *next;
    void (*fn)(void *);
    void *arg;
};

#define BLOCK_SIZE  4096u /* with header: a request of moderate size stays within one */
#define BLOCK_ROOM  (BLOCK_SIZE - sizeof(struct arena_block))
#define FIRST_SIZE  512u /* with header and malloc's: many requests that wait have one */
#define STEP        128u /* what arena_expect rounds to */
#define MALLOC_OWN  16u  /* of malloc's, before each block */
#define LARGE_BYTES (BLOCK_ROOM / 4) /* from here on an own block: wastes less of the current one */

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGN == 0, "the header keeps the alignment");

void arena_init(struct arena *a)
{
    *a = (struct arena){NULL, NULL, NULL, NULL, 0};
}

/* Not inline: the compiler would warn of passing on memory that nothing was written to. */
__attribute__((noinline)) static void poison(void *p, size_t n)
{
#ifdef ARENA_POISONS
    __asan_poison_memory_region(p, n);
#else
    (void)p;
    (void)n;
#endif
}

static struct arena_block *block_add(struct arena *a, size_t room)
{
    struct arena_block *block = malloc(sizeof(*block) + room);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = a->blocks, .size = room};
    a->blocks = block;
    poison(block + 1, room);
    return block;
}

static void block_make_current(struct arena *a, struct arena_block *block)
{
    a->at = (char *)(block + 1);
    a->end = a->at + block->size;
}

/* Room of a block that is at most SIZE bytes with what malloc and the arena have before it. */
static size_t room_of(size_t size)
{
    size_t room = size - MALLOC_OWN - sizeof(struct arena_block);
    return room < BLOCK_ROOM ? room : BLOCK_ROOM;
}

/* The more was handed out, the larger is the next block. */
static size_t next_room(const struct arena *a)
{
    size_t size = FIRST_SIZE;
    while (size < BLOCK_SIZE && size < 2 * a->used)
        size *= 2;
    return size < BLOCK_SIZE ? room_of(size) : BLOCK_ROOM;
}

static bool block_begin(struct arena *a, size_t room)
{
    struct arena_block *block = block_add(a, room);
    if (block)
        block_make_current(a, block);
    return block != NULL;
}

void arena_expect(struct arena *a, size_t n)
{
    if (n > BLOCK_ROOM)
        n = BLOCK_ROOM;
    if (n <= (size_t)(a->end - a->at))
        return;
    size_t steps = (n + MALLOC_OWN + sizeof(struct arena_block) + STEP - 1) / STEP;
    (void)block_begin(a, room_of(steps * STEP)); /* without memory: arena_alloc says so */
}

void *arena_alloc_slow(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - BLOCK_SIZE)
        return NULL;
    size_t need = n == 0 ? ARENA_ALIGN : arena_rounded(n);
    if (need > LARGE_BYTES && need > (size_t)(a->end - a->at)) {
        struct arena_block *own = block_add(a, need);
        if (!own)
            return NULL;
        arena_unpoison(own + 1, n);
        a->used += need;
        return own + 1;
    }
    if (need > (size_t)(a->end - a->at)) {
        size_t next = next_room(a);
        if (!block_begin(a, need > next ? need : next))
            return NULL;
    }
    void *p = a->at;
    a->at += need;
    a->used += need;
    arena_unpoison(p, n);
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    if (p)
        memset(p, 0, n);
    return p;
}

struct span arena_copy(struct arena *a, struct span s)
{
    if (!s.p || s.n == SIZE_MAX)
        return SPAN_NONE;
    char *p = arena_alloc(a, s.n + 1);
    if (!p)
        return SPAN_NONE;
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct span){p, s.n};
}

void *arena_grow(struct arena *a, const void *v, uint32_t *cap, size_t item, uint32_t first)
{
    if (*cap > UINT32_MAX / 2 / item)
        return NULL;
    uint32_t more = *cap ? *cap * 2 : first;
    void *grown = arena_alloc(a, more * item);
    if (!grown)
        return NULL;
    if (*cap > 0)
        memcpy(grown, v, *cap * item);
    *cap = more;
    return grown;
}

char *arena_strdup(struct arena *a, const char *s)
{
    size_t size = strlen(s) + 1;
    char *p = arena_alloc(a, size);
    return p ? memcpy(p, s, size) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256]; /* most texts fit: then they are formatted once */
    va_list again;
    va_copy(again, ap);
    char *text = NULL;
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    if (n < 0)
        goto out;
    size_t size = (size_t)n + 1;
    text = arena_alloc(a, size);
    if (!text)
        goto out;
    if (size <= sizeof(small))
        memcpy(text, small, size);
    else if (vsnprintf(text, size, fmt, again) != n)
        text = NULL;
out:
    va_end(again);
    return text;
}

bool arena_on_cleanup(struct arena *a, void (*fn)(void *), void *arg)
{
    struct arena_cleanup *cleanup = arena_alloc(a, sizeof(*cleanup));
    if (!cleanup)
        return false;
    *cleanup = (struct arena_cleanup){.next = a->cleanups, .fn = fn, .arg = arg};
    a->cleanups = cleanup;
    return true;
}

void arena_run_cleanups(struct arena *a)
{
    struct arena_cleanup *cleanup;
    while ((cleanup = a->cleanups) != NULL) {
        a->cleanups = cleanup->next; /* before the call: it may register another one */
        cleanup->fn(cleanup->arg);
    }
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

/* Unlinks and returns the largest block of at most the usual size; NULL when there is none. */
static struct arena_block *take_usual_block(struct arena *a)
{
    struct arena_block **best = NULL;
    for (struct arena_block **at = &a->blocks; *at; at = &(*at)->next) {
        if ((*at)->size <= BLOCK_ROOM && (!best || (*at)->size > (*best)->size))
            best = at;
    }
    struct arena_block *block = best ? *best : NULL;
    if (block)
        *best = block->next;
    return block;
}

void arena_reset(struct arena *a)
{
    arena_run_cleanups(a);
    struct arena_block *kept = take_usual_block(a);
    blocks_free(a->blocks);
    arena_init(a);
    if (!kept)
        return;
    kept->next = NULL;
    a->blocks = kept;
    block_make_current(a, kept);
    poison(kept + 1, kept->size);
}

void arena_destroy(struct arena *a)
{
    arena_run_cleanups(a);
    blocks_free(a->blocks);
    arena_init(a);
}
