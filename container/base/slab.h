/* SPDX-License-Identifier: Apache-2.0
 * Type-stable slots: memory of a slab is only ever used for one kind of object and not returned
 * before slab_destroy, so a stale pointer may be read (never trusted). Slots are numbered from 0 and
 * never move. slab_take and slab_give are for one owner thread; slab_at may be called by any thread
 * for a number it got from the owner. */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H
#include <stddef.h>
#include <stdint.h>

struct slab;

/* Slots of SIZE bytes, zeroed when their page is made; at most MAX of them. NULL: out of memory. */
struct slab *slab_new(size_t size, uint32_t max);
/* A free slot, its number in *index. Not cleared between uses. NULL: MAX reached or out of memory. */
void *slab_take(struct slab *s, uint32_t *index);
void slab_give(struct slab *s, uint32_t index);
void *slab_at(const struct slab *s, uint32_t index);
uint32_t slab_used(const struct slab *s);
uint32_t slab_high(const struct slab *s); /* all numbers ever taken are below this */
void slab_destroy(struct slab **s);

#endif
