/* SPDX-License-Identifier: Apache-2.0
 * The servlet that tests/bench/run.sh measures in cserv; compiled by it and dropped into webapps. */
#include <cserv/servlet.h>

static int hello_get(cs_request *req, cs_response *res)
{
    (void)req;
    cs_res_content_type(res, "text/plain");
    return cs_res_write(res, "Hello, World!", 13);
}

static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .get = hello_get},
};

CS_WEBAPP("bench", "1.0.0", .servlets = CS_ROWS(servlets))
