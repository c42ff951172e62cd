/* SPDX-License-Identifier: Apache-2.0
 * For descriptor_names.py: servlets and filters in tables, and some that init and a listener register. Each servlet
 * says its name, each filter adds its name to a field. */
#include <cserv/servlet.h>

static int name_init(cs_config *config, void **self)
{
    *self = (void *)cs_config_name(config).ptr;
    return CS_OK;
}

static int tell(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "%s %s", cs_req_get(req, CS_REQ_SERVLET_NAME).ptr,
                         cs_req_get(req, CS_REQ_SERVLET_PATH).ptr);
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    cs_res_header_str(res, cs_str_of("X-Filter"), cs_str_of((const char *)self), CS_HEADER_ADD);
    return cs_chain_next(chain, req, res);
}

static int init(cs_ctx *ctx)
{
    cs_servlet late = {.name = "late", .url_patterns = "/late", .get = tell};
    cs_filter made = {.name = "made", .init = name_init, .filter = filter};
    int rc = cs_ctx_add_servlet(ctx, &late);
    return rc == CS_OK ? cs_ctx_add_filter(ctx, &made) : rc;
}

static int begin(cs_ctx *ctx, void **self)
{
    cs_servlet later = {.name = "later", .url_patterns = "/later", .get = tell};
    (void)self;
    return cs_ctx_add_servlet(ctx, &later);
}

static const cs_servlet servlets[] = {
    {.name = "row", .url_patterns = "/row /row/*", .get = tell},
    {.name = "other", .url_patterns = "/other", .get = tell},
    {.name = "unmapped", .get = tell},
};
static const cs_filter filters[] = {
    {.name = "mark",
     .url_patterns = "/row",
     .servlet_names = "late",
     .init = name_init,
     .filter = filter},
    {.name = "free", .init = name_init, .filter = filter},
};
static const cs_listener listeners[] = {{.name = "begin", .context_initialized = begin}};

CS_WEBAPP("names", "1.0", .init = init, .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters),
          .listeners = CS_ROWS(listeners))
