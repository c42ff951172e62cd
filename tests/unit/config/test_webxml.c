/* SPDX-License-Identifier: Apache-2.0
 * web.xml to the model: what is read, what has a WARN, what is refused, each with its line. */
#include "webxml_fixture.h"

static void expect_warning(const char *inside, const char *part)
{
    expect_read(inside);
    webxml_free(&app);
    assert_contains(fixture_logged(), part);
}

static void test_empty(void **state)
{
    (void)state;
    expect_read("");
    assert_string_equal(app.display_name, "");
    assert_null(app.servlets);
    assert_null(app.filters);
    assert_null(app.filter_mappings);
    assert_null(app.welcome_files);
    webxml_free(&app);
    webxml_free(&app); /* harmless */
    assert_string_equal(fixture_logged(), "");
}

static const char whole[] =
    "<?xml version='1.0'?>\n"
    "<web-app xmlns='https://jakarta.ee/xml/ns/jakartaee'\n"
    "  xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'\n"
    "  xsi:schemaLocation='https://jakarta.ee/xml/ns/jakartaee web-app_6_0.xsd' version='6.0'>\n"
    "<description>d</description><icon><small-icon>i</small-icon></icon>\n"
    "<display-name> The shop </display-name>\n"
    "<filter-mapping><filter-name>log</filter-name><url-pattern>/*</url-pattern>\n"
    "  <servlet-name>cart</servlet-name><url-pattern>*</url-pattern></filter-mapping>\n"
    "<servlet-mapping><servlet-name>cart</servlet-name>\n"
    "  <url-pattern>/cart/*</url-pattern><url-pattern>*.cart</url-pattern></servlet-mapping>\n"
    "<servlet><description>d</description><servlet-name>cart</servlet-name>\n"
    "  <servlet-class>libshop.so:cart</servlet-class>\n"
    "  <init-param><param-name>a</param-name><param-value>${1}</param-value></init-param>\n"
    "  "
    "<init-param><description>d</description><param-name>b</param-name><param-value/></"
    "init-param>\n"
    "  <load-on-startup>3</load-on-startup><enabled>true</enabled></servlet>\n"
    "<servlet><servlet-name>other</servlet-name><servlet-class>other</servlet-class></servlet>\n"
    "<servlet-mapping><servlet-name>other</servlet-name><url-pattern>/</url-pattern>\n"
    "  <url-pattern></url-pattern></servlet-mapping>\n"
    "<servlet-mapping><servlet-name>cart</servlet-name><url-pattern>/c</url-pattern>\n"
    "  <url-pattern>*.cart</url-pattern></servlet-mapping>\n"
    "<filter><filter-name>log</filter-name><filter-class>logger</filter-class>\n"
    "  <init-param><param-name>p</param-name><param-value>q</param-value></init-param></filter>\n"
    "<filter-mapping><filter-name>log</filter-name><servlet-name>*</servlet-name>\n"
    "  <dispatcher>REQUEST</dispatcher></filter-mapping>\n"
    "<welcome-file-list><welcome-file>index.html</welcome-file></welcome-file-list>\n"
    "<welcome-file-list><welcome-file>a/b.cart</welcome-file></welcome-file-list>\n"
    "</web-app>";

static void check_servlets(void)
{
    const struct webxml_servlet *cart = app.servlets, *other = cart->next;
    assert_int_equal(cart->line, 11);
    assert_string_equal(cart->name, "cart");
    assert_string_equal(cart->servlet_class, "libshop.so:cart");
    assert_int_equal(cart->load_on_startup, 3);
    assert_string_equal(cart->params->name, "a");
    assert_string_equal(cart->params->value, "${1}"); /* nothing is substituted here */
    assert_string_equal(cart->params->next->name, "b");
    assert_string_equal(cart->params->next->value, "");
    assert_null(cart->params->next->next);
    assert_string_equal(cart->patterns->text, "/cart/*");
    assert_int_equal(cart->patterns->line, 10);
    assert_string_equal(cart->patterns->next->text, "*.cart");
    assert_string_equal(cart->patterns->next->next->text, "/c");
    assert_null(cart->patterns->next->next->next); /* the second *.cart adds nothing */
    assert_string_equal(other->name, "other");
    assert_int_equal(other->load_on_startup, -1);
    assert_null(other->params);
    assert_string_equal(other->patterns->text, "/");
    assert_string_equal(other->patterns->next->text, "");
    assert_null(other->next);
}

