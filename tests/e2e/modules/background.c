/* SPDX-License-Identifier: Apache-2.0
 * For ../background.py: what a webapp does beside its requests. Each servlet takes its orders from the query. */
#include <cserv/servlet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic int turns, shorts, refusals;
static cs_thread *feeder;

static int number(cs_request *req, const char *name, int fallback)
{
    const char *text = cs_req_param(req, name);
    return text ? atoi(text) : fallback;
}

/* ---- threads ---- */

static void feed(cs_thread *thread, void *self)
{
    cs_ctx *ctx = self;
    cs_ctx_log(ctx, CS_LOG_INFO, "the feeder of %s begins", cs_ctx_get(ctx, CS_CTX_PATH).ptr);
    while (!cs_thread_wait(thread, 5))
        atomic_fetch_add(&turns, 1);
    cs_ctx_log(ctx, CS_LOG_INFO, "the feeder was told, %d", cs_thread_should_stop(thread));
}
static void sleep_until_told(cs_thread *thread, void *self)
{
    (void)cs_thread_wait(thread, -1);
    cs_ctx_log(self, CS_LOG_INFO, "the sleeper was told, %d", cs_thread_wait(thread, 60000));
}
static void be_short(cs_thread *thread, void *self)
{
    (void)thread;
    (void)self;
    atomic_fetch_add(&shorts, 1);
}
static void never_end(cs_thread *thread, void *self)
{
    (void)self;
    for (;;) {
        if (cs_thread_wait(thread, 60000)) {
            struct timespec hour = {3600, 0};
            nanosleep(&hour, NULL);
        }
    }
}
static void answer(cs_thread *thread, void *self)
{
    cs_async *async = self;
    cs_request *req;
    cs_response *res;
    int told = cs_thread_wait(thread, 20);
    if (cs_async_enter(async, &req, &res) == CS_OK) {
        cs_res_printf(res, "from a thread %d", told);
        cs_async_leave(async);
        cs_async_complete(async);
    }
    cs_async_release(async);
}

static int threads_get(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    static const char *const bad[] = {NULL, "", "a-name-that-is-longer-than-31-byte"};
    if (number(req, "bad", -1) >= 0)
        return cs_res_printf(res, "%d",
                             !cs_ctx_thread(ctx, bad[number(req, "bad", 0)], be_short, NULL));
    if (cs_req_param(req, "no-function"))
        return cs_res_printf(res, "%d", !cs_ctx_thread(ctx, "idle", NULL, NULL));
    if (cs_req_param(req, "never"))
        return cs_res_printf(res, "%d", cs_ctx_thread(ctx, "never-ends", never_end, NULL) != NULL);
    if (cs_req_param(req, "told"))
        return cs_res_printf(res, "%d", cs_thread_should_stop(feeder) + cs_thread_wait(feeder, 1));
    for (int i = number(req, "short", 0); i > 0; i--) {
        if (!cs_ctx_thread(ctx, "short one", be_short, NULL))
            return CS_EFAIL;
    }
    return cs_res_printf(res, "%d %d", atomic_load(&turns), atomic_load(&shorts));
}
static int async_get(cs_request *req, cs_response *res)
{
    cs_async *async = cs_req_async_start(req, res, -1);
    if (!async)
        return CS_ESTATE;
    return cs_ctx_thread(cs_req_ctx(req), "answers", answer, async) ? CS_OK : CS_EFAIL;
}

/* ---- timers ---- */

static _Atomic int beats, fired, early, inside, ended, results[2];
static _Atomic int healthy;
static cs_timer *beat, *pair[2];

static void pause_ms(int ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}
static void at_beat(cs_timer *timer, void *self)
{
    (void)timer;
    (void)self;
    atomic_fetch_add(&early, !atomic_load(&healthy));
    atomic_fetch_add(&beats, 1);
}
static void fire(cs_timer *timer, void *self)
{
    (void)self;
    if (atomic_fetch_add(&fired, 1) == 2)
        cs_timer_cancel(timer);
}
static void fire_once(cs_timer *timer, void *self)
{
    atomic_fetch_add(&fired, 1);
    cs_timer_cancel(timer);
    cs_ctx_log(self, CS_LOG_INFO, "fired once");
}
static void take_long(cs_timer *timer, void *self)
{
    (void)timer;
    atomic_fetch_add(&inside, 1);
    pause_ms(400);
    atomic_fetch_sub(&inside, 1);
    cs_ctx_log(self, CS_LOG_INFO, "the long run ends");
}
/* It is due again long before its run ends. */
static void take_longer(cs_timer *timer, void *self)
{
    cs_timer_set(timer, 0, 1);
    if (atomic_fetch_add(&inside, 1) > 0)
        atomic_fetch_add((_Atomic int *)self, 1);
    pause_ms(10);
    atomic_fetch_sub(&inside, 1);
    atomic_fetch_add(&fired, 1);
}
static void cancel_it(cs_thread *thread, void *self)
{
    (void)thread;
    int rc = cs_timer_cancel(self);
    atomic_store(&ended, rc == CS_OK && atomic_load(&inside) == 0 ? 1 : -1);
}
/* Both are inside before one of them cancels the other. */
static void cancel_other(cs_timer *timer, void *self)
{
    int me = timer == pair[1];
    (void)self;
    atomic_fetch_add(&inside, 1);
    while (atomic_load(&inside) < 2)
        pause_ms(1);
    atomic_store(&results[me], cs_timer_cancel(pair[!me]) - 100);
}

