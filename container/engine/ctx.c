/* SPDX-License-Identifier: Apache-2.0
 * The webapp's and the init parameters' handles: what cs_ctx_* and cs_config_* calls reach. The first on
 * any thread, the second during init. */
#include <stdio.h>

#include "engine/background.h"
#include "engine/timers.h"
#include "http/mime.h"
#include "observe/log.h"

static struct app_module *module_of(cs_ctx *ctx)
{
    return CONTAINER_OF(ctx, struct app_module, pub);
}

static cs_str ctx_get(cs_ctx *ctx, uint32_t what)
{
    const struct app *a = module_of(ctx)->app;
    switch (what) {
    case CS_CTX_PATH:
        return to_str(span_of(a->context->path));
    case CS_CTX_NAME:
        return to_str(span_of(app_name(a)));
    case CS_CTX_HOST:
        return to_str(span_of(a->context->host->name));
    case CS_CTX_SERVER:
        return to_str(span_of(a->server_name));
    case CS_CTX_FOLDER:
        return *a->doc_base ? to_str(span_of(a->doc_base)) : (cs_str){NULL, 0};
    case CS_CTX_TEMP_FOLDER:
        return *a->temp_folder ? to_str(span_of(a->temp_folder)) : (cs_str){NULL, 0};
    default:
        return (cs_str){NULL, 0};
    }
}

static _Thread_local struct said *listener;

void module_listen(struct said *said)
{
    listener = said;
    if (said)
        said->text[0] = '\0';
}

int module_log(const char *who, uint32_t level, const char *format, va_list args)
{
    static const enum log_level levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR};
    char text[2048];
    if (level >= ARRAY_COUNT(levels))
        return CS_EINVAL;
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        return CS_EINVAL;
    LOG(webapp, levels[level], "%s: %s", who, text);
    if (listener && level == CS_LOG_ERROR)
        snprintf(listener->text, sizeof(listener->text), "%.*s", (int)sizeof(listener->text) - 1,
                 text);
    return CS_OK;
}

__attribute__((format(printf, 3, 0))) static int ctx_vlog(cs_ctx *ctx, uint32_t level,
                                                          const char *format, va_list args)
{
    return module_log(module_of(ctx)->app->context->queue_name, level, format, args);
}

static int ctx_set_state(cs_ctx *ctx, void *state)
{
    module_of(ctx)->state = state;
    return CS_OK;
}

static void *ctx_state(cs_ctx *ctx)
{
    return module_of(ctx)->state;
}

static void *ctx_alloc(cs_ctx *ctx, size_t size)
{
    return arena_zalloc(&module_of(ctx)->arena, size);
}

static int ctx_on_cleanup(cs_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    struct app_module *m = module_of(ctx);
    if (!fn)
        return CS_EINVAL;
    return module_cleanup(m, &m->arena, fn, arg) ? CS_OK : CS_ENOMEM;
}

/* Those of web.xml may be longer than any of ours. */
#define EXTENSION_MAX 64u

static cs_str ctx_mime_type(cs_ctx *ctx, cs_str file_name)
{
    const struct app *a = module_of(ctx)->app;
    struct span extension = mime_extension(from_str(file_name));
    char lower[EXTENSION_MAX];
    if (map_count(a->mimes) > 0 && extension.n <= sizeof(lower)) {
        for (size_t i = 0; i < extension.n; i++)
            lower[i] = ascii_lower(extension.p[i]);
        const char *type = map_get(a->mimes, span_make(lower, extension.n));
        if (type)
            return to_str(span_of(type));
    }
    return to_str(mime_type(extension));
}

static cs_str text_of(const struct map *texts, cs_str name)
{
    const char *text = name.ptr ? map_get(texts, from_str(name)) : NULL;
    return text ? to_str(span_of(text)) : (cs_str){NULL, 0};
}

static cs_str ctx_param(cs_ctx *ctx, cs_str name)
{
    return text_of(module_of(ctx)->app->params, name);
}

static int ctx_param_at(cs_ctx *ctx, uint32_t i, cs_str *name, cs_str *value)
{
    const struct map *params = module_of(ctx)->app->params;
    struct span key;
    void *text;
    if (i >= map_count(params))
        return CS_ENOENT;
    map_at(params, i, &key, &text);
    *name = to_str(key);
    *value = to_str(span_of(text));
    return CS_OK;
}

static cs_str ctx_env(cs_ctx *ctx, cs_str name)
{
    return text_of(module_of(ctx)->app->env, name);
}

const struct cs_ctx_ops ctx_ops = {
    .size = sizeof(struct cs_ctx_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = ctx_get,
    .vlog = ctx_vlog,
    .set_state = ctx_set_state,
    .state = ctx_state,
    .alloc = ctx_alloc,
    .on_cleanup = ctx_on_cleanup,
    .mime_type = ctx_mime_type,
    .param = ctx_param,
    .param_at = ctx_param_at,
    .env = ctx_env,
    .attr = ctx_attr,
    .attr_set = ctx_attr_set,
    .attr_at = ctx_attr_at,
    .open = ctx_open,
    .list = ctx_list,
    .add_servlet = ctx_add_servlet,
    .add_filter = ctx_add_filter,
    .add_listener = ctx_add_listener,
    .map_servlet = ctx_map_servlet,
    .map_filter = ctx_map_filter,
    .set_param = ctx_set_param,
    .thread = ctx_thread,
    .timer = ctx_timer,
    .slot = ctx_slot,
    .slot_get = ctx_slot_get,
};

/* ---- config ---- */

static struct config_handle *config_of(cs_config *config)
{
    return CONTAINER_OF(config, struct config_handle, pub);
}

static cs_str config_name(cs_config *config)
{
    return to_str(span_of(config_of(config)->reg->name));
}

static cs_str config_param(cs_config *config, cs_str name)
{
    const struct registration *reg = config_of(config)->reg;
    for (uint32_t i = 0; i < reg->param_count; i++) {
        if (span_eq(span_of(reg->params[i].name), from_str(name)))
            return to_str(span_of(reg->params[i].value));
    }
    return (cs_str){NULL, 0};
}

static int config_param_at(cs_config *config, uint32_t i, cs_str *name, cs_str *value)
{
    const struct registration *reg = config_of(config)->reg;
    if (i >= reg->param_count)
        return CS_ENOENT;
    *name = to_str(span_of(reg->params[i].name));
    *value = to_str(span_of(reg->params[i].value));
    return CS_OK;
}

static cs_ctx *config_ctx(cs_config *config)
{
    struct app_module *m = config_of(config)->module;
    return m->app ? &m->pub : NULL;
}

static cs_host *config_host(cs_config *config)
{
    struct host_module *host = config_of(config)->module->host;
    return host ? &host->pub : NULL;
}

const struct cs_config_ops config_ops = {
    .size = sizeof(struct cs_config_ops),
    .minor = CS_ABI_MINOR_MAX,
    .name = config_name,
    .param = config_param,
    .param_at = config_param_at,
    .ctx = config_ctx,
    .host = config_host,
};
