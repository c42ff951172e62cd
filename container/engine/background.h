/* SPDX-License-Identifier: Apache-2.0
 * What a webapp does beside its requests (<cserv/background.h>), owned by its app: threads
 * and timers. Inside the engine
 * room; begun by cs_ctx_ calls, ended by app_end_background. */
#ifndef ENGINE_BACKGROUND_H
#define ENGINE_BACKGROUND_H
#include "base/thread.h"
#include "engine/engine_priv.h"

#define THREADS_KEPT 64u /* handles of ended threads that still answer */

struct webapp_thread {
    cs_thread pub;
    struct background *background;
    struct app_module *module;
    void (*fn)(cs_thread *thread, void *self);
    void *self;
    char name[32];
    struct thread thread;
    /* under the background's lock */
    struct list link; /* of background.threads */
    bool started;     /* `thread` is set */
    bool told, ended; /* shall return; has returned */
};

struct background {
    struct lock lock; /* never held while module code runs */
    struct cond told; /* the threads' */
    struct cond less; /* one of them has ended */
    struct list threads;
    struct webapp_thread *old_threads[THREADS_KEPT]; /* ended and joined */
    uint32_t next_old;
    bool ending; /* no thread begins any more */
    /* under the lock of the engine's timers */
    struct list timers;
    uint32_t timers_running;
    bool timers_serve; /* the app gets requests: they run */
    bool timers_ended;
};

struct background *background_new(void);     /* NULL: out of memory */
void background_free(struct background **b); /* it was ended, or nothing ever began */

static inline struct app_module *ctx_module(cs_ctx *ctx)
{
    return CONTAINER_OF(ctx, struct app_module, pub);
}

/* threads.c */
extern const struct cs_thread_ops thread_ops;
cs_thread *ctx_thread(cs_ctx *ctx, cs_str name, void (*fn)(cs_thread *thread, void *self),
                      void *self);
/* Tells all and joins them. False: after DEADLINE_US some still run, which the log names. */
bool threads_end(struct app *a, uint64_t deadline_us);
void threads_free(struct background *b);

#endif
