/* SPDX-License-Identifier: Apache-2.0
 * What filters want to say of an answer once it is known what it is: cs_res_before_head. Run from the
 * response, when its head is about to be frozen, or from serve.c behind the last filter. On the thread that
 * runs the request. */
#include "engine/call.h"
#include "observe/log.h"

struct head_run {
    struct guarded guarded;
    struct head_hook *hook;
    cs_response *res;
};

static int head_body(void *guarded)
{
    struct head_run *r = guarded;
    r->hook->fn(r->res, r->hook->arg);
    return CS_OK;
}

void call_before_head(struct call *c)
{
    struct head_hook *hook = c->head_hooks;
    bool closed = c->response.closed;
    if (!hook)
        return;
    c->head_hooks = NULL;
    c->response.closed = false; /* by a forward, whose answer this is */
    if (c->x->res.committed || c->x->res.ended || call_is_over(c))
        hook = NULL;
    c->in_head =
        true; /* call_body_is_shut: what would write, end or forget the answer is refused */
    for (; hook; hook = hook->next) {
        struct head_run r = {.hook = hook, .res = &c->response.pub};
        module_invoke(hook->module, head_body, &r.guarded);
        if (r.guarded.failure[0])
            LOG(engine, LOG_ERROR, "%s: what was to run before the head failed: %s", call_name(c),
                r.guarded.failure);
    }
    c->in_head = false;
    c->response.closed = closed;
}

static void before_commit(void *arg)
{
    call_before_head(arg);
}

int response_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg)
{
    struct call *c = response_call(res);
    if (c->x->res.committed || call_body_is_shut(c))
        return CS_ESTATE;
    if (!fn)
        return CS_EINVAL;
    struct head_hook *hook = arena_alloc(&c->x->arena, sizeof(*hook));
    if (!hook)
        return CS_ENOMEM;
    *hook = (struct head_hook){.next = c->head_hooks, .fn = fn, .arg = arg, .module = c->module};
    c->head_hooks = hook;
    c->x->res.before_commit = before_commit;
    c->x->res.before_commit_arg = c;
    return CS_OK;
}
