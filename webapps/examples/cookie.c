/* SPDX-License-Identifier: Apache-2.0
 * /examples/cookie?colour=NAME: the client keeps a colour and tells it whenever it comes again. Shows a cookie
 * with the safe settings, how it is read and forgotten, and a redirect. */
#include "examples.h"

#define KEPT_S (30 * 24 * 3600)

static int choose(cs_response *res, const char *colour)
{
    cs_cookie cookie = {.size = sizeof(cookie),
                        .name = "colour",
                        .value = colour,
                        .max_age = *colour ? KEPT_S : -1, /* none chosen: forget it */
                        .same_site = CS_SAME_SITE_LAX,
                        .http_only = 1};
    int rc = cs_res_cookie(res, &cookie);
    if (rc == CS_EINVAL) /* a byte that no cookie may have, such as a blank or a semicolon */
        return cs_res_error(res, 400, "cookie?colour=NAME wants a word");
    /* Elsewhere, so that loading the page again does not choose again. */
    return rc == CS_OK ? cs_res_redirect_str(res, cs_str_of("cookie"), 303) : rc;
}

int cookie_get(cs_request *req, cs_response *res)
{
    const char *chosen = cs_req_param(req, "colour");
    if (chosen)
        return choose(res, chosen);
    const char *colour = cs_req_cookie(req, "colour");
    int rc = cs_res_content_type(res, "text/plain; charset=utf-8");
    if (rc == CS_OK)
        rc = cs_res_header(res, "Cache-Control", "no-store"); /* it differs by who asks */
    if (rc != CS_OK)
        return rc;
    return colour ? cs_res_printf(res, "your colour is %s\n", colour)
                  : cs_res_puts(res, "no colour was chosen\n");
}
