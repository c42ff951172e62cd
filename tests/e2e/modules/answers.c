/* SPDX-License-Identifier: Apache-2.0
 * For answers.py: servlets that answer in every way there is, and in some that there should not be. */
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>

static char seen[256]; /* by cleanups; the script's requests come one after the other */

static int all_methods(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "method %s", cs_req_method(req));
}

static int fail_with_text(cs_request *req, cs_response *res)
{
    cs_res_puts(res, "dropped");
    return cs_req_fail(req, CS_EFAIL, "the <soup> is cold");
}

static int result(cs_request *req, cs_response *res) /* returns what it is told to */
{
    const char *text = cs_req_param(req, "is");
    long rc = text ? strtol(text, NULL, 10) : 0;
    cs_res_puts(res, "something");
    return (int)rc;
}

static int unavailable(cs_request *req, cs_response *res)
{
    const char *text = cs_req_param(req, "seconds");
    return text ? CS_UNAVAILABLE(strtol(text, NULL, 10)) : cs_res_puts(res, "available");
}

static int gone_for_good(cs_request *req, cs_response *res)
{
    (void)req;
    (void)res;
    return CS_UNAVAILABLE(0);
}

static int init_temporary(cs_config *config, void **self)
{
    (void)config;
    (void)self;
    return CS_UNAVAILABLE(77);
}

static int init_for_good(cs_config *config, void **self)
{
    (void)config;
    (void)self;
    return CS_UNAVAILABLE(0);
}

static void never(cs_ctx *ctx, void *self)
{
    (void)self;
    cs_ctx_log(ctx, CS_LOG_ERROR, "destroy of what was not initialised");
}

static int error(cs_request *req, cs_response *res)
{
    const char *message = cs_req_param(req, "message");
    cs_res_puts(res, "dropped");
    cs_res_header(res, "X-Stays", "1");
    cs_res_header(res, "ETag", "\"of the body\"");
    int first = cs_res_error(res, 409, message);
    int second = cs_res_error(res, 410, message);
    int write = cs_res_puts(res, "more"), status = cs_res_status(res, 200);
    int odd = cs_res_error(res, 200, NULL);
    snprintf(seen, sizeof(seen), "%d %d %d %d %d", first, second, write, status, odd);
    return CS_OK;
}

static int params(cs_request *req, cs_response *res)
{
    cs_str name, value;
    for (uint32_t i = 0; cs_req_param_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s;", name.ptr, value.ptr);
    return cs_res_printf(res, "[%s]", cs_req_param(req, "x") ? cs_req_param(req, "x") : "absent");
}

static int length(cs_request *req, cs_response *res)
{
    const char *announced = cs_req_param(req, "announced"), *text = cs_req_param(req, "text");
    cs_res_length(res, strtol(announced, NULL, 10));
    if (cs_req_param(req, "flush"))
        cs_res_flush(res);
    snprintf(seen, sizeof(seen), "%d", cs_res_puts(res, text));
    return CS_OK;
}

static void note(void *arg)
{
    strncat(seen, arg, sizeof(seen) - strlen(seen) - 1);
}

static int cleanups(cs_request *req, cs_response *res)
{
    seen[0] = '\0';
    cs_req_on_cleanup(req, note, "1");
    cs_req_on_cleanup(req, note, "2");
    int none = cs_req_on_cleanup(req, NULL, NULL);
    cs_req_on_cleanup(req, note, "3");
    cs_res_printf(res, "%d", none);
    return cs_req_param(req, "fail") ? CS_EFAIL : CS_OK;
}

static int tell_seen(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, seen);
}

static cs_request *kept_req;
static cs_response *kept_res;

static int keep_handles(cs_request *req, cs_response *res)
{
    kept_req = req;
    kept_res = res;
    return cs_res_puts(res, "kept");
}

static int use_stale(cs_request *req, cs_response *res)
{
    (void)req;
    char bytes[4];
    cs_str name, value;
    return cs_res_printf(
        res, "%d %d %d %d %d %d %d %d %d %s %s %s", cs_res_puts(kept_res, "forged"),
        cs_res_status(kept_res, 500), cs_res_header(kept_res, "A", "b"), cs_res_flush(kept_res),
        cs_res_error(kept_res, 500, NULL), cs_res_printf(kept_res, "forged"),
        (int)cs_req_read(kept_req, bytes, 4), cs_req_param_at(kept_req, 0, &name, &value),
        cs_req_on_cleanup(kept_req, note, "x"), cs_req_method(kept_req) ? "a method" : "-",
        cs_req_self(kept_req) ? "a self" : "-", cs_req_alloc(kept_req, 1) ? "memory" : "-");
}

