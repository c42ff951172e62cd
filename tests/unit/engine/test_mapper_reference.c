/* SPDX-License-Identifier: Apache-2.0
 * The mapper against a plain one written from the specification's text: lists and loops only, each rule a
 * loop over all patterns. Random patterns, welcome files, existing files and paths over a small alphabet,
 * so that they meet often. The seed is printed; CSERV_SEED repeats a run, CSERV_CASES makes it longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "engine/mapper.h"

#define TEXT 48

/* ---- random text ---- */

static uint64_t seed;

static uint32_t pick(uint32_t n) /* xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static void add(char *text, const char *piece)
{
    size_t n = strlen(text);
    snprintf(text + n, TEXT - n, "%s", piece);
}

static void random_path(char *out)
{
    static const char *const segments[] = {"a",  "b",  "ab", "a.x", "b.y",
                                           ".x", "a.", "i",  "i.x", "*"};
    out[0] = '\0';
    for (uint32_t n = pick(4); n > 0; n--) {
        add(out, "/");
        add(out, segments[pick(ARRAY_COUNT(segments))]);
    }
    if (pick(3) == 0)
        add(out, "/");
}

static void random_pattern(char *out)
{
    switch (pick(8)) {
    case 0:
        snprintf(out, TEXT, "%s", pick(2) ? "" : "/");
        return;
    case 1:
        snprintf(out, TEXT, "*.%s", pick(2) ? "x" : "y");
        return;
    case 2:
    case 3:
    case 4:
        random_path(out);
        if (out[0] && out[strlen(out) - 1] == '/')
            out[strlen(out) - 1] = '\0';
        add(out, "/*");
        return;
    default:
        random_path(out);
    }
}

/* ---- the reference ---- */

struct world {
    char patterns[8][TEXT], welcome[3][TEXT], files[3][TEXT];
    size_t pattern_count, welcome_count, file_count;
};

struct answer {
    enum mapper_match match;
    int pattern;         /* -1: none */
    char path[2 * TEXT]; /* with the welcome file */
    size_t servlet_path; /* how much of it */
};

static bool is_prefix(const char *p)
{
    size_t n = strlen(p);
    return n >= 2 && p[0] == '/' && strcmp(p + n - 2, "/*") == 0;
}

static bool take(struct answer *a, enum mapper_match match, size_t i, size_t servlet_path)
{
    a->match = match;
    a->pattern = (int)i;
    a->servlet_path = servlet_path;
    return true;
}

static bool by_exact(const struct world *w, struct answer *a)
{
    for (size_t i = 0; i < w->pattern_count; i++) {
        const char *p = w->patterns[i];
        if (!*p && strcmp(a->path, "/") == 0)
            return take(a, MAPPER_CONTEXT_ROOT, i, 0);
        if (*p == '/' && p[1] && !is_prefix(p) && strcmp(p, a->path) == 0)
            return take(a, MAPPER_EXACT, i, strlen(p));
    }
    return false;
}

static bool by_prefix(const struct world *w, struct answer *a)
{
    bool found = false;
    for (size_t i = 0; i < w->pattern_count; i++) {
        const char *p = w->patterns[i];
        size_t n = strlen(p) - 2;
        if (!is_prefix(p) || strncmp(p, a->path, n) != 0 || (a->path[n] && a->path[n] != '/'))
            continue;
        if (!found || n > a->servlet_path)
            found = take(a, MAPPER_PATH, i, n);
    }
    return found;
}

static bool by_extension(const struct world *w, struct answer *a)
{
    const char *last = strrchr(a->path, '/');
    const char *dot = last ? strrchr(last, '.') : NULL;
    for (size_t i = 0; dot && i < w->pattern_count; i++) {
        if (w->patterns[i][0] == '*' && strcmp(w->patterns[i] + 1, dot) == 0)
            return take(a, MAPPER_EXTENSION, i, strlen(a->path));
    }
    return false;
}

static bool by_default(const struct world *w, struct answer *a)
{
    for (size_t i = 0; i < w->pattern_count; i++) {
        if (strcmp(w->patterns[i], "/") == 0)
            return take(a, MAPPER_DEFAULT, i, strlen(a->path));
    }
    return false;
}

