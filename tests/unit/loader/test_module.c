/* SPDX-License-Identifier: Apache-2.0
 * Descriptors: what is copied, what is refused and in which words; tables of an older and of a newer server;
 * the probe's two ends. The modules are compiled here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "loader/module.h"
#include "loader/probe.h"
#include "module_maker.h"

static struct err err;
static unsigned number;

#define HEAD                                                                                     \
    "#include <cserv/servlet.h>\n"                                                               \
    "static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, \"x\"); }\n" \
    "static int pass(cs_request *q, cs_response *s, cs_chain *c, void *self)\n"                  \
    "{ (void)self; return cs_chain_next(c, q, s); }\n"                                           \
    "static int yes(cs_ctx *c) { (void)c; return 0; }\n"                                         \
    "static int unused(cs_ctx *c) { (void)c; (void)get; (void)pass; (void)yes; return 0; }\n"

/* A module whose text ends in BODY, opened. */
static bool open_body(struct module *m, const char *body)
{
    char name[32], text[4096];
    snprintf(name, sizeof(name), "m%u", ++number); /* a name of its own: it may stay loaded */
    snprintf(text, sizeof(text), "%s%s", HEAD, body);
    const char *file = maker_build(name, text, NULL);
    assert_non_null(file);
    return module_open(m, file, "shop.so", &err);
}

static void assert_refused(const char *body, const char *what)
{
    struct module m;
    char text[2048];
    if (open_body(&m, body)) {
        print_error("taken: %s\n", body);
        module_close(&m);
        fail();
    }
    assert_null(m.handle);
    err_text(&err, text, sizeof(text));
    if (!strstr(text, what) || !strstr(text, "shop.so") || !err.hint[0]) {
        print_error("'%s' lacks '%s', the file or what to do\n", text, what);
        fail();
    }
}

static void test_good(void **state)
{
    struct module m;
    (void)state;
    assert_true(open_body(
        &m,
        "static const cs_param p[] = {{\"k\", \"v\"}};\n"
        "static const cs_servlet s[] = {{.name = \"a\", .url_patterns = \"/a\", .get = get,\n"
        "  .load_on_startup = 3, .params = CS_ROWS(p)}, {.name = \"b\", .service = get}};\n"
        "static const cs_filter f[] = {{.name = \"f\", .url_patterns = \"/*\", .filter = pass}};\n"
        "static const cs_listener l[] = {{.name = \"l\", .context_initialized = 0}, {.name = "
        "\"\"}};\n"
        "CS_WEBAPP(\"n\", \"v\", .init = yes, .start = unused, .servlets = CS_ROWS(s),\n"
        "  .filters = CS_ROWS(f), .listeners = CS_ROWS(l))\n"));
    assert_int_equal(m.servlet_count, 2);
    assert_int_equal(m.filter_count, 1);
    assert_int_equal(m.listener_count, 2);
    assert_string_equal(m.servlets[0].name, "a");
    assert_int_equal(m.servlets[0].load_on_startup, 3);
    assert_string_equal(m.servlets[0].params.rows[0].value, "v");
    assert_string_equal(m.servlets[1].name, "b");
    assert_non_null(m.servlets[1].service);
    assert_string_equal(m.filters[0].name, "f");
    assert_non_null(m.descriptor.init);
    assert_null(m.descriptor.stop);
    module_close(&m);
    assert_null(m.handle);
}

static void test_new_members(void **state)
{
    struct module m;
    (void)state;
    assert_true(open_body(
        &m, "static cs_multipart p = {.size = sizeof(p), .location = \"up\", .max_file_size = 5};\n"
            "static const cs_servlet s[] = {{.name = \"a\", .get = get, .flags = CS_ASYNC,\n"
            "  .multipart = &p}};\n"
            "static const cs_filter f[] = {{.name = \"f\", .filter = pass, .flags = CS_ASYNC,\n"
            "  .dispatchers = CS_DISPATCH_ERROR | CS_DISPATCH_REQUEST}};\n"
            "CS_WEBAPP(\"n\", \"v\", .init = unused, .servlets = CS_ROWS(s), .filters = "
            "CS_ROWS(f))\n"));
    assert_string_equal(m.servlets[0].multipart->location, "up");
    assert_int_equal(m.servlets[0].multipart->max_file_size, 5);
    assert_int_equal(m.servlets[0].flags, CS_ASYNC);
    assert_int_equal(m.filters[0].dispatchers, CS_DISPATCH_ERROR | CS_DISPATCH_REQUEST);
    module_close(&m);
}

