/* SPDX-License-Identifier: Apache-2.0
 * Error pages of this module. */
#include <stdio.h>

#include "serve.h"

int serve_error(struct ask *a, uint32_t status)
{
    char text[400];
    const char *what = NULL;
    switch (status) {
    case 403:
        what = "may not be read by the server";
        break;
    case 404:
        what = "is not here";
        break;
    case 406:
        what = "is here only in content codings that the request excludes";
        break;
    case 409:
        what = "cannot be changed: it is a folder, or the folder above it is missing";
        break;
    case 412:
        what = "is not what the request expects it to be";
        break;
    default:
        return cs_res_error(a->res, status, NULL);
    }
    snprintf(text, sizeof(text), "%.300s%s %s.", a->path.ptr ? a->path.ptr : "/",
             a->path.len > 300 ? "..." : "", what);
    if (a->how == CS_DISPATCH_INCLUDE)
        return cs_req_fail(a->req, CS_ENOENT, text);
    return cs_res_error(a->res, status, text);
}
