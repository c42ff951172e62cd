/* SPDX-License-Identifier: Apache-2.0
 * The root webapp: one servlet that answers "/" with the welcome page. Its pattern is "" (exactly the
 * context's root), so every other URL that no webapp serves stays a 404.
 *
 * The page itself is ROOT/welcome.html; the build turns it into the array welcome_html. */
#include <cserv/servlet.h>

#include "welcome.html.h"

/* The page needs nothing from elsewhere, so it forbids itself everything but its own style. */
#define POLICY \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

static int welcome_get(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = cs_res_content_type(res, "text/html;charset=utf-8");
    if (rc == CS_OK)
        rc = cs_res_header(res, "Content-Security-Policy", POLICY);
    if (rc == CS_OK)
        rc = cs_res_length(res, sizeof(welcome_html));
    if (rc == CS_OK)
        rc = cs_res_write_static(res, welcome_html, sizeof(welcome_html));
    return rc;
}

static const cs_servlet servlets[] = {
    {.name = "welcome", .url_patterns = "", .get = welcome_get},
};

CS_WEBAPP("root", "0.1.0", .servlets = CS_ROWS(servlets))
