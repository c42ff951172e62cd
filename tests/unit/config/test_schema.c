/* SPDX-License-Identifier: Apache-2.0
 * Tables to structs: types, ranges, defaults, unknown names; and that the tables of server.xml keep
 * their own promises. */
#include "fixture.h"
#include "config/schema.h"

struct thing {
    const char *name, *title;
    int64_t size;
    int32_t colour;
    bool on;
};
static const char *const colours[] = {"red", "green", "blue", NULL};
static const struct schema_attribute attributes[] = {
    {"name", SCHEMA_STRING, NULL, 0, 0, NULL, offsetof(struct thing, name), "", "Its name."},
    {"title", SCHEMA_STRING, "none", 0, 0, NULL, offsetof(struct thing, title), "", "Its title."},
    {"maxSize", SCHEMA_INT, "7", -1, 100, NULL, offsetof(struct thing, size), "bytes", "Its size."},
    {"colour", SCHEMA_ENUM, "green", 0, 0, colours, offsetof(struct thing, colour), "", "Colour."},
    {"on", SCHEMA_BOOL, "true", 0, 0, NULL, offsetof(struct thing, on), "", "Whether it is on."},
};
static const struct schema_fixed fixed[] = {{"secret", "no", "it is not built"}};
static const struct schema_element element = {.name = "Thing",
                                              .attributes = attributes,
                                              .count = 5,
                                              .fixed = fixed,
                                              .fixed_count = 1,
                                              .later = "weight shape=round",
                                              .jvm = "heap"};

static unsigned mistakes;

/* "<Thing" TEXT "/>" on line 2 into THING. */
static bool fill(const char *text, struct thing *thing, struct err *err)
{
    static struct xml_doc doc; /* the struct points into it until the next call */
    struct config_report report = CONFIG_REPORT_INIT;
    char xml[512];
    bool ok;
    *err = ERR_INIT;
    if (doc.root)
        xml_free(&doc);
    snprintf(xml, sizeof(xml), "\n<Thing %s/>", text);
    assert_true(xml_parse(&doc, "thing.xml", span_of(xml), NULL, NULL, err));
    ok = schema_fill(&element, doc.root, "thing.xml", thing, &report);
    config_known_tell(&report, "thing.xml");
    mistakes = report.count;
    config_report_end(&report, err);
    if (!ok)
        xml_free(&doc);
    return ok;
}

static void expect_failure(const char *text, const char *part)
{
    struct thing thing;
    struct err err;
    assert_false(fill(text, &thing, &err));
    assert_err(&err, "thing.xml", 2, part);
}

static void test_defaults(void **state)
{
    struct thing thing;
    struct err err;
    (void)state;
    assert_true(fill("name='n'", &thing, &err));
    assert_string_equal(thing.name, "n");
    assert_string_equal(thing.title, "none");
    assert_int_equal(thing.size, 7);
    assert_int_equal(thing.colour, 1);
    assert_true(thing.on);
    memset(&thing, 0x5a, sizeof(thing));
    schema_defaults(&element, &thing);
    assert_string_equal(thing.name, "");
    assert_int_equal(thing.size, 7);
}

static void test_values(void **state)
{
    struct thing thing;
    struct err err;
    (void)state;
    assert_true(fill("name='' title='t' maxSize='100' colour='blue' on='FALSE'", &thing, &err));
    assert_string_equal(thing.name, "");
    assert_string_equal(thing.title, "t");
    assert_int_equal(thing.size, 100);
    assert_int_equal(thing.colour, 2);
    assert_false(thing.on);
    assert_true(fill("name='' maxSize='-1' colour='red' on='True'", &thing, &err));
    assert_int_equal(thing.size, -1);
    assert_int_equal(thing.colour, 0);
    assert_true(thing.on);
    assert_true(fill("name='' maxSize='0'", &thing, &err));
    assert_int_equal(thing.size, 0);
    fill("", &thing, &err); /* frees the document */
}

static void test_bad_values(void **state)
{
    static const char *const sizes[] = {"101",
                                        "-2",
                                        "",
                                        "-",
                                        "+1",
                                        "1k",
                                        " 1",
                                        "0x10",
                                        "1.0",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999"};
    char text[128];
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        snprintf(text, sizeof(text), "name='n' maxSize='%s'", sizes[i]);
        expect_failure(text, "expected a whole number from -1 to 100, in bytes");
        snprintf(text, sizeof(text), "maxSize=\"%s\"", sizes[i]);
        expect_failure(text, text);
    }
    expect_failure("name='n' on='yes'", "expected true or false");
    expect_failure("name='n' on=''", "expected true or false");
    expect_failure("name='n' colour='gren'", "expected one of: red, green, blue");
    expect_failure("name='n' colour='gren'", "did you mean 'green'?");
    expect_failure("name='n' colour='RED'", "did you mean 'red'?");
    expect_failure("title='t'", "<Thing> has no attribute 'name'");
}

