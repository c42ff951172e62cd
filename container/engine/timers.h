/* SPDX-License-Identifier: Apache-2.0
 * Timers of webapps (cs_ctx_timer): one heap, one lock and one thread for an engine. The thread only sleeps until
 * the next is due and hands it to workers that were offered (service.h); the callback runs there. Inside the
 * engine room. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H
#include "engine/background.h"
#include "engine/timer_heap.h"

#define TIMERS_KEPT 256u /* cancelled ones whose handles still answer */

/* Everything but what is set when it is made: under the lock of the engine's timers. Its memory stays until it is
 * cancelled or its app is freed, and no worker has it. */
struct timer {
    cs_timer pub;
    struct engine_work work; /* of the one who has queued it */
    struct timers *timers;
    struct context *context;
    struct app_module *module;
    void (*fn)(cs_timer *timer, void *self);
    void *self;
    struct list link;         /* of its app's background.timers, until it is cancelled */
    struct timer_entry entry; /* in the heap while it waits for its time */
    uint64_t period_us;
    uint64_t after_us; /* parked: time that is left when the webapp serves */
    bool parked;       /* it is set, but the webapp does not serve */
    bool fire;         /* it is due: to run, unless it is set anew before */
    bool queued;       /* a worker has its work, or will have it */
    bool set_anew;     /* since its run has begun */
    bool dead;         /* cancelled, or ended with its webapp */
    bool cancelled;
    bool orphan;             /* its app is gone: the worker that has it frees it */
    uint32_t runner;         /* thread_self_id of the one that runs it; 0: none */
    uint32_t waiters;        /* threads that wait for the end of its run, to cancel it */
    struct timer *waits_for; /* its run cancels that one */
    struct engine_workers *to;
    struct timer *next; /* on the way to workers */
};

struct timers {
    struct lock lock; /* never held while module code runs, or work is pushed */
    struct cond wake; /* the thread's: an earlier deadline, workers, the end */
    struct cond less; /* a run has ended, or nothing is being pushed */
    struct timer_heap heap;
    uint32_t count; /* not dead: the heap has room for them */
    struct thread thread;
    struct list workers; /* in turn */
    uint32_t pushing;    /* threads that push now */
    bool stop;
    struct timer *old[TIMERS_KEPT];
    uint32_t next_old;
};

/* timers.c */
struct timers *timers_new(void);     /* NULL: out of memory */
void timers_free(struct timers **t); /* no webapp is left */
/* One more will wait; the first one starts the thread. False: out of memory, or there is no thread. */
bool timers_reserve_locked(struct timers *all);
/* T runs AFTER_US from now, or from when its webapp serves. */
void timer_arm_locked(struct timer *t, uint64_t after_us);
/* It does not run, unless its run has begun. */
void timer_disarm_locked(struct timer *t);
/* Cancelled, and nobody has it any more: its memory is kept for a while. */
void timer_settle_locked(struct timer *t);
/* To workers that are offered, for WORK->run. False: there are none. */
bool work_push(struct engine *e, struct engine_work *work);
void timer_work_run(struct engine *e, uint32_t slot, struct engine_work *work);
/* The timer whose run the calling thread is in; NULL: none. */
struct timer *timer_running_here(void);

/* timer.c */
extern const struct cs_timer_ops timer_ops;
cs_timer *ctx_timer(cs_ctx *ctx, int64_t after_ms, int64_t period_ms,
                    void (*fn)(cs_timer *timer, void *self), void *self);
void timers_begin(struct app *a); /* A gets requests from now on */
void timers_pause(struct app *a); /* no longer */
/* They do not run any more. False: at DEADLINE_US some still do, which the log says. */
bool timers_end(struct app *a, uint64_t deadline_us);
void app_timers_free(struct background *b);

#endif