static void test_whole(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    fixture_write("web.xml", whole);
    assert_true(webxml_read(&app, fixture_path("web.xml"), &err));
    assert_string_equal(app.display_name, "The shop");
    check_servlets();
    assert_string_equal(app.filters->name, "log");
    assert_string_equal(app.filters->filter_class, "logger");
    assert_string_equal(app.filters->params->value, "q");
    assert_null(app.filters->next);
    const struct webxml_filter_mapping *m = app.filter_mappings;
    assert_int_equal(m->line, 7);
    assert_string_equal(m->filter_name, "log");
    assert_string_equal(m->url_patterns->text, "/*");
    assert_string_equal(m->url_patterns->next->text, "*");
    assert_string_equal(m->servlet_names->text, "cart");
    assert_null(m->next->url_patterns);
    assert_string_equal(m->next->servlet_names->text, "*");
    assert_null(m->next->next);
    assert_string_equal(app.welcome_files->text, "index.html");
    assert_string_equal(app.welcome_files->next->text, "a/b.cart");
    assert_int_equal(app.welcome_files->next->line, 26);
    webxml_free(&app);
    assert_string_equal(fixture_logged(), "");
}

static void test_protecting(void **state)
{
    (void)state;
    expect_failure("<security-constraint/>", 2, "<security-constraint> is not served yet");
    expect_failure(S("a") "\n<login-config/>", 3, "<login-config> is not served yet");
    expect_failure("\n<deny-uncovered-http-methods/>", 3, "<deny-uncovered-http-methods> is not");
    expect_failure("<securty-constraint/>", 2, "did you mean <security-constraint>?");
    expect_failure("<Login-Config/>", 2, "did you mean <login-config>?");
    expect_failure("<unknown>\n<security-constraint/></unknown>", 3, "is not served yet");
    expect_failure("<session-config>\n<login-config/></session-config>", 3, "is not served yet");
    expect_failure("<servlet>\n<security-constraint/></servlet>", 3, "is not served yet");
    expect_failure("<icon>\n<login-config/></icon>", 3, "<login-config> is not served yet");
    /* regression 243: were told as unknown and passed over */
    expect_failure("<auth-constraint/>", 2, "<auth-constraint> is not served yet: it protects");
    expect_failure("<user-data-constraint/>", 2, "<user-data-constraint> is not served yet");
    expect_failure("<web-resource-collection/>", 2, "<web-resource-collection> is not served yet");
    expect_failure("<auth-constrain/>", 2, "did you mean <auth-constraint>? It protects");
}

static void test_warnings(void **state)
{
    (void)state;
    expect_warning("<security-role/>\n<security-role/>\n<security-role/>",
                   "web.xml:2: <security-role> in <web-app> is not served yet");
    assert_int_equal(count_of(fixture_logged(), "<security-role>"), 1);
    expect_warning("<resource-ref/>", "web.xml:2: <resource-ref> in <web-app> is not served yet");
    expect_warning("<distributable/>", "web.xml:2: <distributable> in <web-app> is not served yet");
    expect_warning("<serlvet/>", "<web-app> has no element <serlvet>, it is ignored; did you mean "
                                 "<servlet>?");
    expect_warning("<quite-unknown/>", "has no element <quite-unknown>, it is ignored\n");
    expect_warning("<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>\n"
                   "<run-as/></servlet>",
                   "web.xml:3: <run-as> in <servlet> is not served yet");
}

/* None of the specification's names may be taken for a misspelled protecting one. */
static void test_names_of_the_specification(void **state)
{
    static const char *const names[] = {
        "absolute-ordering", "jsp-config",  "locale-encoding-mapping-list",
        "module-name",       "data-source", "message-destination",
        "service-ref"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char inside[128], part[256];
        snprintf(inside, sizeof(inside), "<%s/>\n<%s/>", names[i], names[i]);
        snprintf(part, sizeof(part),
                 "web.xml: of Tomcat, without a meaning in cserv and passed over: <web-app> %s\n",
                 names[i]);
        expect_warning(inside, part);
    }
}

