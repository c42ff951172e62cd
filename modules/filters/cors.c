/* SPDX-License-Identifier: Apache-2.0
 * The filter cors: which pages of other origins may read this webapp's answers, and ask for more than a form
 * could (the Fetch standard's CORS protocol, 3.2). Requests without an Origin field pass; those of origins,
 * methods or fields that are not allowed end here with 403. */
#include <strings.h>

#include "cors_settings.h"
#include "filters.h"
#include "origin.h"

#define NAME(text) ((cs_str)CS_LIT(text))

int cors_init(cs_config *config, void **self)
{
    struct cors *c = cs_ctx_alloc(cs_config_ctx(config), sizeof(*c));
    if (!c)
        return CS_ENOMEM;
    *self = c;
    return cors_settings_read(c, config);
}

static int set(cs_response *res, cs_str name, cs_str value)
{
    return cs_res_header_str(res, name, value, CS_HEADER_SET);
}

/* Added, never set: others have reasons of their own to vary. */
static int vary(cs_response *res, const struct cors *c, int preflight)
{
    cs_str value =
        preflight && c->any_origin
            ? NAME("Access-Control-Request-Method, Access-Control-Request-Headers")
        : preflight ? NAME("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
                    : NAME("Origin");
    if (c->any_origin && !preflight)
        return CS_OK;
    return cs_res_header_str(res, NAME("Vary"), value, CS_HEADER_ADD);
}

static int varies_with_origin(cs_response *res)
{
    cs_str list, word;
    for (uint32_t nth = 0; (list = cs_res_header_get_str(res, "Vary", nth)).ptr; nth++) {
        while ((word = words_next(&list)).ptr)
            if ((word.len == 1 && word.ptr[0] == '*') ||
                (word.len == 6 && strncasecmp(word.ptr, "Origin", 6) == 0))
                return 1;
    }
    return 0;
}

/* The webapp may have replaced Vary: a cache must not give one origin's answer to another for that. */
static void keep_vary(cs_response *res, void *cors)
{
    if (!varies_with_origin(res))
        vary(res, cors, 0);
}

static int is_allowed(const struct cors *c, cs_str origin)
{
    return c->any_origin || words_have(&c->origins, origin);
}

/* What lets the page read the answer. ORIGIN is allowed, or absent: then it is said only where it is the
 * same for everybody. */
static int let_read(cs_response *res, const struct cors *c, cs_str origin)
{
    cs_str value = c->any_origin ? NAME("*") : origin;
    int rc = value.ptr ? set(res, NAME("Access-Control-Allow-Origin"), value) : CS_OK;
    if (rc == CS_OK && value.ptr && c->credentials)
        rc = set(res, NAME("Access-Control-Allow-Credentials"), NAME("true"));
    if (rc == CS_OK && value.ptr && *c->exposed_text)
        rc = set(res, NAME("Access-Control-Expose-Headers"), cs_str_of(c->exposed_text));
    return rc;
}

static int refuse(cs_response *res, const struct cors *c, const char *why)
{
    int rc = vary(res, c, 0);
    if (rc == CS_OK)
        rc = cs_res_status(res, 403);
    if (rc == CS_OK)
        rc = cs_res_content_type(res, "text/plain; charset=utf-8");
    return rc == CS_OK ? cs_res_puts(res, why) : rc;
}

static int headers_allowed(cs_request *req, const struct cors *c)
{
    cs_str list, word;
    for (uint32_t nth = 0;
         (list = cs_req_header_str(req, "Access-Control-Request-Headers", nth)).ptr; nth++) {
        while ((word = words_next(&list)).ptr)
            if (!words_have_any_case(&c->headers, word))
                return 0;
    }
    return 1;
}

/* The answer to a preflight; the webapp does not see it. */
static int answer_preflight(cs_request *req, cs_response *res, const struct cors *c,
                            const struct cors_ask *ask)
{
    if (!words_have(&c->methods, ask->asked_method))
        return refuse(res, c, "CORS: this method is not allowed.\n");
    if (!headers_allowed(req, c))
        return refuse(res, c, "CORS: a field of the request is not allowed.\n");
    int rc = vary(res, c, 1);
    if (rc == CS_OK)
        rc = let_read(res, c, ask->origin);
    if (rc == CS_OK && c->max_age[0])
        rc = set(res, NAME("Access-Control-Max-Age"), cs_str_of(c->max_age));
    if (rc == CS_OK && *c->methods_text)
        rc = set(res, NAME("Access-Control-Allow-Methods"), cs_str_of(c->methods_text));
    if (rc == CS_OK && *c->headers_text)
        rc = set(res, NAME("Access-Control-Allow-Headers"), cs_str_of(c->headers_text));
    return rc;
}

/* A text that lives as long as the request, under a name of Tomcat's. */
static int tell(cs_request *req, const char *name, const char *text)
{
    union {
        const char *in;
        void *out;
    } value = {.in = text};
    return cs_req_attr_set(req, name, value.out, NULL);
}

/* For servlets that want to know what kind of request it is (cors.request.decorate). */
static int decorate(cs_request *req, const struct cors_ask *ask, enum cors_kind kind)
{
    static const char *const kinds[] = {
        [CORS_SIMPLE] = "simple", [CORS_ACTUAL] = "actual", [CORS_PREFLIGHT] = "pre_flight"};
    if (kind == CORS_NONE)
        return tell(req, "cors.isCorsRequest", "false");
    const char *fields = cs_req_header(req, "Access-Control-Request-Headers");
    int rc = tell(req, "cors.isCorsRequest", "true");
    if (rc == CS_OK)
        rc = tell(req, "cors.request.origin", ask->origin.ptr);
    if (rc == CS_OK)
        rc = tell(req, "cors.request.type", kinds[kind]);
    if (rc == CS_OK && kind == CORS_PREFLIGHT)
        rc = tell(req, "cors.request.headers", fields ? fields : "");
    return rc;
}

int cors_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct cors *c = self;
    struct cors_ask ask = {.method = cs_req_method(req),
                           .origin = cs_req_header_str(req, "Origin", 0),
                           .other_origin = cs_req_header_str(req, "Origin", 1),
                           .asked_method =
                               cs_req_header_str(req, "Access-Control-Request-Method", 0),
                           .content_type = cs_req_get(req, CS_REQ_CONTENT_TYPE),
                           .scheme = cs_req_get(req, CS_REQ_SCHEME),
                           .host = cs_req_get(req, CS_REQ_SERVER_NAME),
                           .port = cs_req_get_int(req, CS_REQ_SERVER_PORT)};
    enum cors_kind kind = cors_kind_of(&ask);
    if (kind == CORS_INVALID)
        return refuse(res, c, "CORS: the Origin field is malformed.\n");
    if (kind != CORS_NONE && !is_allowed(c, ask.origin))
        return refuse(res, c, "CORS: this origin is not allowed.\n");
    int rc = c->decorate ? decorate(req, &ask, kind) : CS_OK;
    if (rc != CS_OK)
        return rc;
    if (kind == CORS_PREFLIGHT)
        return answer_preflight(req, res, c, &ask);
    if (kind != CORS_NONE && !words_have(&c->methods, cs_str_of(ask.method)))
        return refuse(res, c, "CORS: this method is not allowed.\n");
    if (kind == CORS_NONE)
        ask.origin = (cs_str){NULL, 0};
    rc = vary(res, c, 0);
    if (rc == CS_OK && !c->any_origin)
        rc = cs_res_before_head(res, keep_vary, self);
    if (rc == CS_OK)
        rc = let_read(res, c, ask.origin);
    return rc == CS_OK ? cs_chain_next(chain, req, res) : rc;
}
