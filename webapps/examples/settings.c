/* SPDX-License-Identifier: Apache-2.0
 * /examples/settings: what the webapp was set up with. A listener reads a context parameter and an env-entry of
 * WEB-INF/web.xml once, before anything is served, and keeps them as an attribute of the webapp, which ends with
 * it. An operator changes them in <Context> of server.xml. */
#include <stdlib.h>
#include "examples.h"

struct settings {
    const char *motto; /* the webapp's, and as long as it */
    long guests;
};

/* Before any servlet's init. One that fails keeps the webapp from starting. */
int settings_begin(cs_ctx *ctx, void **self)
{
    const char *motto = cs_ctx_param(ctx, "motto"), *guests = cs_ctx_env(ctx, "limits/guests");
    struct settings *s = malloc(sizeof(*s));
    (void)self;
    if (!s)
        return CS_ENOMEM;
    s->motto = motto ? motto : "No motto";
    s->guests = guests ? strtol(guests, NULL, 10) : 0; /* an Integer: web.xml was checked */
    int rc = cs_ctx_attr_set(ctx, "settings", s, free);
    if (rc != CS_OK)
        free(s);
    return rc;
}

int settings_get(cs_request *req, cs_response *res)
{
    const struct settings *s = cs_ctx_attr(cs_req_ctx(req), "settings"); /* never replaced */
    int rc = cs_res_content_type(res, "text/plain; charset=utf-8");
    return rc == CS_OK ? cs_res_printf(res, "%s, at most %ld of us\n", s->motto, s->guests) : rc;
}
