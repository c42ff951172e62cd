/* SPDX-License-Identifier: Apache-2.0
 * The worker of a tested webapp's timers: one thread, where the server has many and a queue for each webapp. */
#include <stdlib.h>

#include "testkit/testkit_priv.h"

static struct engine_work *take(struct kit_worker *w)
{
    lock_acquire(&w->lock);
    while (!w->first && !w->stop)
        cond_wait(&w->more, &w->lock);
    struct engine_work *work = w->first;
    if (work)
        w->first = work->room[0];
    lock_release(&w->lock);
    return work;
}

static void *worker_main(void *arg)
{
    struct kit_worker *w = arg;
    struct engine_work *work;
    uint32_t slot = engine_slot_take(w->engine);
    CHECK(slot != UINT32_MAX);
    (void)log_lines_of(w->app);
    while ((work = take(w)))
        engine_run_work(w->engine, slot, work);
    engine_slot_give(w->engine, slot);
    return NULL;
}

static void push(struct engine_workers *offered, struct engine_work *work)
{
    struct kit_worker *w = CONTAINER_OF(offered, struct kit_worker, offered);
    work->room[0] = NULL;
    lock_acquire(&w->lock);
    if (!w->thread.started) /* what is pushed without a thread stays undone */
        (void)thread_start(&w->thread, "test-worker", worker_main, w);
    if (w->first)
        w->last->room[0] = work;
    else
        w->first = work;
    w->last = work;
    cond_signal(&w->more);
    lock_release(&w->lock);
}

bool worker_begin(struct cs_test_app *a, struct err *err)
{
    struct kit_worker *w = calloc(1, sizeof(*w));
    if (!w)
        return err_set(err, "out of memory for the app");
    lock_init(&w->lock, "worker of a test");
    cond_init(&w->more);
    list_init(&w->offered.link);
    w->offered.push = push;
    w->engine = a->engine;
    w->app = a;
    a->worker = w;
    engine_offer_workers(a->engine, &w->offered);
    return true;
}

bool worker_end(struct cs_test_app *a, struct err *err)
{
    struct kit_worker *w = a->worker;
    if (!w)
        return true;
    engine_withdraw_workers(w->engine, &w->offered);
    lock_acquire(&w->lock);
    w->stop = true; /* what was pushed is run before */
    cond_signal(&w->more);
    lock_release(&w->lock);
    if (!thread_join_until(&w->thread, STOP_LIMIT_US)) {
        err_set(err, "a timer or a function of cs_async_run did not return within %u s",
                STOP_LIMIT_US / 1000000u);
        return err_hint(err, "What takes long belongs into a thread (cs_ctx_thread)");
    }
    a->worker = NULL;
    cond_destroy(&w->more);
    lock_destroy(&w->lock);
    free(w);
    return true;
}
