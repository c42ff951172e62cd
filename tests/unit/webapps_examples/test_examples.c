/* SPDX-License-Identifier: Apache-2.0
 * The examples, tested as their author would: with <cserv/test.h> and libcserv-test.a only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

CS_C const cs_module *cs_module_describe(void);

#define FOLDER CSERV_SOURCE "/webapps/examples" /* of the build */

static cs_test_app *app;

static int setup(void **state)
{
    (void)state;
    app = cs_test_app_new(&(cs_test_options){
        .context_path = "/examples", .describe = cs_module_describe, .folder = FOLDER});
    return app ? 0 : -1;
}
static int teardown(void **state)
{
    (void)state;
    return cs_test_app_free(app);
}

static cs_test_request *sent(const char *method, const char *target, const char *type,
                             const char *body)
{
    cs_test_request *req = cs_test_request_new(app, method, target);
    if (type)
        cs_test_request_header(req, "Content-Type", type);
    cs_test_request_body(req, body, strlen(body));
    assert_int_equal(cs_test_run(req), CS_OK);
    return req;
}

static void test_hello(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/hello");
    assert_string_equal(cs_test_text(req), "Hello, World!");
    assert_string_equal(cs_test_header(req, "Content-Type"), "text/plain");
}

static void test_greetings(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/hello/de");
    assert_string_equal(cs_test_text(req), "Hallo, Welt!");
    assert_string_equal(cs_test_header(req, "Content-Type"), "text/plain; charset=utf-8");
    assert_string_equal(cs_test_text(cs_test_get(app, "/examples/hello/fr")), "Bonjour le monde !");
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/hello/xx")), 404);
}

static void test_settings(void **state)
{
    (void)state;
    assert_string_equal(cs_test_text(cs_test_get(app, "/examples/settings")),
                        "The more the merrier, at most 12 of us\n");
}

static void test_later(void **state)
{
    static const char *const rows[][2] = {{"2", "2"},
                                          {"9", "3"},
                                          {"97", "97"},
                                          {"999999000001", "999999000001"},
                                          {"999966000289", "999983"},
                                          {"1000000000000", "2"}};
    char path[64], want[80];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(path, sizeof(path), "/examples/later?number=%s", rows[i][0]);
        snprintf(want, sizeof(want), "the smallest factor of %s is %s\n", rows[i][0], rows[i][1]);
        assert_string_equal(cs_test_text(cs_test_get(app, path)), want);
    }
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/later?number=1")), 400);
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/later/shown?number=9")), 404);
}

static void test_hints(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/hints");
    assert_non_null(strstr(cs_test_text(req), "<h1>Early hints</h1>"));
    assert_non_null(strstr(cs_test_header(req, "Link"), "<examples.css>"));
}

static void test_echo(void **state)
{
    (void)state;
    cs_test_request *req = sent("POST", "/examples/echo", "image/x-fish", "><>");
    assert_string_equal(cs_test_text(req), "><>");
    assert_string_equal(cs_test_header(req, "Content-Type"), "image/x-fish");
    assert_string_equal(cs_test_header(req, "Content-Length"), "3");
}

static void test_request(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/request/a%20b?x=1&x=%22");
    assert_non_null(strstr(cs_test_text(req), "\"pathInfo\":\"/a b\""));
    assert_non_null(strstr(cs_test_text(req), "\"params\":[[\"x\",\"1\"],[\"x\",\"\\\"\"]]"));
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/request?x=%zz")), 400);
}

static void test_form(void **state)
{
    (void)state;
    assert_non_null(strstr(cs_test_text(cs_test_get(app, "/examples/form")), "<form"));
    cs_test_request *req = sent("POST", "/examples/form", "application/x-www-form-urlencoded",
                                "name=%3Cb%3E%26&word=a%22b");
    assert_non_null(strstr(cs_test_text(req), "<dt>name</dt><dd>&lt;b>&amp;</dd>"));
    assert_non_null(strstr(cs_test_text(req), "<dt>word</dt><dd>a&quot;b</dd>"));
    req = sent("POST", "/examples/form", "application/x-www-form-urlencoded", "a=%z");
    assert_int_equal(cs_test_status(req), 400);
}