static void test_url_patterns(void **state)
{
    static const char *const good[] = {"",     "/",   "/a",  "/a/b",  "/*",
                                       "/a/*", "*.b", "/a*", "*.a.b", "/a b"};
    static const char *const bad[] = {"a",      "*",   "*.",      "*.a/b", "*.*", "*a",
                                      "/a/*.b", "a/*", "/a&#9;b", "**",    "./a"};
    char inside[512];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(inside, sizeof(inside), S("s") SM("s", "%s"), good[i]);
        expect_read(inside);
        assert_string_equal(app.servlets->patterns->text, good[i]);
        webxml_free(&app);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(inside, sizeof(inside), S("s") "\n" SM("s", "%s"), bad[i]);
        expect_failure(inside, 3, "is not well formed");
        if (strcmp(bad[i], "*") == 0)
            continue; /* a filter may have it */
        snprintf(inside, sizeof(inside), F("f") "\n" FM("f", "<url-pattern>%s</url-pattern>"),
                 bad[i]);
        expect_failure(inside, 3, "is not well formed");
    }
    expect_failure(S("s") SM("s", "shop"), 2, "did you mean '/shop'?");
}

/* Regression 260. */
static void test_encoded_url_patterns(void **state)
{
    static const char *const rows[][2] = {{"/a%20b", "/a b"},       {"/%C3%A4/*", "/\xc3\xa4/*"},
                                          {"*.%78%6d%6C", "*.xml"}, {"/100%25", "/100%"},
                                          {"/%252F", "/%2F"},       {"%2Fa", "/a"}};
    static const char *const bad[] = {"/a%", "/a%2", "/%g0", "/%0g", "/a%00", "/%%20"};
    char inside[512];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(inside, sizeof(inside),
                 S("s") SM("s", "%s") F("f") FM("f", "<url-pattern>%s</url-pattern>"), rows[i][0],
                 rows[i][0]);
        expect_read(inside);
        assert_string_equal(app.servlets->patterns->text, rows[i][1]);
        assert_string_equal(app.filter_mappings->url_patterns->text, rows[i][1]);
        webxml_free(&app);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(inside, sizeof(inside), S("s") "\n" SM("s", "%s"), bad[i]);
        expect_failure(inside, 3, "without two hexadecimal digits");
        snprintf(inside, sizeof(inside), F("f") "\n" FM("f", "<url-pattern>%s</url-pattern>"),
                 bad[i]);
        expect_failure(inside, 3, "as '%25'");
    }
    expect_failure(S("s") "\n" SM("s", "/a%09b"), 3, "is not well formed");
    expect_failure(S("a") S("b") SM("a", "/x") "\n" SM("b", "/%78"), 3,
                   "'/%78' leads to two servlets");
}

static void test_names(void **state)
{
    (void)state;
    expect_failure(S("a") "\n" S("a"), 3, "two <servlet> elements are called 'a'");
    expect_failure(S("a") "\n" S("a"), 3, "the first is on line 2");
    expect_failure(F("a") "\n" F("a"), 3, "two <filter> elements are called 'a'");
    expect_failure(S("cart") "\n" SM("crat", "/"), 3, "<servlet-name> 'crat' names no <servlet>");
    expect_failure(S("cart") "\n" SM("crat", "/"), 3, "did you mean 'cart'?");
    expect_failure(F("log") "\n" FM("logg", "<url-pattern>/</url-pattern>"), 3,
                   "did you mean 'log'?");
    expect_failure(F("log") FM("log", "\n<servlet-name>x</servlet-name>"), 3,
                   "<servlet-name> 'x' names no <servlet>");
    expect_failure(S("a") S("b") SM("a", "/x") "\n" SM("b", "/x"), 3, "'/x' leads to two servlets");
    /* a filter and a servlet may share a name */
    expect_read(S("a") F("a"));
    webxml_free(&app);
}

static void test_missing_parts(void **state)
{
    (void)state;
    expect_failure("<servlet><servlet-class>c</servlet-class></servlet>", 2, "no <servlet-name>");
    expect_failure("<servlet><servlet-name> </servlet-name></servlet>", 2,
                   "an empty <servlet-name>");
    expect_failure("<servlet><servlet-name>a</servlet-name></servlet>", 2, "no <servlet-class>");
    expect_failure("<filter><filter-name>a</filter-name></filter>", 2, "no <filter-class>");
    expect_failure("<filter><filter-class>a</filter-class></filter>", 2, "no <filter-name>");
    expect_failure(S("a") "\n<servlet-mapping><servlet-name>a</servlet-name></servlet-mapping>", 3,
                   "<servlet-mapping> has no <url-pattern>");
    expect_failure("<servlet-mapping><url-pattern>/</url-pattern></servlet-mapping>", 2,
                   "<servlet-mapping> has no <servlet-name>");
    expect_failure(F("a") "\n" FM("a", ""), 3, "neither <url-pattern> nor <servlet-name>");
    expect_failure("<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>\n"
                   "<init-param><param-name>p</param-name></init-param></servlet>",
                   3, "<init-param> 'p' has no <param-value>");
    expect_failure("<filter><filter-name>a</filter-name><filter-class>c</filter-class>\n"
                   "<init-param><param-value>p</param-value></init-param></filter>",
                   3, "<init-param> has no <param-name>");
    expect_failure("<welcome-file-list>\n<welcome-file/></welcome-file-list>", 3, "not valid");
    expect_failure("<welcome-file-list>\n<welcome-file>/a</welcome-file></welcome-file-list>", 3,
                   "<welcome-file> '/a' is not valid");
}

