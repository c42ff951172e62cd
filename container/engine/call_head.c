/* SPDX-License-Identifier: Apache-2.0
 * What filters want to say of an answer once it is known what it is: cs_res_before_head. Run from the
 * response, when its head is about to be frozen, or from serve.c behind the last filter. On the thread that
 * runs the request. */
#include <unistd.h>

#include "engine/engine_priv.h"
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

/* ---- the handle that a hook gets: what would write, end or forget the answer is not served ---- */

static int no_length(cs_response *res, int64_t bytes)
{
    (void)res;
    (void)bytes;
    return CS_ESTATE;
}

static int no_write(cs_response *res, const void *bytes, size_t size)
{
    (void)res;
    (void)bytes;
    (void)size;
    return CS_ESTATE;
}

__attribute__((format(printf, 2, 0))) static int no_printf(cs_response *res, const char *format,
                                                           va_list args)
{
    (void)res;
    (void)format;
    (void)args;
    return CS_ESTATE;
}

static int no_end(cs_response *res)
{
    (void)res;
    return CS_ESTATE;
}

static int no_text(cs_response *res, uint32_t code, cs_str message)
{
    (void)res;
    (void)code;
    (void)message;
    return CS_ESTATE;
}

static int no_redirect(cs_response *res, cs_str location, uint32_t status)
{
    return no_text(res, status, location);
}

static int no_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    (void)res;
    (void)offset;
    (void)length;
    if (fd >= 0)
        close(fd);
    return CS_ESTATE;
}

static int no_reset(cs_response *res, uint32_t what)
{
    (void)res;
    (void)what;
    return CS_ESTATE;
}

static int no_int(cs_response *res, uint32_t what, int64_t value)
{
    (void)res;
    (void)what;
    (void)value;
    return CS_ESTATE;
}

static int no_hook(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg)
{
    (void)res;
    (void)fn;
    (void)arg;
    return CS_ESTATE;
}

static cs_response *no_wrap(cs_response *res, const struct cs_override_res *over, void *self)
{
    (void)res;
    (void)over;
    (void)self;
    return NULL;
}

static struct cs_response_ops head_ops(void)
{
    struct cs_response_ops ops = response_ops;
    ops.length = no_length;
    ops.write = no_write;
    ops.write_static = no_write;
    ops.vprintf = no_printf;
    ops.flush = no_end;
    ops.error = no_text;
    ops.send_file = no_file;
    ops.redirect = no_redirect;
    ops.reset = no_reset;
    ops.set_int = no_int;
    ops.hints = no_end;
    ops.before_head = no_hook;
    ops.wrap = no_wrap;
    return ops;
}

/* ---- running ---- */

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
    struct cs_response_ops ops = head_ops();
    struct response_handle head = {.pub.ops = &ops, .call = c};
    for (; hook; hook = hook->next) {
        struct head_run r = {.hook = hook, .res = &head.pub};
        module_invoke(hook->module, head_body, &r.guarded);
        if (r.guarded.failure[0])
            LOG(engine, LOG_ERROR, "%s: what was to run before the head failed: %s", call_name(c),
                r.guarded.failure);
    }
    c->response.closed = closed;
}

static void before_commit(void *arg)
{
    call_before_head(arg);
}

int response_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg)
{
    struct call *c = response_call(res);
    if (c->x->res.committed || call_is_over(c))
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
