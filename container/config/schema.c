/* SPDX-License-Identifier: Apache-2.0
 * Fills a struct from an element by the tables of schema_server.c, and finds the name somebody
 * probably meant. Called by the server.xml and web.xml readers of this room. */
#include "config/schema.h"

#include <stdio.h>

#include "base/check.h"
#include "observe/log.h"

enum { NAME_LIMIT = 64, DISTANCE_MAX = 3, NAMES_MAX = 160 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions and replacements from A to B, case folded; both shorter than NAME_LIMIT. */
static size_t edit_distance(struct span a, struct span b)
{
    size_t row[NAME_LIMIT + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t same = ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 1]) ? 0 : 1;
            size_t next = smallest(row[j] + 1, row[j - 1] + 1, diagonal + same);
            diagonal = row[j];
            row[j] = next;
        }
    }
    return row[b.n];
}

const char *schema_nearest(const char *name, const char *const *known, size_t count)
{
    struct span given = span_of(name);
    const char *best = NULL;
    size_t best_distance = given.n < DISTANCE_MAX + 1 ? given.n : DISTANCE_MAX + 1;
    if (given.n >= NAME_LIMIT)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct span candidate = span_of(known[i]);
        size_t distance = candidate.n < NAME_LIMIT ? edit_distance(given, candidate) : NAME_LIMIT;
        if (distance < best_distance) {
            best_distance = distance;
            best = known[i];
        }
    }
    return best;
}

bool schema_listed(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

int32_t schema_choice(const char *const *choices, const char *name)
{
    for (int32_t i = 0; choices[i]; i++)
        if (strcmp(choices[i], name) == 0)
            return i;
    return -1;
}

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

/* Puts TEXT into its member; false when it is no value of the attribute's type. */
static bool member_set(const struct schema_attribute *a, const char *text, void *out)
{
    void *member = (char *)out + a->offset;
    int32_t choice;
    switch (a->type) {
    case SCHEMA_STRING:
        *(const char **)member = text;
        return true;
    case SCHEMA_INT:
        return parse_int(a, text, member);
    case SCHEMA_BOOL:
        return parse_bool(text, member);
    case SCHEMA_ENUM:
        choice = schema_choice(a->choices, text);
        *(int32_t *)member = choice;
        return choice >= 0;
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

static bool bad_value(const struct schema_element *e, const struct schema_attribute *a,
                      const char *text, struct err *err)
{
    const char *nearest;
    char choices[256] = "";
    size_t used = 0;
    err_set(err, "<%s> %s=\"%.128s\" is not a valid value", e->name, a->name, text);
    switch (a->type) {
    case SCHEMA_STRING:
        UNREACHABLE();
    case SCHEMA_INT:
        return err_why(err, "expected a whole number from %lld to %lld%s%s", (long long)a->min,
                       (long long)a->max, a->unit[0] ? ", in " : "", a->unit);
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

/* Every name an attribute of E may have, for the nearest-name search. */
static size_t names_gather(const struct schema_element *e, const char **names)
{
    size_t unserved = list_length(e->unserved), n = 0;
    CHECK(e->count + e->fixed_count + unserved <= NAMES_MAX);
    for (size_t i = 0; i < e->count; i++)
        names[n++] = e->attributes[i].name;
    for (size_t i = 0; i < e->fixed_count; i++)
        names[n++] = e->fixed[i].name;
    for (size_t i = 0; i < unserved; i++)
        names[n++] = e->unserved[i];
    return n;
}

/* A given attribute that is not in the table of served ones. */
static bool stranger_check(const struct schema_element *e, const char *name, const char *value,
                           const char *file, int line, struct err *err)
{
    const char *names[NAMES_MAX], *nearest;
    const struct schema_fixed *fixed = fixed_find(e, name);
    if (fixed)
        return fixed_check(e, fixed, value, err);
    if (schema_listed(e->unserved, name)) {
        LOG(config, LOG_WARN, "%s:%d: <%s> %s=\"%s\" is not served yet: it has no effect", file,
            line, e->name, name, value);
        return true;
    }
    nearest = schema_nearest(name, names, names_gather(e, names));
    if (nearest && fixed_find(e, nearest)) {
        err_set(err, "<%s> has no attribute '%.64s'", e->name, name);
        return err_hint(err, "did you mean '%s'? It protects, so it is not passed over", nearest);
    }
    LOG(config, LOG_WARN, "%s:%d: <%s> has no attribute '%s', it is ignored%s%s%s", file, line,
        e->name, name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
        nearest ? "'?" : "");
    return true;
}

bool schema_fill(const struct schema_element *e, const struct xml_node *node, const char *file,
                 void *out, struct err *err)
{
    schema_defaults(e, out);
    for (const struct xml_attribute *given = node->attributes; given; given = given->next) {
        const struct schema_attribute *a = attribute_find(e, given->name);
        if (!a && !stranger_check(e, given->name, given->value, file, node->line, err))
            return err_at(err, file, node->line);
        if (a && !member_set(a, given->value, out)) {
            bad_value(e, a, given->value, err);
            return err_at(err, file, node->line);
        }
    }
    for (size_t i = 0; i < e->count; i++) {
        const struct schema_attribute *a = &e->attributes[i];
        if (a->fallback || xml_attribute(node, a->name))
            continue;
        err_set(err, "<%s> has no attribute '%s'", e->name, a->name);
        err_why(err, "it is required: %s", a->doc);
        return err_at(err, file, node->line);
    }
    return true;
}

void schema_defaults(const struct schema_element *e, void *out)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct schema_attribute *a = &e->attributes[i];
        if (a->fallback)
            CHECK(member_set(a, a->fallback, out));
        else if (a->type == SCHEMA_STRING)
            CHECK(member_set(a, "", out));
        else if (a->type == SCHEMA_INT)
            *(int64_t *)(void *)((char *)out + a->offset) = 0;
        else
            UNREACHABLE(); /* a switch or a choice always has a default */
    }
}
