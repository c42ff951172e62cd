/* SPDX-License-Identifier: Apache-2.0
 * What stands in for servlets that nobody can run: their mappings stay, so that what they were to run is
 * never sent as a file, and what names them still finds them. Registered by deploy. */
#include "engine/app.h"

static int not_implemented(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_error(res, 501, "its servlet needs a Java virtual machine");
}

static int no_files(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_error(res, 404, NULL);
}

const cs_servlet app_not_implemented = {.name = "not-implemented", .service = not_implemented};
const cs_servlet app_no_files = {.name = "no-files", .service = no_files};
