/* SPDX-License-Identifier: Apache-2.0
 * Requests and answers of the test kit: what a servlet sees of the one, and a test of the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* First, as in a careless test: its macro fail() must not break servlet.h. */
#include <cmocka.h>
#include <cserv/test.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the webapp ---- */

static int hello(cs_request *req, cs_response *res)
{
    const char *name = cs_req_param(req, "name");
    return cs_res_printf(res, "Hello, %s!\n", name ? name : "world");
}

static int see(cs_request *req, cs_response *res)
{
    const char *host = cs_req_header(req, "host"), *length = cs_req_header(req, "content-length");
    return cs_res_printf(
        res, "%s %s %s %s %s %s %s:%lld %lld %s %lld %s", cs_req_get(req, CS_REQ_METHOD).ptr,
        cs_req_get(req, CS_REQ_CONTEXT_PATH).ptr, cs_req_get(req, CS_REQ_SERVLET_PATH).ptr,
        cs_req_get(req, CS_REQ_PATH_INFO).ptr, cs_req_get(req, CS_REQ_REMOTE_ADDR).ptr,
        cs_req_get(req, CS_REQ_SCHEME).ptr, cs_req_get(req, CS_REQ_SERVER_NAME).ptr,
        (long long)cs_req_get_int(req, CS_REQ_SERVER_PORT),
        (long long)cs_req_get_int(req, CS_REQ_SECURE), host,
        (long long)cs_req_get_int(req, CS_REQ_CONTENT_LENGTH), length ? length : "-");
}

/* The size of each piece it reads, and how reading ended. */
static int pieces(cs_request *req, cs_response *res)
{
    char piece[6];
    int64_t n;
    int rc = CS_OK;
    while ((n = cs_req_read(req, piece, sizeof(piece))) > 0 && rc == CS_OK)
        rc = cs_res_printf(res, "%lld:%.*s ", (long long)n, (int)n, piece);
    return rc == CS_OK ? cs_res_printf(res, "%lld", (long long)n) : rc;
}
static int64_t body_result;
static int endless(cs_request *req, cs_response *res)
{
    char piece[64];
    (void)res;
    while ((body_result = cs_req_read(req, piece, sizeof(piece))) > 0)
        continue;
    return (int)body_result;
}

static int fails(cs_request *req, cs_response *res)
{
    (void)res;
    return cs_req_fail(req, CS_EFAIL, "no such table");
}
static int refuses(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_error(res, 409, "it is there already");
}
static int is_short(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = cs_res_length(res, 10);
    return rc == CS_OK ? cs_res_write(res, "abc", 3) : rc;
}
static int late(cs_request *req, cs_response *res)
{
    (void)cs_res_puts(res, "begun");
    (void)cs_res_flush(res);
    return cs_req_fail(req, CS_EFAIL, "too late");
}
static int rests(cs_request *req, cs_response *res)
{
    (void)req;
    (void)res;
    return CS_UNAVAILABLE(30);
}

static int big_result;
static int big(cs_request *req, cs_response *res)
{
    char piece[8192];
    (void)req;
    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 64 && (big_result = cs_res_write(res, piece, sizeof(piece))) == CS_OK; i++)
        continue;
    return big_result;
}
static int constant(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_write_static(res, "constant bytes", 14);
}
static int file(cs_request *req, cs_response *res)
{
    char path[] = "/tmp/cserv-test-kit-XXXXXX";
    (void)req;
    int fd = mkstemp(path);
    if (fd < 0 || unlink(path) != 0 || write(fd, "0123456789", 10) != 10)
        return CS_EFAIL;
    return cs_res_send_file(res, fd, 2, 5);
}
static int form(cs_request *req, cs_response *res)
{
    cs_str first = cs_req_param_str(req, "a", 0), second = cs_req_param_str(req, "a", 1);
    return cs_res_printf(res, "%s,%s", first.ptr, second.ptr);
}

static sem_t entered, leave;
static int waits(cs_request *req, cs_response *res)
{
    (void)req;
    sem_post(&entered);
    sem_wait(&leave);
    return cs_res_puts(res, "left");
}

static const cs_servlet servlets[] = {
    {.name = "waits", .url_patterns = "/waits", .get = waits},
    {.name = "hello", .url_patterns = "/hello", .get = hello},
    {.name = "see", .url_patterns = "/see/*", .service = see},
    {.name = "pieces", .url_patterns = "/pieces", .post = pieces},
    {.name = "endless", .url_patterns = "/endless", .flags = CS_STREAMING, .post = endless},
    {.name = "fails", .url_patterns = "/fails", .get = fails},
    {.name = "refuses", .url_patterns = "/refuses", .get = refuses},
    {.name = "short", .url_patterns = "/short", .get = is_short},
    {.name = "late", .url_patterns = "/late", .get = late},
    {.name = "rests", .url_patterns = "/rests", .get = rests},
    {.name = "big", .url_patterns = "/big", .get = big},
    {.name = "constant", .url_patterns = "/constant", .get = constant},
    {.name = "file", .url_patterns = "/file", .get = file},
    {.name = "form", .url_patterns = "/form", .post = form},
};

