/* SPDX-License-Identifier: Apache-2.0
 * The mapping rules of the servlet specification, one row per sentence (docs: "mapping"), and how patterns
 * are taken. What the rules say together is in test_mapper_reference.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/check.h"
#include "engine/mapper.h"

#define ABSENT "(absent)"

struct row {
    const char *sentence;
    const char *patterns; /* separated by '|'; the value of a pattern is its text */
    const char *welcome;  /* separated by '|'; NULL: none */
    const char *files;    /* separated by '|': what exists; NULL: no folder */
    const char *path;
    enum mapper_match match;
    const char *pattern, *servlet_path, *path_info; /* of the result */
};

#define NONE(sentence, patterns, path)                                      \
    {                                                                       \
        sentence, patterns, NULL, NULL, path, MAPPER_NONE, NULL, NULL, NULL \
    }

static const struct row rows[] = {
    {"an exact pattern matches its path", "/a/b", NULL, NULL, "/a/b", MAPPER_EXACT, "/a/b", "/a/b",
     ABSENT},
    {"exact comes before prefix", "/a/b|/a/*|/*", NULL, NULL, "/a/b", MAPPER_EXACT, "/a/b", "/a/b",
     ABSENT},
    {"exact comes before extension", "/a.x|*.x", NULL, NULL, "/a.x", MAPPER_EXACT, "/a.x", "/a.x",
     ABSENT},
    NONE("an exact pattern does not match below its path", "/a", "/a/b"),
    NONE("an exact pattern does not match with a slash behind", "/a", "/a/"),
    NONE("exact is case-sensitive", "/a", "/A"),
    {"the longest prefix wins", "/a/*|/a/b/*|/*", NULL, NULL, "/a/b/c", MAPPER_PATH, "/a/b/*",
     "/a/b", "/c"},
    {"a shorter prefix serves what the longer one does not match", "/a/*|/a/b/*", NULL, NULL,
     "/a/bc", MAPPER_PATH, "/a/*", "/a", "/bc"},
    {"a prefix also matches its path without the slash", "/x/*", NULL, NULL, "/x", MAPPER_PATH,
     "/x/*", "/x", ABSENT},
    {"a prefix also matches its path with the slash", "/x/*", NULL, NULL, "/x/", MAPPER_PATH,
     "/x/*", "/x", "/"},
    NONE("a prefix matches at a slash only", "/x/*", "/xy"),
    NONE("a prefix is case-sensitive", "/x/*", "/X/a"),
    {"slash star matches everything", "/*|*.x|/", NULL, NULL, "/any/where.x", MAPPER_PATH, "/*", "",
     "/any/where.x"},
    {"slash star matches the root", "/*", NULL, NULL, "/", MAPPER_PATH, "/*", "", "/"},
    {"slash star matches the empty path, so nothing is redirected", "/*", NULL, NULL, "",
     MAPPER_PATH, "/*", "", ABSENT},
    {"prefix comes before extension", "/a/*|*.x", NULL, NULL, "/a/b.x", MAPPER_PATH, "/a/*", "/a",
     "/b.x"},
    {"the context root without its slash is redirected", "/a|*.x|/|", NULL, NULL, "",
     MAPPER_REDIRECT, NULL, NULL, NULL},
    {"an extension matches the last segment", "*.x", NULL, NULL, "/a/b.x", MAPPER_EXTENSION, "*.x",
     "/a/b.x", ABSENT},
    NONE("an extension matches the last segment only", "*.x", "/a.x/b"),
    NONE("an extension does not match the segment before a slash", "*.x", "/a.x/"),
    NONE("an extension is case-sensitive", "*.x", "/a.X"),
    {"an extension is what follows the last dot", "*.x|*.y", NULL, NULL, "/a.x.y", MAPPER_EXTENSION,
     "*.y", "/a.x.y", ABSENT},
    {"a name may be nothing but its extension", "*.x", NULL, NULL, "/.x", MAPPER_EXTENSION, "*.x",
     "/.x", ABSENT},
    NONE("an extension with two dots matches nothing", "*.tar.gz", "/a.tar.gz"),
    NONE("a dot at the end is no extension", "*.x", "/x."),
    {"extension comes before default", "*.x|/", NULL, NULL, "/a.x", MAPPER_EXTENSION, "*.x", "/a.x",
     ABSENT},

    {"welcome: an exact match of the welcome file", "/d/index.html", "index.html", NULL, "/d/",
     MAPPER_EXACT, "/d/index.html", "/d/index.html", ABSENT},
    {"welcome: a prefix match of the welcome file", "/d/index.html/*", "index.html", NULL, "/d/",
     MAPPER_PATH, "/d/index.html/*", "/d/index.html", ABSENT},
    {"welcome: the files are tried in order", "/d/two|/d/one", "one|two", NULL, "/d/", MAPPER_EXACT,
     "/d/one", "/d/one", ABSENT},
    {"welcome: exact of the first comes before a file that exists", "/d/one|/", "one|two", "/d/two",
     "/d/", MAPPER_EXACT, "/d/one", "/d/one", ABSENT},
    {"welcome: a file that exists comes before exact of a later one", "/d/two|/", "one|two",
     "/d/one", "/d/", MAPPER_DEFAULT, "/", "/d/one", ABSENT},
    {"welcome: a file that exists goes to its extension", "*.html|/", "index.html", "/d/index.html",
     "/d/", MAPPER_EXTENSION, "*.html", "/d/index.html", ABSENT},
    {"welcome: a file that exists without an extension servlet goes to default", "*.x|/",
     "index.html", "/d/index.html", "/d/", MAPPER_DEFAULT, "/", "/d/index.html", ABSENT},
    {"welcome: a file that exists comes before extension of an earlier one", "*.x|/", "a.x|b.y",
     "/d/b.y", "/d/", MAPPER_DEFAULT, "/", "/d/b.y", ABSENT},
    {"welcome again: an extension match without a file", "*.x|/", "a.y|b.x", NULL, "/d/",
     MAPPER_EXTENSION, "*.x", "/d/b.x", ABSENT},
    {"welcome again: only when none was found before", "*.x|/d/two", "a.x|two", NULL, "/d/",
     MAPPER_EXACT, "/d/two", "/d/two", ABSENT},
    {"welcome: only for a path that ends in a slash", "/d/i|/", "i", "/d/i", "/d", MAPPER_DEFAULT,
     "/", "/d", ABSENT},
    {"welcome: the root has them too", "/i", "i", NULL, "/", MAPPER_EXACT, "/i", "/i", ABSENT},
    {"welcome: none fits, default serves the path as it is", "/", "index.html", NULL, "/d/",
     MAPPER_DEFAULT, "/", "/d/", ABSENT},
    {"welcome: none fits and no default", "/a", "index.html", NULL, "/d/", MAPPER_NONE, NULL, NULL,
     NULL},

    {"the default serves what nothing matches", "/|/a", NULL, NULL, "/b/c", MAPPER_DEFAULT, "/",
     "/b/c", ABSENT},
    {"the default serves the root", "/", NULL, NULL, "/", MAPPER_DEFAULT, "/", "/", ABSENT},
    NONE("no default: nothing", "/a", "/b"),
    {"the empty pattern is the context root only", "|/", NULL, NULL, "/", MAPPER_CONTEXT_ROOT, "",
     "", "/"},
    {"the empty pattern is nothing else", "|/", NULL, NULL, "/a", MAPPER_DEFAULT, "/", "/a",
     ABSENT},
    {"the empty pattern comes before slash star", "|/*", NULL, NULL, "/", MAPPER_CONTEXT_ROOT, "",
     "", "/"},
    {"the empty pattern comes before the welcome files", "|/i", "i", NULL, "/", MAPPER_CONTEXT_ROOT,
     "", "", "/"},
    {"slash a star is exact", "/a*", NULL, NULL, "/a*", MAPPER_EXACT, "/a*", "/a*", ABSENT},
    NONE("slash a star is no prefix", "/a*", "/ab"),
    {"a star in the middle is exact", "/a/*/b", NULL, NULL, "/a/*/b", MAPPER_EXACT, "/a/*/b",
     "/a/*/b", ABSENT},
    NONE("a star in the middle matches no segment", "/a/*/b", "/a/x/b"),
};

