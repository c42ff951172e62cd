/* SPDX-License-Identifier: Apache-2.0
 * ${name}, ${name:-default} and ${name:default} in attribute values and texts; called by xml.c. What
 * is put in is not looked at again, so a value from the environment cannot refer to another. A '$'
 * that is not followed by '{' is itself, as in Tomcat. */
#include "config/xml_priv.h"

#define NAME_MAX_LENGTH 255u

/* Splits the inside of ${...} into the name (copied, terminated) and the default (absent when there
 * is no colon). */
static bool reference_split(struct span inside, char *name, struct span *fallback, struct err *err)
{
    size_t colon = span_find(inside, 0, ':');
    if (colon == 0 || colon > NAME_MAX_LENGTH) {
        err_set(err, "${%.*s} has no usable name", (int)(inside.n < 64 ? inside.n : 64), inside.p);
        return err_why(err, "expected 1 to %u bytes between '${' and '}' or ':'", NAME_MAX_LENGTH);
    }
    memcpy(name, inside.p, colon);
    name[colon] = '\0';
    *fallback = SPAN_NONE;
    if (colon < inside.n) {
        *fallback = span_from(inside, colon + 1);
        if (span_starts(*fallback, SPAN_LIT("-")))
            *fallback = span_from(*fallback, 1);
    }
    return true;
}

static bool reference_resolve(struct span inside, xml_subst_fn *subst, void *arg,
                              struct span *value, struct err *err)
{
    char name[NAME_MAX_LENGTH + 1];
    struct span fallback;
    const char *found = NULL;
    if (!reference_split(inside, name, &fallback, err))
        return false;
    if (subst(arg, name, &found) && found) {
        *value = span_of(found);
        return true;
    }
    *value = fallback;
    if (fallback.p)
        return true;
    err_set(err, "${%s} is not defined", name);
    return err_hint(err, "set the environment variable %s, or give a default: ${%s:-value}", name,
                    name);
}

static bool is_nested(struct span inside)
{
    size_t brace = span_find(inside, 0, '{');
    return brace > 0 && brace < inside.n && inside.p[brace - 1] == '$';
}

static bool append(struct buf *out, struct span piece, struct err *err)
{
    if (piece.n > XML_VALUE_MAX || buf_len(out) + piece.n > XML_VALUE_MAX)
        return err_set(err, "a value is longer than %zu bytes after substitution", XML_VALUE_MAX);
    if (!buf_append_span(out, piece))
        return err_set(err, "out of memory");
    return true;
}

bool xml_substitute(struct buf *out, struct span value, xml_subst_fn *subst, void *arg,
                    struct err *err)
{
    while (value.n > 0) {
        size_t dollar = span_find(value, 0, '$');
        if (dollar + 1 >= value.n)
            return append(out, value, err);
        if (value.p[dollar + 1] != '{') {
            if (!append(out, span_cut(value, 0, dollar + 1), err))
                return false;
            value = span_from(value, dollar + 1);
            continue;
        }
        struct span rest = span_from(value, dollar + 2);
        size_t close = span_find(rest, 0, '}');
        struct span inside = span_cut(rest, 0, close), replacement;
        if (close == rest.n || is_nested(inside)) {
            err_set(err, "'${' without its '}'");
            return err_why(err, "expected ${name} or ${name:-default}; they cannot be nested");
        }
        if (!append(out, span_cut(value, 0, dollar), err) ||
            !reference_resolve(inside, subst, arg, &replacement, err) ||
            !append(out, replacement, err))
            return false;
        value = span_from(rest, close + 1);
    }
    return true;
}
