/* SPDX-License-Identifier: Apache-2.0
 * /examples/hello: the smallest servlet. Set the fields of the head first, then write; what a call
 * answers (0 or a CS_E code) is returned as it is. */
#include "examples.h"

int hello_get(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = cs_res_content_type(res, "text/plain");
    return rc == CS_OK ? cs_res_puts(res, "Hello, World!") : rc;
}
