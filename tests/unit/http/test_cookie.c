/* SPDX-License-Identifier: Apache-2.0
 * http/cookie.h: what is read of Cookie fields, what Set-Cookie fields look like, what is refused, and
 * which field a second cookie replaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "http/cookie.h"

static struct arena arena;
static struct headers headers;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    headers = (struct headers){.v = NULL};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

/* ---- Cookie ---- */

static const struct {
    const char *field, *second;
    const char *pairs; /* "[name=value]..." */
    uint32_t count;
} read_rows[] = {
    {"a=b", NULL, "[a=b]", 1},
    {"a=b; c=d", NULL, "[a=b][c=d]", 2},
    {"a=b;c=d", "e=f", "[a=b][c=d][e=f]", 3},
    {"a=b; a=c", "a=d", "[a=b][a=c][a=d]", 3},
    {" a = b ;\tc\t=\td\t", NULL, "[a=b][c=d]", 2},
    {"a=\"b\"", NULL, "[a=\"b\"]", 1}, /* quotes are part of the value */
    {"a=\"\"", NULL, "[a=\"\"]", 1},
    {"a=\"b", NULL, "", 1},
    {"a=b\"", NULL, "", 1},
    {"a=\"", NULL, "", 1},
    {"a=\"b c\"; d=e", NULL, "[d=e]", 2},
    {"a=\"b;c\"; d=e", NULL, "[d=e]", 3}, /* there is no quoting of semicolons */
    {"a=", NULL, "[a=]", 1},
    {"a", NULL, "[a=]", 1},
    {"a; b=c", NULL, "[a=][b=c]", 2},
    {"=b; c=d", NULL, "[c=d]", 2},
    {"=", NULL, "", 1},
    {"", NULL, "", 0},
    {";;; ;", NULL, "", 0},
    {"a=b=c", NULL, "[a=b=c]", 1},
    {"a=b,c; d=e", NULL, "[d=e]", 2},
    {"a=b c; d=e", NULL, "[d=e]", 2},
    {"a=b\\c; d=e", NULL, "[d=e]", 2},
    {"a b=c; d=e", NULL, "[d=e]", 2},
    {"a(=c; d=e", NULL, "[d=e]", 2},
    {"a=\xc3\xa9; d=e", NULL, "[a=\xc3\xa9][d=e]", 2}, /* browsers send it */
    {"\xc3\xa9=a; d=e", NULL, "[d=e]", 2},
    {"a=b\x01; d=e\x7f; f=g", NULL, "[f=g]", 3},
    {"$Version=1; a=b; $Path=/", NULL, "[$Version=1][a=b][$Path=/]", 3},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(read_rows); i++) {
        struct cookies c = {.v = NULL};
        struct buf got = BUF_EMPTY;
        headers = (struct headers){.v = NULL};
        assert_true(headers_add(&headers, &arena, SPAN_LIT("Cookie"), span_of(read_rows[i].field)));
        if (read_rows[i].second)
            assert_true(
                headers_add(&headers, &arena, SPAN_LIT("cookie"), span_of(read_rows[i].second)));
        assert_true(cookies_parse(&c, &headers, &arena));
        for (uint32_t k = 0; k < c.n; k++) {
            assert_int_equal(c.v[k].name.p[c.v[k].name.n], 0);
            assert_int_equal(c.v[k].value.p[c.v[k].value.n], 0);
            assert_true(buf_printf(&got, "[%s=%s]", c.v[k].name.p, c.v[k].value.p));
        }
        if (!span_eq(buf_span(&got), span_of(read_rows[i].pairs)) ||
            cookies_count(&headers) != read_rows[i].count)
            fail_msg("'%s': %s, %u", read_rows[i].field, buf_cstr(&got), cookies_count(&headers));
        buf_free(&got);
    }
}

static void test_get(void **state)
{
    (void)state;
    struct cookies c = {.v = NULL};
    assert_true(headers_add(&headers, &arena, SPAN_LIT("Cookie"), SPAN_LIT("a=1; A=2; a=3")));
    assert_true(cookies_parse(&c, &headers, &arena));
    assert_string_equal(cookies_get(&c, SPAN_LIT("a"), 0).p, "1");
    assert_string_equal(cookies_get(&c, SPAN_LIT("a"), 1).p, "3");
    assert_string_equal(cookies_get(&c, SPAN_LIT("A"), 0).p, "2");
    assert_null(cookies_get(&c, SPAN_LIT("a"), 2).p);
    assert_null(cookies_get(&c, SPAN_LIT("b"), 0).p);
}

static void test_many(void **state)
{
    (void)state;
    struct buf field = BUF_EMPTY;
    struct cookies c = {.v = NULL};
    for (int i = 0; i < 1000; i++)
        assert_true(buf_printf(&field, "%sn%d=%d", i ? "; " : "", i, i));
    assert_true(headers_add(&headers, &arena, SPAN_LIT("Cookie"), buf_span(&field)));
    assert_int_equal(cookies_count(&headers), 1000);
    assert_true(cookies_parse(&c, &headers, &arena));
    assert_int_equal(c.n, 1000);
    assert_string_equal(cookies_get(&c, SPAN_LIT("n999"), 0).p, "999");
    buf_free(&field);
}

/* ---- Set-Cookie ---- */

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define N   .name = {"n", 1}
#define V   .value = {"v", 1}

