/* SPDX-License-Identifier: Apache-2.0
 * The filter httpheadersecurity: fields that tell browsers to stay with https (RFC 6797), not to show the
 * webapp in foreign frames, and not to guess media types. Set before the webapp runs, so it may say otherwise. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "filters.h"
#include "params.h"

struct header_security {
    char hsts[64];              /* "": the field is not sent */
    const char *frames;         /* NULL: the field is not sent */
    int no_sniffing, xss_block; /* fields of one value each */
};
struct frame_settings {
    int on;
    const char *option, *uri;
};

static void write_hsts(struct header_security *h, int64_t age, int sub_domains, int preload)
{
    snprintf(h->hsts, sizeof(h->hsts), "max-age=%" PRId64 "%s%s", age,
             sub_domains ? ";includeSubDomains" : "", preload ? ";preload" : "");
}

static int is_uri(const char *text)
{
    const char *colon = strstr(text, "://");
    if (!colon || colon == text || !colon[3])
        return 0;
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`{|},;", *p))
            return 0;
    return 1;
}

static int read_allow_from(struct header_security *h, cs_config *config, const char *uri)
{
    static const char name[] = "ALLOW-FROM ";
    if (!is_uri(uri))
        return params_refuse(config, "antiClickJackingUri", uri,
                             "the address of a page or site, as antiClickJackingOption is "
                             "ALLOW-FROM: for example https://shop.example");
    size_t n = strlen(uri);
    char *text = cs_ctx_alloc(cs_config_ctx(config), sizeof(name) + n);
    if (!text)
        return CS_ENOMEM;
    memcpy(text, name, sizeof(name) - 1);
    memcpy(text + sizeof(name) - 1, uri, n + 1);
    h->frames = text;
    return CS_OK;
}

static int read_frames(struct header_security *h, cs_config *config, const struct frame_settings *f)
{
    if (strcasecmp(f->option, "DENY") == 0)
        h->frames = "DENY";
    else if (strcasecmp(f->option, "SAMEORIGIN") == 0)
        h->frames = "SAMEORIGIN";
    else if (strcasecmp(f->option, "ALLOW-FROM") == 0)
        return read_allow_from(h, config, f->uri);
    else
        return params_refuse(config, "antiClickJackingOption", f->option,
                             "DENY, SAMEORIGIN or ALLOW-FROM");
    return CS_OK;
}

int header_security_init(cs_config *config, void **self)
{
    struct header_security *h = cs_ctx_alloc(cs_config_ctx(config), sizeof(*h));
    struct frame_settings f = {.on = 1, .option = "DENY", .uri = ""};
    int hsts = 1, sub_domains = 0, preload = 0;
    int64_t age = 0;
    if (!h)
        return CS_ENOMEM;
    h->no_sniffing = 1;
    *self = h;
    const struct param rows[] = {
        {"hstsEnabled", PARAM_SWITCH, &hsts, 0, 0, 0},
        {"hstsMaxAgeSeconds", PARAM_NUMBER, &age, 0, INT32_MAX, 0},
        {"hstsIncludeSubDomains", PARAM_SWITCH, &sub_domains, 0, 0, 0},
        {"hstsPreload", PARAM_SWITCH, &preload, 0, 0, 0},
        {"antiClickJackingEnabled", PARAM_SWITCH, &f.on, 0, 0, 0},
        {"antiClickJackingOption", PARAM_TEXT, &f.option, 0, 0, 0},
        {"antiClickJackingUri", PARAM_TEXT, &f.uri, 0, 0, 0},
        {"blockContentTypeSniffingEnabled", PARAM_SWITCH, &h->no_sniffing, 0, 0, 0},
        {"xssProtectionEnabled", PARAM_SWITCH, &h->xss_block, 0, 0, 0},
    };
    int rc = params_read(config, rows, sizeof(rows) / sizeof(rows[0]));
    if (rc == CS_OK)
        rc = read_frames(h, config, &f); /* checked in any case */
    if (!f.on)
        h->frames = NULL;
    if (hsts)
        write_hsts(h, age, sub_domains, preload);
    return rc;
}

static int set_fields(cs_request *req, cs_response *res, const struct header_security *h)
{
    int rc = CS_OK;
    /* Over http anybody on the way could have written it: RFC 6797 7.2 forbids it. */
    if (h->hsts[0] && cs_req_get_int(req, CS_REQ_SECURE) == 1)
        rc = cs_res_header(res, "Strict-Transport-Security", h->hsts);
    if (rc == CS_OK && h->frames)
        rc = cs_res_header(res, "X-Frame-Options", h->frames);
    if (rc == CS_OK && h->no_sniffing)
        rc = cs_res_header(res, "X-Content-Type-Options", "nosniff");
    if (rc == CS_OK && h->xss_block)
        rc = cs_res_header(res, "X-XSS-Protection", "1; mode=block");
    return rc;
}

int header_security_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    int rc = cs_res_committed(res) ? CS_OK : set_fields(req, res, self);
    return rc == CS_OK ? cs_chain_next(chain, req, res) : rc;
}
