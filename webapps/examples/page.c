/* SPDX-License-Identifier: Apache-2.0
 * /examples/page?show=NAME: a page around what another servlet writes. Shows an include, where both write into
 * one answer, and a forward, where the other gives the whole. Before it is the filter of tidy.c. */
#include "examples.h"

/* Never a path that came from the client: an include also reaches what no client may have, as WEB-INF. */
static bool may_show(const char *name)
{
    return strcmp(name, "hello") == 0 || strcmp(name, "visits") == 0 || strcmp(name, "ticks") == 0;
}

int page_get(cs_request *req, cs_response *res)
{
    const char *name = cs_req_param(req, "show");
    if (!name)
        return cs_req_forward(req, res, "/page?show=hello"); /* the parameter is there then */
    if (!may_show(name))
        return cs_res_error(res, 404, "page?show=NAME wants hello, visits or ticks");
    int rc = html_begin(res, "A page around a servlet");
    if (rc == CS_OK)
        rc = cs_res_printf(res, "        <p>%s says:\n\n        <q>", name);
    if (rc == CS_OK)
        rc = cs_req_include_named(req, res, name); /* its status and fields are not ours */
    return rc == CS_OK ? cs_res_puts(res, "</q></p>\n    </main>\n") : rc;
}
