/* SPDX-License-Identifier: Apache-2.0
 * A generation and its life-cycle thread: see generation.h. Thread-locals that a module touches in its
 * hooks live on this thread and die with it, before dlclose could matter. */
#include "loader/generation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include "observe/log.h"

#define MODULES_MAX 64u

struct generation {
    char name[64];
    uint64_t number;
    struct module modules[MODULES_MAX];
    uint32_t count;
    _Atomic uint32_t uses;
    struct thread thread;
    struct lock lock;
    struct cond cond;
    /* under the lock */
    void (*fn)(void *arg);
    void *arg;
    bool stop, abandoned;
};

static void *life_main(void *arg)
{
    struct generation *g = arg;
    lock_acquire(&g->lock);
    while (!g->stop) {
        if (!g->fn) {
            cond_wait(&g->cond, &g->lock);
            continue;
        }
        void (*fn)(void *) = g->fn;
        void *fn_arg = g->arg;
        lock_release(&g->lock);
        fn(fn_arg);
        lock_acquire(&g->lock);
        g->fn = NULL;
        cond_broadcast(&g->cond);
    }
    lock_release(&g->lock);
    return NULL;
}

struct generation *generation_new(const char *name, uint64_t number, struct err *err)
{
    struct generation *g = calloc(1, sizeof(*g));
    if (!g) {
        err_set(err, "out of memory for the webapp %s", name);
        return NULL;
    }
    snprintf(g->name, sizeof(g->name), "%s", name);
    g->number = number;
    lock_init(&g->lock, "generation");
    cond_init(&g->cond);
    char thread[32];
    snprintf(thread, sizeof(thread), "life-%.20s", name);
    if (!thread_start(&g->thread, thread, life_main, g)) {
        err_sys(err, errno, "cannot start the life-cycle thread of %s", name);
        cond_destroy(&g->cond);
        lock_destroy(&g->lock);
        free(g);
        return NULL;
    }
    return g;
}

uint64_t generation_number(const struct generation *g)
{
    return g->number;
}

enum generation_result generation_call(struct generation *g, void (*fn)(void *arg), void *arg,
                                       uint64_t limit_us)
{
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&g->lock);
    CHECK(!g->fn && !g->abandoned);
    g->fn = fn;
    g->arg = arg;
    cond_broadcast(&g->cond);
    while (g->fn && clock_us() < deadline)
        cond_wait_until(&g->cond, &g->lock, deadline);
    g->abandoned = g->fn != NULL;
    enum generation_result r = g->abandoned ? GENERATION_TIMEOUT : GENERATION_DONE;
    lock_release(&g->lock);
    if (r == GENERATION_TIMEOUT) {
        LOG(loader, LOG_ERROR, "%s: a hook did not return within %llu ms; its thread is abandoned",
            g->name, (unsigned long long)(limit_us / 1000));
        thread_detach(&g->thread);
    }
    return r;
}

bool generation_add(struct generation *g, const char *mapped, const struct image *im,
                    struct err *err)
{
    if (g->count == MODULES_MAX)
        return err_set(err, "%s has more than %u modules", g->name, MODULES_MAX);
    struct module *m = &g->modules[g->count];
    if (!module_open(m, mapped, im->path, err))
        return false;
    snprintf(m->name, sizeof(m->name), "%s", im->note.name);
    snprintf(m->version, sizeof(m->version), "%s", im->note.version);
    g->count++;
    return true;
}

bool generation_adopt(struct generation *g, const cs_module *descriptor, const char *name,
                      struct err *err)
{
    if (g->count == MODULES_MAX)
        return err_set(err, "%s has more than %u modules", g->name, MODULES_MAX);
    struct module *m = &g->modules[g->count];
    if (!module_adopt(m, descriptor, name, err))
        return false;
    snprintf(m->name, sizeof(m->name), "%s", name);
    snprintf(m->version, sizeof(m->version), "in-memory");
    g->count++;
    return true;
}

uint32_t generation_module_count(const struct generation *g)
{
    return g->count;
}

struct module *generation_module(const struct generation *g, uint32_t i)
{
    CHECK(i < g->count);
    return (struct module *)(uintptr_t)&g->modules[i];
}

void generation_hold(struct generation *g)
{
    atomic_fetch_add_explicit(&g->uses, 1, memory_order_relaxed);
}

void generation_release(void *arg)
{
    struct generation *g = arg;
    uint32_t before = atomic_fetch_sub_explicit(&g->uses, 1, memory_order_acq_rel);
    CHECK(before > 0);
}

uint32_t generation_uses(const struct generation *g)
{
    return atomic_load_explicit(&g->uses, memory_order_acquire);
}

static void close_modules(void *arg)
{
    struct generation *g = arg;
    while (g->count > 0)
        module_close(&g->modules[--g->count]);
}

void generation_end(struct generation **gp)
{
    struct generation *g = *gp;
    *gp = NULL;
    if (g->abandoned) /* its thread may still run: the memory and the code stay */
        return;
    CHECK(generation_uses(g) == 0);
    if (generation_call(g, close_modules, g, 10u * 1000000u) == GENERATION_TIMEOUT)
        return;
    lock_acquire(&g->lock);
    g->stop = true;
    cond_broadcast(&g->cond);
    lock_release(&g->lock);
    thread_join(&g->thread);
    cond_destroy(&g->cond);
    lock_destroy(&g->lock);
    free(g);
}