/* All of them in one run; what is wrong keeps its default. */
static void test_several_mistakes(void **state)
{
    struct thing thing;
    struct err err;
    char text[4096];
    (void)state;
    assert_false(fill("maxSize='x' colour='b' title='t'", &thing, &err));
    assert_int_equal(mistakes, 3);
    assert_err(&err, "thing.xml", 2, "maxSize=\"x\"");
    assert_int_equal(thing.size, 7);
    assert_int_equal(thing.colour, 1);
    assert_false(fill("name='n' maxSize='x' on='y' Secret='z'", &thing, &err));
    assert_int_equal(mistakes, 3);
    assert_contains(err_text(&err, text, sizeof(text)), "there are 2 more mistakes");
}

static void test_strangers(void **state)
{
    struct thing thing;
    struct err err;
    (void)state;
    assert_true(fill("name='n' maxsize='1' weight='2' shape='ROUND' shape2='1' heap='9' "
                     "somethingElse='3' secret='NO'",
                     &thing, &err));
    assert_int_equal(thing.size, 7);
    const char *log = fixture_logged();
    assert_contains(log, "WARN");
    assert_contains(log, "thing.xml:2: <Thing> has no attribute 'maxsize', it is ignored; did you "
                         "mean 'maxSize'?");
    assert_contains(log, "thing.xml:2: <Thing> weight=\"2\" is not served yet");
    assert_contains(log, "thing.xml:2: <Thing> has no attribute 'somethingElse', it is ignored\n");
    assert_null(strstr(log, "secret"));
    assert_contains(log, "<Thing> has no attribute 'shape2', it is ignored; did you mean 'shape'?");
    assert_contains(log, " INFO ");
    assert_contains(log,
                    "thing.xml: of Tomcat, without a meaning in cserv and passed over: <Thing> "
                    "heap\n");
    assert_int_equal(count_of(log, "\n"), 5);
    expect_failure("name='n' secret='yes'", "expected \"no\": it is not built");
    expect_failure("name='n' Secrett='no'", "did you mean 'secret'?");
}

static void test_nearest(void **state)
{
    static const char *const known[] = {"maxThreads", "minSpareThreads", "port", "maxThread"};
    char longest[200];
    (void)state;
    assert_string_equal(schema_nearest("maxTreads", known, 4), "maxThreads");
    assert_string_equal(schema_nearest("MAXTHREADS", known, 4), "maxThreads");
    assert_string_equal(schema_nearest("axThread", known, 4), "maxThread");
    assert_string_equal(schema_nearest("prot", known, 4), "port");
    assert_null(schema_nearest("ip", known, 4)); /* nothing of it would be left */
    assert_null(schema_nearest("", known, 4));
    assert_null(schema_nearest("maxTxxxxds", known, 4));
    assert_string_equal(schema_nearest("maxTxxxads", known, 4), "maxThreads");
    assert_null(schema_nearest("port", known, 0));
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_null(schema_nearest(longest, known, 4));
    longest[63] = '\0';
    assert_null(schema_nearest(longest, known, 4));
}

static size_t words_named(const char *words, const char *name)
{
    size_t found = 0, n = strlen(name);
    for (const char *p = words; p && (p = strstr(p, name)); p += n) {
        bool begins = p == words || p[-1] == ' ';
        found += begins && strchr(" =", p[n]);
    }
    return found;
}

static bool is_alone(const struct schema_element *e, const char *name)
{
    size_t found = words_named(e->later, name) + words_named(e->jvm, name);
    for (size_t i = 0; i < e->count; i++)
        found += strcmp(e->attributes[i].name, name) == 0;
    for (size_t i = 0; i < e->fixed_count; i++)
        found += strcmp(e->fixed[i].name, name) == 0;
    return found == 1;
}

static void check_words(const struct schema_element *e, const char *words)
{
    struct span rest = span_of(words), word;
    while (rest.p && span_split(&rest, ' ', &word)) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)span_find(word, 0, '='), word.p);
        if (!name[0] || !is_alone(e, name))
            fail_msg("<%s>: '%s' is in two lists, or a blank is too much", e->name, name);
    }
}

static void test_tables(void **state)
{
    size_t count = 0;
    const struct schema_element *elements = schema_elements(&count);
    (void)state;
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++) {
        const struct schema_element *e = &elements[i];
        char room[8192]; /* larger than any of the structs */
        assert_non_null(e->name);
        assert_true(e->doc[0] && e->doc[strlen(e->doc) - 1] == '.');
        schema_defaults(e, room); /* aborts when a default is not a valid value */
        for (size_t k = 0; k < e->count; k++) {
            const struct schema_attribute *a = &e->attributes[k];
            assert_true(is_alone(e, a->name));
            assert_true(a->doc[0] && a->doc[strlen(a->doc) - 1] == '.');
            assert_non_null(a->unit);
            assert_true(a->type != SCHEMA_INT || a->min < a->max);
            assert_true((a->type == SCHEMA_ENUM) == (a->choices != NULL));
        }
        check_words(e, e->later);
        check_words(e, e->jvm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),         cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_values),       WITH_FIXTURE(test_strangers),
        cmocka_unit_test(test_several_mistakes), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
