/* SPDX-License-Identifier: Apache-2.0
 * http/uri.h, the path: the design's tables row by row, under the default policy (suspicious paths
 * refused), under Tomcat's default (lenient), and with the other ways to treat %2F. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "http/uri.h"

#define REFUSED NULL
static const struct uri_policy strict = {URI_SOLIDUS_REJECT, true};
static const struct uri_policy lenient = {URI_SOLIDUS_REJECT, false};

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static void expect(struct span raw, const struct uri_policy *policy, const char *path)
{
    struct uri u;
    const char *why = NULL;
    bool ok = uri_parse(raw, policy, &arena, &u, &why);
    if (ok != (path != REFUSED))
        fail_msg("%.*s: %s", SPAN_ARG(raw), ok ? u.path.p : why ? why : "(no memory)");
    if (!ok) {
        assert_non_null(why);
        return;
    }
    if (!span_eq(u.path, span_of(path)))
        fail_msg("%.*s: \"%s\" where \"%s\" was expected", SPAN_ARG(raw), u.path.p, path);
    assert_int_equal(u.path.p[u.path.n], 0);
    assert_ptr_equal(u.raw_path.p, raw.p);
}

struct row {
    const char *raw, *lenient, *strict;
};
#define BOTH(raw, path) \
    {                   \
        raw, path, path \
    }

static const struct row rows[] = {
    /* tomcat-surface.md 7.4 */
    BOTH("/foo;/bar;", "/foo/bar"),
    {"/foo;%2F/bar", "/foo/bar", REFUSED},
    {"/foo/%2e/bar", "/foo/bar", REFUSED},
    {"/foo/.;/bar", "/foo/bar", REFUSED},
    {"/foo/%2e;/bar", "/foo/bar", REFUSED},
    {"/foo/bar/.;", "/foo/bar/", REFUSED},
    {"/foo/..;/bar", "/bar", REFUSED},
    {"/foo/%2e%2E;/bar", "/bar", REFUSED},
    {"/foo/%2e%2E/bar", "/bar", REFUSED},
    BOTH("/foo/../bar", "/bar"),
    BOTH("/foo/./../bar", "/bar"),
    BOTH("/foo//../bar", "/bar"),
    BOTH("/foo/../../bar", REFUSED),
    BOTH("/../foo", REFUSED),
    BOTH("/..", REFUSED),
    BOTH("/../", REFUSED),
    BOTH("/foo/.%2Fbar", REFUSED),
    BOTH("/foo/..%2Fbar", REFUSED),
    BOTH("/foo%2Fbar", REFUSED),
    BOTH("/foo%2fbar", REFUSED),
    BOTH("/foo/..%5Cbar", REFUSED),
    BOTH("/foo\\bar", REFUSED),
    BOTH("//foo//bar//", "/foo/bar/"),
    {"/;/foo;/;/bar/;/;", "/foo/bar/", REFUSED},
    {"/foo%7Fbar",
     "/foo\x7F"
     "bar",
     REFUSED},
    BOTH("/foo%20bar", "/foo bar"),
    BOTH("/foo%E2%82%ACbar", "/foo\xE2\x82\xAC"
                             "bar"),
    BOTH("/foo/b%25r", "/foo/b%r"),
    BOTH("/foo/.../bar", "/foo/.../bar"),
    BOTH("/foo/..bar", "/foo/..bar"),
    /* The sentence above that table, and http-rules.md section 2 */
    BOTH("/%", REFUSED),
    BOTH("/%4", REFUSED),
    BOTH("/a%4/b", REFUSED),
    BOTH("/%4g", REFUSED),
    BOTH("/%g4", REFUSED),
    BOTH("/%%41", REFUSED),
    BOTH("/%u0041", REFUSED),
    BOTH("/a%00", REFUSED),
    BOTH("/%00/b", REFUSED),
    BOTH("/a;b=%00", REFUSED),
    BOTH("/a;b=%zz", REFUSED),
    BOTH("/a;%5c", REFUSED),
    BOTH("/a%5Cb", REFUSED),
    BOTH("/a%5cb", REFUSED),
    BOTH("/a#b", REFUSED),
    BOTH("/a;b#c", REFUSED), /* regression 202: was taken for a part of the parameter */
    BOTH("/a;b=c#/d", REFUSED),
    BOTH("/a;b=%23", "/a"),
    BOTH("foo", REFUSED),
    BOTH("", REFUSED),
    BOTH("*", REFUSED),
    BOTH("?a", REFUSED),
    BOTH("http://host/", REFUSED),
    BOTH("/%C0%AF", REFUSED), /* overlong '/' */
    BOTH("/%E0%80%AF", REFUSED),
    BOTH("/%C0%AE%C0%AE/", REFUSED), /* overlong ".." */
    BOTH("/%ED%A0%80", REFUSED),     /* a surrogate */
    BOTH("/%F4%90%80%80", REFUSED),  /* above U+10FFFF */
    BOTH("/%E2%82", REFUSED),        /* cut off */
    BOTH("/%E2%82/%AC", REFUSED),    /* no character goes over a '/' */
    BOTH("/%80", REFUSED),
    BOTH("/%FF/../a", REFUSED), /* bad also where it goes again */
    BOTH("/a;b=%FF", REFUSED),
    {"/a%01b",
     "/a\x01"
     "b",
     REFUSED},
    {"/a%0D%0Ab", "/a\r\nb", REFUSED},
    {"/a%09", "/a\t", REFUSED},
    {"/a;x=%0A", "/a", REFUSED},
    /* Edges */
    BOTH("/", "/"),
    BOTH("//", "/"),
    BOTH("/.", "/"),
    BOTH("/./", "/"),
    BOTH("/a/.", "/a/"),
    BOTH("/a/..", "/"),
    BOTH("/a/../", "/"),
    BOTH("/a/b/..", "/a/"),
    BOTH("/a/b/../../c", "/c"),
    BOTH("/a/b/../../../c", REFUSED),
    BOTH("/a//..//b", "/b"),
    BOTH("/...", "/..."),
    BOTH("/.a", "/.a"),
    BOTH("/a.", "/a."),
    BOTH("/a..", "/a.."),
    BOTH("/%41%62%7e", "/Ab~"),
    BOTH("/%252e%252e/a", "/%2e%2e/a"), /* decoded once only */
    BOTH("/%252F", "/%2F"),
    BOTH("/a%3Bb", "/a;b"), /* an encoded ';' begins no parameter */
    BOTH("/a%3Fb", "/a?b"),
    BOTH("/a+b", "/a+b"), /* '+' is only a space in queries */
    BOTH("/a;p=1/b;q=2", "/a/b"),
    BOTH("/app/;jsessionid=1", "/app/"), /* a session id behind a folder's address */
    BOTH("/;jsessionid=1", "/"),
    {"/;a/b", "/b", REFUSED},
    {"/a/;x/b", "/a/b", REFUSED},
    {"/a/..;", "/", REFUSED},
    {"/a/..;x=y/b", "/b", REFUSED},
    {"/a/.%2e/b", "/b", REFUSED},
    {"/a/%2e./b", "/b", REFUSED},
    {"/%2e%2e", REFUSED, REFUSED},
    BOTH("/a/..%00/b", REFUSED),
    BOTH("/a/%2e%2e%2e/b", "/a/.../b"), /* three dots are a name */
    BOTH("/!$&'()*+,=:@-._~", "/!$&'()*+,=:@-._~"),
};

