/* SPDX-License-Identifier: Apache-2.0
 * The webapp of tests/e2e/async_run.py: a filter that looks after an asynchronous request behind the chain,
 * servlets that leave their answers open, and functions on workers (cs_async_run). What was heard is told by
 * /events. */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <cserv/module.h>
#include <cserv/servlet.h>

#include "heard.h"

static int is(cs_request *q, const char *name, const char *value)
{
    const char *given = cs_req_param(q, name);
    return given && strcmp(given, value) == 0;
}

/* What a request answers of itself: whether it was started, and whether its handle is A. */
static void tell(cs_request *q, cs_response *s, cs_async *a)
{
    cs_async *same = cs_req_async(q);
    cs_res_printf(s, "%d%d ", cs_req_async_started(q), same != NULL && same == a);
    if (same)
        cs_async_release(same);
}

/* ---- the filter ---- */

static void answer_late(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    if (cs_async_enter(a, &q, &s) != CS_OK)
        return;
    tell(q, s, a);
    cs_res_puts(s, self);
    cs_async_complete(a);
    tell(q, s, NULL);
    cs_async_leave(a);
}
static void on_complete(cs_async *a, void *self)
{
    (void)a;
    note(self, 0);
}
static const cs_async_listener listener = {
    .size = sizeof(listener), .on_complete = on_complete, .on_timeout = answer_late};

static const struct cs_override_req nothing = {.size = sizeof(nothing)};

/* The answer is open: what the request asks for is done with it. */
static int look_after(cs_request *q, cs_response *s, cs_async *a)
{
    int rc = CS_OK;
    cs_async_listen(a, &listener, (void *)(uintptr_t) "the filter's");
    if (is(q, "do", "complete"))
        rc = cs_async_complete(a);
    else if (is(q, "do", "dispatch"))
        rc = cs_async_dispatch(a, "/target");
    else
        return cs_async_set_timeout(a, 50);
    tell(q, s, NULL); /* closed for those on the way */
    return rc;
}

static int watch(cs_request *q, cs_response *s, cs_chain *c, void *self)
{
    (void)self;
    cs_request *given = is(q, "wrap", "1") ? cs_req_wrap(q, &nothing, NULL) : q;
    tell(q, s, NULL);
    int rc = cs_chain_next(c, given, s);
    cs_async *a = cs_req_async(given);
    if (!a)
        return rc == CS_OK ? cs_res_printf(s, "%d closed", cs_req_async_started(q)) : rc;
    cs_res_printf(s, "%d open ", cs_req_async_started(q));
    if (rc == CS_OK)
        rc = look_after(given, s, a);
    cs_async_release(a);
    return rc;
}

/* ---- servlets ---- */

static int open_one(cs_request *q, cs_response *s)
{
    tell(q, s, NULL);
    cs_async *a = cs_req_async_start(q, s, 5000);
    if (!a)
        return CS_ESTATE;
    tell(q, s, a);
    return cs_async_release(a);
}

static int closed_one(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 5000);
    if (!a)
        return CS_ESTATE;
    cs_async_complete(a);
    cs_async_release(a);
    tell(q, s, NULL);
    return CS_OK;
}

static int synchronous(cs_request *q, cs_response *s)
{
    tell(q, s, NULL);
    return CS_OK;
}

static int forwarding(cs_request *q, cs_response *s)
{
    return cs_req_forward(q, s, "/open");
}

/* ---- functions on workers ---- */

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static int answers(cs_async *a, void *self);

static void on_error(cs_async *a, int code, void *self)
{
    (void)a;
    (void)self;
    note("error", code);
}
static void on_timeout(cs_async *a, void *self)
{
    (void)self;
    note("timeout", 0);
    note("run from a listener", cs_async_run(a, answers, NULL));
}
static const cs_async_listener hears = {.size = sizeof(hears),
                                        .on_complete = on_complete,
                                        .on_timeout = on_timeout,
                                        .on_error = on_error};

static int slot;
static void *make(void *self)
{
    (void)self;
    return &slot;
}

static cs_ctx *context;
static _Atomic int began, goes_on;
static int wait_for(_Atomic int *what) /* at most 5 s */
{
    for (int i = 0; i < 5000 && !atomic_load(what); i++)
        sleep_ms(1);
    return atomic_exchange(what, 0);
}

/* Enters, writes TEXT when it may; what cs_async_enter or the write answered. */
static int say(cs_async *a, const char *text)
{
    cs_request *q;
    cs_response *s;
    int rc = cs_async_enter(a, &q, &s);
    if (rc != CS_OK)
        return rc;
    rc = cs_res_puts(s, text);
    cs_async_leave(a);
    return rc;
}

static int answers(cs_async *a, void *self)
{
    int worker = cs_slot_get(context, slot) != NULL;
    int rc = say(a, worker ? "worker " : "no worker ");
    if (rc == CS_OK)
        rc = say(a, self);
    return rc == CS_OK ? cs_async_complete(a) : rc;
}

