/* SPDX-License-Identifier: Apache-2.0
 * Output that waits: see store.h. */
#include "connector/store.h"

#include <stdlib.h>

#include "base/check.h"

#define BLOCK     16384u
#define BLOCK_MIN 512u
#define UNCOUNTED 4096u              /* what any answer may have when the totals are used up */
#define SEGMENT   (8u * 1024 * 1024) /* a file ends here; it is freed when all of it has left */

struct segment {              /* a file */
    _Atomic uint32_t holders; /* the writer, and each piece */
    struct store *store;
    struct spool_file *file;
    uint64_t size; /* writer */
};

struct store {
    _Atomic uint32_t holders; /* the writer's side, and each piece */
    struct spool_account *account;
    uint64_t memory_max, file_max;
    _Atomic uint64_t memory;   /* bytes of blocks */
    _Atomic uint64_t in_files; /* bytes of segments that exist */
    _Atomic uint32_t pieces;   /* that have not left */
    _Atomic uint32_t ranges;   /* those of them that lie in files */
    _Atomic uint64_t moves;    /* grows when something leaves */
    _Atomic bool waiting;      /* a writer does: set before it looks at moves and ended */
    _Atomic bool ended;
    struct lock lock; /* for room */
    struct cond room;
    struct segment *segment; /* writer: the one that is written; holds it */
};

/* ---- life ---- */

struct store *store_new(struct spool_account *account, uint64_t memory_max, uint64_t file_max)
{
    struct store *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    atomic_init(&s->holders, 1);
    s->account = account;
    s->memory_max = memory_max;
    s->file_max = file_max;
    lock_init(&s->lock, "output store");
    cond_init(&s->room);
    return s;
}

static void drop(struct store *s)
{
    if (atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) > 1)
        return;
    CHECK(atomic_load(&s->memory) == 0 && atomic_load(&s->in_files) == 0);
    cond_destroy(&s->room);
    lock_destroy(&s->lock);
    free(s);
}

static void segment_drop(struct segment *g)
{
    struct store *s = g->store;
    if (atomic_fetch_sub_explicit(&g->holders, 1, memory_order_acq_rel) > 1)
        return;
    spool_file_free(&g->file); /* an io thread closes it */
    atomic_fetch_sub(&s->in_files, g->size);
    free(g);
}

void store_release(struct store **sp)
{
    struct store *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    if (s->segment)
        segment_drop(s->segment);
    s->segment = NULL;
    drop(s);
}

/* ---- what leaves ---- */

void store_moved(struct store *s)
{
    atomic_fetch_add(&s->moves, 1);
    if (!atomic_load(&s->waiting)) /* it will see the new number of moves before it waits */
        return;
    lock_acquire(&s->lock);
    cond_broadcast(&s->room);
    lock_release(&s->lock);
}

void store_end(struct store *s)
{
    atomic_store(&s->ended, true);
    store_moved(s);
}

bool store_ended(struct store *s)
{
    return atomic_load(&s->ended);
}

uint64_t store_mark(struct store *s)
{
    return atomic_load(&s->moves);
}

void store_wait(struct store *s, uint64_t mark)
{
    lock_acquire(&s->lock);
    atomic_store(&s->waiting, true);
    while (atomic_load(&s->moves) == mark && !atomic_load(&s->ended))
        cond_wait(&s->room, &s->lock);
    atomic_store(&s->waiting, false);
    lock_release(&s->lock);
}

static void piece_left(struct store *s)
{
    atomic_fetch_sub(&s->pieces, 1);
    store_moved(s);
    drop(s);
}

static void block_left(void *arg)
{
    struct block *b = arg;
    struct store *s = b->store;
    block_free(b);
    piece_left(s);
}

static void range_left(void *arg)
{
    struct segment *g = arg;
    struct store *s = g->store;
    segment_drop(g);
    atomic_fetch_sub(&s->ranges, 1);
    piece_left(s);
}

static void piece_added(struct store *s)
{
    atomic_fetch_add(&s->pieces, 1);
    atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
}

/* ---- memory ---- */

static uint64_t room_in_memory(struct store *s)
{
    uint64_t held = atomic_load(&s->memory);
    return held < s->memory_max ? s->memory_max - held : 0;
}

/* Of SIZE bytes. NULL: *failed says whether malloc's or the budget's. */
static struct block *block_new(struct store *s, size_t size, bool counted, bool *failed)
{
    if (counted && spool_memory_take(s->account, size) != SPOOL_OK)
        return NULL;
    struct block *b = malloc(sizeof(*b) + size);
    if (!b) {
        if (counted)
            spool_memory_give(s->account, size);
        *failed = true;
        return NULL;
    }
    *b = (struct block){.store = s, .size = size, .counted = counted ? size : 0};
    atomic_fetch_add(&s->memory, size);
    return b;
}

void block_free(struct block *b)
{
    struct store *s = b->store;
    if (b->counted > 0)
        spool_memory_give(s->account, b->counted);
    atomic_fetch_sub(&s->memory, b->size);
    free(b);
}