static void the_tables_of_the_design(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(span_of(rows[i].raw), &lenient, rows[i].lenient);
        expect(span_of(rows[i].raw), &strict, rows[i].strict);
    }
    expect(SPAN_LIT("/a\0b"), &lenient, REFUSED);
    expect(SPAN_LIT("/a;x\0b"), &lenient, REFUSED);
    expect(span_make("/a%41", 4), &strict, REFUSED); /* the rest is not ours to read */
}

static void encoded_solidus_decoded(void **state)
{
    (void)state;
    static const struct row decode_rows[] = {
        BOTH("/a%2Fb", "/a/b"),        BOTH("/a%2F", "/a/"),
        BOTH("/%2Fa", "/a"),           BOTH("/a%2F%2fb", "/a/b"),
        {"/a/..%2Fb", "/b", REFUSED},  {"/a%2F../b", "/b", REFUSED},
        {"/a/.%2Fb", "/a/b", REFUSED}, {"/a;x=%2F/b", "/a/b", REFUSED},
        BOTH("/..%2Fa", REFUSED),      BOTH("/a%252Fb", "/a%2Fb"),
    };
    struct uri_policy policy = {URI_SOLIDUS_DECODE, false};
    for (size_t i = 0; i < sizeof(decode_rows) / sizeof(decode_rows[0]); i++) {
        policy.reject_suspicious = false;
        expect(span_of(decode_rows[i].raw), &policy, decode_rows[i].lenient);
        policy.reject_suspicious = true;
        expect(span_of(decode_rows[i].raw), &policy, decode_rows[i].strict);
    }
}

