/* SPDX-License-Identifier: Apache-2.0
 * The webapp's own error page for status 409, as WEB-INF/web.xml says (fail?how=conflict gives one): what an
 * error page is told about the error. Its status stays 409. */
#include "examples.h"

int sorry_get(cs_request *req, cs_response *res)
{
    cs_str uri = cs_req_dispatch_str(req, CS_ERROR_REQUEST_URI);
    if (!uri.ptr)
        return cs_res_error(res, 404, "this page is for errors");
    int rc = html_begin(res, "Sorry");
    if (rc == CS_OK)
        rc = cs_res_puts(res, "<p>");
    if (rc == CS_OK)
        rc = html_text(res, uri);
    if (rc == CS_OK)
        rc = cs_res_puts(res, " did not work out: ");
    if (rc == CS_OK)
        rc = html_text(res, cs_req_dispatch_str(req, CS_ERROR_MESSAGE));
    return rc == CS_OK ? cs_res_puts(res, ".</p></main>\n") : rc;
}