static size_t block_size(const struct store *s)
{
    uint64_t n = s->memory_max / 4;
    return n > BLOCK ? BLOCK : n < BLOCK_MIN ? BLOCK_MIN : (size_t)n;
}

bool store_has_room(struct store *s)
{
    return room_in_memory(s) >= block_size(s);
}

struct block *store_block(struct store *s)
{
    bool failed = false;
    return store_has_room(s) ? block_new(s, block_size(s), true, &failed) : NULL;
}

bool block_append(struct block *b, struct chain *to)
{
    struct store *s = b->store;
    if (!chain_ref(to, b->bytes, b->n, block_left, b))
        return false;
    piece_added(s);
    return true;
}

static size_t put_block(struct store *s, struct chain *to, const char *p, size_t n, bool counted,
                        bool *failed)
{
    struct block *b = block_new(s, n, counted, failed);
    if (!b)
        return 0;
    memcpy(b->bytes, p, n);
    b->n = n;
    if (block_append(b, to))
        return n;
    block_free(b);
    *failed = true;
    return 0;
}

/* ---- files ---- */

static uint64_t room_in_files(struct store *s)
{
    uint64_t held = atomic_load(&s->in_files);
    return held < s->file_max ? s->file_max - held : 0;
}

/* The segment to write to, with room, or NULL. */
static struct segment *writable_segment(struct store *s, bool *failed)
{
    struct segment *g = s->segment;
    bool drained = g && g->size > 0 && atomic_load(&g->holders) == 1;
    if (g && (g->size >= SEGMENT || (drained && room_in_files(s) == 0))) {
        s->segment = NULL;
        segment_drop(g);
    }
    if (room_in_files(s) == 0)
        return NULL;
    if (s->segment)
        return s->segment;
    g = calloc(1, sizeof(*g));
    if (!g) {
        *failed = true;
        return NULL;
    }
    if (spool_file_new(s->account, &g->file) != SPOOL_OK) {
        free(g);
        return NULL;
    }
    atomic_init(&g->holders, 1);
    g->store = s;
    s->segment = g;
    return g;
}

/* One range. */
static size_t put_range(struct store *s, struct chain *to, const char *p, size_t n, bool *failed)
{
    struct segment *g = writable_segment(s, failed);
    if (!g)
        return 0;
    uint64_t most = SEGMENT - g->size, room = room_in_files(s), moved;
    if (most > room)
        most = room;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = n < most ? n : (size_t)most};
    /* What goes wrong is told by the spool; what of it is in the file all the same is used. */
    (void)spool_write_now(g->file, &iov, 1, g->size, &moved);
    uint64_t offset = g->size;
    g->size += moved;
    atomic_fetch_add(&s->in_files, moved);
    if (moved == 0)
        return 0;
    if (!chain_file(to, spool_file_fd(g->file), offset, (size_t)moved, range_left, g)) {
        *failed = true; /* the bytes stay in the file, unused */
        return 0;
    }
    atomic_fetch_add_explicit(&g->holders, 1, memory_order_relaxed);
    atomic_fetch_add(&s->ranges, 1);
    piece_added(s);
    return (size_t)moved;
}

static size_t put_files(struct store *s, struct chain *to, const char *p, size_t n, bool *failed)
{
    size_t done = 0, k;
    while (done < n && !*failed && (k = put_range(s, to, p + done, n - done, failed)) > 0)
        done += k;
    return done;
}

bool block_spill(struct block *b, struct chain *to)
{
    bool failed = false;
    size_t k = put_files(b->store, to, b->bytes, b->n, &failed);
    memmove(b->bytes, b->bytes + k, b->n - k);
    b->n -= k;
    return b->n == 0;
}

/* ---- both ---- */

size_t store_put(struct store *s, struct chain *to, const char *p, size_t n, bool *failed)
{
    uint64_t room = room_in_memory(s);
    size_t done = 0, k = n < room ? n : (size_t)room;
    *failed = false;
    if (k > 0)
        done = put_block(s, to, p, k, true, failed);
    if (!*failed)
        done += put_files(s, to, p + done, n - done, failed);
    if (done > 0 || *failed || atomic_load(&s->pieces) > 0)
        return done;
    /* The totals are used up, and nothing of this answer is left that could make room. */
    return put_block(s, to, p, n < UNCOUNTED ? n : UNCOUNTED, false, failed);
}

bool store_takes(struct store *s)
{
    return store_has_room(s) || room_in_files(s) > 0;
}

/* An empty block that is kept for the next write is no reason to wait. */
bool store_is_low(struct store *s, unsigned part)
{
    return atomic_load(&s->ranges) == 0 &&
           (atomic_load(&s->pieces) == 0 || atomic_load(&s->memory) <= s->memory_max / part);
}

bool store_keep(struct store *s, struct chain *to, const char *p, size_t n)
{
    bool failed = false;
    if (put_block(s, to, p, n, true, &failed) == n)
        return true;
    return !failed && put_files(s, to, p, n, &failed) == n;
}
