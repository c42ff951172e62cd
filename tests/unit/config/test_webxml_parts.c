/* SPDX-License-Identifier: Apache-2.0
 * web.xml: dispatchers, async-supported, multipart-config, error pages by code and by CS_E name, the two
 * character encodings, listeners, session-config; and conf/web.xml below them. */
#include "webxml_fixture.h"

#define SX(more) \
    "<servlet><servlet-name>a</servlet-name><servlet-class>c</servlet-class>\n" more "</servlet>"
#define FX(more) \
    "<filter><filter-name>f</filter-name><filter-class>c</filter-class>\n" more "</filter>"
#define PAGE(by, at) "<error-page>" by "<location>" at "</location></error-page>"

static void test_dispatchers(void **state)
{
    static const struct {
        const char *text;
        unsigned bits;
    } rows[] = {
        {"", WEBXML_REQUEST},
        {"<dispatcher>REQUEST</dispatcher>", WEBXML_REQUEST},
        {"<dispatcher>FORWARD</dispatcher>", WEBXML_FORWARD},
        {"<dispatcher>INCLUDE</dispatcher>", WEBXML_INCLUDE},
        {"<dispatcher>ERROR</dispatcher>", WEBXML_ERROR},
        {"<dispatcher>ASYNC</dispatcher>", WEBXML_ASYNC},
        {"<dispatcher>ERROR</dispatcher><dispatcher>REQUEST</dispatcher>"
         "<dispatcher>ERROR</dispatcher>",
         WEBXML_ERROR | WEBXML_REQUEST},
    };
    char inside[512];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(inside, sizeof(inside), F("f") FM("f", "<url-pattern>/a</url-pattern>%s"),
                 rows[i].text);
        expect_read(inside);
        assert_int_equal(app.filter_mappings->dispatchers, rows[i].bits);
        webxml_free(&app);
    }
    expect_failure(F("f") FM("f", "<url-pattern>/</url-pattern>\n<dispatcher>request</dispatcher>"),
                   3, "expected one of: REQUEST, FORWARD, INCLUDE, ERROR, ASYNC");
}

static void test_async(void **state)
{
    (void)state;
    expect_read(SX("<async-supported>true</async-supported>")
                    FX("<async-supported>false</async-supported>"));
    assert_int_equal(app.servlets->async_supported, 1);
    assert_int_equal(app.filters->async_supported, 0);
    webxml_free(&app);
    expect_read(SX("") FX(""));
    assert_int_equal(app.servlets->async_supported, -1);
    assert_int_equal(app.filters->async_supported, -1);
    webxml_free(&app);
    expect_failure(SX("<async-supported>yes</async-supported>"), 3,
                   "<async-supported> 'yes' is not valid");
    expect_failure(FX("<async-supported/>"), 3, "expected true or false");
}

static void test_enabled(void **state)
{
    (void)state;
    expect_read(SX("<enabled>false</enabled>"));
    assert_int_equal(app.servlets->enabled, 0);
    webxml_free(&app);
    expect_read(SX("<enabled>true</enabled>"));
    assert_int_equal(app.servlets->enabled, 1);
    webxml_free(&app);
    expect_read(SX(""));
    assert_int_equal(app.servlets->enabled, -1);
    webxml_free(&app);
    expect_failure(SX("<enabled>no</enabled>"), 3, "<enabled> 'no' is not valid");
}

static void test_multipart(void **state)
{
    (void)state;
    expect_read(SX("<multipart-config/>"));
    const struct webxml_multipart *m = &app.servlets->multipart;
    assert_true(m->set);
    assert_string_equal(m->location, "");
    assert_int_equal(m->max_file_size, -1);
    assert_int_equal(m->max_request_size, -1);
    assert_int_equal(m->file_size_threshold, 0);
    webxml_free(&app);
    expect_read(SX("<multipart-config><location>up</location>"
                   "<max-file-size>0</max-file-size><max-request-size>-7</max-request-size>"
                   "<file-size-threshold>65536</file-size-threshold></multipart-config>"));
    m = &app.servlets->multipart;
    assert_string_equal(m->location, "up");
    assert_int_equal(m->max_file_size, 0);
    assert_int_equal(m->max_request_size, -1);
    assert_int_equal(m->file_size_threshold, 65536);
    webxml_free(&app);
    expect_read(SX(""));
    assert_false(app.servlets->multipart.set);
    webxml_free(&app);
    expect_failure(
        SX("<multipart-config>\n<max-file-size>10 MB</max-file-size></multipart-config>"), 4,
        "<max-file-size> '10 MB' is not valid");
    expect_failure(SX("<multipart-config>\n<max-request-size>9223372036854775808"
                      "</max-request-size></multipart-config>"),
                   4, "expected a number of bytes, or -1");
    expect_failure(SX("<multipart-config>\n<file-size-threshold/></multipart-config>"), 4,
                   "<file-size-threshold> '' is not valid");
}

