/* SPDX-License-Identifier: Apache-2.0
 * For webxml_elements.py: a servlet that answers what it was asked for and from where, and a filter that counts
 * how often it ran for one request, in included ones in the body. */
#include <cserv/servlet.h>
#include <string.h>

static int get(cs_request *req, cs_response *res)
{
    const char *type = cs_req_param(req, "type"), *text = cs_req_param(req, "text");
    int from_outside = cs_req_dispatch_type(req) == CS_DISPATCH_REQUEST;
    if (from_outside && cs_req_param(req, "error"))
        return cs_res_error(res, 410, NULL);
    if (from_outside && cs_req_param(req, "forward"))
        return cs_req_forward(req, res, "/other");
    if (from_outside && cs_req_param(req, "include")) {
        int rc = cs_req_include(req, res, "/other");
        return rc == CS_OK ? cs_res_printf(res, " included") : rc;
    }
    if (from_outside && cs_req_param(req, "async")) {
        cs_async *as = cs_req_async_start(req, res, 10000);
        int rc = as ? cs_async_dispatch(as, "/other") : CS_ESTATE;
        if (as)
            cs_async_release(as);
        return rc;
    }
    if (cs_req_param(req, "mime")) {
        cs_str found = cs_ctx_mime_type(cs_req_ctx(req), cs_req_param(req, "mime"));
        return cs_res_printf(res, "%s", found.ptr ? found.ptr : "-");
    }
    if (type)
        cs_res_header(res, "Content-Type", type);
    const char *charset = cs_req_charset(req);
    return cs_res_printf(res, "%s %s %s", cs_req_get(req, CS_REQ_SERVLET_NAME).ptr,
                         charset ? charset : "-", text ? text : "-");
}

static int init(cs_config *config, void **self)
{
    *self = (void *)(uintptr_t)cs_config_name(config).ptr;
    return CS_OK;
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    cs_res_header_str(res, cs_str_of("X-Filter"), cs_str_of((const char *)self), CS_HEADER_ADD);
    if (cs_req_dispatch_type(req) == CS_DISPATCH_INCLUDE) /* where fields have no effect */
        cs_res_printf(res, "<%s>", (const char *)self);
    return cs_chain_next(chain, req, res);
}

static const cs_servlet servlets[] = {
    {.name = "get", .url_patterns = "/get", .flags = CS_ASYNC, .get = get, .post = get},
    {.name = "other", .url_patterns = "/other", .get = get}};
static const cs_filter filters[] = {
    {.name = "f", .flags = CS_ASYNC, .init = init, .filter = filter}};

CS_WEBAPP("elements", "1.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
