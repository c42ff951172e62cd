/* SPDX-License-Identifier: Apache-2.0
 * XML to a tree: what is kept, what is substituted, and what a hostile or broken file meets. */
#include "fixture.h"
#include "config/xml.h"

static bool variable(void *arg, const char *name, const char **value)
{
    assert_string_equal(arg, "the argument");
    if (strcmp(name, "NAME") == 0)
        *value = "value";
    else if (strcmp(name, "EMPTY") == 0)
        *value = "";
    else if (strcmp(name, "AGAIN") == 0)
        *value = "${NAME}";
    else
        return false;
    return true;
}

static bool parse(struct xml_doc *doc, const char *text, struct err *err)
{
    static char argument[] = "the argument";
    *err = ERR_INIT;
    return xml_parse(doc, "some.xml", span_of(text), variable, argument, err);
}

/* Parses TEXT, which has to fail at LINE with PART in the message. */
static void expect_failure(const char *text, int line, const char *part)
{
    struct xml_doc doc;
    struct err err;
    assert_false(parse(&doc, text, &err));
    assert_err(&err, "some.xml", line, part);
    assert_null(doc.root);
    xml_free(&doc); /* allowed, not needed */
}

static void expect_text(const char *text, const char *expected)
{
    struct xml_doc doc;
    struct err err;
    char xml[512];
    snprintf(xml, sizeof(xml), "<a b='%s'>%s</a>", text, text);
    assert_true(parse(&doc, xml, &err));
    assert_string_equal(xml_attribute(doc.root, "b"), expected);
    assert_string_equal(doc.root->text, expected);
    xml_free(&doc);
}

static void test_tree(void **state)
{
    struct xml_doc doc;
    struct err err;
    (void)state;
    assert_true(
        parse(&doc,
              "<?xml version='1.0'?>\n<!-- a comment -->\n"
              "<j:web-app xmlns:j='urn:x' xmlns='urn:y' j:other='1' version='6'>\n"
              "  <one a='1' b='2'/>\n  <j:two> x &amp; <one>in</one><![CDATA[<y>]]>\n</j:two>\n"
              "<one>second</one></j:web-app>",
              &err));
    assert_string_equal(doc.file, "some.xml");
    assert_string_equal(doc.root->name, "web-app");
    assert_int_equal(doc.root->line, 3);
    assert_string_equal(doc.root->text, "");
    assert_string_equal(doc.root->attributes->name, "version");
    assert_null(doc.root->attributes->next);

    struct xml_node *one = xml_child(doc.root, "one"), *two = xml_child(doc.root, "two");
    assert_ptr_equal(doc.root->children, one);
    assert_ptr_equal(one->next, two);
    assert_ptr_equal(two->parent, doc.root);
    assert_int_equal(one->line, 4);
    assert_string_equal(xml_attribute(one, "b"), "2");
    assert_null(xml_attribute(one, "c"));
    assert_string_equal(two->text, "x & <y>");
    assert_string_equal(xml_child_text(two, "one"), "in");
    assert_string_equal(doc.root->last->text, "second");
    assert_int_equal(doc.root->last->line, 7);
    assert_null(xml_child(doc.root, "three"));
    assert_null(xml_child_text(doc.root, "three"));
    xml_free(&doc);
    assert_null(doc.root);
}

static void test_substitution(void **state)
{
    (void)state;
    expect_text("${NAME}", "value");
    expect_text("a${NAME}b${NAME}", "avaluebvalue");
    expect_text("${EMPTY}", "");
    expect_text("${NONE:-fall back}", "fall back");
    expect_text("${NONE:fall:back}", "fall:back");
    expect_text("${NONE:-}", "");
    expect_text("${NONE:}", "");
    expect_text("${NAME:-unused}", "value");
    expect_text("$ $$ $NAME 5$", "$ $$ $NAME 5$");
    expect_text("$${NAME}", "$value");
    expect_text("${AGAIN}", "${NAME}"); /* what was put in is not looked at again */
}