static bool file_is_there(const struct world *w, const char *path)
{
    for (size_t i = 0; i < w->file_count; i++) {
        if (strcmp(w->files[i], path) == 0)
            return true;
    }
    return false;
}

static bool by_welcome(const struct world *w, const char *path, struct answer *a)
{
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < w->welcome_count; i++) {
            snprintf(a->path, sizeof(a->path), "%s%s", path, w->welcome[i]);
            if (round == 1 && by_extension(w, a))
                return true;
            if (round == 0 && (by_exact(w, a) || by_prefix(w, a)))
                return true;
            if (round == 0 && file_is_there(w, a->path) && (by_extension(w, a) || by_default(w, a)))
                return true;
        }
    }
    return false;
}

static struct answer reference(const struct world *w, const char *path)
{
    struct answer a = {.match = MAPPER_NONE, .pattern = -1};
    size_t n = strlen(path);
    snprintf(a.path, sizeof(a.path), "%s", path);
    if (by_exact(w, &a) || by_prefix(w, &a))
        return a;
    if (n == 0) {
        a.match = MAPPER_REDIRECT;
        return a;
    }
    if (by_extension(w, &a))
        return a;
    if (path[n - 1] == '/') {
        struct answer with = a;
        if (by_welcome(w, path, &with))
            return with;
    }
    by_default(w, &a);
    return a;
}

/* ---- comparing ---- */

static bool exists(void *arg, struct span path)
{
    char text[2 * TEXT];
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(path));
    return file_is_there(arg, text);
}

static struct mapper *random_world(struct world *w)
{
    static const char *const names[] = {"i", "i.x", "a.x", "b.y", "a/b"};
    struct mapper *m = mapper_new();
    *w = (struct world){.welcome_count = pick(4), .file_count = pick(4)};
    for (uint32_t n = pick(9); n > 0; n--) {
        char *p = w->patterns[w->pattern_count];
        bool twice = false;
        random_pattern(p);
        for (size_t i = 0; i < w->pattern_count; i++)
            twice = twice || strcmp(w->patterns[i], p) == 0;
        assert_true(mapper_pattern_ok(span_of(p)));
        assert_true((mapper_owner(m, p) != NULL) == twice);
        assert_true(twice || mapper_set(m, p, p));
        w->pattern_count += twice ? 0 : 1;
    }
    for (size_t i = 0; i < w->welcome_count; i++) {
        snprintf(w->welcome[i], TEXT, "%s", names[pick(ARRAY_COUNT(names))]);
        assert_true(mapper_add_welcome(m, w->welcome[i]));
    }
    for (size_t i = 0; i < w->file_count; i++)
        random_path(w->files[i]);
    return m;
}

static void tell(const struct world *w, const char *path, const struct answer *want,
                 const struct mapper_result *got)
{
    for (size_t i = 0; i < w->pattern_count; i++)
        print_error("pattern '%s'\n", w->patterns[i]);
    for (size_t i = 0; i < w->welcome_count; i++)
        print_error("welcome '%s'\n", w->welcome[i]);
    for (size_t i = 0; i < w->file_count; i++)
        print_error("file '%s'\n", w->files[i]);
    print_error("path '%s': match %d '%s' %zu, not %d '%.*s' %zu\n", path, want->match,
                want->pattern < 0 ? "" : w->patterns[want->pattern], want->servlet_path, got->match,
                SPAN_ARG(got->pattern), got->servlet_path.n);
}

static bool same(const struct world *w, const struct answer *want, const struct mapper_result *got)
{
    if (got->match != want->match || !span_eq(got->path, span_of(want->path)))
        return false;
    if (want->pattern < 0)
        return got->value == NULL && !got->pattern.p && !got->servlet_path.p && !got->path_info.p;
    struct span path = span_of(want->path);
    struct span info =
        want->servlet_path < path.n ? span_from(path, want->servlet_path) : SPAN_NONE;
    return got->value == w->patterns[want->pattern] &&
           span_eq(got->pattern, span_of(w->patterns[want->pattern])) &&
           span_eq(got->servlet_path, span_cut(path, 0, want->servlet_path)) &&
           span_eq(got->path_info, info) && (got->path_info.p == NULL) == (info.p == NULL);
}

