/* SPDX-License-Identifier: Apache-2.0
 * What makebase does to the shipped server.xml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "cli/template.h"

static void check(const char *xml, const char *name, const char *value, const char *expected)
{
    struct buf out = BUF_EMPTY;
    struct err err = ERR_INIT;
    assert_true(template_set(span_of(xml), name, value, &out, &err));
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
}

static void a_value_is_replaced(void **state)
{
    (void)state;
    check("<Connector port=\"8080\"/>", "port", "1", "<Connector port=\"1\"/>");
    check("<Connector a='x>' port = '8080' >", "port", "81", "<Connector a='x>' port = '81' >");
    check("<Connector\n  port=\"\"\n/>", "port", "5", "<Connector\n  port=\"5\"\n/>");
}

static void a_missing_attribute_is_added(void **state)
{
    (void)state;
    check("<Connector port=\"8080\" />", "address", "::1",
          "<Connector address=\"::1\" port=\"8080\" />");
    /* neither a name that ends alike, nor a value that looks alike, nor the next element's */
    check("<Connector redirectport=\"1\" x='port=\"2\"'/><Connector port=\"3\"/>", "port", "9",
          "<Connector port=\"9\" redirectport=\"1\" x='port=\"2\"'/><Connector port=\"3\"/>");
}

static void only_the_first_connector_outside_comments_is_touched(void **state)
{
    (void)state;
    check("<Server port=\"8005\"><!-- <Connector port=\"1\"/> --><ConnectorX port=\"2\"/>"
          "<Connector port=\"3\"/><Connector port=\"4\"/>",
          "port", "7",
          "<Server port=\"8005\"><!-- <Connector port=\"1\"/> --><ConnectorX port=\"2\"/>"
          "<Connector port=\"7\"/><Connector port=\"4\"/>");
}

static void no_connector_is_an_error(void **state)
{
    (void)state;
    static const char *const without[] = {"", "<Server/>", "<!-- <Connector port='1'/>",
                                          "<Connector"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        struct buf out = BUF_EMPTY;
        struct err err = ERR_INIT;
        assert_false(template_set(span_of(without[i]), "port", "1", &out, &err));
        assert_true(err.what[0] != '\0');
        buf_free(&out);
    }
}

/* Whatever the text is: within its bounds (the sanitizer looks), and with a result. */
static void broken_text_is_survived(void **state)
{
    (void)state;
    static const char whole[] = "<Connector a = 'x' port=\"8080\" b/>";
    for (size_t n = 0; n < sizeof whole; n++) {
        struct buf out = BUF_EMPTY;
        struct err err = ERR_INIT;
        bool done = template_set(span_make(whole, n), "port", "1", &out, &err);
        assert_int_equal(done, n >= strlen("<Connector "));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_replaced),
        cmocka_unit_test(a_missing_attribute_is_added),
        cmocka_unit_test(only_the_first_connector_outside_comments_is_touched),
        cmocka_unit_test(no_connector_is_an_error),
        cmocka_unit_test(broken_text_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
