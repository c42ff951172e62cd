/* SPDX-License-Identifier: Apache-2.0
 * Fills a struct from an element by the tables of schema_server.c. Called by the readers of server.xml
 * and context.xml, and for single values by valve.c. */
#include "config/schema.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "observe/log.h"

static bool parse_int(const struct schema_attribute *a, const char *text, int64_t *out)
{
    struct span digits = span_of(text);
    bool negative = span_starts(digits, SPAN_LIT("-"));
    uint64_t magnitude;
    if (negative)
        digits = span_from(digits, 1);
    if (!span_to_u64(digits, INT64_MAX, &magnitude))
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return *out >= a->min && *out <= a->max;
}

static bool parse_bool(const char *text, bool *out)
{
    *out = span_ieq(span_of(text), SPAN_LIT("true"));
    return *out || span_ieq(span_of(text), SPAN_LIT("false"));
}

/* "10.0.0.0/8" or "::1". */
static bool is_cidr(struct span text)
{
    unsigned char address[16];
    char host[64];
    size_t slash = span_find(text, 0, '/');
    uint64_t bits;
    if (slash == 0 || slash >= sizeof(host))
        return false;
    memcpy(host, text.p, slash);
    host[slash] = '\0';
    unsigned max = inet_pton(AF_INET, host, address) == 1    ? 32
                   : inet_pton(AF_INET6, host, address) == 1 ? 128
                                                             : 0;
    return max > 0 && (slash == text.n || span_to_u64(span_from(text, slash + 1), max, &bits));
}

static bool are_cidrs(const char *text)
{
    struct span rest = span_of(text), piece;
    while (rest.p && span_trim(rest).n > 0 && span_split(&rest, ',', &piece))
        if (!is_cidr(span_trim(piece)))
            return false;
    return true;
}

union value {
    const char *text;
    int64_t number;
    bool on;
    int32_t choice;
};

static bool value_parse(const struct schema_attribute *a, const char *text, union value *v)
{
    switch (a->type) {
    case SCHEMA_CIDRS:
        v->text = text;
        return are_cidrs(text);
    case SCHEMA_STRING:
        v->text = text;
        return true;
    case SCHEMA_INT:
        return parse_int(a, text, &v->number);
    case SCHEMA_BOOL:
        return parse_bool(text, &v->on);
    case SCHEMA_ENUM:
        v->choice = schema_choice(a->choices, text);
        return v->choice >= 0;
    }
    UNREACHABLE();
}

/* Puts TEXT into its member; false, with the member untouched, when it is no value of the type. */
static bool member_set(const struct schema_attribute *a, const char *text, void *out)
{
    void *member = (char *)out + a->offset;
    union value v;
    if (!value_parse(a, text, &v))
        return false;
    switch (a->type) {
    case SCHEMA_STRING:
    case SCHEMA_CIDRS:
        *(const char **)member = v.text;
        return true;
    case SCHEMA_INT:
        *(int64_t *)member = v.number;
        return true;
    case SCHEMA_BOOL:
        *(bool *)member = v.on;
        return true;
    case SCHEMA_ENUM:
        *(int32_t *)member = v.choice;
        return true;
    }
    UNREACHABLE();
}

static size_t list_length(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

bool schema_value_check(const char *element, const struct schema_attribute *a, const char *text,
                        struct err *err)
{
    const char *nearest;
    char choices[256] = "";
    size_t used = 0;
    union value v;
    if (value_parse(a, text, &v))
        return true;
    err_set(err, "<%s> %s=\"%.128s\" is not a valid value", element, a->name, text);
    switch (a->type) {
    case SCHEMA_STRING:
        UNREACHABLE();
    case SCHEMA_CIDRS:
        return err_why(err, "expected addresses or networks with commas between, like "
                            "10.0.0.0/8, ::1");
    case SCHEMA_INT:
        return err_why(err, "expected a whole number from %" PRId64 " to %" PRId64 "%s%s", a->min,
                       a->max, a->unit[0] ? ", in " : "", a->unit);
    case SCHEMA_BOOL:
        return err_why(err, "expected true or false");
    case SCHEMA_ENUM:
        for (size_t i = 0; a->choices[i] && used < sizeof(choices); i++)
            used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s", i ? ", " : "",
                                     a->choices[i]);
        err_why(err, "expected one of: %s", choices);
        nearest = schema_nearest(text, a->choices, list_length(a->choices));
        return nearest ? err_hint(err, "did you mean '%s'?", nearest) : false;
    }
    UNREACHABLE();
}

bool schema_value_text(const struct schema_attribute *a, const void *element, struct buf *out)
{
    const void *member = (const char *)element + a->offset;
    switch (a->type) {
    case SCHEMA_STRING:
    case SCHEMA_CIDRS:
        return buf_append_str(out, *(const char *const *)member);
    case SCHEMA_INT:
        return buf_printf(out, "%" PRId64, *(const int64_t *)member);
    case SCHEMA_BOOL:
        return buf_append_str(out, *(const bool *)member ? "true" : "false");
    case SCHEMA_ENUM:
        return buf_append_str(out, a->choices[*(const int32_t *)member]);
    }
    UNREACHABLE();
}

