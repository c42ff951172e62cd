/* SPDX-License-Identifier: Apache-2.0
 * The registry of valve classes, and how text becomes one. See valve.h. */
#include "config/valve.h"

#include <string.h>

#include "base/check.h"

enum { CHOICES_MAX = 16, ATTRIBUTES_MAX = 64 };

static struct {
    struct arena arena;
    bool ready;
    struct valve_class *first, **end;
} registry;

static struct arena *registry_arena(void)
{
    if (!registry.ready) {
        arena_init(&registry.arena);
        registry.end = &registry.first;
        registry.ready = true;
    }
    return &registry.arena;
}

void config_valves_clear(void)
{
    if (registry.ready)
        arena_destroy(&registry.arena);
    registry.ready = false;
    registry.first = NULL;
}

const struct valve_class *config_valves(void)
{
    return registry.first;
}

static struct valve_class *find_in(struct valve_class *c, const char *class_name)
{
    while (c && strcmp(c->name, class_name) != 0 && !schema_word(c->aliases, class_name, NULL))
        c = c->next;
    return c;
}

struct valve_class *config_valve_find(const char *class_name)
{
    return find_in(registry.first, class_name);
}

/* ---- text to classes ---- */

struct parser {
    const char *file;
    int line;
    struct valve_class *first, **end;
    struct schema_attribute *attributes; /* of the class that is open; ATTRIBUTES_MAX */
    struct err *err;
};

static bool malformed(struct parser *p, const char *what)
{
    err_set(p->err, "the table of valves in line %d is malformed: %s", p->line, what);
    err_hint(p->err, "make it with CS_ATTRIBUTES and CS_ATTRIBUTE");
    return err_at(p->err, p->file, 0);
}

static bool no_memory(struct parser *p)
{
    return err_set(p->err, "out of memory for the valves of %s", p->file);
}

static const char *keep(struct span text)
{
    return arena_copy(registry_arena(), text).p;
}

/* "a|b|c" to a NULL-terminated array. */
static bool parse_choices(struct parser *p, struct span range, struct schema_attribute *a)
{
    const char **choices = arena_zalloc(registry_arena(), (CHOICES_MAX + 1) * sizeof(*choices));
    size_t n = 0;
    if (!choices)
        return no_memory(p);
    for (struct span piece; span_split(&range, '|', &piece);) {
        if (n == CHOICES_MAX || piece.n == 0)
            return malformed(p, "its choices");
        if (!(choices[n++] = keep(piece)))
            return no_memory(p);
    }
    a->type = SCHEMA_ENUM;
    a->choices = choices;
    return true;
}

