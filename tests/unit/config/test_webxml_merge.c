/* SPDX-License-Identifier: Apache-2.0
 * web.xml: pages, types and parameters; every mistake of a run; conf/web.xml below a webapp's own. */
#include "webxml_fixture.h"

static void test_pages_and_params(void **state)
{
    (void)state;
    expect_read(
        "<context-param><param-name>a</param-name><param-value>b</param-value></context-param>"
        "<mime-mapping><extension>HTML</extension><mime-type>text/html</mime-type></mime-mapping>\n"
        "<mime-mapping><extension>html</extension><mime-type>text/x</mime-type></mime-mapping>"
        "<mime-mapping><extension>tar.gz</extension><mime-type>a/b</mime-type></mime-mapping>"
        "<error-page><error-code>404</error-code><location>/e/404.html</location></error-page>"
        "<error-page><location>/e/all</location></error-page>"
        "<error-page><exception-type>x.Y</exception-type><location>/e/x</location></error-page>"
        "<servlet><servlet-name>page</servlet-name><jsp-file>/a.jsp</jsp-file></servlet>");
    assert_string_equal(app.context_params->name, "a");
    assert_string_equal(app.context_params->value, "b");
    assert_string_equal(app.mimes->extension, "html");
    assert_string_equal(app.mimes->type, "text/x");
    assert_string_equal(app.mimes->next->extension, "tar.gz");
    assert_null(app.mimes->next->next);
    assert_int_equal(app.error_pages->code, 404);
    assert_string_equal(app.error_pages->location, "/e/404.html");
    assert_int_equal(app.error_pages->next->code, 0);
    assert_null(app.error_pages->next->next);
    assert_string_equal(app.servlets->servlet_class, "org.apache.jasper.servlet.JspServlet");
    assert_true(webxml_is_jvm_class(app.servlets->servlet_class));
    assert_false(webxml_is_jvm_class("org.example.Servlet"));
    webxml_free(&app);
    assert_contains(fixture_logged(), "web.xml:3: <mime-mapping> of 'html' is given twice");
    assert_contains(fixture_logged(), "<error-page> exception-type, <servlet-class> org.apache.");
    expect_failure("<mime-mapping><extension>.html</extension><mime-type>text/html</mime-type>"
                   "</mime-mapping>",
                   2, "expected one like html, without the dot");
    expect_failure("<mime-mapping><extension>html</extension><mime-type>html</mime-type>"
                   "</mime-mapping>",
                   2, "<mime-type> 'html' is not valid");
    expect_failure("<mime-mapping><extension>html</extension></mime-mapping>", 2, "no <mime-type>");
    expect_failure("<error-page>\n<error-code>200</error-code><location>/a</location></error-page>",
                   3, "expected a number from 400 to 599");
    expect_failure("<error-page><error-code>404</error-code><location>a</location></error-page>", 2,
                   "did you mean '/a'?");
    expect_failure("<error-page><error-code>404</error-code><location>/a</location></error-page>\n"
                   "<error-page><error-code>404</error-code><location>/b</location></error-page>",
                   3, "the first is on line 2");
    expect_failure("<context-param><param-name>a</param-name></context-param>", 2,
                   "<context-param> 'a' has no <param-value>");
}

static void count_mistake(void *arg, const struct err *mistake)
{
    (void)mistake;
    ++*(unsigned *)arg;
}

static void test_all_mistakes(void **state)
{
    unsigned told = 0;
    struct config_report report = {.tell = count_mistake, .arg = &told};
    (void)state;
    fixture_write("web.xml", "<web-app><servlet/><filter/><mime-mapping/>"
                             "<servlet-mapping><servlet-name>x</servlet-name>"
                             "<url-pattern>/</url-pattern></servlet-mapping></web-app>");
    assert_false(webxml_read_all(&app, fixture_path("web.xml"), &report));
    assert_int_equal(told, 3); /* the mapping may be right once the servlet is */
    fixture_write("web.xml",
                  "<web-app>" S("a") SM("b", "/") SM("c", "/") SM("a", "x") "</web-app>");
    report.count = told = 0;
    assert_false(webxml_read_all(&app, fixture_path("web.xml"), &report));
    assert_int_equal(told, 2); /* whether b and c are anybody's is asked later */
}

