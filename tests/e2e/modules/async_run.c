/* SPDX-License-Identifier: Apache-2.0
 * The webapp of tests/e2e/async_run.py: a filter that looks after an asynchronous request behind the chain, and
 * servlets that leave their answers open. What listeners heard is told by /events. */
#include <stdlib.h>

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

static const cs_servlet servlets[] = {
    {.name = "open", .url_patterns = "/open /watch/open", .flags = CS_ASYNC, .get = open_one},
    {.name = "closed", .url_patterns = "/watch/closed", .flags = CS_ASYNC, .get = closed_one},
    {.name = "sync", .url_patterns = "/watch/sync /target", .flags = CS_ASYNC, .get = synchronous},
    {.name = "forward", .url_patterns = "/watch/forward", .flags = CS_ASYNC, .get = forwarding},
    {.name = "events", .url_patterns = "/events", .get = events},
};
static const cs_filter filters[] = {
    {.name = "watch", .url_patterns = "/watch/*", .flags = CS_ASYNC, .filter = watch},
};

CS_WEBAPP("run", "1.0.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