static cs_test_app *app;

static int setup(void **state)
{
    (void)state;
    app =
        cs_test_app_new(&(cs_test_options){.context_path = "/shop", .servlets = CS_ROWS(servlets)});
    return app ? 0 : -1;
}
static int teardown(void **state)
{
    (void)state;
    return cs_test_app_free(app);
}

/* ---- tests ---- */

static void test_answer_has_status_fields_and_body(void **state)
{
    (void)state;
    cs_str name, value;
    cs_test_request *req = cs_test_get(app, "/shop/hello?name=a%20b");
    assert_int_equal(cs_test_status(req), 200);
    assert_string_equal(cs_test_text(req), "Hello, a b!\n");
    assert_int_equal(cs_test_body(req).len, 12);
    assert_string_equal(cs_test_header(req, "CONTENT-LENGTH"), "12");
    assert_null(cs_test_header(req, "X-None"));
    assert_int_equal(cs_test_header_at(req, 0, &name, &value), CS_OK);
    assert_string_equal(name.ptr, "Content-Length");
    assert_int_equal(cs_test_header_at(req, 99, &name, &value), CS_ENOENT);
    assert_int_equal(cs_test_complete(req), 1);
    assert_null(cs_test_detail(req));
}

static void test_servlet_sees_the_request(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "PUT", "/shop/see/a%2Bb?x");
    assert_int_equal(cs_test_request_header(req, "Host", "shop.example:8443"), CS_OK);
    assert_int_equal(cs_test_request_remote(req, "2001:db8::7", 1), CS_OK);
    assert_int_equal(cs_test_request_body(req, "abc", 3), CS_OK);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_text(req),
                        "PUT /shop /see /a+b 2001:db8::7 https shop.example:8443 1 "
                        "shop.example:8443 3 3");
    req = cs_test_get(app, "/shop/see/");
    assert_string_equal(cs_test_text(req),
                        "GET /shop /see / 127.0.0.1 http localhost:80 0 localhost -1 -");
}

static void test_other_paths_and_methods_are_the_containers(void **state)
{
    (void)state;
    assert_int_equal(cs_test_status(cs_test_get(app, "/shop/none")), 404);
    assert_int_equal(cs_test_status(cs_test_get(app, "/elsewhere")), 404);
    cs_test_request *req = cs_test_request_new(app, "DELETE", "/shop/hello");
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_status(req), 405);
    assert_string_equal(cs_test_header(req, "Allow"), "GET, HEAD, OPTIONS");
    req = cs_test_request_new(app, "HEAD", "/shop/hello");
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_header(req, "Content-Length"), "14");
    assert_string_equal(cs_test_text(req), "");
}

static void test_body_comes_in_its_pieces(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "POST", "/shop/pieces");
    cs_test_request_body(req, "abc", 3);
    cs_test_request_body(req, "", 0);
    cs_test_request_body(req, "defghijk", 8);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_text(req), "3:abc 6:defghi 2:jk 0");
}

static void test_form_is_read(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "POST", "/shop/form?a=1");
    cs_test_request_header(req, "Content-Type", "application/x-www-form-urlencoded");
    cs_test_request_body(req, "a=", 2);
    cs_test_request_body(req, "2%21", 4);
    cs_test_request_chunked(req);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_string_equal(cs_test_text(req), "1,2!");
}

static void test_body_that_fails(void **state)
{
    (void)state;
    static const struct {
        int code, status;
    } rows[] = {{CS_EGONE, 0}, {CS_EINVAL, 400}, {CS_ELIMIT, 413}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cs_test_request *req = cs_test_request_new(app, "POST", "/shop/endless");
        cs_test_request_body(req, "some of it", 10);
        cs_test_request_body_fails(req, rows[i].code);
        assert_int_equal(cs_test_run(req), CS_OK);
        assert_int_equal(body_result, rows[i].code);
        assert_int_equal(cs_test_status(req), rows[i].status);
        assert_int_equal(cs_test_complete(req), rows[i].status != 0);
    }
    cs_test_request *req = cs_test_request_new(app, "POST", "/shop/pieces");
    cs_test_request_body_fails(req, CS_EGONE);
    assert_int_equal(cs_test_run(req), CS_EFAIL);
    assert_non_null(strstr(cs_test_error(), "CS_STREAMING"));
}

static void test_errors_tell_their_reason(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/shop/fails");
    assert_int_equal(cs_test_status(req), 500);
    assert_string_equal(cs_test_detail(req), "no such table");
    assert_true(cs_test_logged(app, "ERROR engine localhost/shop: GET /shop/fails: servlet fails "
                                    "returned -1: no such table"));
    req = cs_test_get(app, "/shop/refuses");
    assert_int_equal(cs_test_status(req), 409);
    assert_string_equal(cs_test_detail(req), "it is there already");
    assert_non_null(strstr(cs_test_text(req), "it is there already"));
    req = cs_test_get(app, "/shop/rests");
    assert_int_equal(cs_test_status(req), 503);
    /* regression 223: asked within the same us it was 31 */
    assert_string_equal(cs_test_header(req, "Retry-After"), "30");
}

