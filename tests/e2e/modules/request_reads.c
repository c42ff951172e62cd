/* SPDX-License-Identifier: Apache-2.0
 * For request_reads.py: servlets that tell what they know of the request, and that read its body in lines
 * and its trailers. */
#include <cserv/servlet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void tell(cs_response *res, const char *what, cs_str value)
{
    cs_res_printf(res, "%s=%s\n", what, value.ptr ? value.ptr : "-");
}

static int about(cs_request *req, cs_response *res)
{
    cs_str language;
    int64_t number = 0;
    tell(res, "url", cs_req_get(req, CS_REQ_URL));
    tell(res, "translated", cs_req_get(req, CS_REQ_PATH_TRANSLATED));
    tell(res, "value", cs_req_get(req, CS_REQ_MATCH_VALUE));
    tell(res, "pattern", cs_req_get(req, CS_REQ_MATCH_PATTERN));
    tell(res, "servlet", cs_req_get(req, CS_REQ_SERVLET_NAME));
    cs_res_printf(res, "match=%d\n", (int)cs_req_get_int(req, CS_REQ_MATCH));
    cs_res_printf(res, "url-again=%d\n",
                  strcmp(cs_req_url(req), cs_req_get(req, CS_REQ_URL).ptr) == 0);
    cs_res_printf(res, "id=%s\nid-again=%s\n", cs_req_id(req), cs_req_id(req));
    tell(res, "connection", cs_req_get(req, CS_REQ_CONNECTION_ID));
    cs_res_printf(res, "charset=%s\n", cs_req_charset(req) ? cs_req_charset(req) : "-");
    cs_res_puts(res, "languages=");
    for (uint32_t i = 0; (language = cs_req_locale(req, i)).ptr; i++)
        cs_res_printf(res, "%s ", language.ptr);
    int rc = cs_req_int(req, "X-Number", &number);
    return cs_res_printf(res, "\nnumber=%d %lld\n", rc, (long long)number);
}

/* Sets ?charset, then tells all parameters; ?late: the other way round. */
static int form(cs_request *req, cs_response *res)
{
    const char *query = cs_req_get(req, CS_REQ_QUERY).ptr;
    cs_str name, value;
    int rc = CS_OK;
    if (query && strncmp(query, "late", 4) == 0)
        cs_req_param(req, "late");
    if (query)
        rc = cs_req_set_charset(req, strchr(query, '=') ? strchr(query, '=') + 1 : NULL);
    for (uint32_t i = 0; cs_req_param_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s;", name.ptr, value.ptr);
    return cs_res_printf(res, "%d %s", rc, cs_req_charset(req) ? cs_req_charset(req) : "-");
}

/* Lines in brackets, as far as 16 bytes go; then "+" and pieces of 7 bytes after the third. */
static int lines(cs_request *req, cs_response *res)
{
    char buf[16];
    int64_t n;
    int count = 0;
    bool mixed = cs_req_param(req, "mixed") != NULL;
    while ((n = cs_req_read_line(req, buf, sizeof(buf))) > 0) {
        cs_res_puts(res, "[");
        cs_res_write(res, buf, (size_t)n);
        cs_res_puts(res, "]");
        if (++count == 3 && mixed && (n = cs_req_read(req, buf, 7)) > 0) {
            cs_res_puts(res, "+");
            cs_res_write(res, buf, (size_t)n);
        }
    }
    return cs_res_printf(res, "%lld %lld %lld", (long long)n,
                         (long long)cs_req_read_line(req, buf, sizeof(buf)),
                         (long long)cs_req_read_line(req, NULL, 1));
}

static int count_lines(cs_request *req, cs_response *res)
{
    char buf[8192];
    int64_t n, all = 0, count = 0;
    while ((n = cs_req_read_line(req, buf, sizeof(buf))) > 0) {
        all += n;
        count++;
    }
    return n < 0 ? (int)n : cs_res_printf(res, "%lld %lld", (long long)count, (long long)all);
}

static int trailers(cs_request *req, cs_response *res)
{
    char buf[4096];
    cs_str name, value;
    int before = cs_req_trailer(req, "x-sum", 0, &value);
    int before_at = cs_req_trailer_at(req, 0, &name, &value);
    int64_t n;
    while ((n = cs_req_read(req, buf, sizeof(buf))) > 0)
        ;
    int rc = cs_req_trailer(req, "x-sum", 0, &value);
    cs_res_printf(res, "%d %d %lld %d %s", before, before_at, (long long)n, rc,
                  value.ptr ? value.ptr : "-");
    for (uint32_t i = 0; (rc = cs_req_trailer_at(req, i, &name, &value)) == CS_OK; i++)
        cs_res_printf(res, " %s:%s", name.ptr, value.ptr);
    return cs_res_printf(res, " %d %s", rc, cs_req_header(req, "X-Sum") ? "a field, too" : "-");
}

static const cs_servlet servlets[] = {
    {.name = "root", .url_patterns = "", .get = about},
    {.name = "exact", .url_patterns = "/exact/one", .get = about},
    {.name = "path", .url_patterns = "/path/*", .get = about},
    {.name = "extension", .url_patterns = "*.ext", .get = about},
    {.name = "default", .url_patterns = "/", .get = about},
    {.name = "form", .url_patterns = "/form", .get = form, .post = form},
    {.name = "lines", .url_patterns = "/lines", .post = lines},
    {.name = "stream-lines",
     .url_patterns = "/stream-lines",
     .flags = CS_STREAMING,
     .post = count_lines},
    {.name = "count-lines", .url_patterns = "/count-lines", .post = count_lines},
    {.name = "trailers", .url_patterns = "/trailers", .get = trailers, .post = trailers},
    {.name = "stream-trailers",
     .url_patterns = "/stream-trailers",
     .flags = CS_STREAMING,
     .post = trailers},
};

CS_WEBAPP("reads", "1.0", .servlets = CS_ROWS(servlets))
