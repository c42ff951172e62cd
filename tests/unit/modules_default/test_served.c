/* SPDX-License-Identifier: Apache-2.0
 * The shipped default.so as a webapp meets it, through the test kit: web.xml names its servlet, a folder
 * has the files. What each of its parts does: the other tests beside this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char web_xml[] =
    "<web-app><servlet><servlet-name>files</servlet-name>"
    "<servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>"
    "<servlet-mapping><servlet-name>files</servlet-name><url-pattern>/</url-pattern>"
    "</servlet-mapping><welcome-file-list><welcome-file>start.txt</welcome-file>"
    "</welcome-file-list></web-app>";

static char folder[] = "/tmp/cserv-served-XXXXXX";
static cs_test_app *app;

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    int rc = file && fputs(text, file) >= 0 ? 0 : -1;
    return file && fclose(file) == 0 ? rc : -1;
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || put("start.txt", "0123456789") != 0 ||
        mkdir(path_of("WEB-INF"), 0755) != 0 || put("WEB-INF/secret.txt", "secret") != 0)
        return -1;
    app = cs_test_app_new(&(cs_test_options){.context_path = "/files",
                                             .folder = folder,
                                             .web_xml = web_xml,
                                             .server_file = CSERV_BUILD "/modules/default.so"});
    return app ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    int rc = cs_test_app_free(app);
    unlink(path_of("WEB-INF/secret.txt"));
    rmdir(path_of("WEB-INF"));
    unlink(path_of("start.txt"));
    return rmdir(folder) == 0 ? rc : -1;
}

static cs_test_request *asked(const char *target, const char *name, const char *value)
{
    cs_test_request *req = cs_test_request_new(app, "GET", target);
    cs_test_request_header(req, name, value);
    assert_int_equal(cs_test_run(req), CS_OK);
    return req;
}

static void test_a_file(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/files/start.txt");
    assert_int_equal(cs_test_status(req), 200);
    assert_string_equal(cs_test_text(req), "0123456789");
    assert_string_equal(cs_test_header(req, "Content-Length"), "10");
    assert_non_null(cs_test_header(req, "Last-Modified"));
    assert_string_equal(cs_test_text(cs_test_get(app, "/files/")), "0123456789");
    assert_int_equal(cs_test_status(cs_test_get(app, "/files")), 302);
}

static void test_conditions_and_ranges(void **state)
{
    (void)state;
    const char *tag = cs_test_header(cs_test_get(app, "/files/start.txt"), "ETag");
    assert_int_equal(cs_test_status(asked("/files/start.txt", "If-None-Match", tag)), 304);
    cs_test_request *req = asked("/files/start.txt", "Range", "bytes=2-4");
    assert_int_equal(cs_test_status(req), 206);
    assert_string_equal(cs_test_text(req), "234");
    assert_string_equal(cs_test_header(req, "Content-Range"), "bytes 2-4/10");
    assert_int_equal(cs_test_status(asked("/files/start.txt", "Range", "bytes=20-")), 416);
}

static void test_what_is_not_served(void **state)
{
    (void)state;
    assert_int_equal(cs_test_status(cs_test_get(app, "/files/WEB-INF/secret.txt")), 404);
    assert_int_equal(cs_test_status(cs_test_get(app, "/files/none")), 404);
    cs_test_request *req = cs_test_request_new(app, "PUT", "/files/start.txt");
    cs_test_request_body(req, "x", 1);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_status(req), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file),
        cmocka_unit_test(test_conditions_and_ranges),
        cmocka_unit_test(test_what_is_not_served),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
