/* SPDX-License-Identifier: Apache-2.0
 * http/mime.h: the table is sorted, large and well formed; names give their types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "http/mime.h"

static void the_table_is_sorted_and_large(void **state)
{
    (void)state;
    assert_true(mime_count() >= 1000);
    for (size_t i = 1; i < mime_count(); i++) {
        const char *before = mime_extension_at(i - 1).p, *here = mime_extension_at(i).p;
        if (strcmp(before, here) >= 0)
            fail_msg("%s stands before %s", before, here);
    }
}

static void every_row_is_found_and_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < mime_count(); i++) {
        struct span extension = mime_extension_at(i), type = mime_type(extension);
        assert_non_null(type.p);
        assert_true(extension.n > 0 && extension.n <= MIME_EXTENSION_MAX);
        size_t slash = span_find(type, 0, '/');
        assert_true(slash > 0 && slash + 1 < type.n);
        for (size_t k = 0; k < extension.n; k++)
            assert_int_equal(extension.p[k], ascii_lower(extension.p[k]));
        for (size_t k = 0; k < type.n; k++)
            assert_true(type.p[k] > ' ' && type.p[k] < 0x7f && type.p[k] != ';');
    }
}

static void names_give_their_types(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type; /* NULL: not known */
    } table[] = {
        {"index.html", "text/html"},
        {"/a/b/INDEX.HTML", "text/html"},
        {"a.css", "text/css"},
        {"a.js", "text/javascript"},
        {"a.mjs", "text/javascript"},
        {"a.min.js", "text/javascript"},
        {"a.json", "application/json"},
        {"a.svg", "image/svg+xml"},
        {"a.png", "image/png"},
        {"a.jpeg", "image/jpeg"},
        {"a.webp", "image/webp"},
        {"a.woff2", "font/woff2"},
        {"a.wasm", "application/wasm"},
        {"a.txt", "text/plain"},
        {"a.pdf", "application/pdf"},
        {"a.mp4", "video/mp4"},
        {"a.tar.gz", "application/gzip"},
        {"a.xml", "application/xml"},
        {"a.7z", "application/x-7z-compressed"},
        {"a", NULL},
        {"html", NULL},
        {"a.", NULL},
        {"", NULL},
        {"a.html/b", NULL},
        {"a.no-such-type", NULL},
        {"a.htmlhtmlhtmlhtmlhtml", NULL},
        {".html", "text/html"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct span type = mime_type(mime_extension(span_of(table[i].name)));
        if (!span_eq(type, span_of(table[i].type)) || !type.p != !table[i].type)
            fail_msg("%s: %s", table[i].name, type.p);
    }
    assert_null(mime_type(span_make("html\0x", 6)).p);
    assert_null(mime_type(SPAN_NONE).p);
    assert_null(mime_extension(SPAN_NONE).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_large),
        cmocka_unit_test(every_row_is_found_and_well_formed),
        cmocka_unit_test(names_give_their_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