#define PARTS "multipart/form-data; boundary=b"

static void test_files(void **state)
{
    (void)state;
    assert_non_null(strstr(cs_test_text(cs_test_get(app, "/examples/files")), "type=\"file\""));
    cs_test_request *req = sent(
        "POST", "/examples/files", PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../<a>.txt\"\r\n\r\n"
        "12345\r\n--b\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\nhi\r\n--b--\r\n");
    assert_non_null(strstr(cs_test_text(req),
                           "<dt>file ../&lt;a>.txt</dt><dd>5 bytes</dd>\n"
                           "<dt>field what</dt><dd>2 bytes</dd>\n</dl></main>\n"));
    assert_int_equal(cs_test_status(sent("POST", "/examples/files", PARTS, "--c--\r\n")), 400);
    static const char begun[] = "--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
    static char large[sizeof(begun) + (1 << 20) + 16];
    memset(large, 'x', sizeof(begun) + (1 << 20));
    memcpy(large, begun, sizeof(begun) - 1);
    memcpy(large + sizeof(begun) + (1 << 20), "\r\n--b--\r\n", 10);
    assert_int_equal(cs_test_status(sent("POST", "/examples/files", PARTS, large)), 413);
}

static void test_cookie(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/cookie?colour=teal");
    assert_int_equal(cs_test_status(req), 303);
    assert_string_equal(cs_test_header(req, "Location"), "cookie");
    const char *set = cs_test_header(req, "Set-Cookie");
    assert_non_null(strstr(set, "colour=teal"));
    assert_non_null(strstr(set, "Max-Age=2592000"));
    assert_non_null(strstr(set, "HttpOnly"));
    assert_non_null(strstr(set, "SameSite=Lax"));
    assert_non_null(strstr(
        cs_test_header(cs_test_get(app, "/examples/cookie?colour="), "Set-Cookie"), "Max-Age=0"));
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/cookie?colour=a%3Bb")), 400);
    req = cs_test_request_new(app, "GET", "/examples/cookie");
    cs_test_request_header(req, "Cookie", "a=b; colour=teal");
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_text(req), "your colour is teal\n");
    assert_string_equal(cs_test_text(cs_test_get(app, "/examples/cookie")),
                        "no colour was chosen\n");
}

static void test_page_and_its_tidy(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/page"); /* forwards */
    const char *tidied =
        "<h1>A page around a servlet</h1>\n<p>hello says:\n<q>Hello, World!</q></p>\n"
        "</main>\n";
    assert_non_null(strstr(cs_test_text(req), tidied));
    assert_non_null(strstr(cs_test_header(req, "Content-Type"), "text/html"));
    req = cs_test_get(app, "/examples/page?show=visits");
    assert_non_null(strstr(cs_test_text(req), "<q>visit "));
    assert_null(cs_test_header(req, "Cache-Control")); /* an included one sets none */
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/page?show=fail")), 404);
}

static void test_shout(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "POST", "/examples/shout");
    char body[200000];
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < sizeof(body); i += 1000)
        cs_test_request_body(req, body + i, 1000);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_complete(req), 1);
    assert_int_equal(cs_test_body(req).len, sizeof(body));
    for (size_t i = 0; i < sizeof(body); i++)
        assert_int_equal(cs_test_body(req).ptr[i], 'A' + i % 26);
    assert_string_equal(cs_test_text(sent("PUT", "/examples/shout", NULL, "")), "");
    req = cs_test_request_new(app, "POST", "/examples/shout");
    cs_test_request_body(req, "a{z\n", 4);
    cs_test_request_body_fails(req, CS_EINVAL);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_complete(req), 0);
}

static void test_sleep_and_its_stopwatch(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/sleep?ms=20");
    assert_string_equal(cs_test_text(req), "slept 20");
    assert_true(atol(cs_test_header(req, "X-Took-Us")) >= 20000);
    req = cs_test_get(app, "/examples/sleep?ms=-1");
    assert_int_equal(cs_test_status(req), 400);
    assert_non_null(strstr(cs_test_detail(req), "milliseconds"));
}

