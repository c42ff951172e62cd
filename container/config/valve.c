/* SPDX-License-Identifier: Apache-2.0
 * A <Valve> checked against its class. See valve.h; the classes are in valve_classes.c. */
#include "config/valve.h"

#include <string.h>

#include "base/check.h"
#include "observe/log.h"

const char *valve_value(const struct valve_config *v, const char *name)
{
    for (const struct valve_param *p = v->params; p; p = p->next)
        if (strcmp(p->name, name) == 0)
            return p->value;
    return NULL;
}

/* "errorCode.*" is every attribute that begins so. */
static bool is_family(const struct schema_attribute *a)
{
    return span_ends(span_of(a->name), SPAN_LIT(".*"));
}

static bool is_called(const struct schema_attribute *a, const char *name)
{
    size_t n = strlen(a->name);
    return is_family(a) ? strncmp(a->name, name, n - 1) == 0 && name[n - 1]
                        : strcmp(a->name, name) == 0;
}

static const struct schema_attribute *attribute_find(const struct valve_class *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_called(&c->attributes[i], name))
            return &c->attributes[i];
    return NULL;
}

/* A valve may protect: what it does not know is a mistake, not a WARN. */
static bool stranger_check(const struct valve_class *c, const struct xml_attribute *given,
                           const char *file, int line, struct config_report *report,
                           struct err *err)
{
    struct schema_guess guess;
    struct span same;
    if (strcmp(given->name, "className") == 0)
        return true;
    if (schema_word(c->jvm, given->name, NULL)) {
        config_known(report, "Valve", given->name);
        return true;
    }
    if (schema_word(c->later, given->name, &same)) {
        if (!same.p || !span_ieq(same, span_of(given->value)))
            LOG(config, LOG_WARN,
                "%s:%d: <Valve> %s=\"%s\" of %s is not served yet: it has no effect", file, line,
                given->name, given->value, c->name);
        return true;
    }
    schema_guess_begin(&guess, given->name);
    for (size_t i = 0; i < c->count; i++)
        schema_guess_try(&guess, span_of(c->attributes[i].name));
    err_set(err, "<Valve> '%.64s' has no attribute '%.64s'", c->name, given->name);
    if (schema_guess_name(&guess))
        err_hint(err, "did you mean '%s'?", schema_guess_name(&guess));
    return false;
}

static bool param_add(struct arena *arena, struct valve_param ***tail, const char *name,
                      const char *value, bool given)
{
    struct valve_param *p = arena_zalloc(arena, sizeof(*p));
    if (!p)
        return false;
    *p = (struct valve_param){.name = name, .value = value, .given = given};
    **tail = p;
    *tail = &p->next;
    return true;
}

static bool params_fill(const struct valve_class *c, const struct xml_node *node,
                        struct arena *arena, struct valve_config *v)
{
    struct valve_param **tail = &v->params;
    bool ok = true;
    for (size_t i = 0; ok && i < c->count; i++) {
        const struct schema_attribute *a = &c->attributes[i];
        const char *given = xml_attribute(node, a->name);
        if (!is_family(a))
            ok = param_add(arena, &tail, a->name, given ? given : a->fallback, given != NULL);
        for (const struct xml_attribute *g = node->attributes; ok && is_family(a) && g; g = g->next)
            if (is_called(a, g->name))
                ok = param_add(arena, &tail, g->name, g->value, true);
    }
    return ok;
}

struct valve_config *config_check_valve(const struct valve_class *c, const struct xml_node *node,
                                        const char *file, struct arena *arena,
                                        struct config_report *report)
{
    struct valve_config *v = arena_zalloc(arena, sizeof(*v));
    unsigned mistakes = report->count;
    struct err err = ERR_INIT;
    if (!v || !params_fill(c, node, arena, v)) {
        err_set(&err, "out of memory");
        config_mistake(report, &err);
        return NULL;
    }
    v->file = file;
    v->line = node->line;
    v->class_name = xml_attribute(node, "className");
    v->name = c->name;
    for (const struct xml_attribute *given = node->attributes; given; given = given->next) {
        const struct schema_attribute *a = attribute_find(c, given->name);
        if (a ? schema_value_check("Valve", a, given->value, &err)
              : stranger_check(c, given, file, node->line, report, &err))
            continue;
        err_at(&err, file, node->line);
        config_mistake(report, &err);
        err = ERR_INIT;
    }
    if (report->count == mistakes && c->check && !c->check(v, &err)) {
        err_at(&err, file, node->line);
        config_mistake(report, &err);
    }
    return v;
}
