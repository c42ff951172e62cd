/* SPDX-License-Identifier: Apache-2.0
 * /examples/echo: sends the body of a POST or PUT back, with its Content-Type. Shows how to read a
 * body. A request without one, such as an ordinary GET, gets an empty answer. */
#include "examples.h"

/* Everything about the answer that comes before its body. */
static int echo_head(cs_request *req, cs_response *res)
{
    cs_str type = cs_req_get(req, CS_REQ_CONTENT_TYPE);
    if (type.ptr) {
        int rc = cs_res_header_str(res, cs_str_of("Content-Type"), type, CS_HEADER_SET);
        if (rc == CS_EINVAL)
            return cs_res_error(res, 400, "this Content-Type cannot be sent back");
        if (rc != CS_OK)
            return rc;
    }
    /* The length is unknown when the body came in chunks; it then goes out in chunks. */
    int64_t length = cs_req_get_int(req, CS_REQ_CONTENT_LENGTH);
    return length >= 0 ? cs_res_length(res, length) : CS_OK;
}

int echo(cs_request *req, cs_response *res)
{
    int rc = echo_head(req, res);
    char piece[8192];
    while (rc == CS_OK) {
        int64_t got = cs_req_read(req, piece, sizeof(piece));
        if (got <= 0)
            return (int)got; /* the end, or a CS_E code */
        rc = cs_res_write(res, piece, (size_t)got);
    }
    return rc;
}