static void test_answer_that_is_given_up(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_get(app, "/shop/short");
    assert_int_equal(cs_test_complete(req), 0);
    req = cs_test_get(app, "/shop/late");
    assert_int_equal(cs_test_status(req), 200);
    assert_string_equal(cs_test_text(req), "begun");
    assert_int_equal(cs_test_complete(req), 0);
    assert_string_equal(cs_test_detail(req), "too late");
}

static void test_client_leaves(void **state)
{
    (void)state;
    cs_test_request *req = cs_test_request_new(app, "GET", "/shop/big");
    cs_test_request_client_leaves(req, 20000);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(big_result, CS_EGONE);
    assert_int_equal(cs_test_body(req).len, 20000);
    assert_int_equal(cs_test_complete(req), 0);
    req = cs_test_get(app, "/shop/big");
    assert_int_equal(cs_test_body(req).len, 64 * 8192);
    assert_null(cs_test_header(req, "Content-Length"));
    assert_int_equal(cs_test_complete(req), 1);
}

static void test_constants_and_files(void **state)
{
    (void)state;
    assert_string_equal(cs_test_text(cs_test_get(app, "/shop/constant")), "constant bytes");
    assert_string_equal(cs_test_text(cs_test_get(app, "/shop/file")), "23456");
}

static void test_mistakes_of_the_test_are_told(void **state)
{
    (void)state;
    assert_null(cs_test_request_new(app, "get", "/shop/hello"));
    assert_non_null(strstr(cs_test_error(), "capitals"));
    assert_null(cs_test_request_new(app, "GET", "shop"));
    assert_null(cs_test_request_new(app, "GET", "/a b"));
    assert_null(cs_test_request_new(app, "GET", "/%zz"));
    assert_non_null(strstr(cs_test_error(), "400"));
    assert_null(cs_test_get(NULL, "/"));
    assert_int_equal(cs_test_status(NULL), 0);
    assert_string_equal(cs_test_text(NULL), "");

    cs_test_request *req = cs_test_request_new(app, "GET", "/shop/hello");
    assert_int_equal(cs_test_request_header(req, "a b", "c"), CS_EINVAL);
    assert_int_equal(cs_test_run(req), CS_EFAIL); /* nobody need look at each call */
    req = cs_test_request_new(app, "GET", "/shop/hello");
    assert_int_equal(cs_test_request_header(req, "Content-Length", "1"), CS_EINVAL);
    req = cs_test_request_new(app, "GET", "/shop/hello");
    assert_int_equal(cs_test_request_remote(req, "nowhere", 0), CS_EINVAL);
    assert_int_equal(cs_test_request_body_fails(req, CS_EFAIL), CS_EINVAL);
    req = cs_test_request_new(app, "GET", "/shop/hello");
    assert_int_equal(cs_test_status(req), 0);
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_run(req), CS_EFAIL);
    assert_int_equal(cs_test_request_header(req, "A", "b"), CS_ESTATE);
    assert_int_equal(cs_test_status(req), 200);
    cs_test_request_free(req);
}

static void *many(void *arg)
{
    for (int i = 0; i < 200; i++) {
        cs_test_request *req = cs_test_get(app, "/shop/hello?name=many");
        if (!req || strcmp(cs_test_text(req), "Hello, many!\n") != 0)
            return NULL;
        cs_test_request_free(req);
    }
    return arg;
}

static void test_requests_on_many_threads(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many, (void *)app), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, app);
    }
}

static void *one(void *arg)
{
    (void)arg;
    return cs_test_get(app, "/shop/waits");
}

static void test_app_is_not_freed_under_a_request(void **state)
{
    pthread_t thread;
    void *req;
    (void)state;
    assert_int_equal(sem_init(&entered, 0, 0) | sem_init(&leave, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, one, NULL), 0);
    sem_wait(&entered);
    assert_int_equal(cs_test_app_free(app), CS_EFAIL);
    assert_non_null(strstr(cs_test_error(), "while a request of it runs"));
    assert_string_equal(cs_test_text(cs_test_get(app, "/shop/hello")), "Hello, world!\n");
    sem_post(&leave);
    assert_int_equal(pthread_join(thread, &req), 0);
    assert_string_equal(cs_test_text(req), "left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_has_status_fields_and_body),
        cmocka_unit_test(test_servlet_sees_the_request),
        cmocka_unit_test(test_other_paths_and_methods_are_the_containers),
        cmocka_unit_test(test_body_comes_in_its_pieces),
        cmocka_unit_test(test_form_is_read),
        cmocka_unit_test(test_body_that_fails),
        cmocka_unit_test(test_errors_tell_their_reason),
        cmocka_unit_test(test_answer_that_is_given_up),
        cmocka_unit_test(test_client_leaves),
        cmocka_unit_test(test_constants_and_files),
        cmocka_unit_test(test_mistakes_of_the_test_are_told),
        cmocka_unit_test(test_requests_on_many_threads),
        cmocka_unit_test(test_app_is_not_freed_under_a_request),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
