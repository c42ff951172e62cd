/* SPDX-License-Identifier: Apache-2.0
 * What a webapp does beside its requests (<cserv/background.h>), owned by its app: threads,
 * timers, values of workers. Inside the engine
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

/* cs_ctx_slot */
#define WORKER_SLOTS_MAX 64u
struct worker_slot {
    const struct app_module *module;
    void *(*make)(void *self);
    void (*free_fn)(void *value, void *self);
    void *self;
};
struct worker_values { /* of one worker, in one app */
    void *value[WORKER_SLOTS_MAX];
    bool making[WORKER_SLOTS_MAX];
};

struct background {
    struct lock lock; /* never held while module code runs */
    struct cond told; /* the threads' */
    struct cond less; /* one of them has ended */
    struct list threads;
    struct webapp_thread *old_threads[THREADS_KEPT]; /* ended and joined */
    uint32_t next_old;
    bool ending;   /* no thread begins any more */
    uint32_t runs; /* of cs_async_run that have not returned */
    /* under the lock of the engine's timers */
    struct list timers;
    uint32_t timers_running;
    bool timers_serve; /* the app gets requests: they run */
    bool timers_ended;
    /* cs_ctx_slot: the numbers do not change any more when the app serves */
    struct worker_slot slots[WORKER_SLOTS_MAX];
    uint32_t slot_count;
    bool slots_closed; /* under `lock` */
    struct worker_values *
        *values; /* by the engine's slot of a worker, that worker's; NULL: no slots */
};

struct background *background_new(void);     /* NULL: out of memory */
void background_free(struct background **b); /* it was ended, or nothing ever began */

static inline struct app_module *ctx_module(cs_ctx *ctx)
{
    return CONTAINER_OF(ctx, struct app_module, pub);
}

/* async_run.c: waits for what cs_async_run runs. False: after DEADLINE_US some still does, which the log says. */
bool runs_end(struct app *a, uint64_t deadline_us);

/* threads.c */
extern const struct cs_thread_ops thread_ops;
cs_thread *ctx_thread(cs_ctx *ctx, cs_str name, void (*fn)(cs_thread *thread, void *self),
                      void *self);
/* Tells all and joins them. False: after DEADLINE_US some still run, which the log names. */
bool threads_end(struct app *a, uint64_t deadline_us);
void threads_free(struct background *b);

/* worker_slots.c */
int ctx_slot(cs_ctx *ctx, void *(*make)(void *self), void (*free_fn)(void *value, void *self),
             void *self);
void *ctx_slot_get(cs_ctx *ctx, int slot);
void worker_slots_close(struct app *a); /* before it serves: there will be no more */
/* The calling thread is the worker SLOT of E from now on, no longer: its values are freed. */
void worker_slots_enter(struct engine *e, uint32_t slot);
void worker_slots_leave(struct engine *e, uint32_t slot);
/* Frees the values of all workers; none of them serves A. */
void worker_slots_end(struct app *a);

#endif