static const char large[1 << 20] = {1, 2, 3};

static int write_static(cs_request *req, cs_response *res)
{
    const char *times = cs_req_param(req, "times");
    int rc = CS_OK;
    cs_res_content_type(res, "application/octet-stream");
    for (long n = times ? strtol(times, NULL, 10) : 1; n > 0 && rc == CS_OK; n--)
        rc = cs_res_write_static(res, large, sizeof(large));
    return rc;
}

static int64_t modified(cs_request *req)
{
    const char *text = cs_req_param(req, "at");
    return text ? strtoll(text, NULL, 10) : 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */
}

static int fields(cs_request *req, cs_response *res)
{
    (void)req;
    cs_str odd = {"a\r\nSet-Cookie: x", 16}, name = {"X-Name", 6}, bad = {"X Name", 6},
           value = {"v", 1};
    int rc[] = {cs_res_header_str(res, name, odd, CS_HEADER_SET),
                cs_res_header_str(res, bad, value, CS_HEADER_SET),
                cs_res_header_str(res, name, value, 7),
                cs_res_header(res, "Transfer-Encoding", "chunked"),
                cs_res_header(res, "Connection", "close"),
                cs_res_header(res, "Content-Length", "x"),
                cs_res_status(res, 199),
                cs_res_status(res, 600),
                cs_res_header(res, "X-Good", " trimmed "),
                cs_res_length(res, -5)};
    for (size_t i = 0; i < sizeof(rc) / sizeof(rc[0]); i++)
        cs_res_printf(res, "%d ", rc[i]);
    cs_res_flush(res);
    return cs_res_printf(res, "%d %d %d", cs_res_header(res, "X-Late", "1"),
                         cs_res_status(res, 201), cs_res_committed(res));
}

static int late_failure(cs_request *req, cs_response *res)
{
    cs_res_puts(res, "partly");
    cs_res_flush(res);
    return cs_req_fail(req, CS_EFAIL, "too late for a page");
}

static const cs_servlet servlets[] = {
    {.name = "get", .url_patterns = "/get", .get = all_methods},
    {.name = "post", .url_patterns = "/post", .post = all_methods, .put = all_methods},
    {.name = "service", .url_patterns = "/service", .service = all_methods},
    {.name = "own",
     .url_patterns = "/own",
     .head = all_methods,
     .options = all_methods,
     .del = all_methods,
     .patch = all_methods},
    {.name = "fail", .url_patterns = "/fail", .get = fail_with_text},
    {.name = "result", .url_patterns = "/result", .get = result},
    {.name = "result2", .url_patterns = "/lowest", .get = result},
    {.name = "unavailable", .url_patterns = "/unavailable", .get = unavailable},
    {.name = "good", .url_patterns = "/gone", .get = gone_for_good},
    {.name = "init-temporary",
     .url_patterns = "/init-temporary",
     .get = all_methods,
     .init = init_temporary,
     .destroy = never},
    {.name = "init-good",
     .url_patterns = "/init-good",
     .get = all_methods,
     .init = init_for_good,
     .destroy = never},
    {.name = "error", .url_patterns = "/error", .get = error},
    {.name = "params", .url_patterns = "/params", .get = params, .post = params},
    {.name = "length", .url_patterns = "/length", .get = length},
    {.name = "cleanups", .url_patterns = "/cleanups", .get = cleanups},
    {.name = "seen", .url_patterns = "/seen", .get = tell_seen},
    {.name = "keep", .url_patterns = "/keep", .get = keep_handles},
    {.name = "stale", .url_patterns = "/stale", .get = use_stale},
    {.name = "static", .url_patterns = "/static", .get = write_static},
    {.name = "modified",
     .url_patterns = "/modified",
     .get = all_methods,
     .post = all_methods,
     .last_modified = modified},
    {.name = "fields", .url_patterns = "/fields", .get = fields},
    {.name = "late", .url_patterns = "/late", .get = late_failure},
};

CS_WEBAPP("answers", "1.0", .servlets = CS_ROWS(servlets))