static int chained(cs_async *a, void *self)
{
    int *left = self;
    int rc = say(a, "link ");
    if (rc != CS_OK || --*left == 0) {
        free(left);
        return rc == CS_OK ? cs_async_complete(a) : rc;
    }
    return cs_async_run(a, chained, left);
}

static int beside(cs_async *a, void *self) /* while its servlet runs */
{
    (void)self;
    atomic_store(&began, 1);
    int rc = say(a, "function");
    return rc == CS_OK ? cs_async_complete(a) : rc;
}

static int outlives(cs_async *a,
                    void *self) /* the request; its text ends on the log when the webapp stops */
{
    atomic_store(&began, 1);
    if (self)
        sleep_ms(700);
    else
        wait_for(&goes_on);
    note("entered", say(a, "x"));
    note("run again", cs_async_run(a, outlives, NULL));
    cs_ctx_log(context, CS_LOG_INFO, "the function returns");
    return CS_OK;
}

static int fails(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    const char *how = self;
    int rc = cs_async_enter(a, &q, &s); /* and does not leave */
    if (rc != CS_OK)
        return rc;
    if (strcmp(how, "completed") == 0)
        cs_async_complete(a);
    return cs_req_fail(q, strcmp(how, "gone") == 0 ? CS_EGONE : CS_EFAIL, "no such planet");
}

static int refused(cs_request *q, cs_response *s, cs_async *a)
{
    cs_res_printf(s, "no function %d ", cs_async_run(a, NULL, NULL));
    if (is(q, "end", "dispatch"))
        cs_async_dispatch(a, "/target");
    else
        cs_async_complete(a);
    return cs_res_printf(s, "behind the end %d ", cs_async_run(a, answers, NULL));
}

static int run(cs_request *q, cs_response *s)
{
    const char *how = cs_req_param(q, "how");
    cs_async *a = cs_req_async_start(q, s, is(q, "how", "timeout") ? 50 : 5000);
    if (!a)
        return CS_ESTATE;
    int rc = CS_OK;
    cs_async_listen(a, &hears, (void *)(uintptr_t) "complete");
    if (is(q, "how", "answer"))
        rc = cs_async_run(a, answers, (void *)(uintptr_t) "answered");
    if (is(q, "how", "chain")) {
        int *left = malloc(sizeof(*left));
        *left = 5;
        rc = cs_async_run(a, chained, left);
    }
    if (is(q, "how", "beside")) {
        rc = cs_async_run(a, beside, NULL);
        cs_res_puts(s, wait_for(&began) ? "servlet " : "alone ");
        sleep_ms(20); /* it would write meanwhile, were it inside */
        cs_res_puts(s, "servlet ");
    }
    if (is(q, "how", "narrow")) {
        rc = cs_async_run(a, beside, NULL);
        sleep_ms(100);
        cs_res_puts(s, atomic_exchange(&began, 0) ? "beside " : "waits ");
    }
    if (is(q, "how", "timeout") || is(q, "how", "outlive") || is(q, "how", "stop"))
        rc = cs_async_run(a, outlives, is(q, "how", "stop") ? &slot : NULL);
    if (is(q, "how", "outlive") || is(q, "how", "stop"))
        cs_async_complete(a);
    if (how && strncmp(how, "fail-", 5) == 0)
        rc = cs_async_run(a, fails,
                          (void *)(uintptr_t)(is(q, "how", "fail-completed") ? "completed"
                                              : is(q, "how", "fail-gone")    ? "gone"
                                                                             : "plain"));
    if (is(q, "how", "refused"))
        rc = refused(q, s, a);
    cs_async_release(a); /* the function has a handle all the same */
    return rc;
}

static int go_on(cs_request *q, cs_response *s)
{
    (void)q;
    int had = wait_for(&began);
    atomic_store(&goes_on, 1);
    return cs_res_printf(s, "%d", had);
}

static int init(cs_ctx *ctx)
{
    context = ctx;
    slot = cs_ctx_slot(ctx, make, NULL, NULL);
    return slot >= 0 ? CS_OK : CS_EFAIL;
}
static void destroy(cs_ctx *ctx)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "destroyed");
}

static const cs_servlet servlets[] = {
    {.name = "run", .url_patterns = "/run", .flags = CS_ASYNC, .get = run},
    {.name = "go-on", .url_patterns = "/go-on", .get = go_on},
    {.name = "open", .url_patterns = "/open /watch/open", .flags = CS_ASYNC, .get = open_one},
    {.name = "closed", .url_patterns = "/watch/closed", .flags = CS_ASYNC, .get = closed_one},
    {.name = "sync", .url_patterns = "/watch/sync /target", .flags = CS_ASYNC, .get = synchronous},
    {.name = "forward", .url_patterns = "/watch/forward", .flags = CS_ASYNC, .get = forwarding},
    {.name = "events", .url_patterns = "/events", .get = events},
};
static const cs_filter filters[] = {
    {.name = "watch", .url_patterns = "/watch/*", .flags = CS_ASYNC, .filter = watch},
};

CS_WEBAPP("run", "1.0.0", .init = init, .destroy = destroy, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters))
