/* SPDX-License-Identifier: Apache-2.0
 * A tested webapp from its options to its end: hooks in the server's order, what web.xml says, files,
 * server modules, and what is told when something fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/module.h>
#include <cserv/test.h>
#include <stdio.h>

#include "module_maker.h"

/* ---- a webapp that notes what is called ---- */

static char calls[512];
static int init_result, stop_results;

static void note(const char *what)
{
    size_t n = strlen(calls);
    snprintf(calls + n, sizeof(calls) - n, "%s ", what);
}
static int app_init_hook(cs_ctx *ctx)
{
    note("init");
    cs_ctx_log(ctx, CS_LOG_DEBUG, "init of %s", cs_ctx_get(ctx, CS_CTX_NAME).ptr);
    return init_result;
}
static int app_start_hook(cs_ctx *ctx)
{
    (void)ctx;
    note("start");
    return CS_OK;
}
static int app_health_hook(cs_ctx *ctx)
{
    (void)ctx;
    note("health");
    return CS_OK;
}
static int app_stop_hook(cs_ctx *ctx, uint32_t attempt)
{
    (void)ctx;
    note("stop");
    return (int)attempt <= stop_results ? CS_EAGAIN : CS_OK;
}
static void app_destroy_hook(cs_ctx *ctx)
{
    (void)ctx;
    note("destroy");
}
static int told(cs_ctx *ctx, void **self)
{
    (void)ctx;
    (void)self;
    note("listener");
    return CS_OK;
}
static void untold(cs_ctx *ctx, void *self)
{
    (void)ctx;
    (void)self;
    note("~listener");
}
static int servlet_init(cs_config *config, void **self)
{
    *self = (void *)(uintptr_t)cs_config_param(config, "greeting");
    note(cs_config_name(config).ptr);
    return CS_OK;
}
static void servlet_destroy(cs_ctx *ctx, void *self)
{
    (void)ctx;
    (void)self;
    note("~servlet");
}
static int greet(cs_request *req, cs_response *res)
{
    const char *greeting = cs_req_self(req);
    return cs_res_puts(res, greeting ? greeting : "-");
}
static int guard(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    if (!cs_req_header(req, "X-Key"))
        return cs_res_error(res, 403, "no key");
    int rc = cs_res_header(res, "X-Guarded", "yes");
    return rc == CS_OK ? cs_chain_next(chain, req, res) : rc;
}

static const cs_param row_params[] = {{"greeting", "of the row"}};
static const cs_servlet servlets[] = {{.name = "greet",
                                       .url_patterns = "/greet",
                                       .init = servlet_init,
                                       .destroy = servlet_destroy,
                                       .get = greet,
                                       .params = CS_ROWS(row_params)}};
static const cs_filter filters[] = {
    {.name = "guard", .url_patterns = "/guarded/*", .filter = guard}};
static const cs_listener listeners[] = {
    {.name = "told", .context_initialized = told, .context_destroyed = untold}};

CS_WEBAPP("notes", "3.2.1", .init = app_init_hook, .start = app_start_hook,
          .health = app_health_hook, .stop = app_stop_hook, .destroy = app_destroy_hook,
          .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters),
          .listeners = CS_ROWS(listeners))

static int reset(void **state)
{
    (void)state;
    calls[0] = '\0';
    init_result = CS_OK;
    stop_results = 0;
    return 0;
}

/* ---- tests ---- */

static void test_hooks_are_called_in_order(void **state)
{
    (void)state;
    cs_test_app *app = cs_test_app_new(&(cs_test_options){.describe = cs_module_describe});
    assert_string_equal(calls, "init listener greet start health ");
    assert_string_equal(cs_test_text(cs_test_get(app, "/greet")), "of the row");
    assert_true(cs_test_logged(app, "DEBUG webapp localhost/: init of "));
    assert_non_null(cs_test_ctx(app));
    assert_string_equal(cs_ctx_get(cs_test_ctx(app), CS_CTX_PATH).ptr, "");
    stop_results = 2;
    calls[0] = '\0';
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_string_equal(calls, "stop stop stop ~servlet ~listener destroy ");
}