static void encoded_solidus_passed_on(void **state)
{
    (void)state;
    static const struct row pass_rows[] = {
        BOTH("/a%2Fb", "/a%2Fb"),
        BOTH("/a%2fb", "/a%2fb"),
        BOTH("/a%252Fb", "/a%252Fb"), /* or it would look like %2F after */
        BOTH("/a%41%25", "/aA%25"),
        {"/a/..%2Fb", "/a/..%2Fb", REFUSED},
        {"/a/b%2F..", "/a/b%2F..", REFUSED},
        {"/a/b%2F../c", "/a/b%2F../c", REFUSED},
        {"/a/b%2F%2e%2Fc", "/a/b%2F.%2Fc", REFUSED},
        BOTH("/a/..b%2F..b", "/a/..b%2F..b"),
        BOTH("/a/%2F", "/a/%2F"),
    };
    struct uri_policy policy = {URI_SOLIDUS_PASS, false};
    for (size_t i = 0; i < sizeof(pass_rows) / sizeof(pass_rows[0]); i++) {
        policy.reject_suspicious = false;
        expect(span_of(pass_rows[i].raw), &policy, pass_rows[i].lenient);
        policy.reject_suspicious = true;
        expect(span_of(pass_rows[i].raw), &policy, pass_rows[i].strict);
    }
}

static bool hidden(const char *raw, const struct uri_policy *policy)
{
    struct uri u;
    const char *why;
    if (!uri_parse(span_of(raw), policy, &arena, &u, &why))
        fail_msg("%s: %s", raw, why ? why : "(no memory)");
    return u.hidden;
}

static void private_folders_are_seen_in_any_spelling(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "/WEB-INF",     "/web-inf/",       "/a/Web-Inf/b",       "/META-INF",    "/x/meta-INF/y",
        "/%57EB-INF/a", "/WEB%2DINF",      "/WEB-INF;a=b/c",     "//WEB-INF//a", "/a/../WEB-INF/b",
        "/./WEB-INF",   "/WEB-INF/a/../b", "/WEB-INF/./web.xml",
    };
    static const char *const no[] = {
        "/",        "/WEB-INFO",     "/xWEB-INF",    "/WEB-INF.",
        "/WEB_INF", "/WEB-INF/../a", "/META-INF/..", "/METAINF",
        "/WEB/INF",
    };
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (!hidden(yes[i], &strict))
            fail_msg("%s is not seen", yes[i]);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (hidden(no[i], &strict))
            fail_msg("%s is taken for it", no[i]);
    struct uri_policy policy = {URI_SOLIDUS_DECODE, true};
    assert_true(hidden("/a%2FWEB-INF%2Fb", &policy));
    policy.encoded_solidus = URI_SOLIDUS_PASS;
    assert_true(hidden("/a%2fWEB-INF%2Fb", &policy));
    assert_true(hidden("/WEB-INF%2Fweb.xml", &policy));
    assert_true(hidden("/x%2Fmeta-inf", &policy));
    assert_false(hidden("/xWEB-INF%2Fb", &policy));
}

static void query_and_raw_path_are_kept_as_sent(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *raw_path, *query;
    } cases[] = {
        {"/a%20b;c?d=%zz&&#", "/a%20b;c", "d=%zz&&#"},
        {"/?", "/", ""},
        {"/", "/", NULL},
        {"/a??b?c", "/a", "?b?c"},
        {"/a;x=1?;y", "/a;x=1", ";y"},
        {"/a?/../..", "/a", "/../.."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct uri u;
        const char *why;
        assert_true(uri_parse(span_of(cases[i].raw), &strict, &arena, &u, &why));
        assert_true(span_eq(u.raw_path, span_of(cases[i].raw_path)));
        assert_int_equal(u.query.p == NULL, cases[i].query == NULL);
        assert_true(span_eq(u.query, span_of(cases[i].query)));
    }
}

