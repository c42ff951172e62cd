/* SPDX-License-Identifier: Apache-2.0
 * The filter expires: how long browsers and proxies may keep an answer, by its media type, as mod_expires
 * and Tomcat say it (Expires, and max-age in Cache-Control). What says so itself keeps its word. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "expires_settings.h"
#include "filters.h"
#include "http_date.h"

struct
    ask { /* of one request; in its memory. No handle: what runs late would find a wrapped one ended */
    const struct expires *expires;
    cs_str file_type; /* for a 304 */
};

int expires_init(cs_config *config, void **self)
{
    struct expires *e = cs_ctx_alloc(cs_config_ctx(config), sizeof(*e));
    if (!e)
        return CS_ENOMEM;
    *self = e;
    return expires_settings_read(e, config);
}

/* Whether the answer says already how long it may be kept, or that it must not be. */
static int is_said(cs_response *res)
{
    cs_str list, word;
    if (cs_res_header_has(res, "Expires"))
        return 1;
    for (uint32_t nth = 0; (list = cs_res_header_get_str(res, "Cache-Control", nth)).ptr; nth++) {
        while ((word = words_next(&list)).ptr) {
            const char *equals = memchr(word.ptr, '=', word.len);
            size_t n = equals ? (size_t)(equals - word.ptr) : word.len;
            if ((n == 7 && strncasecmp(word.ptr, "max-age", n) == 0) ||
                (n == 8 && strncasecmp(word.ptr, "no-store", n) == 0))
                return 1;
        }
    }
    return 0;
}

/* Of the file that REQ asks for, whose 304 does not tell. Absent: none. */
static cs_str type_of_file(cs_request *req)
{
    cs_str path = cs_req_get(req, CS_REQ_SERVLET_PATH);
    if (!path.ptr || cs_req_get_int(req, CS_REQ_MATCH) != CS_MATCH_DEFAULT)
        return (cs_str){NULL, 0};
    const char *slash = strrchr(path.ptr, '/');
    return cs_ctx_mime_type(cs_req_ctx(req), slash ? slash + 1 : path.ptr);
}

static int64_t begin_of(const struct expiry *expiry, cs_response *res, int64_t now)
{
    int64_t modified =
        expiry->of_modification ? http_date(cs_res_header_get_str(res, "Last-Modified", 0)) : -1;
    return modified >= 0 ? modified : now;
}

/* Behind what Cache-Control says so far, all its fields; what is longer than usual keeps a field of its own. */
static void set_cache_control(cs_response *res, int64_t seconds)
{
    char text[512];
    cs_str list;
    size_t n = 0;
    uint32_t how = CS_HEADER_SET;
    for (uint32_t nth = 0; (list = cs_res_header_get_str(res, "Cache-Control", nth)).ptr; nth++) {
        if (n + list.len + 42 > sizeof(text))
            how = CS_HEADER_ADD;
        else if (list.len > 0)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s, ", (int)list.len, list.ptr);
    }
    snprintf(text + (how == CS_HEADER_SET ? n : 0), 40, "max-age=%" PRId64, seconds);
    cs_res_header_str(res, cs_str_of("Cache-Control"), cs_str_of(text), how);
}

static void say(cs_response *res, void *arg)
{
    const struct ask *ask = arg;
    uint32_t status = cs_res_status_get(res);
    char type[EXPIRES_TYPE_MAX];
    if (expires_excludes(ask->expires, status) || is_said(res))
        return;
    cs_str told = cs_res_get(res, CS_RES_CONTENT_TYPE);
    if (!told.ptr && status == 304)
        told = ask->file_type;
    if (!expires_type(told, type))
        type[0] = '\0';
    const struct expiry *expiry = expires_find(ask->expires, type);
    if (!expiry)
        return;
    int64_t now = time(NULL);
    int64_t end = expiry_after(expiry, begin_of(expiry, res, now));
    set_cache_control(res, end > now ? end - now : 0); /* never below 0: RFC 9111 1.2.2 */
    cs_res_date(res, "Expires", end);
}

int expires_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const char *method = cs_req_method(req);
    int is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (is_get && !cs_res_committed(res)) {
        struct ask *ask = cs_req_alloc(req, sizeof(*ask));
        if (!ask)
            return CS_ENOMEM;
        ask->expires = self;
        if (!expires_excludes(self, 304))
            ask->file_type = type_of_file(req);
        int rc = cs_res_before_head(res, say, ask);
        if (rc != CS_OK)
            return rc;
    }
    return cs_chain_next(chain, req, res);
}
