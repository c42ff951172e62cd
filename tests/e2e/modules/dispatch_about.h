/* SPDX-License-Identifier: Apache-2.0
 * Part of dispatch.c: commands for what a wrapped request shows, and what a wrapped answer is told. */
#ifndef DISPATCH_ABOUT_H
#define DISPATCH_ABOUT_H
#include <pthread.h>

static void reset(struct run *r)
{
    r->rc = cs_res_reset(r->res);
}

static void reset_body(struct run *r)
{
    r->rc = cs_res_reset_body(r->res);
}

static void constant(struct run *r)
{
    static const char text[5000] = "constant";
    r->rc = cs_res_write_static(r->res, text, sizeof(text));
}

static void file(struct run *r)
{
    int fd = cs_ctx_open(cs_req_ctx(r->req), r->words[1]);
    r->rc = cs_res_send_file(r->res, fd, atoi(r->words[2]), atoi(r->words[3]));
}

static void cookie(struct run *r)
{
    cs_cookie c = {.size = sizeof(c), .name = r->words[1], .value = r->words[2]};
    r->rc = cs_res_cookie(r->res, &c);
}

static void set_before(cs_response *res, void *arg)
{
    cs_res_header(res, arg, "set");
}

static void before(struct run *r) /* a field, set when the head is sent */
{
    r->rc = cs_res_before_head(r->res, set_before, keep(r, r->words[1]));
}

static void pieces(struct run *r) /* its words as one write, an empty one between */
{
    cs_str of[] = {cs_str_of(r->words[1]), {NULL, 0}, cs_str_of(r->words[2])};
    r->rc = cs_res_writev(r->res, of, 3);
}

static void date_add(struct run *r)
{
    r->rc = cs_res_header_date(r->res, r->words[1], atoi(r->words[2]), CS_HEADER_ADD);
}

static void unnamed_empty(struct run *r)
{
    r->rc = cs_req_attr_set(r->req, "", r, note);
}

/* Three facts of the mapping of a forward, include or asynchronous dispatch; the request's own for "own". */
static void mapping(struct run *r)
{
    const char *of = r->words[1];
    uint32_t value = strcmp(of, "forward") == 0   ? CS_FORWARD_MATCH_VALUE
                     : strcmp(of, "include") == 0 ? CS_INCLUDE_MATCH_VALUE
                                                  : CS_ASYNC_MATCH_VALUE;
    if (strcmp(of, "own") == 0)
        cs_res_printf(r->res, "%s|%s|%d.", text(cs_req_get(r->req, CS_REQ_MATCH_VALUE)),
                      text(cs_req_get(r->req, CS_REQ_MATCH_SERVLET)),
                      (int)cs_req_get_int(r->req, CS_REQ_MATCH));
    else
        cs_res_printf(r->res, "%s|%s|%s.", text(cs_req_dispatch_str(r->req, value)),
                      text(cs_req_dispatch_str(r->req, value + 1)),
                      text(cs_req_dispatch_str(r->req, value + 2)));
}

static void again(struct run *r) /* started, and dispatched at once */
{
    cs_async *async = cs_req_async_start(r->req, r->res, 0);
    r->rc = async ? cs_async_dispatch(async, r->words[1]) : CS_ESTATE;
    if (async)
        cs_async_release(async);
}

struct later {
    cs_async *async;
    char text[64];
};

static void *answer_later(void *arg)
{
    struct later *l = arg;
    cs_request *req;
    cs_response *res;
    int rc = cs_async_enter(l->async, &req, &res); /* waits for the servlet */
    if (rc == CS_OK) {
        rc = cs_res_printf(res, "%s,%s,%u,", text(cs_req_get(req, CS_REQ_METHOD)),
                           text(cs_req_get(req, CS_REQ_SERVLET_PATH)), cs_req_dispatch_type(req));
        if (rc == CS_OK)
            cs_res_puts(res, l->text);
        cs_async_leave(l->async);
    }
    cs_async_complete(l->async);
    cs_async_release(l->async);
    cs_async_release(l->async);
    free(l);
    return NULL;
}

static void later(struct run *r) /* the answer comes from another thread */
{
    pthread_t thread;
    struct later *l = calloc(1, sizeof(*l));
    l->async = cs_req_async_start(r->req, r->res, 0);
    snprintf(l->text, sizeof(l->text), "%.60s", r->words[1]);
    if (!l->async) {
        cs_res_puts(r->res, "refused");
        free(l);
        return;
    }
    cs_async_retain(l->async); /* two for the thread */
    if (pthread_create(&thread, NULL, answer_later, l) != 0)
        abort();
    pthread_detach(thread);
}

static void in(struct run *r) /* the values of a field */
{
    cs_str value;
    for (uint32_t i = 0; (value = cs_req_header_str(r->req, r->words[1], i)).ptr; i++)
        cs_res_printf(r->res, "%s,", value.ptr);
    cs_res_puts(r->res, ".");
}

static void fields(struct run *r) /* those that begin with "X-" */
{
    cs_str name, value;
    for (uint32_t i = 0; cs_req_header_at(r->req, i, &name, &value) == CS_OK; i++)
        if (strncmp(name.ptr, "X-", 2) == 0)
            cs_res_printf(r->res, "%s=%s,", name.ptr, value.ptr);
    cs_res_puts(r->res, ".");
}

static void line(struct run *r)
{
    char text[16];
    int64_t n = cs_req_read_line(r->req, text, sizeof(text));
    cs_res_printf(r->res, "%d:%.*s", (int)n, n > 0 ? (int)n : 0, text);
}

static void cookies(struct run *r)
{
    cs_str name, value;
    for (uint32_t i = 0; cs_req_cookie_at(r->req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(r->res, "%s=%s,", name.ptr, text(cs_req_cookie_str(r->req, name.ptr, 0)));
    cs_res_puts(r->res, ".");
}

static void about(struct run *r) /* what is composed of fields */
{
    int64_t number = -1;
    int rc = cs_req_int(r->req, "X-Number", &number);
    cs_res_printf(r->res, "%s|%d|%s|%d:%d|%d|%s.", text(cs_req_get(r->req, CS_REQ_CONTENT_TYPE)),
                  (int)cs_req_get_int(r->req, CS_REQ_CONTENT_LENGTH),
                  text(cs_req_locale(r->req, 0)), rc, (int)number,
                  (int)cs_req_date(r->req, "X-Date"), text(cs_req_get(r->req, CS_REQ_URL)));
}

#define ABOUT_COMMANDS                                                                         \
    {"mapping", mapping}, {"again", again}, {"pieces", pieces}, {"date-add", date_add},        \
        {"empty-name", unnamed_empty}, {"later", later}, {"before", before}, {"reset", reset}, \
        {"reset-body", reset_body}, {"static", constant}, {"file", file}, {"cookie", cookie},  \
        {"in", in}, {"fields", fields}, {"line", line}, {"cookies", cookies},                  \
    {                                                                                          \
        "about", about                                                                         \
    }

#endif