#define PARAM(name, value)                                                                \
    "<init-param><param-name>" name "</param-name><param-value>" value "</param-value></" \
    "init-param>"

/* conf/web.xml below a webapp's own. */
static void test_merge(void **state)
{
    struct webxml defaults;
    struct err err = ERR_INIT;
    (void)state;
    expect_read(
        "<servlet><servlet-name>default</servlet-name><servlet-class>files</servlet-class>" PARAM(
            "listings", "false")
            PARAM("debug", "0") "</servlet>" SM(
                "default",
                "/") "<servlet><servlet-name>jsp</servlet-name>"
                     "<servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></"
                     "servlet>" SM("jsp", "*.jsp") S("more") SM("more", "/more") F("f") F("g") FM(
                         "f", "<url-pattern>/*</url-pattern>")
                         FM("g", "<url-pattern>/*</url-pattern>") "<welcome-file-list><welcome-"
                                                                  "file>index.html</welcome-file></"
                                                                  "welcome-file-list>"
                                                                  "<mime-mapping><extension>a</"
                                                                  "extension><mime-type>a/a</"
                                                                  "mime-type></mime-mapping>"
                                                                  "<mime-mapping><extension>b</"
                                                                  "extension><mime-type>b/b</"
                                                                  "mime-type></mime-mapping>"
                                                                  "<error-page><error-code>404</"
                                                                  "error-code><location>/d404</"
                                                                  "location></error-page>"
                                                                  "<error-page><error-code>500</"
                                                                  "error-code><location>/d500</"
                                                                  "location></error-page>"
                                                                  "<context-param><param-name>p</"
                                                                  "param-name><param-value>d</"
                                                                  "param-value></context-param>");
    defaults = app;
    expect_read(
        "<servlet><servlet-name>default</servlet-name><servlet-class>files</servlet-class>" PARAM(
            "listings",
            "true") "</servlet>"
                    "<servlet><servlet-name>jsp</servlet-name>"
                    "<servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></"
                    "servlet>" SM("jsp", "/one") S("own") SM("own", "/own") F("f")
                        FM("f", "<url-pattern>/own</url-pattern>") "<mime-mapping><extension>a</"
                                                                   "extension><mime-type>own/a</"
                                                                   "mime-type></mime-mapping>"
                                                                   "<error-page><error-code>404</"
                                                                   "error-code><location>/own404</"
                                                                   "location></error-page>"
                                                                   "<context-param><param-name>p</"
                                                                   "param-name><param-value>own</"
                                                                   "param-value></context-param>");
    assert_true(webxml_merge(&app, &defaults, &err));
    const struct webxml_servlet *s = app.servlets;
    assert_string_equal(s->params->value, "true");
    assert_string_equal(s->params->next->name, "debug");
    assert_null(s->params->next->next);
    assert_null(s->patterns);
    assert_string_equal(s->default_patterns->text, "/");
    assert_false(s->of_defaults);
    s = s->next;
    assert_string_equal(s->patterns->text, "/one");
    assert_string_equal(s->default_patterns->text, "*.jsp"); /* never as a file */
    s = s->next;
    assert_string_equal(s->name, "own");
    assert_null(s->default_patterns);
    s = s->next;
    assert_string_equal(s->name, "more");
    assert_true(s->of_defaults);
    assert_null(s->patterns);
    assert_string_equal(s->default_patterns->text, "/more");
    assert_null(s->next);
    assert_string_equal(app.filters->next->name, "g");
    assert_null(app.filters->next->next);
    assert_string_equal(app.filter_mappings->url_patterns->text, "/own");
    assert_string_equal(app.filter_mappings->next->filter_name, "g");
    assert_null(app.filter_mappings->next->next);
    assert_string_equal(app.welcome_files->text, "index.html");
    assert_string_equal(app.mimes->type, "own/a");
    assert_string_equal(app.mimes->next->type, "b/b");
    assert_null(app.mimes->next->next);
    assert_string_equal(app.error_pages->location, "/own404");
    assert_string_equal(app.error_pages->next->location, "/d500");
    assert_string_equal(app.context_params->value, "own");
    assert_null(app.context_params->next);
    webxml_free(&app);

    webxml_empty(&app); /* a webapp without a web.xml */
    assert_true(webxml_merge(&app, &defaults, &err));
    assert_string_equal(app.servlets->name, "default");
    assert_true(app.servlets->of_defaults);
    assert_string_equal(app.filter_mappings->filter_name, "f");
    webxml_free(&app);
    webxml_free(&defaults);
}