static int await(_Atomic int *what, int least)
{
    for (int i = 0; i < 6000 && atomic_load(what) < least; i++)
        pause_ms(5);
    return atomic_load(what);
}

/* Its webapp has one thread: nothing else runs meanwhile. */
static int busy_get(cs_request *req, cs_response *res)
{
    (void)req;
    int before = atomic_load(&beats);
    pause_ms(200);
    return cs_res_printf(res, "%d", atomic_load(&beats) - before);
}
static int timers_get(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    const char *what = cs_req_param(req, "what");
    int before = atomic_load(&beats);
    atomic_store(&fired, 0);
    atomic_store(&inside, 0);
    if (strcmp(what, "beats") == 0)
        return cs_res_printf(res, "%d %d", atomic_load(&beats), atomic_load(&early));
    if (strcmp(what, "once") == 0) {
        cs_timer *timer = cs_ctx_timer(ctx, 1, 0, fire_once, ctx);
        return cs_res_printf(res, "%d %d", timer != NULL, await(&fired, 1));
    }
    if (strcmp(what, "itself") == 0) {
        int made = cs_ctx_timer(ctx, 0, 1, fire, NULL) != NULL, seen = await(&fired, 3);
        pause_ms(30);
        return cs_res_printf(res, "%d %d %d", made, seen, atomic_load(&fired));
    }
    if (strcmp(what, "thread") == 0) {
        cs_timer *timer = cs_ctx_timer(ctx, 0, 0, take_long, ctx);
        await(&inside, 1);
        cs_ctx_thread(ctx, "canceller", cancel_it, timer);
        return cs_res_printf(res, "%d", await(&ended, 1));
    }
    if (strcmp(what, "overlap") == 0) {
        _Atomic int together = 0;
        cs_timer *timer = cs_ctx_timer(ctx, 0, 1, take_longer, &together);
        int seen = await(&fired, 8), rc = cs_timer_cancel(timer);
        return cs_res_printf(res, "%d %d %d", rc, atomic_load(&together), seen);
    }
    if (strcmp(what, "pair") == 0) {
        pair[0] = cs_ctx_timer(ctx, -1, 0, cancel_other, NULL);
        pair[1] = cs_ctx_timer(ctx, -1, 0, cancel_other, NULL);
        cs_timer_set(pair[0], 0, 0);
        cs_timer_set(pair[1], 0, 0);
        for (int i = 0; i < 6000 && !(atomic_load(&results[0]) && atomic_load(&results[1])); i++)
            pause_ms(5);
        return cs_res_printf(res, "%d", results[0] + results[1] + 200);
    }
    if (strcmp(what, "cancel") == 0) {
        int rc = cs_timer_cancel(beat);
        before = atomic_load(&beats);
        pause_ms(50);
        return cs_res_printf(res, "%d %d %d", rc, atomic_load(&beats) - before,
                             cs_timer_set(beat, 0, 0));
    }
    if (strcmp(what, "bad") == 0)
        return cs_res_printf(res, "%d%d", !cs_ctx_timer(ctx, 0, 0, NULL, NULL),
                             !cs_ctx_timer(ctx, 0, -1, fire, NULL));
    if (strcmp(what, "long") == 0) {
        int made = cs_ctx_timer(ctx, 0, 0, take_long, ctx) != NULL;
        return cs_res_printf(res, "%d %d", made, await(&inside, 1));
    }
    return CS_EINVAL;
}

/* ---- values of workers ---- */

static int own;
static _Atomic int made, thrown_away, freed, nested, elsewhere;
struct own_value {
    pthread_t thread;
    int uses;
};

