/* SPDX-License-Identifier: Apache-2.0
 * The webapp of tests/e2e/async.py: one servlet per behaviour of asynchronous requests. What listeners and
 * cleanups heard is told by /events. */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cserv/module.h>
#include <cserv/servlet.h>

#include "heard.h"

static void on_complete(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    if (cs_async_enter(a, &q, &s) == CS_OK) { /* the request is still there */
        note(cs_req_method(q) ? "complete" : "complete without request", 0);
        cs_async_leave(a);
    } else {
        note("complete, not inside", 0);
    }
    (void)self;
}
static void on_timeout(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    note("timeout", 0);
    if (!self || cs_async_enter(a, &q, &s) != CS_OK)
        return;
    if (*(const char *)self == '/') {
        cs_async_dispatch(a, self);
    } else {
        cs_res_puts(s, self);
        cs_async_complete(a);
    }
    cs_async_leave(a);
}
static void on_error(cs_async *a, int code, void *self)
{
    (void)a;
    (void)self;
    note("error", code);
}
static void on_start(cs_async *a, void *self)
{
    (void)a;
    (void)self;
    note("start", 0);
}
static void on_stop(cs_async *a, void *self)
{
    cs_request *q;
    cs_response *s;
    (void)self;
    note("stop", 0);
    if (cs_async_enter(a, &q, &s) != CS_OK)
        return;
    cs_res_puts(s, "stopped");
    cs_async_leave(a);
    cs_async_complete(a);
}
static const cs_async_listener listener = {.size = sizeof(listener),
                                           .on_complete = on_complete,
                                           .on_timeout = on_timeout,
                                           .on_error = on_error,
                                           .on_start = on_start};
static const cs_async_listener stop_listener = {.size = sizeof(listener), .on_stop = on_stop};

static void cleanup(void *arg)
{
    note(arg, 0);
}

static int number(cs_request *q, const char *name, int otherwise)
{
    const char *text = cs_req_param(q, name);
    return text ? atoi(text) : otherwise;
}

/* ---- a thread of the module that answers ---- */

struct work {
    cs_async *async;
    int ms, rounds;
    const char *path; /* to dispatch to, "": the request's own; a constant */
};

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, NULL);
}

static void *answer(void *arg)
{
    struct work *w = arg;
    cs_request *q;
    cs_response *s;
    int rc = CS_OK;
    for (int i = 0; i < w->rounds && rc == CS_OK; i++) {
        pause_ms(w->ms);
        if ((rc = cs_async_enter(w->async, &q, &s)) != CS_OK)
            break;
        if (w->rounds > 1)
            rc = cs_res_printf(s, "data: %d\n\n", i);
        else if (!w->path)
            rc = cs_res_printf(s, "later %s", cs_req_param(q, "text"));
        if (rc == CS_OK && w->rounds > 1)
            rc = cs_res_flush(s);
        cs_async_leave(w->async);
    }
    if (rc != CS_OK)
        note("writer", rc);
    if (w->path)
        cs_async_dispatch(w->async, *w->path ? w->path : NULL);
    else
        cs_async_complete(w->async);
    cs_async_release(w->async);
    free(w);
    return NULL;
}

static int start_thread(cs_async *a, int ms, int rounds, const char *path)
{
    struct work *w = malloc(sizeof(*w));
    pthread_t thread;
    *w = (struct work){a, ms, rounds, path};
    if (pthread_create(&thread, NULL, answer, w) != 0)
        return CS_EFAIL;
    pthread_detach(thread);
    return CS_OK;
}

/* ---- servlets ---- */

static int later(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_req_on_cleanup(q, cleanup, (void *)(uintptr_t) "cleanup");
    if (cs_req_param(q, "listen"))
        cs_async_listen(a, &listener, NULL);
    return start_thread(a, number(q, "ms", 50), 1, NULL);
}

static int events_stream(cs_request *q, cs_response *s)
{
    cs_res_content_type(s, "text/event-stream");
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    cs_res_flush(s);
    return start_thread(a, number(q, "ms", 20), number(q, "n", 3), NULL);
}

static int now(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    int rc = cs_res_puts(s, "at once");
    cs_async_complete(a);
    cs_async_release(a);
    return rc;
}

static int timeout(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, number(q, "ms", 200));
    if (!a)
        return CS_ESTATE;
    if (cs_req_param(q, "begun")) {
        cs_res_puts(s, "begun");
        cs_res_flush(s);
    }
    cs_async_listen(a, &listener,
                    cs_req_param(q, "answer")     ? (void *)(uintptr_t) "late, but answered"
                    : cs_req_param(q, "dispatch") ? (void *)(uintptr_t) "/target?why=timeout"
                                                  : NULL);
    cs_async_release(a);
    return CS_OK;
}