static void test_load_on_startup(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"2147483647", 2147483647}, {"-1", -1}, {"-77", -1}, {"", -1}};
    static const char *const bad[] = {"2147483648", "1.5", "soon", "-", "+1", "--1"};
    char inside[512];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(inside, sizeof(inside),
                 "<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>"
                 "<load-on-startup>%s</load-on-startup></servlet>",
                 good[i].text);
        expect_read(inside);
        assert_int_equal(app.servlets->load_on_startup, good[i].value);
        webxml_free(&app);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(inside, sizeof(inside),
                 "<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>\n"
                 "<load-on-startup>%s</load-on-startup></servlet>",
                 bad[i]);
        expect_failure(inside, 3, "<load-on-startup>");
    }
}

static void test_dispatchers(void **state)
{
    (void)state;
    expect_read(F("f") FM("f", "<url-pattern>/a</url-pattern>\n<dispatcher>ERROR</dispatcher>")
                    FM("f", "<url-pattern>/b</url-pattern>\n<dispatcher>ASYNC</dispatcher>"
                            "<dispatcher>REQUEST</dispatcher>"));
    assert_int_equal(app.filter_mappings->dispatchers, WEBXML_ERROR);
    assert_string_equal(app.filter_mappings->next->url_patterns->text, "/b");
    assert_int_equal(app.filter_mappings->next->dispatchers, WEBXML_ASYNC | WEBXML_REQUEST);
    assert_null(app.filter_mappings->next->next);
    webxml_free(&app);
    assert_string_equal(fixture_logged(), "");
    expect_failure(F("f") FM("f", "<url-pattern>/a</url-pattern>\n<dispatcher>REQEST</dispatcher>"),
                   3, "did you mean 'REQUEST'?");
}

static void test_repeated_params(void **state)
{
    (void)state;
    expect_read("<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>"
                "<init-param><param-name>p</param-name><param-value>1</param-value></init-param>\n"
                "<init-param><param-name>p</param-name><param-value>2</param-value></init-param>"
                "</servlet>");
    assert_string_equal(app.servlets->params->value, "1");
    assert_null(app.servlets->params->next);
    webxml_free(&app);
    assert_contains(fixture_logged(), "web.xml:3: <init-param> 'p' is given twice");
}

static void test_documents(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    fixture_write("web.xml", "\n<web-fragment/>");
    assert_false(webxml_read(&app, fixture_path("web.xml"), &err));
    assert_err(&err, "web.xml", 2, "expected <web-app>");
    assert_false(webxml_read(&app, fixture_path("none.xml"), &err));
    webxml_free(&app);
    fixture_write("web.xml", "<!DOCTYPE web-app PUBLIC '-//Sun Microsystems, Inc.//DTD Web "
                             "Application 2.3//EN' 'http://java.sun.com/dtd/web-app_2_3.dtd'>\n"
                             "<web-app><display-name>old</display-name></web-app>");
    assert_true(webxml_read(&app, fixture_path("web.xml"), &err));
    assert_string_equal(app.display_name, "old");
    webxml_free(&app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_empty),
        WITH_FIXTURE(test_whole),
        WITH_FIXTURE(test_protecting),
        WITH_FIXTURE(test_warnings),
        WITH_FIXTURE(test_names_of_the_specification),
        WITH_FIXTURE(test_url_patterns),
        WITH_FIXTURE(test_encoded_url_patterns),
        WITH_FIXTURE(test_names),
        WITH_FIXTURE(test_missing_parts),
        WITH_FIXTURE(test_load_on_startup),
        WITH_FIXTURE(test_dispatchers),
        WITH_FIXTURE(test_repeated_params),
        WITH_FIXTURE(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
