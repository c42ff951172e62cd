/* SPDX-License-Identifier: Apache-2.0
 * What a forward tells of the request before it, an include of its target, and an error page of the error: by
 * number, or by the names that servlets know from elsewhere. */
#include "engine/dispatch_priv.h"

static const char *error_name(int code)
{
    static const char *const of_code[] = {"CS_EFAIL",  "CS_EGONE",  "CS_ESTATE", "CS_EAGAIN",
                                          "CS_ELIMIT", "CS_EINVAL", "CS_ENOMEM", "CS_ENOENT"};
    return code < 0 && -(int64_t)code <= (int64_t)ARRAY_COUNT(of_code) ? of_code[-code - 1] : NULL;
}

static const struct {
    uint32_t which;
    const char *name;
} names[] = {
    {CS_FORWARD_REQUEST_URI, "jakarta.servlet.forward.request_uri"},
    {CS_FORWARD_CONTEXT_PATH, "jakarta.servlet.forward.context_path"},
    {CS_FORWARD_SERVLET_PATH, "jakarta.servlet.forward.servlet_path"},
    {CS_FORWARD_PATH_INFO, "jakarta.servlet.forward.path_info"},
    {CS_FORWARD_QUERY_STRING, "jakarta.servlet.forward.query_string"},
    {CS_FORWARD_MAPPING, "jakarta.servlet.forward.mapping"},
    {CS_INCLUDE_REQUEST_URI, "jakarta.servlet.include.request_uri"},
    {CS_INCLUDE_CONTEXT_PATH, "jakarta.servlet.include.context_path"},
    {CS_INCLUDE_SERVLET_PATH, "jakarta.servlet.include.servlet_path"},
    {CS_INCLUDE_PATH_INFO, "jakarta.servlet.include.path_info"},
    {CS_INCLUDE_QUERY_STRING, "jakarta.servlet.include.query_string"},
    {CS_INCLUDE_MAPPING, "jakarta.servlet.include.mapping"},
    {CS_ASYNC_REQUEST_URI, "jakarta.servlet.async.request_uri"},
    {CS_ASYNC_CONTEXT_PATH, "jakarta.servlet.async.context_path"},
    {CS_ASYNC_SERVLET_PATH, "jakarta.servlet.async.servlet_path"},
    {CS_ASYNC_PATH_INFO, "jakarta.servlet.async.path_info"},
    {CS_ASYNC_QUERY_STRING, "jakarta.servlet.async.query_string"},
    {CS_ASYNC_MAPPING, "jakarta.servlet.async.mapping"},
    {CS_ERROR_STATUS_CODE, "jakarta.servlet.error.status_code"},
    {CS_ERROR_EXCEPTION_TYPE, "jakarta.servlet.error.exception_type"},
    {CS_ERROR_MESSAGE, "jakarta.servlet.error.message"},
    {CS_ERROR_REQUEST_URI, "jakarta.servlet.error.request_uri"},
    {CS_ERROR_SERVLET_NAME, "jakarta.servlet.error.servlet_name"},
    {CS_ERROR_METHOD, "jakarta.servlet.error.method"},
    {CS_ERROR_QUERY_STRING, "jakarta.servlet.error.query_string"},
};

static cs_str text(struct call *c, struct span s)
{
    return s.p ? to_str(arena_copy(&c->x->arena, s)) : (cs_str){NULL, 0};
}

/* ---- how a pattern matched ---- */

static cs_str match_text(int64_t match)
{
    static const char *const names_of[] = {
        [CS_MATCH_CONTEXT_ROOT] = "CONTEXT_ROOT",
        [CS_MATCH_DEFAULT] = "DEFAULT",
        [CS_MATCH_EXACT] = "EXACT",
        [CS_MATCH_EXTENSION] = "EXTENSION",
        [CS_MATCH_PATH] = "PATH",
    };
    bool known = match > 0 && match < (int64_t)ARRAY_COUNT(names_of);
    return to_str(span_of(known ? names_of[match] : NULL));
}

/* ---- of the request as it was ---- */