static bool next(const char **list, char *out, size_t size)
{
    if (!*list)
        return false;
    size_t n = strcspn(*list, "|");
    snprintf(out, size, "%.*s", (int)n, *list);
    *list = (*list)[n] ? *list + n + 1 : NULL;
    return true;
}

static bool exists(void *arg, struct span path)
{
    const char *list = arg;
    char file[64];
    while (next(&list, file, sizeof(file))) {
        if (span_eq(path, span_of(file)))
            return true;
    }
    return false;
}

static struct mapper *make(const struct row *r, char values[][64])
{
    struct mapper *m = mapper_new();
    const char *list = r->patterns;
    for (size_t i = 0; next(&list, values[i], 64); i++) {
        assert_true(mapper_pattern_ok(span_of(values[i])));
        assert_null(mapper_owner(m, values[i]));
        assert_true(mapper_set(m, values[i], values[i]));
    }
    char file[64];
    list = r->welcome;
    while (next(&list, file, sizeof(file)))
        assert_true(mapper_add_welcome(m, file));
    return m;
}

static bool is(struct span got, const char *want)
{
    return want == NULL || strcmp(want, ABSENT) == 0 ? got.p == NULL
                                                     : got.p && span_eq(got, span_of(want));
}

static void test_rules(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        char values[8][64];
        struct arena arena;
        struct mapper_result got;
        arena_init(&arena);
        struct mapper *m = make(r, values);
        char files[64];
        snprintf(files, sizeof(files), "%s", r->files ? r->files : "");
        assert_true(mapper_map(m, span_of(r->path), &arena, r->files ? exists : NULL, files, &got));
        bool ok = got.match == r->match && is(got.pattern, r->pattern) &&
                  is(got.servlet_path, r->servlet_path) && is(got.path_info, r->path_info) &&
                  (r->pattern ? strcmp(got.value, r->pattern) == 0 : got.value == NULL);
        if (!ok) {
            print_error("%s: match %d, pattern '%.*s', '%.*s' + '%.*s'\n", r->sentence, got.match,
                        SPAN_ARG(got.pattern), SPAN_ARG(got.servlet_path), SPAN_ARG(got.path_info));
            failed++;
        }
        mapper_free(&m);
        assert_null(m);
        arena_destroy(&arena);
    }
    assert_int_equal(failed, 0);
}

