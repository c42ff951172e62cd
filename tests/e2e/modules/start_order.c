/* SPDX-License-Identifier: Apache-2.0
 * For descriptor.py: servlets that log their init and say who they are; PART names the module. The init of a
 * registration with the parameter fail returns its number. Filters tell in a field that they ran. */
#include <cserv/servlet.h>
#include <stdlib.h>

#ifndef PART
#define PART "one"
#endif
#ifndef PREFIX /* of all names */
#define PREFIX ""
#endif

static int who_init(cs_config *config, void **self)
{
    const char *fail = cs_config_param(config, "fail");
    *self = (void *)cs_config_name(config).ptr;
    cs_ctx_log(cs_config_ctx(config), CS_LOG_INFO, "<init %s %s>", PART, (const char *)*self);
    return fail ? (int)strtol(fail, NULL, 10) : CS_OK;
}

static int tell(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "%s %s", PART, (const char *)cs_req_self(req));
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    cs_res_header_str(res, cs_str_of("X-Filter"), cs_str_of((const char *)self), CS_HEADER_ADD);
    return cs_chain_next(chain, req, res);
}

static const cs_param failing[] = {{"fail", "-1"}};
static const cs_servlet servlets[] = {
    {.name = PREFIX "late",
     .url_patterns = "/" PREFIX "late",
     .load_on_startup = -1,
     .init = who_init,
     .get = tell},
    {.name = PREFIX "second",
     .url_patterns = "/" PREFIX "second",
     .load_on_startup = 2,
     .init = who_init,
     .get = tell},
    {.name = PREFIX "first", .url_patterns = "/" PREFIX "first", .init = who_init, .get = tell},
#ifdef WITH_FAILING
    {.name = PREFIX "failing",
     .url_patterns = "/" PREFIX "failing/*",
     .init = who_init,
     .get = tell,
     .params = CS_ROWS(failing)},
#endif
};
static const cs_filter filters[] = {
    {.name = PREFIX "all", .url_patterns = "/*", .init = who_init, .filter = filter}};

static int keep(cs_ctx *ctx)
{
    (void)ctx;
    (void)failing; /* used in some builds only */
    return CS_OK;
}

CS_WEBAPP("start-order", "1.0", .init = keep, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters))
