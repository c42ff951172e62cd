/* SPDX-License-Identifier: Apache-2.0
 * For mapping.py: every servlet and filter tells who it is and what the mapping gave it. */
#include <cserv/servlet.h>
#include <stdlib.h>

struct who {
    char name[64], p[64], q[64];
};

static const char *text(cs_str s)
{
    return s.ptr ? s.ptr : "-";
}

static int who_init(cs_config *config, void **self)
{
    struct who *w = cs_ctx_alloc(cs_config_ctx(config), sizeof(*w));
    const char *p = cs_config_param(config, "p"), *q = cs_config_param(config, "q");
    if (!w)
        return CS_ENOMEM;
    strncpy(w->name, text(cs_config_name(config)), sizeof(w->name) - 1);
    strncpy(w->p, p ? p : "-", sizeof(w->p) - 1);
    strncpy(w->q, q ? q : "-", sizeof(w->q) - 1);
    *self = w;
    return CS_OK;
}

static int tell(cs_request *req, cs_response *res)
{
    const struct who *w = cs_req_self(req);
    return cs_res_printf(res, "%s|%s|%s|p=%s|q=%s", w->name,
                         text(cs_req_get(req, CS_REQ_SERVLET_PATH)),
                         text(cs_req_get(req, CS_REQ_PATH_INFO)), w->p, w->q);
}

/* "name(" what follows ")" */
static int around(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct who *w = self;
    cs_res_printf(res, "%s%s(", w->name, strcmp(w->p, "-") ? w->p : "");
    int rc = cs_chain_next(chain, req, res);
    cs_res_puts(res, ")");
    return rc;
}

static int answer_itself(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)req;
    (void)chain;
    (void)self;
    cs_res_status(res, 403);
    return cs_res_puts(res, "answered by the filter");
}

static int twice(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    int first = cs_chain_next(chain, req, res);
    int second = cs_chain_next(chain, req, res);
    return cs_res_printf(res, ";%d;%d", first, second);
}

#define SERVLET(id, patterns)                                               \
    {                                                                       \
        .name = id, .url_patterns = patterns, .init = who_init, .get = tell \
    }
static const cs_param row_params[] = {{"p", "row"}, {"q", "row"}};
static const cs_servlet servlets[] = {
#ifdef WITH_ROWS
    SERVLET("exact", "/a/b /a.x /only/exact"),
    SERVLET("prefix", "/a/* /x/*"),
    SERVLET("longer", "/a/c/*"),
    SERVLET("extension", "*.x"),
    SERVLET("root", ""),
    SERVLET("starred", "/s*"),
#endif
#ifdef WITH_DEFAULT
    SERVLET("default", "/"),
#endif
#ifdef WITH_XML
    SERVLET("echo", "/row"),
    {.name = "kept",
     .url_patterns = "/kept /kept/*",
     .init = who_init,
     .get = tell,
     .params = CS_ROWS(row_params)},
    {.name = "unmapped", .init = who_init, .get = tell},
#endif
    SERVLET("always", "/always /twice/servlet"),
};

static const cs_filter filters[] = {
#ifdef WITH_FILTERS
    {.name = "row",
     .url_patterns = "/f/*",
     .servlet_names = "echo",
     .init = who_init,
     .filter = around},
    {.name = "overridden", .url_patterns = "/*", .init = who_init, .filter = around},
    {.name = "params", .url_patterns = "/g/*", .init = who_init, .filter = around},
#endif
    {.name = "around", .init = who_init, .filter = around},
    {.name = "refuse", .url_patterns = "/refused/*", .filter = answer_itself},
    {.name = "twice", .url_patterns = "/twice/*", .filter = twice},
};

/* Some of the above are used in some builds only. */
static int keep(cs_ctx *ctx)
{
    (void)ctx;
    (void)row_params;
    return CS_OK;
}

CS_WEBAPP("rules", "1.0", .init = keep, .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
