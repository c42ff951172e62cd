/* SPDX-License-Identifier: Apache-2.0
 * http/uri.h, the rest: percent encoding there and back, UTF-8, the Host grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "http/uri.h"

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

static void escapes_are_decoded(void **state)
{
    (void)state;
    struct span out;
    bool bad = true;
    assert_true(uri_decode(SPAN_LIT("a%2fb+%2B%00%ff"), false, &arena, &out, &bad));
    assert_false(bad);
    assert_true(span_eq(out, SPAN_LIT("a/b++\0\xff")));
    assert_int_equal(out.p[out.n], 0);
    assert_true(uri_decode(SPAN_LIT("a+b%2B"), true, &arena, &out, &bad));
    assert_true(span_eq(out, SPAN_LIT("a b+")));
    assert_true(uri_decode(SPAN_LIT(""), true, &arena, &out, &bad));
    assert_non_null(out.p);
    static const char *const broken[] = {"%", "%4", "%4x", "%x4", "a%", "%%20", "%-1", "% 1"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        bad = false;
        assert_false(uri_decode(span_of(broken[i]), false, &arena, &out, &bad));
        assert_true(bad);
    }
    assert_false(uri_decode(span_make("%41", 2), false, &arena, &out, &bad));
}

static void paths_are_encoded(void **state)
{
    (void)state;
    struct span out = uri_encode_path(SPAN_LIT("/a b/\xC3\xA4%?#[]\\\"\x01~!$&'()*+,=:@"), &arena);
    assert_string_equal(out.p, "/a%20b/%C3%A4%25%3F%23%5B%5D%5C%22%01~!$&'()*+,=:@");
    /* regression 203: a ';' stayed, and what stood behind it was read as a path parameter */
    assert_string_equal(uri_encode_path(SPAN_LIT("/a;b/"), &arena).p, "/a%3Bb/");
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    out = uri_encode_path(span_make(all, sizeof(all)), &arena);
    struct span back;
    bool bad;
    assert_true(uri_decode(out, false, &arena, &back, &bad));
    assert_true(span_eq(back, span_make(all, sizeof(all))));
    assert_int_equal(uri_encode_path(SPAN_LIT(""), &arena).n, 0);
    assert_non_null(uri_encode_path(SPAN_LIT(""), &arena).p);
}

/* Writes the code point the plain way, without the rules under test. */
static size_t put_code_point(char *out, uint32_t c, size_t length)
{
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (length == 1) {
        out[0] = (char)c;
        return 1;
    }
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(marks[length] | c);
    return length;
}

static void utf8_takes_each_code_point_in_its_shortest_form(void **state)
{
    (void)state;
    char text[4];
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        for (size_t length = shortest; length <= 4; length++) {
            put_code_point(text, c, length);
            assert_int_equal(utf8_valid(span_make(text, length)), length == shortest && !surrogate);
        }
        put_code_point(text, c, shortest);
        for (size_t cut = 1; cut < shortest; cut++)
            assert_false(utf8_valid(span_make(text, cut)));
    }
    for (uint32_t c = 0x110000; c < 0x200000; c += 0xFFF) {
        put_code_point(text, c, 4);
        assert_false(utf8_valid(span_make(text, 4)));
    }
}

static void utf8_refuses_stray_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "a\x80",
                                      "\xC3"
                                      "a",
                                      "\xE2\x82"
                                      "a",
                                      "\xF0\x9F\x98"
                                      "a",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",
                                      "\xC3\xA4\xA4",
                                      "\xF8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(utf8_valid(span_of(bad[i])));
    assert_true(utf8_valid(SPAN_LIT("")));
    assert_true(utf8_valid(SPAN_LIT("a\0b")));
    assert_true(utf8_valid(SPAN_LIT("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80")));
}

static void hosts_of_the_grammar_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint32_t port;
    } good[] = {
        {"", "", 0},
        {"localhost", "localhost", 0},
        {"Example.COM:8080", "Example.COM", 8080},
        {"a_b.example", "a_b.example", 0},
        {"example.com.", "example.com.", 0},
        {"example.com:", "example.com", 0},
        {"example.com:0", "example.com", 0},
        {"example.com:65535", "example.com", 65535},
        {"example.com:00080", "example.com", 80},
        {":80", "", 80},
        {"127.0.0.1:80", "127.0.0.1", 80},
        {"999.1", "999.1", 0}, /* a reg-name */
        {"[::1]", "[::1]", 0},
        {"[::1]:443", "[::1]", 443},
        {"[::1]:", "[::1]", 0},
        {"[2001:DB8::ffff:1.2.3.4]:1", "[2001:DB8::ffff:1.2.3.4]", 1},
        {"[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", 0},
        {"%41b", "%41b", 0},
        {"a!$&'()*+,;=~-._", "a!$&'()*+,;=~-._", 0},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct span host;
        uint32_t port = 7;
        if (!uri_parse_host(span_of(good[i].text), &host, &port))
            fail_msg("refused: %s", good[i].text);
        assert_true(span_eq(host, span_of(good[i].host)));
        assert_int_equal(port, good[i].port);
    }
}

static void other_hosts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a b",
        "a/b",
        "a@b",
        "a?b",
        "a#b",
        "a\\b",
        "a<b",
        "a\"b",
        "a\x7F",
        "a\x01",
        "\xC3\xA4.example",
        "a%",
        "a%4",
        "a%zz",
        "a:b",
        "a:-1",
        "a:+1",
        "a:65536",
        "a:99999999999999999999999",
        "a: 80",
        "a:80 ",
        "a:80:80",
        "a::",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[::1]x",
        "[::1]80",
        "[:::1]",
        "[1:2]",
        "[12345::]",
        "[::1%25eth0]",
        "[::1%eth0]",
        "[v1.x]",
        "[127.0.0.1]",
        "[::g]",
        "[[::1]]",
        "a[::1]",
        "a,b c",
        "[::1.2.3.256]",
        "[1:2:3:4:5:6:7:8:9]",
        " a",
        "a ",
        "[ ::1]",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span host;
        uint32_t port;
        if (uri_parse_host(span_of(bad[i]), &host, &port))
            fail_msg("taken: %s", bad[i]);
    }
    struct span host;
    uint32_t port;
    assert_false(uri_parse_host(SPAN_LIT("a\0b"), &host, &port));
    assert_false(uri_parse_host(SPAN_LIT("[::1\0]"), &host, &port));
    assert_true(uri_parse_host(span_make("a:8080", 4), &host, &port)); /* reads only its span */
    assert_int_equal(port, 80);
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(escapes_are_decoded),
        WITH_ARENA(paths_are_encoded),
        cmocka_unit_test(utf8_takes_each_code_point_in_its_shortest_form),
        cmocka_unit_test(utf8_refuses_stray_bytes),
        cmocka_unit_test(hosts_of_the_grammar_are_taken),
        cmocka_unit_test(other_hosts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
