/* SPDX-License-Identifier: Apache-2.0
 * Reading init parameters: see params.h. */
#include "params.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int params_refuse(cs_config *config, const char *name, const char *value, const char *allowed)
{
    cs_ctx_log(cs_config_ctx(config), CS_LOG_ERROR,
               "filter %s: init-param %s has the value '%.200s'; allowed: %s",
               cs_config_name(config).ptr, name, value, allowed);
    return CS_EINVAL;
}

static int read_switch(cs_config *config, const struct param *row, const char *value)
{
    int on = strcasecmp(value, "true") == 0;
    if (!on && strcasecmp(value, "false") != 0)
        return params_refuse(config, row->name, value, "true or false");
    *(int *)row->to = on;
    return CS_OK;
}

static int read_number(cs_config *config, const struct param *row, const char *value)
{
    char allowed[80], *end;
    long long n = strtoll(value, &end, 10);
    int begins = isdigit((unsigned char)value[0]) || value[0] == '-';
    if (begins && end != value && !*end && n >= row->low && n <= row->high) {
        *(int64_t *)row->to = n;
        return CS_OK;
    }
    snprintf(allowed, sizeof(allowed), "a whole number from %" PRId64 " to %" PRId64, row->low,
             row->high);
    return params_refuse(config, row->name, value, allowed);
}

static int read_value(cs_config *config, const struct param *row, const char *value)
{
    switch (row->kind) {
    case PARAM_SWITCH:
        return read_switch(config, row, value);
    case PARAM_NUMBER:
        return read_number(config, row, value);
    case PARAM_TEXT:
        *(const char **)row->to = value;
        return CS_OK;
    case PARAM_OTHER:
        break;
    }
    return CS_OK;
}

static int unknown(cs_config *config, const char *name, const char *value, const struct param *rows,
                   size_t count)
{
    char known[600];
    size_t n = 0;
    known[0] = '\0';
    for (size_t i = 0; i < count && n < sizeof(known); i++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s%s", i ? ", " : "", rows[i].name,
                              rows[i].is_prefix ? "..." : "");
    cs_ctx_log(cs_config_ctx(config), CS_LOG_ERROR,
               "filter %s: init-param %.100s (value '%.100s') is not known; allowed: %s",
               cs_config_name(config).ptr, name, value, known);
    return CS_EINVAL;
}

static const struct param *find(const struct param *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(rows[i].name) + !rows[i].is_prefix;
        if (strncmp(rows[i].name, name, n) == 0)
            return &rows[i];
    }
    return NULL;
}

int params_read(cs_config *config, const struct param *rows, size_t count)
{
    cs_str name, value;
    for (uint32_t i = 0; cs_config_param_at(config, i, &name, &value) == CS_OK; i++) {
        const struct param *row = find(rows, count, name.ptr);
        const char *text = cs_str_text(value);
        int rc = CS_OK;
        if (!row)
            rc = unknown(config, name.ptr, text ? text : "", rows, count);
        else
            rc = read_value(config, row, text ? text : "");
        if (rc != CS_OK)
            return rc;
    }
    return CS_OK;
}

/* ---- lists ---- */

cs_str words_next(cs_str *rest)
{
    while (rest->len > 0) {
        const char *comma = memchr(rest->ptr, ',', rest->len);
        size_t n = comma ? (size_t)(comma - rest->ptr) : rest->len;
        cs_str word = {rest->ptr, n};
        rest->ptr += n + (comma != NULL);
        rest->len -= n + (comma != NULL);
        while (word.len > 0 && isspace((unsigned char)word.ptr[0])) {
            word.ptr++;
            word.len--;
        }
        while (word.len > 0 && isspace((unsigned char)word.ptr[word.len - 1]))
            word.len--;
        if (word.len > 0)
            return word;
    }
    return (cs_str){NULL, 0};
}

int words_split(cs_ctx *ctx, const char *list, struct words *out)
{
    cs_str rest = cs_str_of(list), word;
    uint32_t count = 0;
    while (words_next(&rest).ptr)
        count++;
    out->count = 0;
    out->v = cs_ctx_alloc(ctx, (count + 1) * sizeof(*out->v));
    rest = cs_str_of(list);
    while (out->v && (word = words_next(&rest)).ptr)
        out->v[out->count++] = word;
    return out->v != NULL;
}

const char *words_join(cs_ctx *ctx, const struct words *words)
{
    size_t n = 1;
    for (uint32_t i = 0; i < words->count; i++)
        n += words->v[i].len + 1;
    char *text = cs_ctx_alloc(ctx, n), *p = text; /* zeroed */
    for (uint32_t i = 0; text && i < words->count; i++) {
        if (i > 0)
            *p++ = ',';
        memcpy(p, words->v[i].ptr, words->v[i].len);
        p += words->v[i].len;
    }
    return text;
}

int words_have(const struct words *words, cs_str word)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (words->v[i].len == word.len && memcmp(words->v[i].ptr, word.ptr, word.len) == 0)
            return 1;
    return 0;
}

int words_have_any_case(const struct words *words, cs_str word)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (words->v[i].len == word.len && strncasecmp(words->v[i].ptr, word.ptr, word.len) == 0)
            return 1;
    return 0;
}

int is_token(cs_str word)
{
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        if (c >= 0x80 || (!isalnum(c) && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))))
            return 0;
    }
    return word.len > 0;
}
