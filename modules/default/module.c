/* SPDX-License-Identifier: Apache-2.0
 * The server module `default`: static files of webapps, as Tomcat's DefaultServlet serves them. conf/web.xml
 * maps it to "/". Here are its table, its life, and the way from a request to the method's file. */
#include <cserv/module.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "serve.h"

/* ---- life ---- */

static void default_destroy(cs_ctx *ctx, void *self)
{
    struct site *s = self;
    (void)ctx;
    if (!s)
        return;
    cache_free(s->cache);
    root_release(s->root);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->writing);
    free(s);
}

static int site_open(struct site *s, cs_config *config)
{
    s->ctx = cs_config_ctx(config);
    s->folder = cs_ctx_get(s->ctx, CS_CTX_FOLDER);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->writing, NULL);
    if (getrandom(&s->secret, sizeof(s->secret), 0) != (ssize_t)sizeof(s->secret))
        s->secret = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)s;
    if (!settings_read(&s->settings, config))
        return CS_EFAIL;
    s->cache = cache_new((size_t)s->settings.cache_bytes);
    return s->cache ? CS_OK : CS_ENOMEM;
}

static int default_init(cs_config *config, void **self)
{
    struct site *s = calloc(1, sizeof(*s));
    int rc = s ? site_open(s, config) : CS_ENOMEM;
    if (rc == CS_OK)
        *self = s;
    else
        default_destroy(NULL, s);
    return rc;
}

/* ---- a request ---- */

static enum verb verb_of(const char *method)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(method, names[i]) == 0)
            return (enum verb)i;
    }
    return VERB_OTHER;
}

static bool is_name(cs_str name, const char *text)
{
    return strncasecmp(name.ptr, text, name.len) == 0 && text[name.len] == '\0';
}

/* A list may come in several fields: they are one, with commas between (RFC 9110 5.3). */
static bool take_list(struct ask *a, cs_str *list, cs_str value)
{
    if (!list->ptr) {
        *list = value;
        return true;
    }
    char *both = cs_req_alloc(a->req, list->len + value.len + 3);
    if (!both)
        return false;
    memcpy(both, list->ptr, list->len);
    memcpy(both + list->len, ", ", 2);
    memcpy(both + list->len + 2, value.ptr, value.len);
    *list = (cs_str){both, list->len + 2 + value.len};
    return true;
}

/* The fields that stand alone: one that comes twice says nothing. */
struct singles {
    unsigned range, if_range, unmodified, modified, content_range;
};

static bool take_field(struct ask *a, struct singles *seen, cs_str name, cs_str value)
{
    struct conditions *c = &a->conditions;
    switch (name.ptr[0] | 0x20) {
    case 'i':
        if (is_name(name, "If-None-Match"))
            return take_list(a, &c->if_none_match, value);
        if (is_name(name, "If-Match"))
            return take_list(a, &c->if_match, value);
        seen->modified += is_name(name, "If-Modified-Since");
        seen->unmodified += is_name(name, "If-Unmodified-Since");
        if (is_name(name, "If-Range")) {
            seen->if_range++;
            c->if_range = value;
        }
        return true;
    case 'r':
        if (is_name(name, "Range")) {
            seen->range++;
            c->range = value;
        }
        return true;
    case 'a':
        return !is_name(name, "Accept-Encoding") || take_list(a, &a->accept_encoding, value);
    case 'c':
        if (is_name(name, "Content-Range")) {
            seen->content_range++;
            a->content_range = value;
        }
        return true;
    default:
        return true;
    }
}

/* All fields that matter in one pass. Of a part of an answer, and of an error page, there are no conditions and
 * ranges; a part has no content coding of its own either. False: out of memory. */
