/* SPDX-License-Identifier: Apache-2.0
 * Mapping a path to a servlet: see mapper.h. The rules in order: exact; the longest path prefix; for an
 * empty path the redirect; the extension of the last segment; for a path that ends in '/' the welcome
 * files (first those that something matches or that exist, then by extension alone); the default. */
#include "engine/mapper.h"

#include <stdlib.h>

#include "base/map.h"

struct entry {
    void *value;
    char *pattern;
};

struct mapper {
    struct map *exact;     /* "/a/b" */
    struct map *prefix;    /* "/a" for "/a/" and a star, "" for all */
    struct map *extension; /* "txt" for "*.txt" */
    struct entry *root, *fallback;
    char **welcome;
    size_t welcome_count;
};

struct mapper *mapper_new(void)
{
    struct mapper *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->exact = map_new();
    m->prefix = map_new();
    m->extension = map_new();
    if (!m->exact || !m->prefix || !m->extension)
        mapper_free(&m);
    return m;
}

static void free_entry(struct entry *e)
{
    if (e)
        free(e->pattern);
    free(e);
}

static void free_entries(struct map **map)
{
    for (size_t i = 0; *map && i < map_count(*map); i++) {
        struct span key;
        void *value;
        map_at(*map, i, &key, &value);
        free_entry(value);
    }
    if (*map)
        map_free(map);
}

void mapper_free(struct mapper **mp)
{
    struct mapper *m = *mp;
    *mp = NULL;
    free_entries(&m->exact);
    free_entries(&m->prefix);
    free_entries(&m->extension);
    free_entry(m->root);
    free_entry(m->fallback);
    for (size_t i = 0; i < m->welcome_count; i++)
        free(m->welcome[i]);
    free(m->welcome);
    free(m);
}

/* ---- building ---- */

bool mapper_pattern_ok(struct span p)
{
    for (size_t i = 0; i < p.n; i++) {
        if (p.p[i] == '\r' || p.p[i] == '\n' || p.p[i] == '\0')
            return false;
    }
    if (p.n == 0 || p.p[0] == '/')
        return true;
    return p.n > 2 && p.p[0] == '*' && p.p[1] == '.' && span_find(p, 0, '/') == p.n;
}

static bool is_prefix_pattern(struct span p)
{
    return p.n >= 2 && p.p[0] == '/' && span_ends(p, SPAN_LIT("/*"));
}

static bool is_extension_pattern(struct span p)
{
    return span_starts(p, SPAN_LIT("*."));
}

static struct entry *new_entry(const char *pattern, void *value)
{
    struct entry *e = malloc(sizeof(*e));
    if (!e)
        return NULL;
    *e = (struct entry){.value = value, .pattern = strdup(pattern)};
    if (!e->pattern) {
        free(e);
        return NULL;
    }
    return e;
}

struct place { /* where a pattern's entry is kept */
    struct entry **single;
    struct map *map; /* when SINGLE is NULL */
    struct span key;
};

static struct place place_of(struct mapper *m, struct span p)
{
    if (p.n == 0 || span_eq(p, SPAN_LIT("/")))
        return (struct place){.single = p.n == 0 ? &m->root : &m->fallback};
    if (is_prefix_pattern(p))
        return (struct place){.map = m->prefix, .key = span_cut(p, 0, p.n - 2)};
    if (is_extension_pattern(p))
        return (struct place){.map = m->extension, .key = span_from(p, 2)};
    return (struct place){.map = m->exact, .key = p};
}

static struct entry *entry_at(const struct place *at)
{
    return at->single ? *at->single : map_get(at->map, at->key);
}

void *mapper_owner(struct mapper *m, const char *pattern)
{
    struct place at = place_of(m, span_of(pattern));
    const struct entry *e = entry_at(&at);
    return e ? e->value : NULL;
}

bool mapper_set(struct mapper *m, const char *pattern, void *value)
{
    struct place at = place_of(m, span_of(pattern));
    struct entry *e = entry_at(&at);
    if (e) {
        e->value = value;
        return true;
    }
    e = new_entry(pattern, value);
    if (!e || (at.map && !map_put(at.map, at.key, e, NULL))) {
        free_entry(e);
        return false;
    }
    if (at.single)
        *at.single = e;
    return true;
}

bool mapper_add_welcome(struct mapper *m, const char *name)
{
    char **more = realloc(m->welcome, (m->welcome_count + 1) * sizeof(*more));
    if (!more)
        return false;
    m->welcome = more;
    more[m->welcome_count] = strdup(name);
    if (!more[m->welcome_count])
        return false;
    m->welcome_count++;
    return true;
}

/* ---- mapping ---- */