static void test_owners(void **state)
{
    static const char *const patterns[] = {"", "/", "/a", "/a/*", "/*", "*.a"};
    (void)state;
    struct mapper *m = mapper_new();
    int first, second;
    for (size_t i = 0; i < ARRAY_COUNT(patterns); i++) {
        assert_null(mapper_owner(m, patterns[i]));
        assert_true(mapper_set(m, patterns[i], &first));
    }
    for (size_t i = 0; i < ARRAY_COUNT(patterns); i++) {
        assert_ptr_equal(mapper_owner(m, patterns[i]), &first);
        assert_true(mapper_set(m, patterns[i], &second));
        assert_ptr_equal(mapper_owner(m, patterns[i]), &second);
    }
    mapper_free(&m);
}

static void test_pattern_forms(void **state)
{
    static const char *const good[] = {"",    "/",    "/*",  "/a",       "/a/",
                                       "/a*", "/a/*", "*.x", "*.tar.gz", "/\xc3\xa9"};
    static const char *const bad[] = {"a",    "a/b", "*",    "*.",  "*x",  "*.x/y",
                                      "a*.x", " /a", "/a\n", "/\r", "**.x"};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(mapper_pattern_ok(span_of(good[i])));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(mapper_pattern_ok(span_of(bad[i])));
    assert_false(mapper_pattern_ok(SPAN_LIT("/a\0b")));
}

static void test_no_patterns(void **state)
{
    (void)state;
    struct mapper *m = mapper_new();
    struct mapper_result got;
    struct arena arena;
    arena_init(&arena);
    assert_true(mapper_map(m, SPAN_LIT("/a/"), &arena, NULL, NULL, &got));
    assert_int_equal(got.match, MAPPER_NONE);
    assert_null(got.value);
    assert_true(span_eq(got.path, SPAN_LIT("/a/"))); /* filters by URL match against it */
    assert_true(mapper_map(m, SPAN_LIT(""), &arena, NULL, NULL, &got));
    assert_int_equal(got.match, MAPPER_REDIRECT);
    mapper_free(&m);
    arena_destroy(&arena);
}

/* Filters compare with the path that the welcome file gave. */
static void test_result_path(void **state)
{
    (void)state;
    struct mapper *m = mapper_new();
    struct mapper_result got;
    struct arena arena;
    arena_init(&arena);
    assert_true(mapper_set(m, "*.html", &got));
    assert_true(mapper_add_welcome(m, "index.html"));
    assert_true(mapper_map(m, SPAN_LIT("/d/"), &arena, NULL, NULL, &got));
    assert_true(span_eq(got.path, SPAN_LIT("/d/index.html")));
    assert_true(mapper_map(m, SPAN_LIT("/d"), &arena, NULL, NULL, &got));
    assert_true(span_eq(got.path, SPAN_LIT("/d")));
    mapper_free(&m);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),         cmocka_unit_test(test_owners),
        cmocka_unit_test(test_pattern_forms), cmocka_unit_test(test_no_patterns),
        cmocka_unit_test(test_result_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