static bool read_fields(struct ask *a)
{
    struct conditions *c = &a->conditions;
    struct singles seen = {0};
    cs_str name, value;
    c->if_modified_since = c->if_unmodified_since = c->if_range_date = CONDITIONS_NO_DATE;
    if (a->how == CS_DISPATCH_INCLUDE || a->how == CS_DISPATCH_ERROR)
        return true;
    for (uint32_t i = 0; cs_req_header_at(a->req, i, &name, &value) == CS_OK; i++) {
        if (!take_field(a, &seen, name, value))
            return false;
    }
    if (seen.modified == 1)
        c->if_modified_since = cs_req_date(a->req, "If-Modified-Since");
    if (seen.unmodified == 1)
        c->if_unmodified_since = cs_req_date(a->req, "If-Unmodified-Since");
    if (seen.if_range == 1)
        c->if_range_date = cs_req_date(a->req, "If-Range");
    if (seen.range > 1 || seen.if_range > 1) /* the whole file is never wrong */
        c->range = (cs_str){NULL, 0};
    return true;
}

/* Mapped to a prefix, too, the path is that within the webapp: folders are not mounted elsewhere. */
static bool read_path(struct ask *a)
{
    cs_str path = cs_req_dispatch_str(a->req, CS_INCLUDE_SERVLET_PATH);
    cs_str info = cs_req_dispatch_str(a->req, CS_INCLUDE_PATH_INFO);
    if (a->how != CS_DISPATCH_INCLUDE || !path.ptr) {
        path = cs_req_get(a->req, CS_REQ_SERVLET_PATH);
        info = cs_req_get(a->req, CS_REQ_PATH_INFO);
    }
    a->path = path;
    if (!info.ptr || info.len == 0)
        return path.ptr != NULL;
    char *both = cs_req_alloc(a->req, path.len + info.len + 1);
    if (!both)
        return false;
    memcpy(both, path.ptr, path.len);
    memcpy(both + path.len, info.ptr, info.len);
    a->path = (cs_str){both, path.len + info.len};
    return true;
}

static int set_allow(struct ask *a)
{
    const struct settings *s = &a->site->settings;
    char text[64] = "OPTIONS, GET, HEAD";
    size_t n = strlen(text);
    const char *more[] = {s->post_as_get ? ", POST" : "", s->readonly ? "" : ", PUT, DELETE"};
    for (unsigned i = 0; i < 2; i++) {
        memcpy(text + n, more[i], strlen(more[i]) + 1);
        n += strlen(more[i]);
    }
    return cs_res_header(a->res, "Allow", text);
}

static bool is_allowed(const struct ask *a)
{
    const struct settings *s = &a->site->settings;
    switch (a->verb) {
    case VERB_GET:
    case VERB_HEAD:
        return true;
    case VERB_POST:
        return s->post_as_get;
    case VERB_PUT:
    case VERB_DELETE:
        return !s->readonly;
    case VERB_OPTIONS:
    case VERB_OTHER:
        break;
    }
    return false;
}

static int default_service(cs_request *req, cs_response *res)
{
    struct ask a = {.req = req, .res = res, .site = cs_req_self(req)};
    a.how = cs_req_dispatch_type(req);
    a.verb = a.how == CS_DISPATCH_INCLUDE ? VERB_GET : verb_of(cs_req_method(req));
    if (!is_allowed(&a)) {
        int rc = set_allow(&a);
        return rc != CS_OK || a.verb == VERB_OPTIONS ? rc : cs_res_error(res, 405, NULL);
    }
    if (!read_path(&a) || !read_fields(&a))
        return CS_ENOMEM;
    if (a.verb == VERB_PUT)
        return serve_put(&a);
    if (a.verb == VERB_DELETE)
        return serve_delete(&a);
    return serve_get(&a);
}

static const cs_servlet servlets[] = {
    {.name = "default",
     .init = default_init,
     .destroy = default_destroy,
     .service = default_service,
     .aliases = "org.apache.catalina.servlets.DefaultServlet"},
};

CS_MODULE("default", "0.1.0", .servlets = CS_ROWS(servlets))
