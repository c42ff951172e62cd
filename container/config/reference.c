/* SPDX-License-Identifier: Apache-2.0
 * The tables as text, for the configuration reference of the docs and for the test that every attribute
 * has an effect. Called by `cserv configtest --reference`. */
#include <inttypes.h>

#include "base/check.h"
#include "config/schema.h"
#include "config/valve.h"

static bool put_range(struct buf *out, const struct schema_attribute *a)
{
    bool ok = true;
    switch (a->type) {
    case SCHEMA_STRING:
    case SCHEMA_CIDRS:
        return true;
    case SCHEMA_INT:
        ok = a->min == INT32_MIN || buf_printf(out, "%" PRId64, a->min);
        ok = ok && buf_append_str(out, "..");
        return ok && (a->max == INT32_MAX || buf_printf(out, "%" PRId64, a->max));
    case SCHEMA_BOOL:
        return buf_append_str(out, "true|false");
    case SCHEMA_ENUM:
        for (size_t i = 0; ok && a->choices[i]; i++)
            ok = buf_printf(out, "%s%s", i ? "|" : "", a->choices[i]);
        return ok;
    }
    UNREACHABLE();
}

static bool put_attributes(struct buf *out, const char *prefix, const char *owner,
                           const struct schema_attribute *rows, size_t count)
{
    static const char *const types[] = {"text", "int", "bool", "choice", "cidrs"};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const struct schema_attribute *a = &rows[i];
        ok = buf_printf(out, "attribute\t%s%s\t%s\t%s\t", prefix, owner, a->name, types[a->type]) &&
             put_range(out, a) &&
             buf_printf(out, "\t%s\t%s\t%s\n", a->unit, a->fallback ? a->fallback : "required",
                        a->doc);
    }
    return ok;
}

bool schema_reference(struct buf *out)
{
    size_t count;
    const struct schema_element *elements = schema_elements(&count);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = buf_printf(out, "element\t%s\t%s\n", elements[i].name, elements[i].doc) &&
             put_attributes(out, "", elements[i].name, elements[i].attributes, elements[i].count);
    for (const struct valve_class *c = config_valves(); ok && c; c = c->next)
        ok = buf_printf(out, "valve\t%s\t%s\t%s\n", c->name, c->aliases, c->doc) &&
             put_attributes(out, "Valve/", c->name, c->attributes, c->count);
    return ok;
}
