/* SPDX-License-Identifier: Apache-2.0
 * The init parameters of the default servlet, by table. Names without a meaning here (debug, input, output,
 * ...) are ignored, as are unknown ones. Called once, from init. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "site.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+"

static bool refuse(cs_config *config, const char *name, const char *value, const char *expected)
{
    cs_ctx_log(cs_config_ctx(config), CS_LOG_ERROR,
               "servlet %s: init-param %s has the value '%.100s'; expected %s",
               cs_config_name(config).ptr, name, value, expected);
    return false;
}

static bool read_switch(cs_config *config, const char *name, bool *out)
{
    const char *value = cs_config_param(config, name);
    if (!value)
        return true;
    *out = strcasecmp(value, "true") == 0;
    return *out || strcasecmp(value, "false") == 0 || refuse(config, name, value, "true or false");
}

/* KiB to bytes. */
static bool read_size(cs_config *config, const char *name, bool negative, int64_t *out)
{
    const char *value = cs_config_param(config, name);
    char *end;
    if (!value)
        return true;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end || n > 1048576 || n < -1048576 || (n < 0 && !negative))
        return refuse(config, name, value, "KiB, a whole number up to 1048576");
    *out = n * 1024;
    return true;
}

static bool read_redirect(cs_config *config, uint32_t *out)
{
    static const char *const known[] = {"301", "302", "303", "307", "308"};
    const char *value = cs_config_param(config, "directoryRedirectStatusCode");
    for (size_t i = 0; value && i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(value, known[i]) == 0) {
            *out = (uint32_t)strtoul(value, NULL, 10);
            return true;
        }
    }
    return !value ||
           refuse(config, "directoryRedirectStatusCode", value, "301, 302, 303, 307 or 308");
}

/* ---- precompressed: "true", "false", or "br=.br,gzip=.gz" ---- */

static bool add_coding(struct settings *s, cs_config *config, const char *text, size_t n)
{
    const char *equals = memchr(text, '=', n);
    size_t name_n = equals ? (size_t)(equals - text) : 0, extension_n = equals ? n - name_n - 1 : 0;
    if (name_n == 0 || extension_n < 2 || equals[1] != '.' || n > 64 ||
        strspn(text, NAME_BYTES) != name_n || strspn(equals + 1, NAME_BYTES) < extension_n ||
        s->coding_count == CODINGS_MAX)
        return false;
    char *copy = cs_ctx_alloc(cs_config_ctx(config), n + 1);
    if (!copy)
        return false;
    memcpy(copy, text, n); /* zeroed behind */
    copy[name_n] = '\0';
    s->codings[s->coding_count++] = (struct coding){copy, copy + name_n + 1};
    return true;
}

static bool read_codings(struct settings *s, cs_config *config)
{
    static const char fallback[] = "br=.br,zstd=.zst,gzip=.gz";
    const char *value = cs_config_param(config, "precompressed");
    if (!value || strcasecmp(value, "false") == 0)
        return true;
    for (const char *p = strcasecmp(value, "true") == 0 ? fallback : value; *p;) {
        size_t n = strcspn(p, ",");
        if (!add_coding(s, config, p, n))
            return refuse(config, "precompressed", value,
                          "true, false, or a list like br=.br,gzip=.gz");
        p += n + (p[n] == ',');
    }
    return true;
}

static bool read_charset(struct settings *s, cs_config *config)
{
    const char *value = cs_config_param(config, "fileEncoding");
    if (value && (value[strspn(value, NAME_BYTES)] || strlen(value) > 40))
        return refuse(config, "fileEncoding", value, "the name of a charset");
    if (value)
        s->charset = value;
    return true;
}

bool settings_read(struct settings *s, cs_config *config)
{
    *s = (struct settings){.show_server = true,
                           .readonly = true,
                           .partial_put = true,
                           .post_as_get = true,
                           .accept_ranges = true,
                           .sendfile_min = 48 * 1024,
                           .cache_bytes = 10240 * 1024,
                           .cache_object_max = 512 * 1024,
                           .redirect_status = 302,
                           .charset = "UTF-8"};
    const struct {
        const char *name;
        bool *value;
    } switches[] = {
        {"listings", &s->listings},
        {"sortListings", &s->sort_listings},
        {"sortDirectoriesFirst", &s->folders_first},
        {"showServerInfo", &s->show_server},
        {"readonly", &s->readonly},
        {"allowPartialPut", &s->partial_put},
        {"allowPostAsGet", &s->post_as_get},
        {"useAcceptRanges", &s->accept_ranges},
        {"useStrongETags", &s->strong_etags},
    };
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (!read_switch(config, switches[i].name, switches[i].value))
            return false;
    }
    bool ok = read_size(config, "sendfileSize", true, &s->sendfile_min) &&
              read_size(config, "cacheMaxSize", false, &s->cache_bytes) &&
              read_size(config, "cacheObjectMaxSize", false, &s->cache_object_max) &&
              read_redirect(config, &s->redirect_status) && read_codings(s, config) &&
              read_charset(s, config);
    if (s->sendfile_min < 0)
        s->sendfile_min = INT64_MAX;
    return ok;
}