static bool parse_bound(struct span text, int64_t *out)
{
    bool negative = span_starts(text, SPAN_LIT("-"));
    uint64_t magnitude;
    if (!span_to_u64(span_from(text, negative ? 1 : 0), INT64_MAX, &magnitude))
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

/* "1..65535"; a side that is missing has no bound. */
static bool parse_range(struct parser *p, struct span range, struct schema_attribute *a)
{
    size_t dots = span_find(range, 0, '.');
    struct span low = span_cut(range, 0, dots), high = span_from(range, dots);
    a->type = SCHEMA_INT;
    a->min = INT32_MIN;
    a->max = INT32_MAX;
    if (range.n == 0)
        return true;
    if (!span_starts(high, SPAN_LIT("..")))
        return malformed(p, "its range");
    high = span_from(high, 2);
    if ((low.n > 0 && !parse_bound(low, &a->min)) || (high.n > 0 && !parse_bound(high, &a->max)) ||
        a->min > a->max)
        return malformed(p, "its range");
    return true;
}

static bool parse_type(struct parser *p, struct span type, struct span range,
                       struct schema_attribute *a)
{
    a->type = span_eq(type, SPAN_LIT("cidrs")) ? SCHEMA_CIDRS : SCHEMA_STRING;
    if (a->type == SCHEMA_CIDRS)
        return true;
    if (span_eq(type, SPAN_LIT("int")))
        return parse_range(p, range, a);
    if (span_eq(type, SPAN_LIT("bool"))) {
        a->type = SCHEMA_BOOL;
        return true;
    }
    if (!span_eq(type, SPAN_LIT("text")))
        return malformed(p, "its type");
    return range.n == 0 || parse_choices(p, range, a);
}

static bool parse_attribute(struct parser *p, const struct span *words)
{
    struct valve_class *c = p->first;
    struct schema_attribute a = {.unit = ""};
    struct err ignored = ERR_INIT;
    while (c && c->next)
        c = c->next;
    if (!c || c->count == ATTRIBUTES_MAX || words[1].n == 0)
        return malformed(p, "an attribute without a valve, or without a name");
    for (size_t i = 0; i < c->count; i++)
        if (span_eq(span_of(c->attributes[i].name), words[1]))
            return malformed(p, "an attribute that is there twice");
    a.name = keep(words[1]);
    a.fallback = keep(words[4]);
    a.doc = keep(words[5]);
    if (!a.name || !a.fallback || !a.doc)
        return no_memory(p);
    if (!parse_type(p, words[2], words[3], &a))
        return false;
    if (a.fallback[0] && !schema_value_check("Valve", &a, a.fallback, &ignored))
        return malformed(p, "a default that is not a value of its own type");
    c->attributes[c->count++] = a;
    return true;
}

/* By a class that is there already, or by one before it in the same text. */
static bool is_taken(const struct parser *p, const char *name)
{
    return config_valve_find(name) || find_in(p->first, name);
}

static bool parse_valve(struct parser *p, const struct span *words)
{
    struct valve_class *c = arena_zalloc(registry_arena(), sizeof(*c));
    if (!c || !(c->name = keep(words[1])) || !(c->aliases = keep(words[2])) ||
        !(c->attributes = arena_zalloc(registry_arena(), ATTRIBUTES_MAX * sizeof(*c->attributes))))
        return no_memory(p);
    c->doc = "";
    if (!c->name[0] || strpbrk(c->name, " \t"))
        return malformed(p, "a valve without a name");
    if (is_taken(p, c->name)) {
        err_set(p->err, "there are two valves called '%.64s'", c->name);
        return err_at(p->err, p->file, 0);
    }
    struct span rest = words[2];
    for (struct span alias; rest.p && span_split(&rest, ' ', &alias);) {
        const char *name = keep(alias);
        if (!name)
            return no_memory(p);
        if (!name[0] || !is_taken(p, name))
            continue;
        err_set(p->err, "there are two valves called '%.128s'", name);
        return err_at(p->err, p->file, 0);
    }
    *p->end = c;
    p->end = &c->next;
    return true;
}

static bool parse_line(struct parser *p, struct span line)
{
    struct span words[6];
    size_t n = 0;
    for (struct span word; n < 6 && span_split(&line, '\t', &word);)
        words[n++] = word;
    if (n == 1 && words[0].n == 0)
        return true;
    if (n == 3 && !line.p && span_eq(words[0], SPAN_LIT("valve")))
        return parse_valve(p, words);
    if (n == 6 && !line.p && span_eq(words[0], SPAN_LIT("attribute")))
        return parse_attribute(p, words);
    return malformed(p, "neither a valve nor an attribute");
}

bool config_valves_add(const char *file, struct span text, struct err *err)
{
    struct parser p = {.file = file, .err = err};
    p.end = &p.first;
    (void)registry_arena();
    /* The text of a note ends with its terminating NUL. */
    text = span_cut(text, 0, span_find(text, 0, '\0'));
    for (struct span line; text.p && span_split(&text, '\n', &line);) {
        p.line++;
        if (!parse_line(&p, line))
            return false; /* what it took stays in the arena, which ends with the process */
    }
    *registry.end = p.first;
    if (p.first)
        registry.end = p.end;
    return true;
}
