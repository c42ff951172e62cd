/* SPDX-License-Identifier: Apache-2.0
 * /examples/fail?how=refuse, conflict, error or late: the ways in which a servlet fails, and what becomes of them.
 * The sentences stand on the error page and, where it is the servlet's own fault, in the log. */
#include "examples.h"

int fail_get(cs_request *req, cs_response *res)
{
    const char *how = cs_req_param(req, "how");
    /* The client's mistake: an error page with this status. */
    if (!how)
        return cs_res_error(res, 400, "fail?how=... wants refuse, conflict, error or late");
    if (strcmp(how, "refuse") == 0)
        return cs_res_error(res, 404, "there is no such thing on the shelf");
    /* The same where the webapp has a page of its own: sorry.c. */
    if (strcmp(how, "conflict") == 0)
        return cs_res_error(res, 409, "somebody else has just taken it");
    /* Its own failure: 500. */
    if (strcmp(how, "error") == 0)
        return cs_req_fail(req, CS_EFAIL, "the shelf has fallen down");
    /* Behind the first bytes there is no status left to tell: the connection is closed in the middle, so
     * that the client does not take what it has for the whole. */
    if (strcmp(how, "late") == 0) {
        int rc = cs_res_puts(res, "The first half of an answer");
        if (rc == CS_OK)
            rc = cs_res_flush(res);
        return rc == CS_OK ? cs_req_fail(req, CS_EFAIL, "the shelf fell down just now") : rc;
    }
    return cs_res_puts(res, "It did not fail.");
}