static void assert_told(const struct webxml_names *more, unsigned count, const char *part)
{
    char text[1024];
    struct err err = ERR_INIT;
    struct config_report report = CONFIG_REPORT_INIT;
    assert_int_equal(webxml_names_check(&app, more, &report), count == 0);
    assert_int_equal(report.count, count);
    config_report_end(&report, &err);
    assert_non_null(strstr(err_text(&err, text, sizeof(text)), part));
}

/* Regression 244: names in mappings led to declarations of the same file only. */
static void test_names_from_elsewhere(void **state)
{
    static const char *const servlets[] = {"cart", "list"}, *const filters[] = {"log"};
    struct webxml_names more = {.where = "HERE",
                                .servlets = servlets,
                                .servlet_count = 2,
                                .filters = filters,
                                .filter_count = 1};
    struct err err = ERR_INIT;
    (void)state;
    fixture_write("web.xml",
                  "<web-app>" SM("cart", "/a") SM("cart", "/b") SM("own", "/own") S("own")
                      FM("log", "<servlet-name>own</servlet-name>\n"
                                "<servlet-name>lits</servlet-name>") "</web-app>");
    assert_true(webxml_read(&app, fixture_path("web.xml"), &err));
    const struct webxml_mapping *m = webxml_mapping_of(&app, "cart");
    assert_ptr_equal(m, app.mappings);
    assert_null(m->next);
    assert_string_equal(m->patterns->text, "/a");
    assert_string_equal(m->patterns->next->text, "/b");
    assert_null(m->patterns->next->next);
    assert_null(webxml_mapping_of(&app, "own"));
    assert_string_equal(app.servlets->patterns->text, "/own");
    assert_told(NULL, 3,
                "web.xml:1: <servlet-name> 'cart' names no <servlet>: expected the name of "
                "a <servlet> of this file");
    assert_told(&more, 1,
                "web.xml:2: <servlet-name> 'lits' names no <servlet>: expected the name of "
                "a <servlet> HERE. did you mean 'list'?");
    more.servlets_come = true;
    assert_told(&more, 0, "");
    webxml_free(&app);
}

/* A mapping alone, of what conf/web.xml declares. */
static void test_mapping_of_defaults(void **state)
{
    struct webxml defaults;
    struct err err = ERR_INIT;
    (void)state;
    expect_read(S("files") SM("files", "/") S("kept") SM(
        "kept", "/kept") "<servlet><servlet-name>jsp</servlet-name><servlet-class>"
                         "org.apache.jasper.servlet.JspServlet</servlet-class></servlet>" SM(
                             "jsp",
                             "*.jsp") "<servlet><servlet-name>t</servlet-name><servlet-class>"
                                      "org.apache.catalina.servlets.DefaultServlet</"
                                      "servlet-class></servlet>" SM("t", "/t"));
    defaults = app;
    fixture_write("web.xml", "<web-app>" SM("files", "/static/*") SM("jsp", "/page")
                                 SM("t", "/u") "</web-app>");
    assert_true(webxml_read(&app, fixture_path("web.xml"), &err));
    assert_true(webxml_merge(&app, &defaults, &err));
    assert_told(NULL, 0, "");
    const struct webxml_servlet *s = app.servlets;
    assert_true(s->of_defaults);
    assert_string_equal(s->patterns->text, "/static/*");
    assert_null(s->default_patterns);
    s = s->next;
    assert_null(s->patterns);
    assert_string_equal(s->default_patterns->text, "/kept");
    s = s->next;
    assert_string_equal(s->patterns->text, "/page");
    assert_string_equal(s->default_patterns->text, "*.jsp"); /* else sources would be sent */
    s = s->next;
    assert_string_equal(s->patterns->text, "/u");
    assert_null(s->default_patterns);
    webxml_free(&app);
    webxml_free(&defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_pages_and_params),
        WITH_FIXTURE(test_all_mistakes),
        WITH_FIXTURE(test_merge),
        WITH_FIXTURE(test_names_from_elsewhere),
        WITH_FIXTURE(test_mapping_of_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
