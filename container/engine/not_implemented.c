/* SPDX-License-Identifier: Apache-2.0
 * What stands in for a servlet that only a Java virtual machine can run: its mapping stays, so that
 * what it was to run is never sent as a file. Registered by deploy. */
#include "engine/app.h"

static int answer(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_error(res, 501, "its servlet needs a Java virtual machine");
}

const cs_servlet app_not_implemented = {.name = "not-implemented", .service = answer};