static void test_error_pages(void **state)
{
    (void)state;
    expect_read(PAGE("<error-code>404</error-code>", "/a")
                    PAGE("<exception-type>CS_ENOMEM</exception-type>", "/b") PAGE("", "/c"));
    const struct webxml_error_page *p = app.error_pages;
    assert_int_equal(p->code, 404);
    assert_int_equal(p->cs_code, 0);
    p = p->next;
    assert_int_equal(p->code, 0);
    assert_int_equal(p->cs_code, -7);
    assert_string_equal(p->location, "/b");
    assert_int_equal(p->next->code, 0);
    assert_int_equal(p->next->cs_code, 0);
    assert_null(p->next->next);
    webxml_free(&app);
    /* of both the type counts, one of Java's is passed over */
    expect_read(PAGE("<error-code>500</error-code><exception-type>CS_EFAIL</exception-type>", "/a")
                    PAGE("<exception-type>java.lang.Throwable</exception-type>", "/b")
                        PAGE("<error-code>500</error-code>"
                             "<exception-type>java.io.IOException</exception-type>",
                             "/c"));
    assert_int_equal(app.error_pages->cs_code, -1);
    assert_int_equal(app.error_pages->code, 0);
    assert_int_equal(app.error_pages->next->code, 500);
    assert_null(app.error_pages->next->next);
    webxml_free(&app);
    expect_failure(PAGE("<exception-type>CS_EFIAL</exception-type>", "/a"), 2,
                   "did you mean CS_EFAIL?");
    expect_failure(PAGE("<exception-type>Broken</exception-type>", "/a"), 2,
                   "<exception-type> 'Broken' is not valid");
    expect_failure(PAGE("<exception-type>CS_EFAIL</exception-type>",
                        "/a") "\n" PAGE("<exception-type>CS_EFAIL</exception-type>", "/b"),
                   3, "the first is on line 2");
    expect_failure(PAGE("", "/a") "\n" PAGE("", "/b"), 3, "two <error-page> elements for all");
}

#define ENV(name, more) "<env-entry><env-entry-name>" name "</env-entry-name>" more "</env-entry>"
#define TYPED(type, value)                                                       \
    "<env-entry-type>java.lang." type "</env-entry-type><env-entry-value>" value \
    "</env-entry-value>"

static void test_env_entries(void **state)
{
    static const struct {
        const char *type, *value;
        bool good;
    } rows[] = {
        {"String", "", true},
        {"Character", "x", true},
        {"Character", "\xc3\xa9", true},
        {"Character", "xy", false},
        {"Character", "", false},
        {"Boolean", "TRUE", true},
        {"Boolean", "yes", false},
        {"Byte", "-128", true},
        {"Byte", "128", false},
        {"Short", "32768", false},
        {"Integer", "2147483647", true},
        {"Integer", "2147483648", false},
        {"Integer", "1.5", false},
        {"Integer", "", false},
        {"Long", "-9223372036854775808", true},
        {"Long", "9223372036854775808", false},
        {"Double", "1e3", true},
        {"Float", "one", false},
        {"Class", "a.B", true},
    };
    char inside[512];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(inside, sizeof(inside), "\n" ENV("n", TYPED("%s", "%s")), rows[i].type,
                 rows[i].value);
        if (!rows[i].good) {
            expect_failure(inside, 3, "of 'n' is no java.lang.");
            continue;
        }
        expect_read(inside);
        assert_string_equal(app.env_entries->value, rows[i].value);
        webxml_free(&app);
    }
    expect_failure(ENV("a", "") "\n" ENV("a", ""), 3, "two <env-entry> elements are called 'a'");
    expect_failure("<env-entry/>", 2, "<env-entry> has no <env-entry-name>");
    expect_read(ENV("a", "") ENV("b", "<env-entry-value>x</env-entry-value>"));
    assert_string_equal(app.env_entries->name, "b");
    assert_null(app.env_entries->next);
    webxml_free(&app);
    assert_contains(fixture_logged(), "web.xml:2: <env-entry> 'a' has no <env-entry-value>");
}

static void test_encodings(void **state)
{
    (void)state;
    expect_read("<request-character-encoding>UTF-8</request-character-encoding>"
                "<response-character-encoding>utf-8</response-character-encoding>");
    assert_string_equal(app.request_encoding, "UTF-8");
    assert_string_equal(app.response_encoding, "utf-8");
    webxml_free(&app);
    expect_read("");
    assert_null(app.request_encoding);
    assert_null(app.response_encoding);
    webxml_free(&app);
    expect_read("<response-character-encoding>windows-1252</response-character-encoding>"
                "<request-character-encoding>ISO-8859-1</request-character-encoding>");
    assert_string_equal(app.request_encoding, "ISO-8859-1");
    webxml_free(&app);
    assert_string_equal(fixture_logged(), "");
    expect_read("\n<request-character-encoding>windows-1252</request-character-encoding>");
    assert_string_equal(app.request_encoding, "windows-1252");
    webxml_free(&app);
    assert_contains(fixture_logged(), "web.xml:3: <request-character-encoding> windows-1252 is not "
                                      "served yet: forms are read as UTF-8");
    expect_failure("<request-character-encoding/>", 2, "'' is not valid: expected the name of a");
    expect_failure("<response-character-encoding>a;b</response-character-encoding>", 2,
                   "<response-character-encoding> 'a;b' is not valid");
    expect_failure("<response-character-encoding>\xc3\xa9</response-character-encoding>", 2,
                   "is not valid");
}