static int failing(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    cs_async_release(a);
    return cs_req_fail(q, CS_EFAIL, "failed after the start");
}

static int error(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_release(a);
    return cs_res_error(s, 418, "no coffee");
}

static int dispatching(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    cs_res_puts(s, "before ");
    if (cs_req_param(q, "inside")) {
        int rc = cs_async_dispatch(a, "/target?why=inside");
        cs_async_release(a);
        return rc;
    }
    return start_thread(a, 30, 1,
                        cs_req_param(q, "sync") ? "/sync" : "/target?why=thread&why=again");
}

static int target(cs_request *q, cs_response *s)
{
    char path[64];
    snprintf(path, sizeof(path), "%s", cs_req_get(q, CS_REQ_SERVLET_PATH).ptr);
    const char *from = cs_req_attr_str(q, "jakarta.servlet.async.servlet_path").ptr;
    return cs_res_printf(s, "target %s %s %s from %s %d", path, cs_req_param(q, "why"),
                         cs_req_param(q, "mine") ? cs_req_param(q, "mine") : "-", from ? from : "-",
                         cs_req_dispatch_type(q) == CS_DISPATCH_ASYNC &&
                             cs_req_dispatch_str(q, CS_FORWARD_SERVLET_PATH).ptr == NULL);
}

/* Starts again in each dispatch, until it has been here three times. */
static int rounds(cs_request *q, cs_response *s)
{
    cs_res_puts(s, "round ");
    int *n = cs_req_self(q);
    if (++*n % 3 == 0)
        return CS_OK;
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    return start_thread(a, 10, 1, "");
}
static int rounds_init(cs_config *c, void **self)
{
    (void)c;
    static int n;
    *self = &n;
    return CS_OK;
}

/* What is refused, and how. */
static int refused(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_request *q2;
    cs_response *s2;
    cs_res_printf(s, "leave %d ", cs_async_leave(a));
    cs_res_printf(s, "again %d ", cs_req_async_start(q, s, 0) != NULL);
    cs_res_printf(s, "enter %d ", cs_async_enter(a, &q2, &s2));
    cs_res_printf(s, "%d ", q2 == q && s2 == s);
    cs_async_leave(a);
    cs_res_printf(s, "relative %d ", cs_async_dispatch(a, "target"));
    cs_res_printf(s, "listen %d ", cs_async_listen(a, NULL, NULL));
    cs_res_printf(s, "timeout %d ", (int)cs_async_timeout(a));
    cs_res_printf(s, "%d ", cs_async_set_timeout(a, 1000));
    cs_res_printf(s, "is %d ", (int)cs_async_timeout(a));
    cs_res_printf(s, "complete %d ", cs_async_complete(a));
    cs_res_printf(s, "twice %d ", cs_async_complete(a));
    cs_res_printf(s, "dispatch %d ", cs_async_dispatch(a, "/target"));
    cs_res_printf(s, "timeout %d ", cs_async_set_timeout(a, 5));
    cs_res_printf(s, "retain %d", cs_async_retain(a) == a);
    cs_async_release(a);
    cs_async_release(a);
    return CS_OK;
}

/* Handles that outlive their request. */
static cs_async *_Atomic kept;
static int keep(cs_request *q, cs_response *s)
{
    cs_async *a = cs_req_async_start(q, s, -1);
    if (!a)
        return CS_ESTATE;
    cs_async_listen(a, &listener, NULL);
    if (cs_req_param(q, "stop"))
        cs_async_listen(a, &stop_listener, NULL);
    kept = a;
    return CS_OK;
}
static int use_kept(cs_request *q, cs_response *s)
{
    cs_async *a = kept;
    cs_request *q2;
    cs_response *s2;
    const char *what = cs_req_param(q, "do");
    if (!a)
        return cs_res_puts(s, "none");
    int rc = cs_async_enter(a, &q2, &s2);
    if (rc == CS_OK) {
        rc = cs_res_puts(s2, "kept");
        cs_async_leave(a);
    }
    if (what && *what == 'c')
        rc = cs_async_complete(a);
    if (what && *what == 't')
        rc = cs_async_set_timeout(a, 100);
    if (what && *what == 'r') {
        kept = NULL;
        rc = cs_async_release(a);
    }
    return cs_res_printf(s, "%d", rc);
}

