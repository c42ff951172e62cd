/* SPDX-License-Identifier: Apache-2.0
 * The init parameters of cors: see cors_settings.h. What would never match, or would open the webapp to
 * everybody's pages with the users' cookies, is refused. */
#include "cors_settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "origin.h"

#define ORIGINS     "cors.allowed.origins"
#define METHODS     "cors.allowed.methods"
#define HEADERS     "cors.allowed.headers"
#define EXPOSED     "cors.exposed.headers"
#define CREDENTIALS "cors.support.credentials"
#define MAX_AGE     "cors.preflight.maxage"
#define DECORATE    "cors.request.decorate"

struct texts {
    const char *origins, *methods, *headers, *exposed;
};

static int is_star(cs_str s)
{
    return s.len == 1 && s.ptr[0] == '*';
}

/* Browsers send scheme and host in lower case. */
static int lower(cs_ctx *ctx, cs_str *s)
{
    char *copy = cs_ctx_alloc(ctx, s->len + 1);
    for (size_t i = 0; copy && i < s->len; i++)
        copy[i] = (char)tolower((unsigned char)s->ptr[i]);
    s->ptr = copy;
    return copy != NULL;
}

/* Nor do they name a scheme's own port (RFC 6454 6.1). */
static void cut_own_port(cs_str *s)
{
    static const struct {
        const char *scheme, *port;
    } own[] = {{"http://", ":80"}, {"https://", ":443"}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        size_t scheme = strlen(own[i].scheme), port = strlen(own[i].port);
        if (s->len > scheme + port && memcmp(s->ptr, own[i].scheme, scheme) == 0 &&
            memcmp(s->ptr + s->len - port, own[i].port, port) == 0)
            s->len -= port;
    }
}

static int read_origins(struct cors *c, cs_config *config, const char *text)
{
    cs_ctx *ctx = cs_config_ctx(config);
    if (!words_split(ctx, text, &c->origins))
        return CS_ENOMEM;
    c->any_origin = c->origins.count == 1 && is_star(c->origins.v[0]);
    if (c->any_origin && c->credentials)
        return params_refuse(config, ORIGINS, text,
                             "origins by name, as " CREDENTIALS
                             " is true: any page could act with the cookies of its reader");
    for (uint32_t i = 0; !c->any_origin && i < c->origins.count; i++) {
        cs_str *origin = &c->origins.v[i];
        if (!lower(ctx, origin))
            return CS_ENOMEM;
        if (!origin_is_valid(*origin))
            return params_refuse(config, ORIGINS, text,
                                 "* alone, or origins with commas between, each like "
                                 "https://shop.example:8443 without anything behind it");
        if (c->credentials && origin->len == 4)
            return params_refuse(config, ORIGINS, text,
                                 "not null, as " CREDENTIALS
                                 " is true: any page can make a frame whose origin is null");
        cut_own_port(origin);
    }
    return CS_OK;
}

static int read_tokens(cs_config *config, const char *name, const char *text, int star,
                       struct words *out, const char **joined)
{
    cs_ctx *ctx = cs_config_ctx(config);
    if (!words_split(ctx, text, out))
        return CS_ENOMEM;
    for (uint32_t i = 0; i < out->count; i++)
        if (!is_token(out->v[i]) || (is_star(out->v[i]) && !(star && out->count == 1)))
            return params_refuse(config, name, text,
                                 star ? "names with commas between, or * alone"
                                      : "names with commas between; not *");
    *joined = words_join(ctx, out);
    return *joined ? CS_OK : CS_ENOMEM;
}

static int check(struct cors *c, cs_config *config, const struct texts *t)
{
    struct words exposed;
    int rc = read_origins(c, config, t->origins);
    if (rc == CS_OK)
        rc = read_tokens(config, METHODS, t->methods, 0, &c->methods, &c->methods_text);
    if (rc == CS_OK)
        rc = read_tokens(config, HEADERS, t->headers, 0, &c->headers, &c->headers_text);
    if (rc == CS_OK) /* with credentials * is a name to browsers, and names no field */
        rc = read_tokens(config, EXPOSED, t->exposed, !c->credentials, &exposed, &c->exposed_text);
    return rc;
}

int cors_settings_read(struct cors *c, cs_config *config)
{
    struct texts t = {.origins = "",
                      .methods = "GET,POST,HEAD,OPTIONS",
                      .headers = "Origin,Accept,X-Requested-With,Content-Type,"
                                 "Access-Control-Request-Method,Access-Control-Request-Headers",
                      .exposed = ""};
    int64_t max_age = 1800;
    const struct param rows[] = {
        {ORIGINS, PARAM_TEXT, &t.origins, 0, 0, 0},
        {METHODS, PARAM_TEXT, &t.methods, 0, 0, 0},
        {HEADERS, PARAM_TEXT, &t.headers, 0, 0, 0},
        {EXPOSED, PARAM_TEXT, &t.exposed, 0, 0, 0},
        {CREDENTIALS, PARAM_SWITCH, &c->credentials, 0, 0, 0},
        {MAX_AGE, PARAM_NUMBER, &max_age, -1, INT32_MAX, 0},
        {DECORATE, PARAM_SWITCH, &c->decorate, 0, 0, 0},
    };
    c->decorate = 1;
    int rc = params_read(config, rows, sizeof(rows) / sizeof(rows[0]));
    if (rc == CS_OK)
        rc = check(c, config, &t);
    if (max_age >= 0)
        snprintf(c->max_age, sizeof(c->max_age), "%" PRId64, max_age);
    return rc;
}