static void test_failed_init_says_why(void **state)
{
    (void)state;
    init_result = CS_ENOMEM;
    assert_null(cs_test_app_new(&(cs_test_options){.describe = cs_module_describe}));
    assert_non_null(strstr(cs_test_error(), "init hook failed with -7"));
    assert_string_equal(calls, "init stop destroy ");
    assert_int_equal(cs_test_app_free(NULL), CS_OK);
    assert_string_equal(cs_test_error(), "");
}

static void test_filter_before_the_servlet(void **state)
{
    (void)state;
    cs_test_app *app = cs_test_app_new(
        &(cs_test_options){.describe = cs_module_describe,
                           .web_xml = "<web-app><servlet-mapping><servlet-name>greet</servlet-name>"
                                      "<url-pattern>/guarded/greet</url-pattern></servlet-mapping>"
                                      "</web-app>"});
    cs_test_request *req = cs_test_get(app, "/guarded/greet");
    assert_int_equal(cs_test_status(req), 403);
    assert_string_equal(cs_test_detail(req), "no key");
    req = cs_test_request_new(app, "GET", "/guarded/greet");
    cs_test_request_header(req, "X-Key", "1");
    assert_int_equal(cs_test_run(req), CS_OK);
    assert_int_equal(cs_test_status(req), 200);
    assert_string_equal(cs_test_header(req, "X-Guarded"), "yes");
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_web_xml_registers_and_maps(void **state)
{
    (void)state;
    cs_test_app *app = cs_test_app_new(&(cs_test_options){
        .context_path = "/two",
        .servlets = CS_ROWS(servlets),
        .web_xml =
            "<web-app><display-name>Two</display-name>"
            "<servlet><servlet-name>second</servlet-name><servlet-class>greet</servlet-class>"
            "<init-param><param-name>greeting</param-name><param-value>of web.xml</param-value>"
            "</init-param></servlet><servlet-mapping><servlet-name>second</servlet-name>"
            "<url-pattern>/second</url-pattern></servlet-mapping></web-app>"});
    assert_string_equal(cs_test_text(cs_test_get(app, "/two/second")), "of web.xml");
    assert_string_equal(cs_test_text(cs_test_get(app, "/two/greet")), "of the row");
    assert_string_equal(cs_ctx_get(cs_test_ctx(app), CS_CTX_NAME).ptr, "Two");
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_null(cs_test_app_new(
        &(cs_test_options){.servlets = CS_ROWS(servlets),
                           .web_xml = "<web-app>\n<servlet><servlet-name>x</servlet-name>"
                                      "<servlet-class>none</servlet-class></servlet></web-app>"}));
    assert_non_null(strstr(cs_test_error(), "web.xml:2: servlet x has the class 'none'"));
}

static void test_apps_have_their_own_lines(void **state)
{
    (void)state;
    cs_test_app *one =
        cs_test_app_new(&(cs_test_options){.context_path = "/one", .describe = cs_module_describe});
    cs_test_app *two =
        cs_test_app_new(&(cs_test_options){.context_path = "/two", .describe = cs_module_describe});
    assert_true(cs_test_logged(one, "localhost/one: init"));
    assert_false(cs_test_logged(one, "localhost/two: init"));
    assert_true(cs_test_logged(two, "localhost/two: init"));
    assert_null(cs_test_log(two, 1000));
    assert_int_equal(cs_test_app_free(two), CS_OK);
    assert_int_equal(cs_test_app_free(one), CS_OK);
}

static void test_a_file_and_a_folder(void **state)
{
    (void)state;
    char folder[300], command[1200];
    const char *file = maker_build("hello", MAKER_HELLO, NULL);
    assert_non_null(file);
    cs_test_app *app = cs_test_app_new(&(cs_test_options){.context_path = "/f", .file = file});
    cs_test_app *again = cs_test_app_new(&(cs_test_options){.file = file});
    assert_string_equal(cs_test_text(cs_test_get(app, "/f/h/x")), "hello");
    assert_string_equal(cs_test_text(cs_test_get(again, "/hello")), "hello");
    assert_int_equal(cs_test_app_free(app), CS_OK);
    assert_int_equal(cs_test_app_free(again), CS_OK);

    snprintf(folder, sizeof(folder), "%s", maker_path("webapp"));
    snprintf(command, sizeof(command), "mkdir -p '%s/WEB-INF/lib' && cp '%s' '%s/WEB-INF/lib/'",
             folder, file, folder);
    assert_int_equal(system(command), 0);
    app = cs_test_app_new(&(cs_test_options){.folder = folder});
    assert_string_equal(cs_test_text(cs_test_get(app, "/hello")), "hello");
    assert_string_equal(cs_ctx_get(cs_test_ctx(app), CS_CTX_FOLDER).ptr, folder);
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

#define FILTER_MODULE                                                                              \
    "#include <cserv/module.h>\n"                                                                  \
    "static int init(cs_config *c, void **self) { *self = (void *)cs_config_param(c, \"word\");\n" \
    "  return CS_OK; }\n"                                                                          \
    "static int run(cs_request *q, cs_response *s, cs_chain *c, void *self) {\n"                   \
    "  cs_res_header(s, \"X-Word\", self); return cs_chain_next(c, q, s); }\n"                     \
    "static const cs_filter rows[] = {{.name = \"word\", .init = init, .filter = run,\n"           \
    "                                  .aliases = \"org.example.Word\"}};\n"                       \
    "CS_MODULE(\"word\", \"1\", .filters = CS_ROWS(rows))\n"

static void test_a_filter_of_a_server_module(void **state)
{
    (void)state;
    cs_test_app *app = cs_test_app_new(&(cs_test_options){
        .servlets = CS_ROWS(servlets),
        .server_file = maker_build("word", FILTER_MODULE, NULL),
        .web_xml = "<web-app><filter><filter-name>w</filter-name>"
                   "<filter-class>org.example.Word</filter-class><init-param>"
                   "<param-name>word</param-name><param-value>soup</param-value></init-param>"
                   "</filter><filter-mapping><filter-name>w</filter-name>"
                   "<url-pattern>/*</url-pattern></filter-mapping></web-app>"});
    cs_test_request *req = cs_test_get(app, "/greet");
    assert_string_equal(cs_test_header(req, "X-Word"), "soup");
    assert_string_equal(cs_test_text(req), "of the row");
    assert_int_equal(cs_test_app_free(app), CS_OK);
}

static void test_wrong_options_are_explained(void **state)
{
    (void)state;
    static const struct {
        cs_test_options options;
        const char *says;
    } rows[] = {
        {{.context_path = "/x"}, "names no webapp"},
        {{.describe = cs_module_describe, .servlets = CS_ROWS(servlets)}, "more than one of"},
        {{.context_path = "x", .describe = cs_module_describe}, "begins with a slash"},
        {{.context_path = "/x/", .describe = cs_module_describe}, "does not end with one"},
        {{.file = "/nowhere/x.so"}, "/nowhere/x.so"},
        {{.folder = "/nowhere"}, "there is no folder /nowhere"},
        {{.describe = cs_module_describe, .web_xml = "<web-app>"}, "web.xml:1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(cs_test_app_new(&rows[i].options));
        if (!strstr(cs_test_error(), rows[i].says))
            fail_msg("'%s' is not in '%s'", rows[i].says, cs_test_error());
    }
    assert_null(cs_test_app_make_(&rows[0].options, sizeof(cs_test_options), 1, NULL));
    assert_non_null(strstr(cs_test_error(), "Compile the test anew"));
    assert_null(
        cs_test_app_new(&(cs_test_options){.file = maker_build("word", FILTER_MODULE, NULL)}));
    assert_non_null(strstr(cs_test_error(), "server_file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_hooks_are_called_in_order, reset),
        cmocka_unit_test_setup(test_failed_init_says_why, reset),
        cmocka_unit_test_setup(test_filter_before_the_servlet, reset),
        cmocka_unit_test_setup(test_web_xml_registers_and_maps, reset),
        cmocka_unit_test_setup(test_apps_have_their_own_lines, reset),
        cmocka_unit_test_setup(test_a_file_and_a_folder, reset),
        cmocka_unit_test_setup(test_a_filter_of_a_server_module, reset),
        cmocka_unit_test_setup(test_wrong_options_are_explained, reset),
    };
    return cmocka_run_group_tests(tests, maker_setup, maker_teardown);
}
