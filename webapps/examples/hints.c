/* SPDX-License-Identifier: Apache-2.0
 * /examples/hints: tells the client of a style sheet before the page is there, so that it can begin to load. The page
 * is a file that no client can ask for, as everything below WEB-INF. Look with
 *     curl -v http://127.0.0.1:8080/examples/hints */
#include <sys/stat.h>
#include <unistd.h>
#include "examples.h"

int hints_get(cs_request *req, cs_response *res)
{
    struct stat st;
    int rc = cs_res_header(res, "Link", "<examples.css>; rel=preload; as=style");
    if (rc == CS_OK)
        rc = cs_res_early_hints(res); /* goes out now; what takes time comes behind it */
    int fd = cs_ctx_open(cs_req_ctx(req), "/WEB-INF/hints.html");
    if (fd < 0)
        return cs_res_error(res, 404, "the page is not there");
    if (rc == CS_OK)
        rc = cs_res_content_type(res, "text/html; charset=utf-8");
    if (rc == CS_OK && fstat(fd, &st) == 0)
        return cs_res_send_file(res, fd, 0, st.st_size); /* closes it, whatever happens */
    close(fd);
    return rc == CS_OK ? CS_EFAIL : rc;
}
