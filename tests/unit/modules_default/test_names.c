/* SPDX-License-Identifier: Apache-2.0
 * Names that are never served, and paths in URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "names.h"

static bool served(const char *path)
{
    return path_is_served((cs_str){path, strlen(path)}, false);
}

static void what_is_served(void **state)
{
    (void)state;
    static const char *const yes[] = {"/",         "/a",
                                      "/a/b.html", "/a/",
                                      "/.hidden",  "/.well-known/x",
                                      "/WEB-INFO", "/AWEB-INF",
                                      "/web-in",   "/meta-informed",
                                      "/META-IN",  "/w",
                                      "/m",        "/a.jspf",
                                      "/jsp",      "/...",
                                      "/a..b",     "/x.jsp.txt"};
    static const char *const no[] = {"",
                                     "a",
                                     "//",
                                     "/a//b",
                                     "/.",
                                     "/..",
                                     "/a/../b",
                                     "/a/./b",
                                     "/a/..",
                                     "/WEB-INF",
                                     "/web-inf/x",
                                     "/Web-Inf/",
                                     "/a/WEB-INF",
                                     "/META-INF/x",
                                     "/meta-INF",
                                     "/WEB-INF./x",
                                     "/WEB-INF /x",
                                     "/WEB-INF.. ./x",
                                     "/WEB-INF;x",
                                     "/WEB-INF::$DATA",
                                     "/WEB-INF\\web.xml",
                                     "/META-INF;/x",
                                     "/.cserv-put-1",
                                     "/x/.CSERV-PUT-1",
                                     "/a.jsp",
                                     "/a.JSP",
                                     "/a.jspx",
                                     "/a.jsp.",
                                     "/a.jsp;x",
                                     "/a.jsp/b",
                                     "/a.jsp "};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (!served(yes[i]))
            fail_msg("%s is not served", yes[i]);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (served(no[i]))
            fail_msg("%s is served", no[i]);
    }
    assert_false(path_is_served((cs_str){"/a\0b", 4}, false));
    assert_false(path_is_served((cs_str){"/a\0b", 4}, true));
}

static void what_the_webapp_may_ask_for(void **state)
{
    (void)state;
    static const char *const yes[] = {"/WEB-INF/page.html", "/meta-inf/x", "/a/WEB-INF/"};
    static const char *const no[] = {"/WEB-INF/a.jsp", "/WEB-INF/../x", "/WEB-INF;x/a",
                                     "/WEB-INF./a",    "/WEB-INF//a",   "/WEB-INF/.cserv-put-1"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(path_is_served((cs_str){yes[i], strlen(yes[i])}, true));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(path_is_served((cs_str){no[i], strlen(no[i])}, true));
}

static void paths_are_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } table[] = {
        {"/a/b-c._~", "/a/b-c._~"},           {"/a b", "/a%20b"},
        {"/a;b?c#d%e", "/a%3Bb%3Fc%23d%25e"}, {"/\xc3\xa4", "/%C3%A4"},
        {"/<\"'&>\n", "/%3C%22%27%26%3E%0A"}, {"", ""},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char out[64] = "";
        cs_str in = {table[i].in, strlen(table[i].in)};
        assert_int_equal(path_encode(in, NULL), strlen(table[i].out));
        assert_int_equal(path_encode(in, out), strlen(table[i].out));
        assert_string_equal(out, table[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_served),
        cmocka_unit_test(what_the_webapp_may_ask_for),
        cmocka_unit_test(paths_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