#define LISTENER(class) "<listener><listener-class>" class "</listener-class></listener>"

static void test_listeners(void **state)
{
    (void)state;
    expect_read(LISTENER("b") LISTENER("l.so:a") "\n" LISTENER("b"));
    assert_string_equal(app.listeners->listener_class, "b");
    assert_int_equal(app.listeners->line, 2);
    assert_string_equal(app.listeners->next->listener_class, "l.so:a");
    assert_null(app.listeners->next->next);
    webxml_free(&app);
    assert_contains(fixture_logged(), "web.xml:3: <listener> 'b' is given twice: the first one");
    expect_failure("<listener/>", 2, "<listener> has no <listener-class>");
    expect_failure("<listener><listener-class/></listener>", 2, "has an empty <listener-class>");
}

#define SESSION(more) "<session-config>\n" more "</session-config>"
#define COOKIE(more)  SESSION("<cookie-config>" more "</cookie-config>")

static void test_session_config(void **state)
{
    static const char *const good[] = {
        SESSION(""), SESSION("<session-timeout>-1</session-timeout>"),
        SESSION("<tracking-mode>COOKIE</tracking-mode><tracking-mode>URL</tracking-mode>"),
        COOKIE("<name>n</name><domain>d</domain><path>/</path><comment/><http-only>true</http-only>"
               "<secure>false</secure><max-age>-1</max-age><attribute/>")};
    static const char *const bad[] = {SESSION("<session-timeout>soon</session-timeout>"),
                                      SESSION("<session-timeout/>"),
                                      SESSION("<tracking-mode>cookie</tracking-mode>"),
                                      COOKIE("<max-age>1.5</max-age>"),
                                      COOKIE("<secure>yes</secure>"),
                                      COOKIE("<http-only/>")};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        expect_read(good[i]);
        webxml_free(&app);
    }
    assert_contains(fixture_logged(),
                    "web.xml:2: <session-config> is not served yet: there are no");
    assert_null(strstr(fixture_logged(), "has no element"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_failure(bad[i], 3, " is not valid");
    expect_read(SESSION("<timeout>5</timeout>"));
    webxml_free(&app);
    assert_contains(fixture_logged(), "<session-config> has no element <timeout>");
}

static void test_defaults(void **state)
{
    struct webxml defaults;
    struct err err = ERR_INIT;
    (void)state;
    expect_read(
        SX("<async-supported>true</async-supported><enabled>false</enabled><multipart-config/>")
            FX("<async-supported>true</async-supported>")
                PAGE("<exception-type>CS_EFAIL</exception-type>", "/fail")
                    PAGE("<error-code>404</error-code>",
                         "/default") "<response-character-encoding>UTF-8</"
                                     "response-character-encoding>" LISTENER("default"));
    defaults = app;
    expect_read(SX("") FX("<async-supported>false</async-supported>")
                    PAGE("<error-code>404</error-code>", "/own") LISTENER("own"));
    assert_true(webxml_merge(&app, &defaults, &err));
    assert_int_equal(app.servlets->async_supported, 1);
    assert_int_equal(app.servlets->enabled, 0);
    assert_true(app.servlets->multipart.set);
    assert_int_equal(app.filters->async_supported, 0);
    assert_string_equal(app.error_pages->location, "/own");
    assert_string_equal(app.error_pages->next->location, "/fail");
    assert_null(app.error_pages->next->next);
    assert_string_equal(app.response_encoding, "UTF-8");
    assert_null(app.request_encoding);
    assert_string_equal(app.listeners->listener_class, "own");
    assert_string_equal(app.listeners->next->listener_class, "default");
    assert_null(app.listeners->next->next);
    webxml_free(&app);
    webxml_free(&defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_dispatchers), WITH_FIXTURE(test_async),
        WITH_FIXTURE(test_enabled),     WITH_FIXTURE(test_multipart),
        WITH_FIXTURE(test_error_pages), WITH_FIXTURE(test_env_entries),
        WITH_FIXTURE(test_encodings),   WITH_FIXTURE(test_defaults),
        WITH_FIXTURE(test_listeners),   WITH_FIXTURE(test_session_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
