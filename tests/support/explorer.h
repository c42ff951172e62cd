/* SPDX-License-Identifier: Apache-2.0
 * Runs a small concurrent model through all interleavings of its steps. Coroutines call step() before
 * each access to shared state; the explorer replays the model from its start for every order in which
 * those steps can happen, depth first. Two orders that end in the same state (the shared memory, and
 * what each coroutine has read since it last had no memory of its own) are followed once; how many
 * interleavings there are is still counted. Used by tests/unit/connector/test_lease_model.c. */
#ifndef SUPPORT_EXPLORER_H
#define SUPPORT_EXPLORER_H
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "base/check.h"

#if defined(__SANITIZE_THREAD__)
#define EXPLORER_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EXPLORER_FIBERS 1
#endif
#endif
#ifdef EXPLORER_FIBERS
#include <sanitizer/tsan_interface.h>
#endif

#define EXPLORER_COROUTINES 6
#define EXPLORER_STACK      (64u * 1024u)
#define EXPLORER_DEPTH      4096

struct coroutine {
    ucontext_t context;
    void (*fn)(void *arg);
    void *arg;
    bool (*ready)(void *arg); /* waits for it; NULL: can go on */
    void *ready_arg;
    uint64_t history; /* of the values read: stands for what it has in local variables */
    bool done;
    void *fiber;
};

struct model {
    void (*reset)(void *arg);          /* start state; spawns the coroutines */
    uint64_t (*state)(void *arg);      /* hash of the shared memory */
    const char *(*at_rest)(void *arg); /* nothing can go on: NULL, or what is wrong */
    void *arg;
};

struct explored {
    uint64_t states;
    double interleavings;
    const char *wrong; /* the first thing found wrong; exploring stopped there */
};

struct explorer_frame {
    uint64_t key;
    unsigned enabled, left; /* bit per coroutine: could run here; still to be tried */
    int chosen;
    double count;
};
struct explorer_seen {
    uint64_t key; /* 0: free */
    double count; /* of the interleavings from here; below 0: on the way at the moment */
};

static struct {
    struct coroutine rows[EXPLORER_COROUTINES];
    int count, running; /* running: -1 is the explorer itself */
    bool ending;        /* steps do not switch any more: everybody runs to the end */
    ucontext_t self;
    void *self_fiber;
    struct explorer_frame frames[EXPLORER_DEPTH];
    int top;
    struct explorer_seen *seen;
    size_t seen_cap, seen_count;
} explorer;
static char explorer_stacks[EXPLORER_COROUTINES][EXPLORER_STACK] __attribute__((aligned(64)));

static inline uint64_t explorer_mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

static inline uint64_t explorer_mix_bytes(uint64_t h, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, n - i < 8 ? n - i : 8);
        h = explorer_mix(h, word);
    }
    return h;
}

/* ---- for the model ---- */

static inline void switch_to(ucontext_t *from, ucontext_t *to, void *fiber)
{
#ifdef EXPLORER_FIBERS
    __tsan_switch_to_fiber(fiber, 0);
#else
    (void)fiber;
#endif
    CHECK(swapcontext(from, to) == 0);
}

/* Others may run before the next access. True: the execution is being ended, leave. */
static inline bool step_until(bool (*ready)(void *arg), void *arg)
{
    if (explorer.running < 0 || explorer.ending)
        return explorer.ending;
    struct coroutine *co = &explorer.rows[explorer.running];
    co->ready = ready;
    co->ready_arg = arg;
    co->history = explorer_mix(co->history, 0x57e9); /* one place further in its code */
    switch_to(&co->context, &explorer.self, explorer.self_fiber);
    return explorer.ending;
}
static inline bool step(void)
{
    return step_until(NULL, NULL);
}
/* The running coroutine read V from shared memory. */
static inline void note(uint64_t v)
{
    if (explorer.running >= 0)
        explorer.rows[explorer.running].history =
            explorer_mix(explorer.rows[explorer.running].history, v);
}
/* The running coroutine has nothing in local variables at this place of its code. */
static inline void forget(uint64_t place)
{
    explorer.rows[explorer.running].history = place;
}
static inline void spawn(void (*fn)(void *arg), void *arg)
{
    CHECK(explorer.count < EXPLORER_COROUTINES);
    struct coroutine *co = &explorer.rows[explorer.count++];
    co->fn = fn;
    co->arg = arg;
    co->ready = NULL;
    co->history = 0;
    co->done = false;
}

/* ---- one execution ---- */

static void explorer_main(void)
{
    struct coroutine *co = &explorer.rows[explorer.running];
    co->fn(co->arg);
    co->done = true;
    switch_to(&co->context, &explorer.self, explorer.self_fiber);
    UNREACHABLE();
}

static inline void explorer_run(int i)
{
    explorer.running = i;
    switch_to(&explorer.self, &explorer.rows[i].context, explorer.rows[i].fiber);
    explorer.running = -1;
}

