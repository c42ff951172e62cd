/* SPDX-License-Identifier: Apache-2.0
 * For answers.py: a webapp that logs each step of its life. PART names the module. */
#include <cserv/servlet.h>
#include <stdlib.h>

#ifndef PART
#define PART "one"
#endif

static int log_name(cs_config *config, void **self)
{
    *self = (void *)cs_config_name(config).ptr;
    return cs_ctx_log(cs_config_ctx(config), CS_LOG_INFO, "<init %s %s>", PART,
                      (const char *)*self);
}

static void log_end(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<destroy %s %s>", PART, (const char *)self);
}

static int listener_begin(cs_ctx *ctx, void **self)
{
    static char state[] = "listener";
    *self = state;
    return cs_ctx_log(ctx, CS_LOG_INFO, "<context-initialized %s>", PART);
}

static void listener_end(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<context-destroyed %s %s>", PART, (const char *)self);
}

static int second_begin(cs_ctx *ctx, void **self)
{
    (void)self;
    return cs_ctx_log(ctx, CS_LOG_INFO, "<second-initialized %s>", PART);
}

static void second_end(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<second-destroyed %s %s>", PART, self ? "?" : "-");
}

struct cleanup {
    cs_ctx *ctx;
    const char *text;
};

static void run_cleanup(void *arg)
{
    const struct cleanup *c = arg;
    cs_ctx_log(c->ctx, CS_LOG_INFO, "<cleanup %s %s>", PART, c->text);
}

static int add_cleanup(cs_ctx *ctx, const char *text)
{
    struct cleanup *c = cs_ctx_alloc(ctx, sizeof(*c));
    if (!c)
        return CS_ENOMEM;
    c->ctx = ctx;
    c->text = text;
    return cs_ctx_on_cleanup(ctx, run_cleanup, c);
}

static int init(cs_ctx *ctx)
{
    cs_ctx_set_state(ctx, (void *)PART);
    cs_ctx_log(ctx, CS_LOG_INFO, "<init %s at %s of %s by %s>", PART,
               cs_ctx_get(ctx, CS_CTX_PATH).ptr, cs_ctx_get(ctx, CS_CTX_HOST).ptr,
               cs_ctx_get(ctx, CS_CTX_NAME).ptr);
    return add_cleanup(ctx, "first") ? CS_EFAIL : add_cleanup(ctx, "second");
}

static int start(cs_ctx *ctx)
{
    return cs_ctx_log(ctx, CS_LOG_INFO, "<start %s>", (const char *)cs_ctx_state(ctx));
}

static int health(cs_ctx *ctx)
{
    return cs_ctx_log(ctx, CS_LOG_INFO, "<health %s>", PART);
}

static int stop(cs_ctx *ctx, uint32_t attempt)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<stop %s %u>", PART, attempt);
    return attempt < 2 ? CS_EAGAIN : CS_OK;
}

static void destroy(cs_ctx *ctx)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<destroy %s>", PART);
}

static int get(cs_request *req, cs_response *res)
{
    return cs_res_puts(res, cs_ctx_state(cs_req_ctx(req)));
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    return cs_chain_next(chain, req, res);
}

#define SERVLET(id, order)                                                                        \
    {                                                                                             \
        .name = id PART, .url_patterns = "/" id PART, .load_on_startup = order, .init = log_name, \
        .destroy = log_end, .get = get                                                            \
    }
static const cs_servlet servlets[] = {SERVLET("late-", -1), SERVLET("five-", 5),
                                      SERVLET("zero-", 0), SERVLET("five-again-", 5)};
static const cs_filter filters[] = {{.name = "filter-" PART,
                                     .url_patterns = "/*",
                                     .init = log_name,
                                     .destroy = log_end,
                                     .filter = filter}};
static const cs_listener listeners[] = {
    {.name = "listener", .context_initialized = listener_begin, .context_destroyed = listener_end},
    {.name = "second", .context_initialized = second_begin, .context_destroyed = second_end}};

CS_WEBAPP("life", "2.0", .init = init, .start = start, .health = health, .stop = stop,
          .destroy = destroy, .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters),
          .listeners = CS_ROWS(listeners))
