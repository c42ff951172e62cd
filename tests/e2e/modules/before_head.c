/* SPDX-License-Identifier: Apache-2.0
 * For before_head.py: a filter that says on each answer what it knew of it before its head was sent, over
 * a servlet that answers as the path says. */
#include <cserv/servlet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static void note(cs_response *res, const char *who)
{
    char text[200];
    cs_str type = cs_res_get(res, CS_RES_CONTENT_TYPE);
    snprintf(text, sizeof(text), "%s %u %s %s", who, cs_res_status_get(res),
             type.ptr ? type.ptr : "-",
             cs_res_header_get(res, "X-Servlet") ? cs_res_header_get(res, "X-Servlet") : "-");
    cs_res_header_str(res, cs_str_of("X-Seen"), cs_str_of(text), CS_HEADER_ADD);
}

static void first(cs_response *res, void *arg)
{
    (void)arg;
    note(res, "first");
}

static void second(cs_response *res, void *arg)
{
    note(res, arg);
}

struct kept { /* what the filter was called with */
    cs_request *req;
    cs_response *res;
};

/* Everything that may not be done here, also not through the filter's own handles; then everything that may. */
static void allowed(cs_response *res, void *arg)
{
    char text[300];
    struct kept *kept = arg;
    cs_cookie cookie = {.size = sizeof(cookie), .name = "c", .value = "1"};
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    snprintf(text, sizeof(text),
             "%d %d %d %d %d %d %d %d %d %d %d %d %d committed %d wrapped %d kept %d %d",
             cs_res_puts(res, "x"), cs_res_printf(res, "%d", 1), cs_res_write_static(res, "x", 1),
             cs_res_flush(res), cs_res_error(res, 500, "x"), cs_res_redirect(res, "/x"),
             cs_res_reset(res), cs_res_reset_body(res), cs_res_length(res, 1),
             cs_res_send_file(res, fd, 0, 1), cs_res_set_buffer_size(res, 9000),
             cs_res_early_hints(res), cs_res_before_head(res, first, NULL), cs_res_committed(res),
             cs_res_wrap(res, &(struct cs_override_res){.size = sizeof(struct cs_override_res)},
                         NULL) != NULL,
             cs_res_puts(kept->res, "x"), cs_req_forward(kept->req, kept->res, "/a?how=short"));
    int rc = fcntl(fd, F_GETFD) == -1 ? cs_res_header(res, "X-Refused", text) : CS_EFAIL;
    snprintf(text, sizeof(text), "%d %d %d %d %d %d", rc, cs_res_status(res, 203),
             cs_res_cookie(res, &cookie), cs_res_content_type(res, "text/x-late"),
             cs_res_charset(res, "utf-8"), cs_res_date(res, "X-Date", 0));
    cs_res_header(res, "X-Allowed", text);
}

static int hold(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    char *who = cs_req_alloc(req, 8);
    memcpy(who, "second", 7);
    int rc[] = {cs_res_before_head(res, first, NULL), cs_res_before_head(res, second, who),
                cs_res_before_head(res, NULL, NULL)};
    if (rc[0] || rc[1] || rc[2] != CS_EINVAL)
        return CS_EFAIL;
    struct kept *kept = cs_req_alloc(req, sizeof(*kept));
    *kept = (struct kept){.req = req, .res = res};
    if (cs_req_param(req, "allowed"))
        cs_res_before_head(res, allowed, kept);
    return cs_chain_next(chain, req, res);
}

static int fill(cs_response *res, long n)
{
    int rc = CS_OK;
    while (n-- > 0 && rc == CS_OK)
        rc = cs_res_write(res, "0123456789", 10);
    return rc;
}

static int answer(cs_request *req, cs_response *res)
{
    const char *how = cs_req_param(req, "how");
    cs_res_header(res, "X-Servlet", "s");
    cs_res_content_type(res, "text/x-early");
    if (strcmp(how, "short") == 0)
        return cs_res_puts(res, "short");
    if (strcmp(how, "long") == 0)
        return fill(res, 2000);
    if (strcmp(how, "none") == 0)
        return cs_res_status(res, 304);
    if (strcmp(how, "error") == 0)
        return cs_res_error(res, 404, "none");
    if (strcmp(how, "redirect") == 0)
        return cs_res_redirect(res, "/x");
    if (strcmp(how, "fail") == 0)
        return CS_EFAIL;
    if (strcmp(how, "reset") == 0) {
        int rc = cs_res_puts(res, "gone");
        return rc == CS_OK ? cs_res_reset(res) : rc;
    }
    if (strcmp(how, "file") == 0)
        return cs_res_send_file(res, open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 0, 10);
    int rc = cs_res_puts(res, "ab");
    if (rc == CS_OK)
        rc = cs_res_flush(res);
    if (rc == CS_OK && cs_res_before_head(res, first, NULL) != CS_ESTATE)
        rc = CS_EFAIL;
    return rc == CS_OK ? cs_res_puts(res, "cd") : rc;
}

static const cs_servlet servlets[] = {{.name = "answer", .url_patterns = "/a", .get = answer}};
static const cs_filter filters[] = {{.name = "hold", .url_patterns = "/*", .filter = hold}};

CS_WEBAPP("before", "1.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
