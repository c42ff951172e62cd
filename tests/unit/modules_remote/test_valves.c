/* SPDX-License-Identifier: Apache-2.0
 * The shipped remote.so through the test kit: its valves as <Valve> elements before a servlet that tells
 * what it sees of its client. With a real server: tests/e2e/valves.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/test.h>

static int who(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "%s %s %lld", cs_req_get(req, CS_REQ_REMOTE_ADDR).ptr,
                         cs_req_get(req, CS_REQ_SCHEME).ptr,
                         (long long)cs_req_get_int(req, CS_REQ_SERVER_PORT));
}
static const cs_servlet servlets[] = {{.name = "who", .url_patterns = "/who", .get = who}};

static cs_test_app *with(const char *valves)
{
    return cs_test_app_new(&(cs_test_options){.servlets = CS_ROWS(servlets),
                                              .server_file = CSERV_BUILD "/modules/remote.so",
                                              .valves = valves});
}

/* The answer to a client at ADDRESS that sends X-Forwarded-For and X-Proto. */
static cs_test_request *asked(cs_test_app *app, const char *address, const char *forwarded)
{
    cs_test_request *req = cs_test_request_new(app, "GET", "/who");
    cs_test_request_remote(req, address, 0);
    cs_test_request_header(req, "X-Forwarded-For", forwarded);
    cs_test_request_header(req, "X-Proto", "https");
    assert_int_equal(cs_test_run(req), CS_OK);
    return req;
}

static void test_remote_ip_believes_proxies_only(void **state)
{
    (void)state;
    cs_test_app *app = with(
        "<Valve className='org.apache.catalina.valves.RemoteIpValve' protocolHeader='X-Proto'/>");
    assert_string_equal(cs_test_text(asked(app, "127.0.0.1", "192.0.2.7")), "192.0.2.7 https 443");
    assert_string_equal(cs_test_text(asked(app, "198.51.100.9", "192.0.2.7")),
                        "198.51.100.9 http 80");
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_valves_run_in_their_order(void **state)
{
    (void)state;
    cs_test_app *app = with("<Valve className='remoteip'/><Valve className='remotecidr' "
                            "allow='192.0.2.0/24' denyStatus='404'/>");
    assert_int_equal(cs_test_status(asked(app, "127.0.0.1", "192.0.2.7")), 200);
    assert_int_equal(cs_test_status(asked(app, "127.0.0.1", "192.0.3.7")), 404);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    assert_null(with("<Valve className='remotecidr' allow='192.0.2.0/99'/>"));
    assert_non_null(strstr(cs_test_error(), "context.xml:1"));
    assert_null(with("<Valve className='nobody'/>"));
    assert_non_null(strstr(cs_test_error(), "nobody"));
    assert_null(cs_test_app_new(&(cs_test_options){.servlets = CS_ROWS(servlets),
                                                   .valves = "<Valve className='remoteip'/>"}));
    assert_non_null(strstr(cs_test_error(), "no server module"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remote_ip_believes_proxies_only),
        cmocka_unit_test(test_valves_run_in_their_order),
        cmocka_unit_test(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
