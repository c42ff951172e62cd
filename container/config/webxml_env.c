/* SPDX-License-Identifier: Apache-2.0
 * env-entry of web.xml: a name, a value, and a type that the value must be of. Called by webxml.c. */
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

/* The types that the servlet specification has, with the range of the whole numbers. */
static const struct {
    const char *name, *expected;
    enum { TEXT, CHARACTER, BOOLEAN, WHOLE, FRACTION } kind;
    int64_t least, most;
} types[] = {
    {"java.lang.String", "", TEXT, 0, 0},
    {"java.lang.Character", "one character", CHARACTER, 0, 0},
    {"java.lang.Boolean", "true or false", BOOLEAN, 0, 0},
    {"java.lang.Byte", "a whole number from -128 to 127", WHOLE, INT8_MIN, INT8_MAX},
    {"java.lang.Short", "a whole number from -32768 to 32767", WHOLE, INT16_MIN, INT16_MAX},
    {"java.lang.Integer", "a whole number of 32 bits", WHOLE, INT32_MIN, INT32_MAX},
    {"java.lang.Long", "a whole number of 64 bits", WHOLE, INT64_MIN, INT64_MAX},
    {"java.lang.Float", "a number", FRACTION, 0, 0},
    {"java.lang.Double", "a number", FRACTION, 0, 0},
};

static bool is_whole(const char *text, int64_t least, int64_t most)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return *text && *end == '\0' && errno == 0 && value >= least && value <= most;
}

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return *text && *end == '\0';
}

/* One of UTF-8; bytes that continue one do not count. */
static bool is_character(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0u) != 0x80u;
    return n == 1;
}

static bool value_fits(const char *value, size_t type)
{
    struct span text = span_of(value);
    switch (types[type].kind) {
    case CHARACTER:
        return is_character(value);
    case BOOLEAN:
        return span_ieq(text, SPAN_LIT("true")) || span_ieq(text, SPAN_LIT("false"));
    case WHOLE:
        return is_whole(value, types[type].least, types[type].most);
    case FRACTION:
        return is_number(value);
    default:
        return true;
    }
}

bool webxml_env_fits(const char *type, const char *value, const char **expected)
{
    for (size_t i = 0; type && i < ARRAY_COUNT(types); i++) {
        *expected = types[i].expected;
        if (strcmp(type, types[i].name) == 0)
            return value_fits(value, i);
    }
    return true;
}

static bool check_type(struct webxml_reader *r, const struct xml_node *node,
                       const struct webxml_env *entry)
{
    const char *type = xml_child_text(node, "env-entry-type"), *expected;
    if (webxml_env_fits(type, entry->value, &expected))
        return true;
    err_set(r->err, "<env-entry-value> '%.64s' of '%.128s' is no %s", entry->value, entry->name,
            type);
    err_why(r->err, "expected %s", expected);
    return webxml_fail(r, node->line);
}

bool webxml_read_env(struct webxml_reader *r, const struct xml_node *node,
                     struct webxml_env ***tail)
{
    struct webxml_env *entry = arena_zalloc(&r->out->doc.arena, sizeof(*entry));
    const struct webxml_env *first;
    if (!entry)
        return webxml_no_memory(r);
    entry->line = node->line;
    if (!webxml_children_check(r, &webxml_env_element, node) ||
        !(entry->name = webxml_text(r, node, "env-entry-name")))
        return false;
    if ((first = map_get(r->env, span_of(entry->name)))) {
        err_set(r->err, "two <env-entry> elements are called '%.128s'", entry->name);
        err_why(r->err, "the first is on line %d", first->line);
        return webxml_fail(r, node->line);
    }
    if (!map_put(r->env, span_of(entry->name), entry, NULL))
        return webxml_no_memory(r);
    if (!(entry->value = xml_child_text(node, "env-entry-value"))) {
        LOG(config, LOG_WARN, "%s:%d: <env-entry> '%s' has no <env-entry-value>: it is not there",
            r->out->doc.file, node->line, entry->name);
        return true;
    }
    if (!check_type(r, node, entry))
        return false;
    **tail = entry;
    *tail = &entry->next;
    return true;
}