static void test_substitution_failures(void **state)
{
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    expect_failure("<a>\n<b c='${NONE}'/></a>", 2, "${NONE} is not defined");
    expect_failure("<a>\n<b>\n${NONE}</b></a>", 2, "${NONE:-value}");
    expect_failure("<a b='${NAME'/>", 1, "without its '}'");
    expect_failure("<a b='${}'/>", 1, "no usable name");
    expect_failure("<a b='${:-x}'/>", 1, "no usable name");
    expect_failure("<a b='${NONE:-${NAME}}'/>", 1, "cannot be nested");
    assert_true(xml_parse(&doc, "x", span_of("<a b='${NONE'>${</a>"), NULL, NULL, &err));
    assert_string_equal(xml_attribute(doc.root, "b"), "${NONE");
    xml_free(&doc);
}

static bool huge_variable(void *arg, const char *name, const char **value)
{
    (void)name;
    *value = arg;
    return true;
}

static void test_substitution_is_bounded(void **state)
{
    static char huge[300001];
    struct buf text = BUF_EMPTY;
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    memset(huge, 'x', sizeof(huge) - 1);
    assert_true(xml_parse(&doc, "x", span_of("<a>${V}${V}${V}</a>"), huge_variable, huge, &err));
    assert_int_equal(strlen(doc.root->text), 900000);
    xml_free(&doc);
    assert_false(
        xml_parse(&doc, "x", span_of("<a>${V}${V}${V}${V}</a>"), huge_variable, huge, &err));
    assert_err(&err, "x", 1, "longer than 1048576 bytes");
    assert_true(buf_append_str(&text, "<a"));
    for (int i = 0; i < 1000; i++)
        assert_true(buf_printf(&text, " a%d='${V}'", i));
    assert_true(buf_append_str(&text, "/>"));
    assert_false(xml_parse(&doc, "x", buf_span(&text), huge_variable, huge, &err));
    assert_err(&err, "x", 1, "too large");
    buf_free(&text);
}

static void test_entities(void **state)
{
    (void)state;
    expect_failure("<!DOCTYPE a [\n<!ENTITY l 'lol'>\n"
                   "<!ENTITY m '&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;'>\n"
                   "<!ENTITY n '&m;&m;&m;&m;&m;&m;&m;&m;&m;&m;'>]>\n<a>&n;</a>",
                   1, "<!DOCTYPE a [...]> is not accepted");
    expect_failure("<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>\n<a>&f;</a>", 1,
                   "not accepted");
    expect_failure("<!DOCTYPE a [<!ENTITY % p SYSTEM 'x'> %p;]><a/>", 1, "not accepted");
    expect_failure("<a>\n&unknown;</a>", 2, "undefined entity");
    /* with an external subset, which is not read, expat would drop these silently */
    expect_failure("<!DOCTYPE a SYSTEM 'a.dtd'>\n<a>\n&unknown;</a>", 3, "'unknown'");
    expect_failure("<!DOCTYPE a SYSTEM 'a.dtd'>\n<a>\n<b c='&unknown;'/></a>", 3, "not declared");
}

static void test_doctype_without_declarations(void **state)
{
    struct xml_doc doc;
    struct err err;
    (void)state;
    assert_true(
        parse(&doc, "<!DOCTYPE a PUBLIC '-//x' 'http://x/a.dtd'>\n<a b='&lt;&#65;&amp;'/>", &err));
    assert_string_equal(xml_attribute(doc.root, "b"), "<A&");
    xml_free(&doc);
}

static void test_depth(void **state)
{
    struct buf text = BUF_EMPTY;
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    for (int i = 0; i < 64; i++)
        assert_true(buf_append_str(&text, "<a>\n"));
    struct span deep = buf_span(&text);
    for (int i = 0; i < 64; i++)
        assert_true(buf_append_str(&text, "</a>"));
    assert_true(xml_parse(&doc, "x", buf_span(&text), NULL, NULL, &err));
    xml_free(&doc);
    deep = span_cut(buf_span(&text), 0, deep.n);
    struct buf deeper = BUF_EMPTY;
    assert_true(buf_append_span(&deeper, deep));
    for (int i = 0; i < 100000; i++)
        assert_true(buf_append_str(&deeper, "<b>"));
    assert_false(xml_parse(&doc, "x", buf_span(&deeper), NULL, NULL, &err));
    assert_err(&err, "x", 65, "nested more than 64 levels");
    buf_free(&text);
    buf_free(&deeper);
}

