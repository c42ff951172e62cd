/* SPDX-License-Identifier: Apache-2.0
 * The init parameters of expires: see expires_settings.h. */
#include "expires_settings.h"

#include <ctype.h>
#include <string.h>

#define BY_TYPE  "ExpiresByType"
#define DEFAULT  "ExpiresDefault"
#define EXCLUDED "ExpiresExcludedResponseStatusCodes"
#define GRAMMAR                                                                               \
    "'access plus 1 month 15 days', 'modification plus 5 hours', or 'A3600': access, now or " \
    "modification, then up to 16 times a number and years, months, weeks, days, hours, "      \
    "minutes or seconds"

/* ---- media types ---- */

int expires_type(cs_str type, char out[EXPIRES_TYPE_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < type.len; i++) {
        unsigned char c = (unsigned char)type.ptr[i];
        if (c == ' ' || c == '\t')
            continue;
        if (n + 1 >= EXPIRES_TYPE_MAX)
            return 0;
        out[n++] = (char)tolower(c);
    }
    out[n] = '\0';
    return n > 0;
}

static const struct expiry *find_exactly(const struct expires *e, const char *type, size_t n)
{
    for (uint32_t i = 0; i < e->count; i++)
        if (strncmp(e->rules[i].type, type, n) == 0 && !e->rules[i].type[n])
            return &e->rules[i].expiry;
    return NULL;
}

const struct expiry *expires_find(const struct expires *e, const char *type)
{
    size_t all = strlen(type), bare = strcspn(type, ";"), major = strcspn(type, "/;");
    const struct expiry *found = all > 0 ? find_exactly(e, type, all) : NULL;
    if (!found && bare < all && bare > 0)
        found = find_exactly(e, type, bare);
    if (!found && type[major] == '/' && major > 0)
        found = find_exactly(e, type, major);
    return found ? found : e->has_default ? &e->otherwise : NULL;
}

/* "text/css", "text", either with parameters: what an answer can have. */
static int is_type(const char *type)
{
    size_t bare = strcspn(type, ";");
    const char *slash = memchr(type, '/', bare);
    cs_str major = {type, slash ? (size_t)(slash - type) : bare};
    cs_str minor = {slash ? slash + 1 : "x", slash ? bare - major.len - 1 : 1};
    int star = memchr(type, '*', bare) != NULL;
    return !star && is_token(major) && is_token(minor) && (slash || !type[bare]);
}

/* ---- parameters ---- */

static int read_expiry(cs_config *config, const char *name, const char *value, struct expiry *out)
{
    return expiry_parse(value, out) ? CS_OK : params_refuse(config, name, value, GRAMMAR);
}

static int add_rule(struct expires *e, cs_config *config, const char *name, const char *value)
{
    struct expires_rule *rule = &e->rules[e->count];
    if (!expires_type(cs_str_of(name + strlen(BY_TYPE)), rule->type) || !is_type(rule->type))
        return params_refuse(config, name, value,
                             "a name such as '" BY_TYPE " text/css', '" BY_TYPE
                             " text/html;charset=utf-8', or '" BY_TYPE " image' for all images");
    if (find_exactly(e, rule->type, strlen(rule->type)))
        return params_refuse(config, name, value, "one parameter for each media type");
    int rc = read_expiry(config, name, value, &rule->expiry);
    if (rc == CS_OK)
        e->count++;
    return rc;
}

static int read_rules(struct expires *e, cs_config *config)
{
    cs_str name, value;
    uint32_t count = 0;
    while (cs_config_param_at(config, count, &name, &value) == CS_OK)
        count++;
    e->rules = cs_ctx_alloc(cs_config_ctx(config), (count + 1) * sizeof(*e->rules));
    if (!e->rules)
        return CS_ENOMEM;
    int rc = CS_OK;
    for (uint32_t i = 0; rc == CS_OK && i < count; i++) {
        cs_config_param_at(config, i, &name, &value);
        if (strncmp(name.ptr, BY_TYPE, strlen(BY_TYPE)) == 0)
            rc = add_rule(e, config, name.ptr, value.ptr);
    }
    return rc;
}

static int read_excluded(struct expires *e, cs_config *config, const char *text)
{
    cs_str rest = cs_str_of(text), word;
    e->excluded_count = 0;
    while ((word = words_next(&rest)).ptr) {
        unsigned status = 0;
        for (size_t i = 0; i < word.len && status < 1000; i++)
            status = isdigit((unsigned char)word.ptr[i])
                         ? status * 10 + (unsigned)(word.ptr[i] - '0')
                         : 1000;
        if (status < 200 || status > 599 ||
            e->excluded_count == sizeof(e->excluded) / sizeof(e->excluded[0]))
            return params_refuse(config, EXCLUDED, text,
                                 "up to 64 statuses from 200 to 599 with commas between");
        e->excluded[e->excluded_count++] = (uint16_t)status;
    }
    return CS_OK;
}

int expires_excludes(const struct expires *e, uint32_t status)
{
    for (uint32_t i = 0; i < e->excluded_count; i++)
        if (e->excluded[i] == status)
            return 1;
    return 0;
}

int expires_settings_read(struct expires *e, cs_config *config)
{
    const char *otherwise = NULL, *excluded = "304";
    const struct param rows[] = {
        {BY_TYPE " ", PARAM_OTHER, NULL, 0, 0, 1},
        {DEFAULT, PARAM_TEXT, &otherwise, 0, 0, 0},
        {EXCLUDED, PARAM_TEXT, &excluded, 0, 0, 0},
    };
    int rc = params_read(config, rows, sizeof(rows) / sizeof(rows[0]));
    if (rc == CS_OK)
        rc = read_rules(e, config);
    if (rc == CS_OK && otherwise)
        rc = read_expiry(config, DEFAULT, otherwise, &e->otherwise);
    if (rc == CS_OK)
        rc = read_excluded(e, config, excluded);
    e->has_default = otherwise != NULL;
    if (rc == CS_OK && !otherwise && e->count == 0)
        rc = params_refuse(config, DEFAULT, "",
                           "this parameter, or one " BY_TYPE
                           " with a media type behind it: without either the filter does nothing");
    return rc;
}