/* CALLER is the handle that was forwarded or dispatched; WHICH as of a forward. */
static cs_str of_caller(cs_request *caller, uint32_t which)
{
    static const uint32_t number[] = {
        [CS_FORWARD_REQUEST_URI] = CS_REQ_URI,
        [CS_FORWARD_CONTEXT_PATH] = CS_REQ_CONTEXT_PATH,
        [CS_FORWARD_SERVLET_PATH] = CS_REQ_SERVLET_PATH,
        [CS_FORWARD_PATH_INFO] = CS_REQ_PATH_INFO,
        [CS_FORWARD_QUERY_STRING] = CS_REQ_QUERY,
        [CS_FORWARD_MAPPING] = CS_REQ_MATCH_PATTERN,
        [CS_FORWARD_MATCH_VALUE] = CS_REQ_MATCH_VALUE,
        [CS_FORWARD_SERVLET_NAME] = CS_REQ_MATCH_SERVLET,
    };
    if (which == CS_FORWARD_MATCH)
        return match_text(caller->ops->get_int(caller, CS_REQ_MATCH));
    return caller->ops->get(caller, number[which]);
}

/* Before the first forward by path, as its caller saw it. An asynchronous dispatch tells of the request that the
 * first servlet got, whatever was forwarded before it. */
static cs_str before(const struct frame *f, bool async, uint32_t which)
{
    const struct frame *first = NULL, *outermost = NULL;
    for (; f; f = f->outer) {
        if (!frame_is_shown(f))
            continue;
        outermost = f;
        if ((f->type == CS_DISPATCH_ASYNC) == async)
            first = f;
    }
    if (!first)
        return (cs_str){NULL, 0};
    return of_caller(async ? outermost->caller : first->caller, which);
}

/* Of the target of an include by path. */
static cs_str of_include(struct call *c, const struct frame *f, uint32_t which)
{
    if (!f || f->named || f->type != CS_DISPATCH_INCLUDE)
        return (cs_str){NULL, 0};
    switch (which) {
    case CS_INCLUDE_REQUEST_URI:
        return text(c, f->uri);
    case CS_INCLUDE_CONTEXT_PATH:
        return to_str(span_of(c->context->path));
    case CS_INCLUDE_SERVLET_PATH:
        return text(c, f->map.servlet_path);
    case CS_INCLUDE_PATH_INFO:
        return text(c, f->map.path_info);
    case CS_INCLUDE_QUERY_STRING:
        return text(c, f->query);
    case CS_INCLUDE_MATCH_VALUE:
        return text(c, call_match_value(&f->map));
    case CS_INCLUDE_SERVLET_NAME:
        return to_str(call_match_servlet(&f->map));
    case CS_INCLUDE_MATCH:
        return match_text(call_match(&f->map));
    default:
        return text(c, f->map.pattern);
    }
}

static cs_str of_failure(struct call *c, const struct failure *why, uint32_t which)
{
    if (!why)
        return (cs_str){NULL, 0};
    switch (which) {
    case CS_ERROR_STATUS_CODE:
        return to_str(span_of(arena_printf(&c->x->arena, "%u", why->status)));
    case CS_ERROR_EXCEPTION_TYPE:
        return to_str(span_of(error_name(why->code)));
    case CS_ERROR_MESSAGE:
        return text(c, why->message.p ? why->message : SPAN_LIT(""));
    case CS_ERROR_REQUEST_URI:
        return text(c, why->uri);
    case CS_ERROR_SERVLET_NAME:
        return to_str(span_of(why->servlet));
    case CS_ERROR_METHOD:
        return text(c, why->method);
    default:
        return text(c, why->query);
    }
}

cs_str request_dispatch_str(cs_request *req, uint32_t which)
{
    struct call *c = request_call(req);
    const struct frame *f = request_frame(req);
    if (which >= CS_FORWARD_REQUEST_URI && which <= CS_FORWARD_MATCH)
        return before(f, false, which);
    if (which >= CS_ASYNC_REQUEST_URI && which <= CS_ASYNC_MATCH)
        return before(f, true, which - CS_ASYNC_REQUEST_URI + CS_FORWARD_REQUEST_URI);
    if (which >= CS_INCLUDE_REQUEST_URI && which <= CS_INCLUDE_MATCH)
        return of_include(c, f, which);
    if (which >= CS_ERROR_STATUS_CODE && which <= CS_ERROR_QUERY_STRING)
        return of_failure(c, frame_failure(f), which);
    return (cs_str){NULL, 0};
}

cs_str request_attr_str(cs_request *req, cs_str name)
{
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (span_eq(span_of(names[i].name), from_str(name)))
            return request_dispatch_str(req, names[i].which);
    }
    return (cs_str){NULL, 0};
}