static inline void explorer_begin(const struct model *m)
{
    explorer.count = 0;
    explorer.running = -1;
    explorer.ending = false;
    m->reset(m->arg);
    for (int i = 0; i < explorer.count; i++) {
        struct coroutine *co = &explorer.rows[i];
        CHECK(getcontext(&co->context) == 0);
        co->context.uc_stack.ss_sp = explorer_stacks[i];
        co->context.uc_stack.ss_size = EXPLORER_STACK;
        co->context.uc_link = NULL;
        makecontext(&co->context, explorer_main, 0);
#ifdef EXPLORER_FIBERS
        if (!co->fiber)
            co->fiber = __tsan_create_fiber(0);
        explorer.self_fiber = __tsan_get_current_fiber();
#endif
    }
}

static inline void explorer_end(void)
{
    explorer.ending = true;
    for (int i = 0; i < explorer.count; i++)
        if (!explorer.rows[i].done)
            explorer_run(i);
}

static inline unsigned explorer_enabled(void)
{
    unsigned enabled = 0;
    for (int i = 0; i < explorer.count; i++) {
        struct coroutine *co = &explorer.rows[i];
        if (!co->done && (!co->ready || co->ready(co->ready_arg)))
            enabled |= 1u << i;
    }
    return enabled;
}

static inline uint64_t explorer_key(const struct model *m)
{
    uint64_t h = m->state(m->arg);
    for (int i = 0; i < explorer.count; i++) {
        h = explorer_mix(h, explorer.rows[i].history);
        h = explorer_mix(h, explorer.rows[i].done);
    }
    return h ? h : 1;
}

/* ---- all of them ---- */

static inline struct explorer_seen *explorer_seen_at(uint64_t key)
{
    size_t i = (size_t)key & (explorer.seen_cap - 1);
    while (explorer.seen[i].key != 0 && explorer.seen[i].key != key)
        i = (i + 1) & (explorer.seen_cap - 1);
    return &explorer.seen[i];
}

static inline void explorer_remember(uint64_t key, double count)
{
    if (explorer.seen_count * 2 >= explorer.seen_cap) {
        struct explorer_seen *old = explorer.seen;
        size_t cap = explorer.seen_cap;
        explorer.seen_cap = cap ? cap * 2 : 1u << 16;
        explorer.seen = calloc(explorer.seen_cap, sizeof(*explorer.seen));
        CHECK(explorer.seen);
        for (size_t i = 0; i < cap; i++)
            if (old[i].key)
                *explorer_seen_at(old[i].key) = old[i];
        free(old);
    }
    struct explorer_seen *seen = explorer_seen_at(key);
    explorer.seen_count += seen->key == 0;
    *seen = (struct explorer_seen){.key = key, .count = count};
}

static inline int explorer_choose(struct explorer_frame *f)
{
    f->chosen = __builtin_ctz(f->left);
    f->left &= f->left - 1;
    return f->chosen;
}

/* Goes on from where the replay stands, to the end or to a state that is known. How many interleavings
 * that adds. */
static inline double explorer_descend(const struct model *m, struct explored *out)
{
    for (;;) {
        unsigned enabled = explorer_enabled();
        if (!enabled) {
            out->wrong = m->at_rest(m->arg);
            return 1;
        }
        uint64_t key = explorer_key(m);
        if (explorer.seen_cap > 0) {
            const struct explorer_seen *seen = explorer_seen_at(key);
            if (seen->key && seen->count < 0)
                out->wrong = "goes round for ever";
            if (seen->key)
                return seen->count;
        }
        CHECK(explorer.top < EXPLORER_DEPTH);
        explorer_remember(key, -1);
        struct explorer_frame *f = &explorer.frames[explorer.top++];
        *f = (struct explorer_frame){.key = key, .enabled = enabled, .left = enabled};
        explorer_run(explorer_choose(f));
    }
}

/* The next place where something else can be tried, with its COUNT so far; false: none is left. */
static inline bool explorer_back(double count, struct explored *out)
{
    while (explorer.top > 0) {
        struct explorer_frame *f = &explorer.frames[explorer.top - 1];
        f->count += count;
        if (f->left) {
            explorer_choose(f);
            return true;
        }
        explorer_remember(f->key, f->count);
        count = f->count;
        explorer.top--;
    }
    out->interleavings = count;
    return false;
}

static inline struct explored explore(const struct model *m)
{
    struct explored out = {.wrong = NULL};
    explorer.top = 0;
    for (bool more = true; more && !out.wrong;) {
        explorer_begin(m);
        for (int i = 0; i < explorer.top; i++)
            explorer_run(explorer.frames[i].chosen);
        double count = explorer_descend(m, &out);
        explorer_end();
        more = explorer_back(count, &out);
    }
    out.states = explorer.seen_count;
    free(explorer.seen);
    explorer.seen = NULL;
    explorer.seen_cap = explorer.seen_count = 0;
    return out;
}

#endif
