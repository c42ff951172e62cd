/* SPDX-License-Identifier: Apache-2.0
 * /examples/request and everything below it: all that a servlet can see of its request, as JSON. Good
 * for finding out how a URL is taken apart: try /examples/request/a%20b?x=1&x=2. */
#include "examples.h"

static const struct {
    const char *key;
    uint32_t what;
    bool number;
} rows[] = {
    {"method", CS_REQ_METHOD, false},
    {"uri", CS_REQ_URI, false},
    {"query", CS_REQ_QUERY, false},
    {"protocol", CS_REQ_PROTOCOL, false},
    {"scheme", CS_REQ_SCHEME, false},
    {"serverName", CS_REQ_SERVER_NAME, false},
    {"serverPort", CS_REQ_SERVER_PORT, true},
    {"contextPath", CS_REQ_CONTEXT_PATH, false},
    {"servletPath", CS_REQ_SERVLET_PATH, false},
    {"pathInfo", CS_REQ_PATH_INFO, false},
    {"servletName", CS_REQ_SERVLET_NAME, false},
    {"remoteAddr", CS_REQ_REMOTE_ADDR, false},
    {"remotePort", CS_REQ_REMOTE_PORT, true},
    {"peerAddr", CS_REQ_PEER_ADDR, false},
    {"secure", CS_REQ_SECURE, true},
    {"localAddr", CS_REQ_LOCAL_ADDR, false},
    {"localPort", CS_REQ_LOCAL_PORT, true},
    {"contentType", CS_REQ_CONTENT_TYPE, false},
    {"contentLength", CS_REQ_CONTENT_LENGTH, true},
};

typedef int (*pair_at)(cs_request *req, uint32_t i, cs_str *name, cs_str *value);

/* "KEY": [["name","value"], ...] in the order of the request; a name may come more than once. */
static void put_pairs(struct json *j, const char *key, cs_request *req, pair_at at)
{
    cs_str name, value;
    json_open(j, key, '[');
    for (uint32_t i = 0; j->rc == CS_OK && at(req, i, &name, &value) == CS_OK; i++) {
        json_open(j, NULL, '[');
        json_text(j, NULL, name);
        json_text(j, NULL, value);
        json_close(j, ']');
    }
    json_close(j, ']');
}

int request_service(cs_request *req, cs_response *res)
{
    /* Ask for a parameter before writing: malformed ones make the answer a 400. */
    cs_str name, value;
    if (cs_req_param_at(req, 0, &name, &value) == CS_EINVAL)
        return CS_EINVAL;

    struct json j = {.res = res, .rc = cs_res_content_type(res, "application/json")};
    json_open(&j, NULL, '{');
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].number)
            json_number(&j, rows[i].key, cs_req_get_int(req, rows[i].what));
        else
            json_text(&j, rows[i].key, cs_req_get(req, rows[i].what));
    }
    put_pairs(&j, "headers", req, cs_req_header_at);
    put_pairs(&j, "params", req, cs_req_param_at);
    json_close(&j, '}');
    return j.rc;
}