static const struct schema_attribute *attribute_find(const struct schema_element *e,
                                                     const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->attributes[i].name, name) == 0)
            return &e->attributes[i];
    return NULL;
}

static const struct schema_fixed *fixed_find(const struct schema_element *e, const char *name)
{
    for (size_t i = 0; i < e->fixed_count; i++)
        if (strcmp(e->fixed[i].name, name) == 0)
            return &e->fixed[i];
    return NULL;
}

static bool fixed_check(const struct schema_element *e, const struct schema_fixed *fixed,
                        const char *value, struct err *err)
{
    if (span_ieq(span_of(value), span_of(fixed->value)))
        return true;
    err_set(err, "<%s> %s=\"%.128s\" is not served yet", e->name, fixed->name, value);
    err_why(err, "expected \"%s\": %s", fixed->value, fixed->why);
    return err_hint(err, "remove the attribute once that is what you want");
}

static const char *attribute_guess(const struct schema_element *e, const char *name,
                                   struct schema_guess *g)
{
    schema_guess_begin(g, name);
    for (size_t i = 0; i < e->count; i++)
        schema_guess_try(g, span_of(e->attributes[i].name));
    for (size_t i = 0; i < e->fixed_count; i++)
        schema_guess_try(g, span_of(e->fixed[i].name));
    schema_guess_words(g, e->later);
    schema_guess_words(g, e->jvm);
    return schema_guess_name(g);
}

/* A given attribute that is not in the table of served ones. */
static bool stranger_check(const struct schema_element *e, const struct xml_attribute *given,
                           const char *file, int line, struct config_report *report,
                           struct err *err)
{
    const struct schema_fixed *fixed = fixed_find(e, given->name);
    struct schema_guess guess;
    struct span same;
    const char *nearest;
    if (fixed)
        return fixed_check(e, fixed, given->value, err);
    if (schema_word(e->jvm, given->name, NULL)) {
        config_known(report, e->name, given->name);
        return true;
    }
    if (schema_word(e->later, given->name, &same)) {
        if (!same.p || !span_ieq(same, span_of(given->value)))
            LOG(config, LOG_WARN, "%s:%d: <%s> %s=\"%s\" is not served yet: it has no effect", file,
                line, e->name, given->name, given->value);
        return true;
    }
    nearest = attribute_guess(e, given->name, &guess);
    if (nearest && fixed_find(e, nearest)) {
        err_set(err, "<%s> has no attribute '%.64s'", e->name, given->name);
        return err_hint(err, "did you mean '%s'? It protects, so it is not passed over", nearest);
    }
    LOG(config, LOG_WARN, "%s:%d: <%s> has no attribute '%s', it is ignored%s%s%s", file, line,
        e->name, given->name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
        nearest ? "'?" : "");
    return true;
}

bool schema_apply(const struct schema_element *e, const struct xml_node *node, const char *file,
                  void *out, struct config_report *report)
{
    bool good = true;
    for (const struct xml_attribute *given = node->attributes; given; given = given->next) {
        const struct schema_attribute *a = attribute_find(e, given->name);
        struct err err = ERR_INIT;
        if (a ? member_set(a, given->value, out)
              : stranger_check(e, given, file, node->line, report, &err))
            continue;
        if (a)
            schema_value_check(e->name, a, given->value, &err);
        err_at(&err, file, node->line);
        good = config_mistake(report, &err);
    }
    return good;
}

bool schema_require(const struct schema_element *e, const struct xml_node *node, const char *file,
                    struct config_report *report)
{
    bool good = true;
    for (size_t i = 0; i < e->count; i++) {
        const struct schema_attribute *a = &e->attributes[i];
        struct err err = ERR_INIT;
        if (a->fallback || xml_attribute(node, a->name))
            continue;
        err_set(&err, "<%s> has no attribute '%s'", e->name, a->name);
        err_why(&err, "it is required: %s", a->doc);
        err_at(&err, file, node->line);
        good = config_mistake(report, &err);
    }
    return good;
}

bool schema_fill(const struct schema_element *e, const struct xml_node *node, const char *file,
                 void *out, struct config_report *report)
{
    schema_defaults(e, out);
    bool good = schema_apply(e, node, file, out, report);
    return schema_require(e, node, file, report) && good;
}

void schema_defaults(const struct schema_element *e, void *out)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct schema_attribute *a = &e->attributes[i];
        if (a->fallback)
            CHECK(member_set(a, a->fallback, out));
        else if (a->type == SCHEMA_STRING || a->type == SCHEMA_CIDRS)
            CHECK(member_set(a, "", out));
        else if (a->type == SCHEMA_INT)
            *(int64_t *)(void *)((char *)out + a->offset) = 0;
        else
            UNREACHABLE(); /* a switch or a choice always has a default */
    }
}