static void parameters_are_kept_in_order(void **state)
{
    (void)state;
    struct uri u;
    const char *why;
    struct span raw = SPAN_LIT("/a;jsessionid=AB%20C;;x/b;=v;y=;z=1=2;%C3%A4/c;6;7;8");
    assert_true(uri_parse(raw, &strict, &arena, &u, &why));
    assert_true(span_eq(u.path, SPAN_LIT("/a/b/c")));
    static const struct {
        const char *name, *value;
    } expected[] = {{"jsessionid", "AB C"}, {"x", NULL}, {"", "v"},   {"y", ""},  {"z", "1=2"},
                    {"\xC3\xA4", NULL},     {"6", NULL}, {"7", NULL}, {"8", NULL}};
    assert_int_equal(u.param_count, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < u.param_count; i++) {
        assert_true(span_eq(u.params[i].name, span_of(expected[i].name)));
        assert_true(span_eq(u.params[i].value, span_of(expected[i].value)));
        assert_int_equal(u.params[i].value.p == NULL, expected[i].value == NULL);
    }
    assert_true(uri_parse(SPAN_LIT("/a;/b"), &strict, &arena, &u, &why));
    assert_int_equal(u.param_count, 0);
}

static void segments_are_counted(void **state)
{
    (void)state;
    static char raw[2 * 1001 + 1], path[2 * 1001 + 1];
    for (size_t i = 0; i < 1001; i++)
        memcpy(raw + i * 2, "/a", 2);
    memcpy(path, raw, 2000);
    expect(span_make(raw, 2000), &strict, path);
    path[2000] = '/';
    expect(span_make(raw, 2001), &strict, path);
    expect(span_make(raw, 2002), &strict, REFUSED);
    for (size_t i = 0; i < 1001; i++)
        memcpy(raw + i * 2, "/.", 2); /* also those that are dropped cost something */
    expect(span_make(raw, 2002), &strict, REFUSED);
    memset(raw, '/', 2002);
    expect(span_make(raw, 2002), &strict, "/");
}

/* Every string over an alphabet of what matters, up to six bytes behind the '/': whatever is taken
 * must come out canonical. */
static void whatever_is_taken_is_canonical(void **state)
{
    (void)state;
    static const char *const alphabet[] = {"/", ".", ";", "a", "%2e", "%2F", "//"};
    enum { LETTERS = 7, LENGTH = 6 };
    uint32_t all = 1, taken = 0;
    for (int i = 0; i < LENGTH; i++)
        all *= LETTERS;
    for (uint32_t number = 0; number < all; number++) {
        char raw[1 + 3 * LENGTH + 1] = "/";
        for (uint32_t i = 0, rest = number; i < LENGTH; i++, rest /= LETTERS)
            strncat(raw, alphabet[rest % LETTERS], 3);
        for (int how = 0; how < 4; how++) {
            struct uri_policy policy = {how & 1 ? URI_SOLIDUS_DECODE : URI_SOLIDUS_REJECT, how & 2};
            struct uri u;
            const char *why;
            if (!uri_parse(span_of(raw), &policy, &arena, &u, &why))
                continue;
            taken++;
            assert_int_equal(u.path.p[0], '/');
            assert_true(u.path.n <= strlen(raw));
            assert_null(strstr(u.path.p, "//"));
            assert_null(strstr(u.path.p, "/./"));
            assert_null(strstr(u.path.p, "/../"));
            assert_false(span_ends(u.path, SPAN_LIT("/.")));
            assert_false(span_ends(u.path, SPAN_LIT("/..")));
        }
        if (number % 1000 == 0)
            arena_reset(&arena);
    }
    assert_true(taken > all / 10);
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_tables_of_the_design),
        WITH_ARENA(encoded_solidus_decoded),
        WITH_ARENA(encoded_solidus_passed_on),
        WITH_ARENA(private_folders_are_seen_in_any_spelling),
        WITH_ARENA(query_and_raw_path_are_kept_as_sent),
        WITH_ARENA(parameters_are_kept_in_order),
        WITH_ARENA(segments_are_counted),
        WITH_ARENA(whatever_is_taken_is_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