static const struct {
    struct set_cookie cookie;
    enum set_cookie_result result;
    const char *text;
} set_rows[] = {
    {{N, V}, SET_COOKIE_OK, "n=v"},
    {{N}, SET_COOKIE_OK, "n="},
    {{N, .value = {"\"q\"", 3}}, SET_COOKIE_OK, "n=\"q\""},
    {{N, .value = {"\xc3\xa9", 2}}, SET_COOKIE_OK, "n=\xc3\xa9"},
    {{N, .value = {"a=b", 3}}, SET_COOKIE_OK, "n=a=b"},
    {{N, V, .has_max_age = true, .max_age = 60},
     SET_COOKIE_OK,
     "n=v; Max-Age=60; Expires=Sun, 06 Nov 1994 08:50:37 GMT"},
    {{N, V, .has_max_age = true, .max_age = -1},
     SET_COOKIE_OK,
     "n=v; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"},
    {{N, V, .has_max_age = true, .max_age = INT64_MAX},
     SET_COOKIE_OK,
     "n=v; Max-Age=9223372036854775807; Expires=Fri, 31 Dec 9999 23:59:59 GMT"},
    {{N, V, .has_expires = true, .expires = NOW},
     SET_COOKIE_OK,
     "n=v; Expires=Sun, 06 Nov 1994 08:49:37 GMT"},
    {{N, V, .has_max_age = true, .max_age = 5, .has_expires = true, .expires = NOW},
     SET_COOKIE_OK,
     "n=v; Max-Age=5; Expires=Sun, 06 Nov 1994 08:49:37 GMT"},
    {{N, V, .domain = {"www.a-b.example", 15}, .path = {"/a b", 4}},
     SET_COOKIE_OK,
     "n=v; Domain=www.a-b.example; Path=/a b"},
    {{N, V, .domain = {"", 0}, .path = {"", 0}}, SET_COOKIE_OK, "n=v"},
    {{N, V, .secure = true, .http_only = true, .partitioned = true, .same_site = SAME_SITE_NONE},
     SET_COOKIE_OK,
     "n=v; Secure; HttpOnly; SameSite=None; Partitioned"},
    {{N, V, .same_site = SAME_SITE_LAX}, SET_COOKIE_OK, "n=v; SameSite=Lax"},
    {{N, V, .same_site = SAME_SITE_STRICT}, SET_COOKIE_OK, "n=v; SameSite=Strict"},
    {{V}, SET_COOKIE_NAME, NULL},
    {{.name = {"", 0}, V}, SET_COOKIE_NAME, NULL},
    {{.name = {"a b", 3}, V}, SET_COOKIE_NAME, NULL},
    {{.name = {"a=", 2}, V}, SET_COOKIE_NAME, NULL},
    {{.name = {"a;", 2}, V}, SET_COOKIE_NAME, NULL},
    {{N, .value = {"a b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a;b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a,b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a\"b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"\"", 1}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a\\b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a\r\nb", 4}}, SET_COOKIE_VALUE, NULL},
    {{N, .value = {"a\0b", 3}}, SET_COOKIE_VALUE, NULL},
    {{N, V, .path = {"/a;b", 4}}, SET_COOKIE_PATH, NULL},
    {{N, V, .path = {"/a\n", 3}}, SET_COOKIE_PATH, NULL},
    {{N, V, .path = {"/\xc3\xa9", 3}}, SET_COOKIE_PATH, NULL},
    {{N, V, .domain = {".a.example", 10}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"a..b", 4}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"a.", 2}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"-a", 2}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"a-.b", 4}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"a b", 3}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .domain = {"a;b", 3}}, SET_COOKIE_DOMAIN, NULL},
    {{N, V, .has_expires = true, .expires = -1}, SET_COOKIE_TIME, NULL},
    {{N, V, .has_expires = true, .expires = INT64_MAX}, SET_COOKIE_TIME, NULL},
};

static void test_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(set_rows); i++) {
        struct span got = SPAN_NONE;
        enum set_cookie_result r = set_cookie_format(&set_rows[i].cookie, NOW, &arena, &got);
        if (r != set_rows[i].result || !span_eq(got, span_of(set_rows[i].text)))
            fail_msg("row %zu (%s): %d '%.*s'", i, set_rows[i].text ? set_rows[i].text : "-",
                     (int)r, SPAN_ARG(got));
    }
}

static void put(const char *value)
{
    assert_true(set_cookie_put(&headers, &arena, span_of(value)));
}

static void test_replaces(void **state)
{
    (void)state;
    put("a=1; Path=/");
    put("b=1");
    put("a=2"); /* another path */
    put("a=3; Domain=x.example; Path=/");
    put("a=4; max-age=9; path = / ; Secure"); /* the first again */
    put("a=5; Path=/; domain=X.EXAMPLE");
    put("A=6; Path=/");         /* another name */
    put("a=7; Domain=; Path="); /* as a=2 */
    static const char *const want[] = {"a=4; max-age=9; path = / ; Secure", "b=1",
                                       "a=7; Domain=; Path=", "a=5; Path=/; domain=X.EXAMPLE",
                                       "A=6; Path=/"};
    assert_int_equal(headers.n, ARRAY_COUNT(want));
    for (size_t i = 0; i < ARRAY_COUNT(want); i++)
        assert_string_equal(headers.v[i].value.p, want[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_read), TEST(test_get), TEST(test_many),
                                       TEST(test_set), TEST(test_replaces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