static void *make_own(void *self)
{
    struct own_value *v = calloc(1, sizeof(*v));
    v->thread = pthread_self();
    atomic_fetch_add(&made, 1);
    atomic_fetch_add(&nested, cs_slot_get(self, own) != NULL);
    return v;
}
static void free_own(void *value, void *self)
{
    struct own_value *v = value;
    int kind = pthread_equal(v->thread, pthread_self()) ? 1 : 0;
    cs_ctx_log(self, CS_LOG_INFO, "value %d of %d freed, by its worker %d",
               atomic_fetch_add(&freed, 1) + 1, atomic_load(&made), kind);
    free(v);
}
static void *make_none(void *self)
{
    (void)self;
    atomic_fetch_add(&thrown_away, 1);
    return NULL;
}
static int uses(cs_ctx *ctx)
{
    struct own_value *v = cs_slot_get(ctx, own);
    return v && pthread_equal(v->thread, pthread_self()) ? ++v->uses : -1;
}
static void use_in_timer(cs_timer *timer, void *self)
{
    atomic_store(&fired, uses(self) > 0 ? 1 : -1);
    cs_timer_cancel(timer);
}
static void use_in_thread(cs_thread *thread, void *self)
{
    (void)thread;
    atomic_store(&elsewhere, cs_slot_get(self, own) ? -1 : 1);
}
static int slots_get(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    const char *what = cs_req_param(req, "what");
    if (!what) {
        pause_ms(5); /* so that several workers serve */
        return cs_res_printf(res, "%d", uses(ctx) > 0 && uses(ctx) > 1);
    }
    if (strcmp(what, "made") == 0)
        return cs_res_printf(res, "%d %d %d", atomic_load(&made), atomic_load(&freed),
                             atomic_load(&nested));
    if (strcmp(what, "late") == 0)
        return cs_res_printf(res, "%d", cs_ctx_slot(ctx, make_none, NULL, NULL));
    if (strcmp(what, "wrong") == 0)
        return cs_res_printf(res, "%d%d", !cs_slot_get(ctx, -1), !cs_slot_get(ctx, 64));
    if (strcmp(what, "none") == 0)
        return cs_res_printf(res, "%d%d", !cs_slot_get(ctx, own + 1), !cs_slot_get(ctx, own + 1));
    atomic_store(&fired, 0);
    if (strcmp(what, "timer") == 0)
        cs_ctx_timer(ctx, 0, 0, use_in_timer, ctx);
    else
        cs_ctx_thread(ctx, "elsewhere", use_in_thread, ctx);
    return cs_res_printf(res, "%d", await(strcmp(what, "timer") == 0 ? &fired : &elsewhere, 1));
}

/* ---- life ---- */

static int health(cs_ctx *ctx)
{
    (void)ctx;
    pause_ms(30); /* time for a timer that would not wait for its end */
    atomic_store(&healthy, 1);
    return CS_OK;
}

static int init(cs_ctx *ctx)
{
    feeder = cs_ctx_thread(ctx, "feeder", feed, ctx);
    own = cs_ctx_slot(ctx, make_own, free_own, ctx);
    if (own < 0 || cs_ctx_slot(ctx, make_none, NULL, NULL) != own + 1 || cs_slot_get(ctx, own) ||
        cs_ctx_slot(ctx, NULL, NULL, NULL) != CS_EINVAL)
        return CS_EFAIL;
    beat = cs_ctx_timer(ctx, 0, 2, at_beat, NULL);
    return feeder && beat && cs_ctx_thread(ctx, "sleeper", sleep_until_told, ctx) ? CS_OK
                                                                                  : CS_EFAIL;
}
static int stop(cs_ctx *ctx, uint32_t attempt)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "stop %u, told %d", attempt, cs_thread_should_stop(feeder));
    if (attempt == 1) {
        atomic_store(&beats, 0);
        cs_timer_set(beat, 0, 1);
    }
    return attempt < 2 ? CS_EAGAIN : CS_OK;
}
static void destroy(cs_ctx *ctx)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "beats since stop %d, late timer %d, %d", atomic_load(&beats),
               cs_ctx_timer(ctx, 0, 0, fire, NULL) != NULL, cs_timer_cancel(beat));
    cs_ctx_log(ctx, CS_LOG_INFO, "destroy, late thread %d",
               cs_ctx_thread(ctx, "late", be_short, NULL) != NULL);
}

static const cs_servlet servlets[] = {
    {.name = "threads", .url_patterns = "/threads", .get = threads_get},
    {.name = "timers", .url_patterns = "/timers", .get = timers_get},
    {.name = "slots", .url_patterns = "/slots", .get = slots_get},
    {.name = "busy", .url_patterns = "/busy", .get = busy_get},
    {.name = "async", .url_patterns = "/async", .flags = CS_ASYNC, .get = async_get},
};
CS_WEBAPP("background", "1.0", .init = init, .health = health, .stop = stop, .destroy = destroy,
          .servlets = CS_ROWS(servlets))