static void test_size(void **state)
{
    struct buf text = BUF_EMPTY;
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    assert_true(buf_append_str(&text, "<a>"));
    while (buf_len(&text) < ((size_t)4 << 20) - 4)
        assert_true(buf_append_str(&text, " "));
    text.tail = text.head + ((size_t)4 << 20) - 4;
    assert_true(buf_append_str(&text, "</a>"));
    assert_true(xml_parse(&doc, "x", buf_span(&text), NULL, NULL, &err));
    xml_free(&doc);
    assert_true(buf_append_str(&text, "\n"));
    assert_false(xml_parse(&doc, "x", buf_span(&text), NULL, NULL, &err));
    assert_err(&err, "x", 0, "larger than 4194304 bytes");
    buf_clear(&text);
    assert_true(buf_append_str(&text, "<a>"));
    while (buf_len(&text) < ((size_t)4 << 20) - 8)
        assert_true(buf_append_str(&text, "<b/>"));
    assert_true(buf_append_str(&text, "</a>"));
    assert_false(xml_parse(&doc, "x", buf_span(&text), NULL, NULL, &err));
    assert_err(&err, "x", 1, "too large");
    buf_free(&text);
}

static void test_broken(void **state)
{
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    expect_failure("", 1, "no element found");
    expect_failure("<a>\n<b>\n</a>", 3, "mismatched tag");
    expect_failure("<a b='1'\nb='2'/>", 2, "duplicate attribute");
    expect_failure("<a/><b/>", 1, "junk after document element");
    expect_failure("<a>\xff</a>", 1, "not well-formed");
    /* regression 204: became an element without a name */
    expect_failure("<a>\n<b:/></a>", 2, "<b:> is no name");
    expect_failure("<a:b:c/>", 1, "<a:b:c> is no name");
    expect_failure("<:a/>", 1, "<:a> is no name");
    assert_false(xml_parse(&doc, "x", SPAN_LIT("\xff\xfe<\0a\0/\0>\0"), NULL, NULL, &err));
    assert_err(&err, "x", 1, "UTF-16 is not read");
}

static void test_every_cut(void **state)
{
    static const char text[] = "<!DOCTYPE a SYSTEM 'x'><a b='${NAME}'>t<c>&lt;</c><!-- - --></a>";
    struct xml_doc doc;
    struct err err;
    char *cut;
    (void)state;
    for (size_t n = 0; n + 1 < sizeof(text) - 1; n++) {
        assert_non_null(cut = strndup(text, n));
        assert_false(parse(&doc, cut, &err));
        free(cut);
    }
    assert_true(parse(&doc, text, &err));
    xml_free(&doc);
}

static void test_read(void **state)
{
    struct xml_doc doc;
    struct err err = ERR_INIT;
    (void)state;
    fixture_write("a.xml", "<a>\n<b>text</b></a>");
    assert_true(xml_read(&doc, fixture_path("a.xml"), NULL, NULL, &err));
    assert_string_equal(xml_child_text(doc.root, "b"), "text");
    assert_string_equal(doc.file, fixture_path("a.xml"));
    xml_free(&doc);
    fixture_write("a.xml", "<a>\n<b>text</c></a>");
    assert_false(xml_read(&doc, fixture_path("a.xml"), NULL, NULL, &err));
    assert_err(&err, fixture_path("a.xml"), 2, "mismatched tag");
    assert_false(xml_read(&doc, fixture_path("none.xml"), NULL, NULL, &err));
    assert_contains(err.file[0] ? err.file : err.what, "none.xml");
    xml_free(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_substitution),
        cmocka_unit_test(test_substitution_failures),
        cmocka_unit_test(test_substitution_is_bounded),
        cmocka_unit_test(test_entities),
        cmocka_unit_test(test_doctype_without_declarations),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_every_cut),
        WITH_FIXTURE(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
