/* SPDX-License-Identifier: Apache-2.0
 * XML files to a small tree with line numbers (expat). No external entities are read, no entity
 * declarations accepted (an internal subset is refused), depth and size are bounded. Called by the
 * readers of this room. */
#ifndef CONFIG_XML_H
#define CONFIG_XML_H
#include "base/arena.h"
#include "base/err.h"

struct xml_attribute { /* those of other vocabularies (with a prefix, and xmlns) are left out */
    const char *name, *value;
    struct xml_attribute *next;
};
struct xml_node {
    const char *name; /* local name: a namespace prefix is dropped */
    const char *text; /* character data of this element, trimmed; "" when there is none */
    int line;
    struct xml_attribute *attributes;                 /* in order */
    struct xml_node *children, *last, *next, *parent; /* in order */
};
struct xml_doc {
    struct arena arena; /* everything below lives here */
    const char *file;   /* as given, for messages */
    struct xml_node *root;
};

/* Substitutes ${name}, ${name:-default} and ${name:default} in VALUE: fills OUT, or false with err
 * (unknown name without default). NULL fn: no substitution. */
typedef bool xml_subst_fn(void *arg, const char *name, const char **value);

/* Reads FILE (at most 4 MiB, 64 levels, an encoding of single bytes or UTF-8). Values and texts are
 * substituted. On failure err has file:line and DOC is empty: xml_free is allowed, not needed. */
bool xml_read(struct xml_doc *doc, const char *file, xml_subst_fn *subst, void *arg,
              struct err *err);
bool xml_parse(struct xml_doc *doc, const char *name, struct span text, xml_subst_fn *subst,
               void *arg, struct err *err);
void xml_free(struct xml_doc *doc);

const char *xml_attribute(const struct xml_node *n, const char *name);  /* NULL: absent */
struct xml_node *xml_child(const struct xml_node *n, const char *name); /* first, or NULL */
const char *xml_child_text(const struct xml_node *n, const char *name); /* NULL: no such child */

#endif
