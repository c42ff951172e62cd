/* SPDX-License-Identifier: Apache-2.0
 * XML to a tree (config/xml.c) with substitution: bounded in depth, every text terminated, every element
 * with a line of the document, and an error always with words and the document's name. */
#include "fuzz.h"

#include "config/xml.h"

enum { DEPTH = 64 };

static bool find(void *arg, const char *name, const char **value)
{
    (void)arg;
    CHECK(name[0] != '\0');
    *value = strcmp(name, "a") == 0 ? "${b}" : (strcmp(name, "b") == 0 ? "" : NULL);
    return *value != NULL;
}

static void check_node(const struct xml_node *n, int depth, int lines)
{
    CHECK(depth <= DEPTH && n->name[0] != '\0' && !strchr(n->name, ':'));
    CHECK(n->line >= 1 && n->line <= lines && n->text);
    for (const struct xml_attribute *a = n->attributes; a; a = a->next) {
        CHECK(a->name[0] != '\0' && a->value && !strchr(a->name, ':'));
        CHECK(xml_attribute(n, a->name));
    }
    const struct xml_node *last = NULL;
    for (const struct xml_node *c = n->children; c; c = c->next) {
        CHECK(c->parent == n && xml_child_text(n, c->name) && xml_child(n, c->name));
        check_node(c, depth + 1, lines);
        last = c;
    }
    CHECK(n->last == last);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size);
    struct xml_doc doc;
    struct err err = ERR_INIT;
    bool substitutes = (fuzz_option(&text) & 1) != 0;
    int lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n' || text.p[i] == '\r';
    if (xml_parse(&doc, "fuzzed.xml", text, substitutes ? find : NULL, NULL, &err)) {
        CHECK(doc.root && !doc.root->parent && !doc.root->next);
        check_node(doc.root, 1, lines);
        xml_free(&doc);
    } else {
        CHECK(err.what[0] != '\0' && strcmp(err.file, "fuzzed.xml") == 0 && !doc.root);
    }
    return 0;
}
