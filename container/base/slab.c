/* SPDX-License-Identifier: Apache-2.0
 * Numbered slots in pages that never move and are never returned early. Used for connections and
 * other objects that are named by {number, serial} across threads. The free list stands beside the
 * slots, not in them: what a stale reader finds in a free slot is what its last user left there. */
#include "base/slab.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u
#define CACHE_LINE 64u
#define NO_SLOT    UINT32_MAX       /* end of the free list */
#define SLOT_TAKEN (UINT32_MAX - 1) /* in place of a link while the slot is in use */

struct page {
    char *slots;
    uint32_t *next; /* per slot: the next free one, NO_SLOT or SLOT_TAKEN */
};

struct slab {
    struct page *pages; /* full length from the start, so that slab_at never sees it move */
    size_t slot_size;
    uint32_t shift; /* slots per page = 1 << shift */
    uint32_t max;
    uint32_t high; /* slots ever taken; those from here on were never used */
    uint32_t used;
    uint32_t free_head;
};

static uint32_t page_of(const struct slab *s, uint32_t index)
{
    return index >> s->shift;
}

static uint32_t within_page(const struct slab *s, uint32_t index)
{
    return index & ((UINT32_C(1) << s->shift) - 1);
}

static uint32_t *link_of(const struct slab *s, uint32_t index)
{
    return &s->pages[page_of(s, index)].next[within_page(s, index)];
}

struct slab *slab_new(size_t size, uint32_t max)
{
    CHECK(size > 0 && max > 0);
    if (size > SIZE_MAX / 2)
        return NULL;
    struct slab *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    size_t align =
        size < CACHE_LINE ? 16 : CACHE_LINE; /* neighbours share no line once they fill one */
    s->slot_size = (size + align - 1) & ~(align - 1);
    while (s->shift < 12 && s->slot_size << (s->shift + 1) <= PAGE_BYTES)
        s->shift++;
    s->max = max < SLOT_TAKEN ? max : SLOT_TAKEN; /* numbers stay below the two marks */
    s->free_head = NO_SLOT;
    s->pages = calloc((size_t)page_of(s, s->max - 1) + 1, sizeof(*s->pages));
    if (!s->pages) {
        free(s);
        return NULL;
    }
    return s;
}

static bool page_make(struct slab *s, struct page *page)
{
    size_t count = (size_t)1 << s->shift;
    size_t bytes = (s->slot_size << s->shift) + CACHE_LINE - 1;
    bytes &= ~(size_t)(CACHE_LINE - 1); /* aligned_alloc wants a multiple */
    char *slots = aligned_alloc(CACHE_LINE, bytes);
    uint32_t *next = malloc(count * sizeof(*next));
    if (!slots || !next) {
        free(slots);
        free(next);
        return false;
    }
    memset(slots, 0, bytes);
    *page = (struct page){.slots = slots, .next = next};
    return true;
}

void *slab_take(struct slab *s, uint32_t *index)
{
    uint32_t i = s->free_head; /* last given, first taken: still warm in the cache */
    if (i != NO_SLOT) {
        s->free_head = *link_of(s, i);
    } else {
        if (s->high == s->max)
            return NULL;
        struct page *page = &s->pages[page_of(s, s->high)];
        if (!page->slots && !page_make(s, page))
            return NULL;
        i = s->high++;
    }
    *link_of(s, i) = SLOT_TAKEN;
    s->used++;
    *index = i;
    return slab_at(s, i);
}

void slab_give(struct slab *s, uint32_t index)
{
    CHECK(index < s->high);
    uint32_t *link = link_of(s, index);
    CHECK(*link == SLOT_TAKEN);
    *link = s->free_head;
    s->free_head = index;
    s->used--;
}

/* Reads nothing that the owner writes after it gave the number away. */
void *slab_at(const struct slab *s, uint32_t index)
{
    CHECK(index < s->max);
    const struct page *page = &s->pages[page_of(s, index)];
    CHECK(page->slots);
    return page->slots + (size_t)within_page(s, index) * s->slot_size;
}

uint32_t slab_used(const struct slab *s)
{
    return s->used;
}

uint32_t slab_high(const struct slab *s)
{
    return s->high;
}

void slab_destroy(struct slab **sp)
{
    struct slab *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    for (uint32_t i = 0; i <= page_of(s, s->max - 1) && s->pages[i].slots; i++) {
        free(s->pages[i].slots);
        free(s->pages[i].next);
    }
    free(s->pages);
    free(s);
}