static int sync_only(cs_request *q, cs_response *s)
{
    cs_res_printf(s, "%d", cs_req_async_supported(q));
    cs_async *a = cs_req_async_start(q, s, 0);
    if (!a)
        return CS_ESTATE;
    cs_async_complete(a);
    return cs_async_release(a);
}
static int supported(cs_request *q, cs_response *s)
{
    return cs_res_printf(s, "%d", cs_req_async_supported(q));
}

static int again(cs_request *q, cs_response *s, cs_chain *c, void *self)
{
    (void)self;
    int rc = cs_res_puts(s, "filtered ");
    return rc == CS_OK ? cs_chain_next(c, q, s) : rc;
}
static int pass(cs_request *q, cs_response *s, cs_chain *c, void *self)
{
    (void)self;
    return cs_chain_next(c, q, s);
}

/* What is written comes out in capitals, and a dot behind it. */
static int upper_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    char *text = self;
    const char *from = bytes;
    size_t n = size < 200 ? size : 200;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)toupper((unsigned char)from[i]);
    return cs_res_write(inner, text, n);
}
static int upper_end(void *self, cs_response *inner)
{
    (void)self;
    note("end", 0);
    return cs_res_puts(inner, ".");
}
static const struct cs_override_res over = {
    .size = sizeof(over), .write = upper_write, .end = upper_end};
static int upper(cs_request *q, cs_response *s, cs_chain *c, void *self)
{
    (void)self;
    cs_response *wrapped = cs_res_wrap(s, &over, cs_req_alloc(q, 200));
    return wrapped ? cs_chain_next(c, q, wrapped) : CS_ENOMEM;
}

static int forwarding(cs_request *q, cs_response *s)
{
    int rc = cs_req_forward(q, s, "/later");
    note("forwarded", rc);
    return rc;
}
static int including(cs_request *q, cs_response *s)
{
    cs_res_puts(s, "[");
    int rc = cs_req_include(q, s, "/later");
    return rc == CS_OK ? cs_res_puts(s, "]") : rc;
}

static const cs_servlet servlets[] = {
    {.name = "forwarding", .url_patterns = "/forwarding", .flags = CS_ASYNC, .get = forwarding},
    {.name = "including", .url_patterns = "/including", .flags = CS_ASYNC, .get = including},
    {.name = "later",
     .url_patterns = "/later /barred/later /upper/later",
     .flags = CS_ASYNC,
     .get = later,
     .post = later},
    {.name = "stream", .url_patterns = "/stream", .flags = CS_ASYNC, .get = events_stream},
    {.name = "now", .url_patterns = "/now", .flags = CS_ASYNC, .get = now},
    {.name = "timeout", .url_patterns = "/timeout", .flags = CS_ASYNC, .get = timeout},
    {.name = "failing", .url_patterns = "/failing", .flags = CS_ASYNC, .get = failing},
    {.name = "error", .url_patterns = "/error", .flags = CS_ASYNC, .get = error},
    {.name = "dispatching", .url_patterns = "/dispatching", .flags = CS_ASYNC, .get = dispatching},
    {.name = "target", .url_patterns = "/target", .flags = CS_ASYNC, .get = target},
    {.name = "rounds",
     .url_patterns = "/rounds",
     .flags = CS_ASYNC,
     .init = rounds_init,
     .get = rounds},
    {.name = "refused", .url_patterns = "/refused", .flags = CS_ASYNC, .get = refused},
    {.name = "keep", .url_patterns = "/keep", .flags = CS_ASYNC, .get = keep},
    {.name = "kept", .url_patterns = "/kept", .get = use_kept},
    {.name = "supported",
     .url_patterns = "/supported /barred/supported",
     .flags = CS_ASYNC,
     .get = supported},
    {.name = "sync", .url_patterns = "/sync", .get = sync_only},
    {.name = "events", .url_patterns = "/events", .get = events},
};
static const cs_filter filters[] = {
    {.name = "pass", .url_patterns = "/*", .flags = CS_ASYNC, .filter = pass},
    {.name = "upper", .url_patterns = "/upper/*", .flags = CS_ASYNC, .filter = upper},
    {.name = "again",
     .url_patterns = "/target",
     .flags = CS_ASYNC,
     .dispatchers = CS_DISPATCH_ASYNC,
     .filter = again},
    {.name = "bar", .url_patterns = "/barred/*", .filter = pass},
};

CS_WEBAPP("async", "1.0.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
