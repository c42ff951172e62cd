/* SPDX-License-Identifier: Apache-2.0
 * For descriptor.py: what the webapp gives its modules, told by servlets. */
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *text(const char *s)
{
    return s ? s : "-";
}

static const char *wanted(cs_request *req)
{
    const char *name = cs_req_param(req, "name");
    return name ? name : "";
}

/* ---- parameters ---- */

static int param_get(cs_request *req, cs_response *res)
{
    return cs_res_puts(res, text(cs_ctx_param(cs_req_ctx(req), wanted(req))));
}

static int params_get(cs_request *req, cs_response *res)
{
    cs_str name, value;
    for (uint32_t i = 0; cs_ctx_param_at(cs_req_ctx(req), i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s;", name.ptr, value.ptr);
    return CS_OK;
}

static int env_get(cs_request *req, cs_response *res)
{
    return cs_res_puts(res, text(cs_ctx_env(cs_req_ctx(req), wanted(req))));
}

/* ---- attributes: values are texts of malloc, told in the log when they are freed ---- */

static cs_ctx *logged;

static void free_text(void *value)
{
    cs_ctx_log(logged, CS_LOG_INFO, "<free %s>", (const char *)value);
    free(value);
}

static int attr_set(cs_request *req, cs_response *res)
{
    const char *value = cs_req_param(req, "value");
    char *copy = value ? strdup(value) : NULL;
    int rc = cs_ctx_attr_set(cs_req_ctx(req), wanted(req), copy, free_text);
    if (rc != CS_OK)
        free(copy);
    return cs_res_printf(res, "%d", rc);
}

static int attr_get(cs_request *req, cs_response *res)
{
    cs_str name;
    void *value;
    cs_res_printf(res, "%s ", text(cs_ctx_attr(cs_req_ctx(req), wanted(req))));
    for (uint32_t i = 0; cs_ctx_attr_at(cs_req_ctx(req), i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s;", name.ptr, (const char *)value);
    return CS_OK;
}

static int attr_remove(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "%d", cs_ctx_attr_remove(cs_req_ctx(req), wanted(req)));
}

/* ---- files ---- */

static int open_get(cs_request *req, cs_response *res)
{
    char bytes[100];
    int fd = cs_ctx_open(cs_req_ctx(req), wanted(req));
    if (fd < 0)
        return cs_res_printf(res, "%d", fd);
    ssize_t n = read(fd, bytes, sizeof(bytes));
    close(fd);
    return n < 0 ? CS_EFAIL : cs_res_write(res, bytes, (size_t)n);
}

static int send_get(cs_request *req, cs_response *res)
{
    return cs_res_send_file(res, cs_ctx_open(cs_req_ctx(req), wanted(req)), 0, 4);
}

static int list_one(void *arg, const char *name)
{
    if (strcmp(name, "stop") == 0)
        return 77;
    return cs_res_printf(arg, "%s ", name);
}

static int list_get(cs_request *req, cs_response *res)
{
    int rc = cs_ctx_list(cs_req_ctx(req), wanted(req), list_one, res);
    return cs_res_printf(res, "%d", rc);
}

static int temp_get(cs_request *req, cs_response *res)
{
    char path[1200];
    const char *folder = cs_ctx_temp_folder(cs_req_ctx(req));
    snprintf(path, sizeof(path), "%s/left", folder);
    FILE *file = fopen(path, "w");
    return cs_res_printf(res, "%s %d", folder, file ? fclose(file) : -1);
}

static int begin(cs_ctx *ctx)
{
    logged = ctx;
    return cs_ctx_attr_set(ctx, "by.init", strdup("init"), free_text);
}

static void end(cs_ctx *ctx)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<destroy; by.init %s>",
               text((const char *)cs_ctx_attr(ctx, "by.init")));
}

static int listen(cs_ctx *ctx, void **self)
{
    *self = cs_ctx_attr(ctx, "by.init");
    return CS_OK;
}

static void unlisten(cs_ctx *ctx, void *self)
{
    cs_ctx_log(ctx, CS_LOG_INFO, "<context-destroyed; by.init %s>", (const char *)self);
}

static const cs_servlet servlets[] = {
    {.name = "param", .url_patterns = "/param", .get = param_get},
    {.name = "params", .url_patterns = "/params", .get = params_get},
    {.name = "env", .url_patterns = "/env", .get = env_get},
    {.name = "attr", .url_patterns = "/attr", .get = attr_get, .put = attr_set, .del = attr_remove},
    {.name = "open", .url_patterns = "/open", .get = open_get},
    {.name = "send", .url_patterns = "/send", .get = send_get},
    {.name = "list", .url_patterns = "/list", .get = list_get},
    {.name = "temp", .url_patterns = "/temp", .get = temp_get},
};
static const cs_listener listeners[] = {
    {.name = "l", .context_initialized = listen, .context_destroyed = unlisten},
};

CS_WEBAPP("descriptor", "1.0", .init = begin, .destroy = end, .servlets = CS_ROWS(servlets),
          .listeners = CS_ROWS(listeners))