static void test_empty(void **state)
{
    struct module m;
    (void)state;
    assert_true(open_body(&m, "CS_WEBAPP(\"n\", \"v\", .init = unused)\n"));
    assert_int_equal(m.servlet_count + m.filter_count + m.listener_count, 0);
    module_close(&m);
}

#define SERVLETS(rows)                            \
    "static const cs_servlet s[] = {" rows "};\n" \
    "CS_WEBAPP(\"n\", \"v\", .init = unused, .servlets = CS_ROWS(s))\n"
#define FILTERS(rows)                            \
    "static const cs_filter f[] = {" rows "};\n" \
    "CS_WEBAPP(\"n\", \"v\", .init = unused, .filters = CS_ROWS(f))\n"

static void test_rows(void **state)
{
    static const struct {
        const char *body, *what;
    } rows[] = {
        {SERVLETS("{.get = get}"), "servlet without a name"},
        {SERVLETS("{.name = \"\", .get = get}"), "servlet without a name"},
        {SERVLETS("{.name = \"a\"}"), "servlet a serves no method"},
        {SERVLETS("{.name = \"a\", .get = get, .flags = 4}"), "servlet a has flags"},
        {SERVLETS("{.name = \"a\", .get = get}, {.name = \"b\", .get = get}, {.name = \"a\", .get "
                  "= get}"),
         "servlet a is declared twice"},
        /* regression 002: malformed init parameters passed the probe and ended the server */
        {SERVLETS("{.name = \"a\", .get = get, .params = {0, 1, 16}}"),
         "servlet a has a malformed table"},
        {SERVLETS("{.name = \"a\", .get = get, .params = {(const cs_param *)s, 1, 4}}"),
         "servlet a has a malformed table"},
        {FILTERS("{.filter = pass}"), "filter without a name"},
        {FILTERS("{.name = \"f\"}"), "filter f has no name or no function"},
        {FILTERS("{.name = \"f\", .filter = pass, .flags = 1}"), "filter f has flags"},
        {FILTERS("{.name = \"f\", .filter = pass, .dispatchers = 32}"), "filter f has flags"},
        {"static const cs_multipart short_one = {.max_file_size = 1};\n" SERVLETS(
             "{.name = \"a\", .get = get, .multipart = &short_one}"),
         "servlet a has multipart limits"},
        {FILTERS("{.name = \"f\", .filter = pass}, {.name = \"f\", .filter = pass}"),
         "filter f is declared twice"},
        {FILTERS("{.name = \"f\", .filter = pass, .params = {0, 2, 16}}"),
         "filter f has a malformed table"},
        {"static const cs_listener l[] = {{.name = \"l\", .flags = 1}};\n"
         "CS_WEBAPP(\"n\", \"v\", .init = unused, .listeners = CS_ROWS(l))\n",
         "listener l has flags"},
        {"CS_WEBAPP(\"n\", \"v\", .init = unused, .flags = 1)\n", "declares flags"},
        {"CS_WEBAPP(\"n\", \"v\", .init = unused, .servlets = {0, 3, 128})\n",
         "malformed table of servlets"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_refused(rows[i].body, rows[i].what);
}

/* A hand-made describe: the note comes from CS_WEBAPP, whose function is renamed away. */
#define DESCRIBE(type, init)                                                                      \
    "#define cs_module_describe unused_describe\n"                                                \
    "CS_WEBAPP(\"n\", \"v\", .init = unused)\n"                                                   \
    "#undef cs_module_describe\n" type "static const struct newer d = " init ";\n"                \
    "__attribute__((visibility(\"default\"))) const void *cs_module_describe(void) { return &d; " \
    "}\n"
#define NEWER "struct newer { cs_module known; struct cs_servlets sockets; };\n"

static void test_newer_module(void **state)
{
    struct module m;
    (void)state;
    assert_refused(DESCRIBE(NEWER,
                            "{.known = {.size = sizeof(struct newer), .fields = "
                            "\".init = unused, .websockets = CS_ROWS(w)\"}, .sockets = {0, 1, 8}}"),
                   "declares .websockets, which this server does not serve");
    assert_refused(
        DESCRIBE(NEWER, "{.known = {.size = sizeof(struct newer)}, .sockets = {0, 1, 8}}"),
        "something at the end of its descriptor");
    assert_true(
        open_body(&m, DESCRIBE(NEWER, "{.known = {.size = sizeof(struct newer)}}"))); /* zero */
    module_close(&m);
}

static void test_older_module(void **state)
{
    struct module m;
    (void)state;
    /* Without listeners, which were added later. */
    assert_true(open_body(&m, DESCRIBE("struct newer { cs_module known; };\n",
                                       "{.known = {.size = offsetof(cs_module, listeners),\n"
                                       "  .listeners = {(const cs_listener *)1, 5, 32}}}")));
    assert_int_equal(m.listener_count, 0);
    module_close(&m);
    assert_refused(DESCRIBE("struct newer { cs_module known; };\n",
                            "{.known = {.size = offsetof(cs_module, init) - 1}}"),
                   "which is too short");
}

static void test_row_sizes(void **state)
{
    struct module m;
    (void)state;
#define LONG_ROWS(tail)                                                        \
    "struct row { cs_servlet known; long more; };\n"                           \
    "static const struct row s[] = {{.known = {.name = \"a\", .get = get}},\n" \
    "  {.known = {.name = \"b\", .get = get}, .more = " tail "}};\n"           \
    "CS_WEBAPP(\"n\", \"v\", .init = unused, .servlets = {&s[0].known, 2, sizeof(s[0])})\n"
    assert_true(open_body(&m, LONG_ROWS("0")));
    assert_int_equal(m.servlet_count, 2);
    assert_string_equal(m.servlets[1].name, "b");
    module_close(&m);
    assert_refused(LONG_ROWS("1"), "newer fields in its servlets");
    /* An older row ends before params. */
    assert_true(open_body(
        &m,
        "#define OLD offsetof(cs_servlet, params)\n"
        "static char s[2 * OLD] __attribute__((aligned(8)));\n"
        "__attribute__((constructor)) static void make(void) {\n"
        "  cs_servlet row = {.name = \"a\", .get = get}; memcpy(s, &row, OLD);\n"
        "  row.name = \"b\"; memcpy(s + OLD, &row, OLD); }\n"
        "CS_WEBAPP(\"n\", \"v\", .init = unused, .servlets = {(const cs_servlet *)s, 2, OLD})\n"));
    assert_string_equal(m.servlets[0].name, "a");
    assert_string_equal(m.servlets[1].name, "b");
    assert_int_equal(m.servlets[1].params.count, 0);
    module_close(&m);
    assert_refused("static const char s[64];\n"
                   "CS_WEBAPP(\"n\", \"v\", .init = unused,\n"
                   "  .servlets = {(const cs_servlet *)s, 1, 16})\n",
                   "malformed table of servlets");
}

static void test_fields_as_written(void **state)
{
    struct module m;
    (void)state;
    /* regression 003: nested designators are no unknown fields */
    assert_true(open_body(&m, "static const cs_servlet s[] = {{.name = \"a\", .get = get}};\n"
                              "CS_WEBAPP(\"n\", \"v\", .init = unused,\n"
                              "  .servlets.rows = s, .servlets.count = 1,\n"
                              "  .servlets.row_size = sizeof(s[0]))\n"));
    assert_int_equal(m.servlet_count, 1);
    module_close(&m);
}

static void test_no_descriptor(void **state)
{
    (void)state;
    assert_refused("#define cs_module_describe unused_describe\n"
                   "CS_WEBAPP(\"n\", \"v\", .init = unused)\n"
                   "#undef cs_module_describe\n"
                   "__attribute__((visibility(\"default\"))) const void *cs_module_describe(void)\n"
                   "{ return 0; }\n",
                   "gave no descriptor");
}

static void test_missing_symbol(void **state)
{
    struct module m;
    (void)state;
    const char *file = maker_build("missing",
                                   HEAD "int nobody_has_this(void);\n"
                                        "static int ask(cs_ctx *c) { (void)c; (void)unused; return "
                                        "nobody_has_this(); }\n"
                                        "CS_WEBAPP(\"n\", \"v\", .init = ask)\n",
                                   "-Wl,-z,now");
    assert_non_null(file);
    assert_false(module_open(&m, file, "shop.so", &err));
    assert_string_equal(err.what,
                        "shop.so needs the symbol nobody_has_this, which nothing defines");
    assert_int_not_equal(err.hint[0], 0);
}

static void test_probe_here(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    const char *file = maker_build("probed", MAKER_HELLO, NULL);
    assert_non_null(file);
    assert_true(probe_here(file, "shop.so", &out, &err));
    assert_non_null(strstr(buf_cstr(&out), "servlet hello urls \"/hello /h/*\"\n"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),          cmocka_unit_test(test_new_members),
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_rows),
        cmocka_unit_test(test_newer_module),  cmocka_unit_test(test_older_module),
        cmocka_unit_test(test_row_sizes),     cmocka_unit_test(test_fields_as_written),
        cmocka_unit_test(test_no_descriptor), cmocka_unit_test(test_missing_symbol),
        cmocka_unit_test(test_probe_here),
    };
    return cmocka_run_group_tests(tests, maker_setup, maker_teardown);
}
