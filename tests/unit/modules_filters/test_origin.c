/* SPDX-License-Identifier: Apache-2.0
 * Origins and kinds of CORS requests, a row per rule; lists of words. */
#include "origin.h" /* before cmocka.h, whose macro fail() is a member's name there */
#include "params.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct {
    const char *origin;
    int valid;
} forms[] = {
    {"https://shop.example", 1},
    {"http://shop.example:8080", 1},
    {"http://192.0.2.1:80", 1},
    {"http://[2001:db8::1]", 1},
    {"http://[2001:db8::1]:8443", 1},
    {"chrome-extension://abcdef", 1},
    {"a+b-c.d://x", 1},
    {"capacitor://localhost", 1},
    {"null", 1},
    {"file://", 1},
    {"file:///C:/page.html", 1},
    {"", 0},
    {"shop.example", 0},
    {"//shop.example", 0},
    {"://shop.example", 0},
    {"1http://shop.example", 0},
    {"https:/shop.example", 0},
    {"https://", 0},
    {"https://shop.example/", 0},
    {"https://shop.example/path", 0},
    {"https://shop.example?q", 0},
    {"https://user@shop.example", 0},
    {"https://shop.example:", 0},
    {"https://shop.example:x", 0},
    {"https://shop.example:65535", 1},
    {"https://shop.example:65536", 0},
    {"https://shop.example:123456", 0},
    {"https://shop.example:80:80", 0},
    {"https://shop example", 0},
    {"https://shop.example\r\nX: 1", 0},
    {"https://shop.example%0d%0a", 0},
    {"https://[2001:db8::1", 0},
    {"https://[]", 0},
    {"https://[::1]x", 0},
    {"https://b\xc3\xbc"
     "cher.example",
     0},
    {"nulls", 0},
    {"Null", 0},
    {"https://a, https://b", 0},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (origin_is_valid(cs_str_of(forms[i].origin)) != forms[i].valid)
            fail_msg("'%s' is not %d", forms[i].origin, forms[i].valid);
    assert_false(origin_is_valid((cs_str){NULL, 0}));
    assert_false(origin_is_valid((cs_str){"https://a\0b", 11}));
}

static const struct {
    const char *origin, *scheme, *host;
    int64_t port;
    int own;
} places[] = {
    {"http://shop.example", "http", "shop.example", 80, 1},
    {"http://shop.example:80", "http", "shop.example", 80, 1},
    {"https://shop.example", "https", "shop.example", 443, 1},
    {"https://shop.example:443", "https", "shop.example", 443, 1},
    {"http://shop.example:8080", "http", "shop.example", 8080, 1},
    {"http://shop.example", "http", "Shop.Example", 80, 1},
    {"http://[::1]:8080", "http", "[::1]", 8080, 1},
    {"http://shop.example", "http", "shop.example", 8080, 0},
    {"http://shop.example:8080", "http", "shop.example", 80, 0},
    {"https://shop.example", "http", "shop.example", 80, 0},
    {"http://shop.example", "https", "shop.example", 443, 0},
    {"http://shop.example.evil", "http", "shop.example", 80, 0},
    {"http://evilshop.example", "http", "shop.example", 80, 0},
    {"http://shop.exampl", "http", "shop.example", 80, 0},
    {"null", "http", "null", 80, 0},
    {"http://shop.example:", "http", "shop.example", 80, 0},
    {"http://shop.example:99999", "http", "shop.example", 80, 0},
};

static void test_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int own = origin_is_own(cs_str_of(places[i].origin), cs_str_of(places[i].scheme),
                                cs_str_of(places[i].host), places[i].port);
        if (own != places[i].own)
            fail_msg("'%s' at %s is not %d", places[i].origin, places[i].host, places[i].own);
    }
    assert_false(origin_is_own(cs_str_of("http://a"), (cs_str){NULL, 0}, (cs_str){NULL, 0}, 80));
}

static const struct {
    const char *method, *origin, *asked, *type;
    enum cors_kind kind;
} kinds[] = {
    {"GET", NULL, NULL, NULL, CORS_NONE},
    {"OPTIONS", NULL, "PUT", NULL, CORS_NONE},
    {"GET", "http://here.example", NULL, NULL, CORS_NONE},
    {"GET", "https://a.example", NULL, NULL, CORS_SIMPLE},
    {"HEAD", "https://a.example", NULL, NULL, CORS_SIMPLE},
    {"POST", "https://a.example", NULL, "text/plain", CORS_SIMPLE},
    {"POST", "https://a.example", NULL, "Text/Plain; charset=utf-8", CORS_SIMPLE},
    {"POST", "https://a.example", NULL, "multipart/form-data;boundary=x", CORS_SIMPLE},
    {"POST", "https://a.example", NULL, "application/x-www-form-urlencoded", CORS_SIMPLE},
    {"POST", "https://a.example", NULL, "application/json", CORS_ACTUAL},
    {"POST", "https://a.example", NULL, "text/plainer", CORS_ACTUAL},
    {"POST", "https://a.example", NULL, NULL, CORS_SIMPLE}, /* regression 2 */
    {"POST", "https://a.example", NULL, "", CORS_ACTUAL},
    {"PUT", "https://a.example", NULL, "text/plain", CORS_ACTUAL},
    {"get", "https://a.example", NULL, NULL, CORS_ACTUAL},
    {"OPTIONS", "https://a.example", NULL, NULL, CORS_ACTUAL},
    {"OPTIONS", "https://a.example", "PUT", NULL, CORS_PREFLIGHT},
    {"OPTIONS", "https://a.example", "", NULL, CORS_INVALID},
    {"GET", "https://a.example", "PUT", NULL, CORS_SIMPLE},
    {"GET", "", NULL, NULL, CORS_INVALID},
    {"GET", "a.example", NULL, NULL, CORS_INVALID},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct cors_ask ask = {.method = kinds[i].method,
                               .origin = cs_str_of(kinds[i].origin),
                               .asked_method = cs_str_of(kinds[i].asked),
                               .content_type = cs_str_of(kinds[i].type),
                               .scheme = cs_str_of("http"),
                               .host = cs_str_of("here.example"),
                               .port = 80};
        if (cors_kind_of(&ask) != kinds[i].kind)
            fail_msg("row %zu is not of kind %d", i, (int)kinds[i].kind);
    }
    struct cors_ask twice = {
        .method = "GET", .origin = cs_str_of("https://a"), .other_origin = cs_str_of("https://a")};
    assert_int_equal(cors_kind_of(&twice), CORS_INVALID);
}

static void test_words(void **state)
{
    (void)state;
    static const char *const lists[] = {"a,bb", " a , bb ", ",,a,\t,bb,", "a,\r\n bb"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        cs_str rest = cs_str_of(lists[i]), a = words_next(&rest), b = words_next(&rest);
        assert_int_equal(a.len, 1);
        assert_int_equal(b.len, 2);
        assert_memory_equal(b.ptr, "bb", 2);
        assert_null(words_next(&rest).ptr);
    }
    cs_str rest = cs_str_of(NULL);
    assert_null(words_next(&rest).ptr);
    assert_true(is_token(cs_str_of("X-Shop_1.0~")));
    static const char *const others[] = {"",      "a b", "a,b",      "a:b",
                                         "\"a\"", "a/b", "\xc3\xa4", "a\n"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(is_token(cs_str_of(others[i])));
    assert_false(is_token((cs_str){"a\0b", 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
