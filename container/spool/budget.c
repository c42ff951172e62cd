/* SPDX-License-Identifier: Apache-2.0
 * What bodies and answers hold in all, and of each webapp: counters with a maximum, and what is said
 * when one is reached. Any thread. */
#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "observe/counters.h"
#include "spool/spool_priv.h"

static const struct {
    const char *name, *setting, *text;
} rows[SPOOL_RESULT_COUNT] = {
    {"OK", NULL, ""},
#define X(name, setting, text) {#name, setting, text},
#include "spool/results.def"
#undef X
};

const char *spool_result_name(enum spool_result r)
{
    return rows[r].name;
}

const char *spool_result_setting(enum spool_result r)
{
    return rows[r].setting;
}

const char *spool_result_text(enum spool_result r)
{
    return rows[r].text;
}

/* ---- taking and giving back ---- */

enum taken { TAKEN, OVER_SHARE, OVER_ALL };

/* Of what there is in all, one account leaves a quarter to the others. */
static uint64_t share_of(uint64_t max)
{
    return max - max / 4;
}

/* Adds first and looks then, so that no two can take the same room; at the border a taker may be refused
 * for another one that is refused as well. */
static enum taken take(_Atomic uint64_t *mine, _Atomic uint64_t *all, uint64_t n, uint64_t max)
{
    uint64_t share = share_of(max);
    if (n > share)
        return OVER_SHARE;
    if (atomic_fetch_add_explicit(mine, n, memory_order_relaxed) > share - n) {
        atomic_fetch_sub_explicit(mine, n, memory_order_relaxed);
        return OVER_SHARE;
    }
    if (atomic_fetch_add_explicit(all, n, memory_order_relaxed) > max - n) {
        atomic_fetch_sub_explicit(all, n, memory_order_relaxed);
        atomic_fetch_sub_explicit(mine, n, memory_order_relaxed);
        return OVER_ALL;
    }
    return TAKEN;
}

static void give(_Atomic uint64_t *mine, _Atomic uint64_t *all, uint64_t n)
{
    uint64_t before = atomic_fetch_sub_explicit(mine, n, memory_order_relaxed);
    CHECK(before >= n);
    atomic_fetch_sub_explicit(all, n, memory_order_relaxed);
}

static enum spool_result result_of(struct spool_account *a, enum taken t, enum spool_result all,
                                   enum spool_result share)
{
    if (t == TAKEN)
        return SPOOL_OK;
    return spool_refused(a, t == OVER_ALL ? all : share, 0);
}

enum spool_result spool_memory_take(struct spool_account *a, size_t n)
{
    struct spool *s = a->spool;
    enum taken t = take(&a->used.memory, &s->used.memory, n, s->options.max_memory);
    return result_of(a, t, SPOOL_MEMORY, SPOOL_MEMORY_SHARE);
}

void spool_memory_give(struct spool_account *a, size_t n)
{
    give(&a->used.memory, &a->spool->used.memory, n);
}

enum spool_result budget_take_bytes(struct spool_account *a, uint64_t n)
{
    struct spool *s = a->spool;
    enum taken t = take(&a->used.bytes, &s->used.bytes, n, s->options.max_bytes);
    return result_of(a, t, SPOOL_FULL, SPOOL_FULL_SHARE);
}

void budget_give_bytes(struct spool_account *a, uint64_t n)
{
    give(&a->used.bytes, &a->spool->used.bytes, n);
}

enum spool_result budget_take_file(struct spool_account *a)
{
    struct spool *s = a->spool;
    enum taken t = take(&a->used.files, &s->used.files, 1, s->options.max_files);
    return result_of(a, t, SPOOL_FILES, SPOOL_FILES_SHARE);
}

void budget_give_file(struct spool_account *a)
{
    give(&a->used.files, &a->spool->used.files, 1);
}

uint64_t spool_file_max(const struct spool *s)
{
    return share_of(s->options.max_bytes);
}

enum spool_result spool_would_fit(struct spool_account *a, uint64_t length)
{
    struct spool *s = a->spool;
    uint64_t max = s->options.max_bytes, share = spool_file_max(s);
    if (length > share || atomic_load(&a->used.bytes) > share - length)
        return spool_refused(a, SPOOL_FULL_SHARE, 0);
    if (atomic_load(&s->used.bytes) > max - length)
        return spool_refused(a, SPOOL_FULL, 0);
    return SPOOL_OK;
}

/* ---- telling ---- */

static void tell(struct spool_account *a, enum spool_result r, int error)
{
    struct spool *s = a->spool;
    LOG_LIMITED(spool, LOG_WARN, &s->told[r],
                "%s: at %s%s%s (folder %s; held: %" PRIu64 " bytes of memory, %" PRIu64
                " bytes in %" PRIu64 " files)",
                rows[r].text, a->name, error ? ": " : "", error ? strerror(error) : "", s->folder,
                atomic_load(&s->used.memory), atomic_load(&s->used.bytes),
                atomic_load(&s->used.files));
}

enum spool_result spool_refused(struct spool_account *a, enum spool_result r, int error)
{
    counter_add(COUNTER_spool_refusals, 1);
    atomic_fetch_add_explicit(&a->used.refused[r], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&a->spool->used.refused[r], 1, memory_order_relaxed);
    tell(a, r, error);
    return r;
}

/* ---- looking ---- */

static void fill_stats(const struct used *u, struct spool_stats *out)
{
    out->memory = atomic_load_explicit(&u->memory, memory_order_relaxed);
    out->bytes = atomic_load_explicit(&u->bytes, memory_order_relaxed);
    out->files = (uint32_t)atomic_load_explicit(&u->files, memory_order_relaxed);
    for (int r = 0; r < SPOOL_RESULT_COUNT; r++)
        out->refused[r] = atomic_load_explicit(&u->refused[r], memory_order_relaxed);
}

void spool_stats(struct spool *s, struct spool_stats *out)
{
    const struct spool_options *o = &s->options;
    fill_stats(&s->used, out);
    out->max_memory = o->max_memory;
    out->max_bytes = o->max_bytes;
    out->max_files = o->max_files;
    out->jobs = atomic_load_explicit(&s->jobs, memory_order_relaxed);
}

void spool_account_stats(const struct spool_account *a, struct spool_stats *out)
{
    const struct spool_options *o = &a->spool->options;
    fill_stats(&a->used, out);
    out->max_memory = share_of(o->max_memory);
    out->max_bytes = share_of(o->max_bytes);
    out->max_files = (uint32_t)share_of(o->max_files);
    out->jobs = 0;
}
