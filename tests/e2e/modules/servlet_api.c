/* SPDX-License-Identifier: Apache-2.0
 * For servlet_api.py: a servlet that tells all that it can learn of its request, a line for each. */
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>

static int told(cs_response *res, const char *key, cs_str value)
{
    return value.ptr ? cs_res_printf(res, "%s=%.*s\n", key, (int)value.len, value.ptr)
                     : cs_res_printf(res, "%s is absent\n", key);
}

static void texts(cs_request *req, cs_response *res)
{
    static const struct {
        const char *key;
        uint32_t what;
    } all[] = {
        {"method", CS_REQ_METHOD},
        {"uri", CS_REQ_URI},
        {"query", CS_REQ_QUERY},
        {"protocol", CS_REQ_PROTOCOL},
        {"scheme", CS_REQ_SCHEME},
        {"server-name", CS_REQ_SERVER_NAME},
        {"context-path", CS_REQ_CONTEXT_PATH},
        {"servlet-path", CS_REQ_SERVLET_PATH},
        {"path-info", CS_REQ_PATH_INFO},
        {"remote-addr", CS_REQ_REMOTE_ADDR},
        {"local-addr", CS_REQ_LOCAL_ADDR},
        {"content-type", CS_REQ_CONTENT_TYPE},
        {"servlet-name", CS_REQ_SERVLET_NAME},
        {"charset", CS_REQ_CHARSET},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        told(res, all[i].key, cs_req_get(req, all[i].what));
    told(res, "context", cs_ctx_get(cs_req_ctx(req), CS_CTX_PATH));
    told(res, "context-name", cs_ctx_get(cs_req_ctx(req), CS_CTX_NAME));
    told(res, "context-host", cs_ctx_get(cs_req_ctx(req), CS_CTX_HOST));
    told(res, "context-folder", cs_ctx_get(cs_req_ctx(req), CS_CTX_FOLDER));
    told(res, "server-info", cs_ctx_get(cs_req_ctx(req), CS_CTX_SERVER));
}

static void numbers(cs_request *req, cs_response *res)
{
    static const struct {
        const char *key;
        uint32_t what;
    } all[] = {
        {"server-port", CS_REQ_SERVER_PORT},       {"remote-port", CS_REQ_REMOTE_PORT},
        {"local-port", CS_REQ_LOCAL_PORT},         {"secure", CS_REQ_SECURE},
        {"content-length", CS_REQ_CONTENT_LENGTH},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        cs_res_printf(res, "%s=%lld\n", all[i].key, (long long)cs_req_get_int(req, all[i].what));
    cs_res_printf(res, "date-header=%lld\n", (long long)cs_req_date(req, "X-Date"));
    cs_res_printf(res, "dispatcher-type=%u\n", cs_req_dispatch_type(req));
    cs_res_printf(res, "async-supported=%d\n", cs_req_async_supported(req));
    cs_res_printf(res, "async-started=%d\n", cs_req_async_started(req));
}

static void fields(cs_request *req, cs_response *res)
{
    cs_str name, value;
    told(res, "header", cs_req_header_str(req, "x-row", 0));
    told(res, "second-header", cs_req_header_str(req, "X-ROW", 1));
    cs_res_puts(res, "headers=");
    for (uint32_t i = 0; cs_req_header_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s: %s, ", name.ptr, value.ptr);
    told(res, "\ncookie", cs_req_cookie_str(req, "a", 0));
    told(res, "second-cookie", cs_req_cookie_str(req, "a", 1));
    cs_res_puts(res, "cookies=");
    for (uint32_t i = 0; cs_req_cookie_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s, ", name.ptr, value.ptr);
    cs_res_puts(res, "\n");
}

static void parameters(cs_request *req, cs_response *res)
{
    cs_str name, value;
    cs_part *part;
    told(res, "param", cs_req_param_str(req, "a", 0));
    told(res, "second-param", cs_req_param_str(req, "a", 1));
    cs_res_puts(res, "params=");
    for (uint32_t i = 0; cs_req_param_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s, ", name.ptr, value.ptr);
    told(res, "\npart",
         (part = cs_req_part(req, "a")) ? cs_part_get(part, CS_PART_FILE_NAME) : (cs_str){NULL, 0});
    cs_res_puts(res, "parts=");
    for (uint32_t i = 0; cs_req_part_at(req, i, &part) == CS_OK; i++)
        cs_res_printf(res, "%s %lld, ", cs_part_name(part), (long long)cs_part_size(part));
    char rest[8];
    cs_res_printf(res, "\nread-behind=%lld\n", (long long)cs_req_read(req, rest, sizeof(rest)));
}

static char log_of_frees[64];

static void freed(void *value)
{
    strncat(log_of_frees, value, sizeof(log_of_frees) - strlen(log_of_frees) - 1);
}

static void attributes(cs_request *req, cs_response *res)
{
    static char one[] = "1", two[] = "2", three[] = "3";
    cs_str name;
    void *value;
    log_of_frees[0] = '\0';
    cs_res_printf(res, "attr-none=%d\n", cs_req_attr(req, "a") == NULL);
    cs_req_attr_set(req, "a", one, freed);
    cs_req_attr_set(req, "b", two, freed);
    cs_res_printf(res, "attr=%s\n", (char *)cs_req_attr(req, "a"));
    cs_res_puts(res, "attrs=");
    for (uint32_t i = 0; cs_req_attr_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s, ", name.ptr, (char *)value);
    cs_req_attr_set(req, "b", three, freed);
    cs_res_printf(res, "\nattr-replaced=%s %s\n", (char *)cs_req_attr(req, "b"), log_of_frees);
    cs_req_attr_remove(req, "a");
    cs_res_printf(res, "attr-removed=%d %s\n", cs_req_attr(req, "a") == NULL, log_of_frees);
}

static int tell(cs_request *req, cs_response *res)
{
    const char *charset = cs_req_header(req, "X-Charset");
    cs_res_content_type(res, "text/plain;charset=utf-8");
    if (charset)
        cs_res_printf(res, "set-charset=%d\n", cs_req_set_charset(req, charset));
    texts(req, res);
    numbers(req, res);
    fields(req, res);
    parameters(req, res);
    attributes(req, res);
    return CS_OK;
}

static int body(cs_request *req, cs_response *res)
{
    char buf[5];
    int64_t n;
    while ((n = cs_req_read(req, buf, sizeof(buf))) > 0)
        cs_res_printf(res, "[%.*s]", (int)n, buf);
    return cs_res_printf(res, "%lld", (long long)n);
}

static int lines(cs_request *req, cs_response *res)
{
    char buf[9];
    int64_t n;
    while ((n = cs_req_read_line(req, buf, sizeof(buf))) > 0)
        cs_res_printf(res, "[%.*s]", (int)n, buf);
    return cs_res_printf(res, "%lld", (long long)n);
}

static int logs(cs_request *req, cs_response *res)
{
    cs_ctx *ctx = cs_req_ctx(req);
    int rc = cs_ctx_log(ctx, CS_LOG_ERROR, "<error %d>", 1);
    rc = rc != CS_OK ? rc : cs_ctx_log(ctx, CS_LOG_WARN, "<warning %d>", 2);
    rc = rc != CS_OK ? rc : cs_ctx_log(ctx, CS_LOG_DEBUG, "<debug %d>", 3);
    rc = rc != CS_OK ? rc : cs_ctx_log(ctx, CS_LOG_INFO, "<info\nof two lines %d>", 4);
    return cs_res_printf(res, "%d", rc);
}

/* What the request before has freed. */
static int frees(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, log_of_frees);
}

static const cs_multipart limits = {.size = sizeof(limits)};
static const cs_servlet servlets[] = {
    {.name = "tell", .url_patterns = "/exact /path/* *.ext", .service = tell, .multipart = &limits},
    {.name = "body", .url_patterns = "/body", .service = body},
    {.name = "lines", .url_patterns = "/lines", .service = lines},
    {.name = "logs", .url_patterns = "/logs", .service = logs},
    {.name = "frees", .url_patterns = "/frees", .service = frees},
};

CS_WEBAPP("api", "1", .servlets = CS_ROWS(servlets))