static void test_ticks(void **state)
{
    (void)state;
    long ticks = 0;
    for (int i = 0; i < 3000 && ticks < 2; i++) {
        const struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
        cs_test_request *req = cs_test_get(app, "/examples/ticks");
        assert_non_null(strstr(cs_test_text(req), " ticks; answer 1 of this worker\n"));
        ticks = atol(cs_test_text(req));
        cs_test_request_free(req);
    }
    assert_true(ticks >= 2);
}

static void test_big(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/big?bytes=200000");
    assert_int_equal(cs_test_body(req).len, 200000);
    assert_int_equal(cs_test_body(req).ptr[199999], 'a' + 199999 % 26);
    assert_string_equal(cs_test_header(req, "Content-Length"), "200000");
    req = cs_test_request_new(app, "GET", "/examples/big?bytes=4000000");
    cs_test_request_client_leaves(req, 100000);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_complete(req), 0);
}

static void test_upload(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "PUT", "/examples/upload");
    cs_test_request_body(req, "1234", 4);
    cs_test_request_body(req, "56789", 5);
    cs_test_request_chunked(req);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_text(req), "9 bytes, CRC-32 cbf43926\n"); /* CRC-32's check value */
    req = cs_test_request_new(app, "POST", "/examples/upload");
    cs_test_request_body(req, "12", 2);
    cs_test_request_body_fails(req, CS_EGONE);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_status(req), 0);
}

static void test_visits(void **state)
{
    (void)state;
    char first[64];
    snprintf(first, sizeof(first), "%s", cs_test_text(cs_test_get(app, "/examples/visits")));
    assert_string_equal(first, "visit 1\n");
    cs_test_request *req = cs_test_get(app, "/examples/visits");
    assert_string_equal(cs_test_text(req), "visit 2\n");
    assert_non_null(cs_test_header(req, "X-Since"));
}

static void test_fail(void **state)
{
    (void)state;
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/fail")), 400);
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/fail?how=refuse")), 404);
    cs_test_request *req = cs_test_get(app, "/examples/fail?how=error");
    assert_int_equal(cs_test_status(req), 500);
    assert_string_equal(cs_test_detail(req), "the shelf has fallen down");
    req = cs_test_get(app, "/examples/fail?how=conflict");
    assert_int_equal(cs_test_status(req), 409);
    assert_non_null(strstr(cs_test_text(req), "<h1>Sorry</h1>\n<p>/examples/fail did not work out: "
                                              "somebody else has just taken it.</p>"));
    assert_int_equal(cs_test_status(cs_test_get(app, "/examples/sorry")), 404);
    req = cs_test_get(app, "/examples/fail?how=late");
    assert_int_equal(cs_test_status(req), 200);
    assert_int_equal(cs_test_complete(req), 0);
    assert_true(cs_test_logged(app, "the shelf fell down just now"));
}

static void test_download(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/examples/download");
    assert_non_null(strstr(cs_test_text(req), "int download_get("));
    const char *since = cs_test_header(req, "Last-Modified");
    cs_test_request *again = cs_test_request_new(app, "GET", "/examples/download");
    cs_test_request_header(again, "If-Modified-Since", since);
    assert_int_equal(cs_test_run(again), CS_OK);
    assert_int_equal(cs_test_status(again), 304);
    assert_string_equal(cs_test_text(again), "");
}

static void test_a_single_file(void **state)
{
    (void)state;
    cs_test_app *single = cs_test_app_new(&(cs_test_options){.describe = cs_module_describe});
    assert_int_equal(cs_test_status(cs_test_get(single, "/download")), 404);
    assert_int_equal(cs_test_status(cs_test_get(single, "/hints")), 404);
    assert_string_equal(cs_test_text(cs_test_get(single, "/settings")),
                        "No motto, at most 0 of us\n");
    assert_int_equal(cs_test_app_free(single), CS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_cookie),
        cmocka_unit_test(test_shout),
        cmocka_unit_test(test_sleep_and_its_stopwatch),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_big),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_visits),
        cmocka_unit_test(test_page_and_its_tidy), /* visits, too */
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_download),
        cmocka_unit_test(test_a_single_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
