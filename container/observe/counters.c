/* SPDX-License-Identifier: Apache-2.0
 * The blocks behind counter_add: one per thread in a list, plus the sum of the threads that ended.
 * Readers (status pages, tests) walk the list under the lock; writers never see it. */
#include <pthread.h>
#include <stdlib.h>
#include "base/check.h"
#include "base/list.h"
#include "base/lock.h"
#include "observe/counters.h"

enum { CACHE_LINE = 64 };

struct own_block { /* alone on its cache lines: neighbours' increments must not cost this thread */
    _Alignas(CACHE_LINE) struct counter_block counts;
    struct list link;
};

_Thread_local struct counter_block *counters_mine;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor runs when a thread ends */
static bool have_key;
static struct lock lock; /* guards the two below */
static struct list living;
static uint64_t ended[COUNTER_COUNT];
static struct counter_block spare; /* for threads that could get none */

static void fold(void *arg)
{
    struct own_block *own = arg;
    counters_mine = NULL;
    lock_acquire(&lock);
    list_remove(&own->link);
    for (int c = 0; c < COUNTER_COUNT; c++)
        ended[c] += atomic_load_explicit(&own->counts.v[c], memory_order_relaxed);
    lock_release(&lock);
    free(own);
}

static void set_up(void)
{
    lock_init(&lock, "counters");
    list_init(&living);
    have_key = pthread_key_create(&key, fold) == 0;
}

static struct own_block *new_block(void)
{
    struct own_block *own = have_key ? aligned_alloc(CACHE_LINE, sizeof(*own)) : NULL;
    if (!own)
        return NULL;
    for (int c = 0; c < COUNTER_COUNT; c++)
        atomic_init(&own->counts.v[c], 0);
    if (pthread_setspecific(key, own) != 0) {
        free(own);
        return NULL;
    }
    return own;
}

struct counter_block *counters_self(void)
{
    if (counters_mine)
        return counters_mine;
    pthread_once(&once, set_up);
    struct own_block *own = new_block();
    if (!own) /* counters_mine stays NULL, so that the next addition tries again */
        return &spare;
    lock_acquire(&lock);
    list_add_tail(&living, &own->link);
    lock_release(&lock);
    counters_mine = &own->counts;
    return counters_mine;
}

uint64_t counter_read(enum counter c)
{
    CHECK(c >= 0 && c < COUNTER_COUNT);
    pthread_once(&once, set_up);
    lock_acquire(&lock);
    uint64_t sum = ended[c] + atomic_load_explicit(&spare.v[c], memory_order_relaxed);
    LIST_FOREACH (it, &living)
        sum += atomic_load_explicit(&CONTAINER_OF(it, struct own_block, link)->counts.v[c],
                                    memory_order_relaxed);
    lock_release(&lock);
    return sum;
}

static const struct {
    const char *name, *text;
} words[COUNTER_COUNT] = {
#define X(name, text) [COUNTER_##name] = {#name, text},
#include "observe/counters.def"
#undef X
};

const char *counter_name(enum counter c)
{
    CHECK(c >= 0 && c < COUNTER_COUNT);
    return words[c].name;
}

const char *counter_text(enum counter c)
{
    CHECK(c >= 0 && c < COUNTER_COUNT);
    return words[c].text;
}
