/* SPDX-License-Identifier: Apache-2.0
 * What of one answer waits for its client: the first outputMemory bytes in memory, more in temporary
 * files, up to outputSpool, all within the totals of the spool. One writer at a time fills it (the worker
 * that runs the request); the bytes leave as pieces of chains, on the poller, which give back what they
 * held. Files are written once and sent by sendfile: a range is never written again, because the kernel
 * may still be sending it. Used by leased.c and posted.c. */
#ifndef CONNECTOR_STORE_H
#define CONNECTOR_STORE_H
#include "base/chain.h"
#include "base/lock.h"
#include "spool/spool.h"

struct store;

/* Memory that is filled before it becomes a piece. Its bytes count from the time it is taken. */
struct block {
    struct store *store;
    size_t size, n; /* room, and how much of it is filled */
    size_t counted; /* of the budget */
    char bytes[];
};

/* NULL: out of memory. */
struct store *store_new(struct spool_account *account, uint64_t memory_max, uint64_t file_max);
/* The writer's side is over; pieces may live longer. Any thread; NULL is fine. */
void store_release(struct store **s);

/* ---- writer ---- */

/* Appends copies of the first bytes of P to TO, as many as the caps allow; in files it may wait for the
 * disk. Returns how many; 0: it is full. *FAILED: less, because memory is short. */
size_t store_put(struct store *s, struct chain *to, const char *p, size_t n, bool *failed);
/* All of N bytes of a complete answer, past the answer's own caps, within the totals. False: they are used up,
 * or memory is short. */
bool store_keep(struct store *s, struct chain *to, const char *p, size_t n);
/* Whether it would take a small write, as far as the answer's own caps go. */
bool store_takes(struct store *s);
/* Whether at most 1/PART of what it may hold in memory waits, and nothing in files. Any thread. */
bool store_is_low(struct store *s, unsigned part);
/* A block for small writes; NULL: there is no room in memory. */
struct block *store_block(struct store *s);
/* Whether there would be room for another one. */
bool store_has_room(struct store *s);
/* B becomes a piece of TO. False: out of memory, B is still the caller's. */
bool block_append(struct block *b, struct chain *to);
/* B's bytes go to a file and are a piece of TO; B is empty again. False: there is no room, or the disk has
 * trouble; what of them is in the file all the same is in TO, and no longer in B. */
bool block_spill(struct block *b, struct chain *to);
void block_free(struct block *b);

/* Waits until something has left after MARK was read, or nobody wants it any more. */
uint64_t store_mark(struct store *s);
void store_wait(struct store *s, uint64_t mark);

/* ---- any thread, without a lock that a writer needs ---- */

void store_moved(struct store *s); /* something has left: a writer that waits looks again */
void store_end(struct store *s);   /* nobody wants it: no writer waits any more */
bool store_ended(struct store *s);

#endif