static void found(struct mapper_result *out, enum mapper_match match, const struct entry *e,
                  size_t servlet_path)
{
    out->match = match;
    out->value = e->value;
    out->pattern = span_of(e->pattern);
    out->servlet_path = span_cut(out->path, 0, servlet_path);
    out->path_info = SPAN_NONE;
    if (servlet_path < out->path.n)
        out->path_info = span_from(out->path, servlet_path);
}

static bool map_exact(const struct mapper *m, struct mapper_result *out)
{
    if (m->root && span_eq(out->path, SPAN_LIT("/"))) {
        found(out, MAPPER_CONTEXT_ROOT, m->root, 0);
        return true;
    }
    const struct entry *e = map_count(m->exact) > 0 ? map_get(m->exact, out->path) : NULL;
    if (e)
        found(out, MAPPER_EXACT, e, out->path.n);
    return e != NULL;
}

static bool map_prefix(const struct mapper *m, struct mapper_result *out)
{
    if (map_count(m->prefix) == 0)
        return false;
    for (size_t n = out->path.n;;) {
        const struct entry *e = map_get(m->prefix, span_cut(out->path, 0, n));
        if (e) {
            found(out, MAPPER_PATH, e, n);
            return true;
        }
        if (n == 0)
            return false;
        n = span_rfind(span_cut(out->path, 0, n), '/');
    }
}

static bool map_extension(const struct mapper *m, struct mapper_result *out)
{
    if (map_count(m->extension) == 0)
        return false;
    size_t slash = span_rfind(out->path, '/');
    size_t dot = span_rfind(out->path, '.');
    if (dot == out->path.n || (slash != out->path.n && dot < slash))
        return false;
    const struct entry *e = map_get(m->extension, span_from(out->path, dot + 1));
    if (e)
        found(out, MAPPER_EXTENSION, e, out->path.n);
    return e != NULL;
}

static bool map_default(const struct mapper *m, struct mapper_result *out)
{
    if (m->fallback)
        found(out, MAPPER_DEFAULT, m->fallback, out->path.n);
    return m->fallback != NULL;
}

static bool with_welcome(struct arena *a, struct span path, const char *name,
                         struct mapper_result *out)
{
    char *p = arena_printf(a, "%.*s%s", SPAN_ARG(path), name);
    out->path = span_of(p);
    return p != NULL;
}

/* False: out of memory. out->match tells whether one fits. */
static bool map_welcome(const struct mapper *m, struct span path, struct arena *a,
                        bool (*exists)(void *arg, struct span path), void *arg,
                        struct mapper_result *out)
{
    for (size_t i = 0; i < m->welcome_count; i++) {
        if (!with_welcome(a, path, m->welcome[i], out))
            return false;
        if (map_exact(m, out) || map_prefix(m, out))
            return true;
        if (exists && exists(arg, out->path) && (map_extension(m, out) || map_default(m, out)))
            return true;
    }
    for (size_t i = 0; i < m->welcome_count; i++) {
        if (!with_welcome(a, path, m->welcome[i], out))
            return false;
        if (map_extension(m, out))
            return true;
    }
    return true;
}

bool mapper_map(const struct mapper *m, struct span path, struct arena *arena,
                bool (*exists)(void *arg, struct span path), void *arg, struct mapper_result *out)
{
    *out = (struct mapper_result){.match = MAPPER_NONE, .path = path};
    if (map_exact(m, out) || map_prefix(m, out))
        return true;
    if (path.n == 0) {
        out->match = MAPPER_REDIRECT;
        return true;
    }
    if (map_extension(m, out))
        return true;
    if (path.p[path.n - 1] == '/') {
        if (!map_welcome(m, path, arena, exists, arg, out))
            return false;
        if (out->match != MAPPER_NONE)
            return true;
        out->path = path;
    }
    map_default(m, out);
    return true;
}

bool mapper_filter_matches(struct span pattern, struct span path)
{
    if (span_eq(pattern, SPAN_LIT("*")) || span_eq(pattern, SPAN_LIT("/*")) ||
        span_eq(pattern, path))
        return true;
    if (pattern.n == 0)
        return span_eq(path, SPAN_LIT("/"));
    if (is_prefix_pattern(pattern)) {
        struct span base = span_cut(pattern, 0, pattern.n - 2);
        return span_starts(path, base) && (path.n == base.n || path.p[base.n] == '/');
    }
    if (!is_extension_pattern(pattern))
        return false;
    struct span last = span_from(path, span_rfind(path, '/'));
    size_t dot = span_rfind(last, '.');
    return dot < last.n && span_eq(span_from(last, dot), span_from(pattern, 1));
}