static unsigned long cases(void)
{
    const char *text = getenv("CSERV_CASES");
    return text ? strtoul(text, NULL, 10) : 20000;
}

static void test_mapping(void **state)
{
    unsigned long seen[MAPPER_REDIRECT + 1] = {0};
    (void)state;
    for (unsigned long n = 0; n < cases(); n++) {
        struct world w;
        struct arena arena;
        arena_init(&arena);
        struct mapper *m = random_world(&w);
        for (int k = 0; k < 10; k++) {
            char path[TEXT];
            struct mapper_result got;
            random_path(path);
            struct answer want = reference(&w, path);
            assert_true(mapper_map(m, span_of(path), &arena, exists, &w, &got));
            if (!same(&w, &want, &got)) {
                tell(&w, path, &want, &got);
                fail();
            }
            seen[got.match]++;
        }
        mapper_free(&m);
        arena_destroy(&arena);
    }
    for (int i = 0; i <= MAPPER_REDIRECT; i++)
        assert_true(seen[i] > cases() / 100); /* else the random worlds are poor */
}

/* ---- filters: no longest match, no default, every pattern on its own ---- */

static bool filter_reference(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);
    const char *last = strrchr(path, '/');
    const char *dot = last ? strrchr(last, '.') : NULL;
    if (strcmp(pattern, "*") == 0)
        return true;
    if (n == 0)
        return path[0] == '\0' || strcmp(path, "/") == 0;
    if (is_prefix(pattern))
        return strncmp(pattern, path, n - 2) == 0 && (path[n - 2] == '/' || path[n - 2] == '\0');
    if (pattern[0] == '*')
        return dot && strcmp(pattern + 1, dot) == 0;
    return strcmp(pattern, path) == 0;
}

static void test_filters(void **state)
{
    unsigned long matched = 0, total = cases() * 10;
    (void)state;
    for (unsigned long n = 0; n < total; n++) {
        char pattern[TEXT], path[TEXT];
        random_pattern(pattern);
        if (pick(50) == 0)
            snprintf(pattern, sizeof(pattern), "*");
        random_path(path);
        bool want = filter_reference(pattern, path);
        if (mapper_filter_matches(span_of(pattern), span_of(path)) != want) {
            print_error("filter pattern '%s', path '%s': not %d\n", pattern, path, want);
            fail();
        }
        matched += want ? 1 : 0;
    }
    assert_true(matched > total / 100 && matched < total - total / 100);
}

static void test_filter_sentences(void **state)
{
    static const struct {
        const char *sentence, *pattern, *path;
        bool matches;
    } rows[] = {
        {"exact", "/a", "/a", true},
        {"exact only", "/a", "/a/", false},
        {"slash star matches everything", "/*", "/a/b.x", true},
        {"slash star matches the root", "/*", "/", true},
        {"a prefix matches below", "/x/*", "/x/y", true},
        {"a prefix matches its path without the slash", "/x/*", "/x", true},
        {"a prefix matches at a slash only", "/x/*", "/xy", false},
        {"an extension matches the last segment", "*.x", "/a/b.x", true},
        {"an extension matches the last segment only", "*.x", "/a.x/b", false},
        {"an extension is case-sensitive", "*.x", "/a.X", false},
        {"the empty pattern is the root", "", "/", true},
        {"the empty pattern is the root only", "", "/a", false},
        {"slash is not the default for filters", "/", "/a", false},
        {"slash is itself", "/", "/", true},
        {"star is everything", "*", "/a/b", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (mapper_filter_matches(span_of(rows[i].pattern), span_of(rows[i].path)) !=
            rows[i].matches) {
            print_error("%s\n", rows[i].sentence);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_filter_sentences),
    };
    const char *text = getenv("CSERV_SEED");
    seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL) * 1000003u;
    seed = seed ? seed : 1;
    printf("CSERV_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
