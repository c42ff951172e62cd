// SPDX-License-Identifier: Apache-2.0
// For throwing.py: every callback of a C++ module throws, where the context parameter or the query parameter
// `throw` names it.
#include <cserv/servlet.h>
#include <stdexcept>
#include <string>

static void perhaps(const char *named, const char *here)
{
    if (named && std::string(named) == here)
        throw std::runtime_error(std::string(here) + " threw <this>");
}
static void of_ctx(cs_ctx *ctx, const char *here)
{
    perhaps(cs_ctx_param(ctx, "throw"), here);
}
static void of_req(cs_request *req, const char *here)
{
    perhaps(cs_req_param(req, "throw"), here);
}

static int get(cs_request *req, cs_response *res)
{
    static char value[] = "1";
    const char *which = cs_req_param(req, "throw");
    of_req(req, "servlet");
    if (which && std::string(which) == "number")
        throw 7;
    if (which && std::string(which) == "committed") {
        cs_res_write(res, "begun", 5);
        cs_res_flush(res);
        throw std::runtime_error("after the first bytes");
    }
    if (which && std::string(which) == "changed") {
        cs_ctx_attr_set(cs_req_ctx(req), "threw", value, nullptr);
        cs_ctx_attr_remove(cs_req_ctx(req), "threw");
    }
    return cs_res_printf(res, "served");
}
static int64_t modified(cs_request *req)
{
    of_req(req, "last_modified");
    return -1;
}
static int init(cs_config *config, void **)
{
    of_ctx(cs_config_ctx(config), cs_config_name(config).ptr);
    return CS_OK;
}
static void destroy(cs_ctx *ctx, void *)
{
    of_ctx(ctx, "destroy");
}
static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *)
{
    of_req(req, "filter");
    int rc = cs_chain_next(chain, req, res);
    of_req(req, "filter-behind");
    return rc;
}
static int begun(cs_ctx *ctx, void **)
{
    of_ctx(ctx, "context_initialized");
    return CS_OK;
}
static void ended(cs_ctx *ctx, void *)
{
    of_ctx(ctx, "context_destroyed");
}
static int request_begun(cs_request *req, void *)
{
    of_req(req, "request_initialized");
    return CS_OK;
}
static void request_ended(cs_request *req, void *)
{
    of_req(req, "request_destroyed");
}
static void changed(cs_ctx *, const char *name, void *, void *, void *)
{
    perhaps(name, "threw");
}

static int hook(cs_ctx *ctx, const char *here)
{
    of_ctx(ctx, here);
    return CS_OK;
}
static int on_init(cs_ctx *ctx)
{
    return hook(ctx, "init");
}
static int on_start(cs_ctx *ctx)
{
    return hook(ctx, "start");
}
static int on_health(cs_ctx *ctx)
{
    return hook(ctx, "health");
}
static int on_stop(cs_ctx *ctx, uint32_t)
{
    return hook(ctx, "stop");
}
static void on_destroy(cs_ctx *ctx)
{
    of_ctx(ctx, "destroy-hook");
}

static cs_servlet servlet_row()
{
    cs_servlet row;
    row.name = "servlet-init";
    row.url_patterns = "/x";
    row.init = init;
    row.destroy = destroy;
    row.get = get;
    row.last_modified = modified;
    return row;
}
static cs_filter filter_row()
{
    cs_filter row;
    row.name = "filter-init";
    row.url_patterns = "/*";
    row.init = init;
    row.filter = filter;
    return row;
}
static cs_listener listener_row()
{
    cs_listener row;
    row.name = "listener";
    row.context_initialized = begun;
    row.context_destroyed = ended;
    row.request_initialized = request_begun;
    row.request_destroyed = request_ended;
    row.context_attribute_changed = changed;
    return row;
}
static const cs_servlet servlets[] = {servlet_row()};
static const cs_filter filters[] = {filter_row()};
static const cs_listener listeners[] = {listener_row()};

CS_WEBAPP("throwing", "1.0", .init = on_init, .start = on_start, .health = on_health,
          .stop = on_stop, .destroy = on_destroy, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters), .listeners = CS_ROWS(listeners))
