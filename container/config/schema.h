/* SPDX-License-Identifier: Apache-2.0
 * Tables that say which attributes an element may have: type, range, default, where it goes, one line
 * of documentation. The reader, configtest --effective and the configuration reference are all made
 * from these tables (schema_server.c); nothing else knows a default. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H
#include <stdint.h>
#include "config/xml.h"

enum schema_type {
    SCHEMA_STRING, /* const char *  in the document's arena */
    SCHEMA_INT,    /* int64_t, min..max; "-1" as a value must be inside the range to be allowed */
    SCHEMA_BOOL,   /* bool: true, false */
    SCHEMA_ENUM    /* int32_t: index into choices */
};
struct schema_attribute {
    const char *name;
    enum schema_type type;
    const char *fallback;       /* default, as text, goes through the same parser; NULL: required */
    int64_t min, max;           /* SCHEMA_INT */
    const char *const *choices; /* SCHEMA_ENUM, NULL-terminated */
    size_t offset;              /* of the member in the element's struct */
    const char *unit;           /* "ms", "bytes", "" */
    const char *doc;            /* one sentence */
};
/* A Tomcat attribute that would take a protection away if it were ignored: anything but the one value
 * that says what cserv does anyway is an error. */
struct schema_fixed {
    const char *name, *value, *why;
};
struct schema_element { /* the lists of names end with NULL; a NULL list is empty */
    const char *name;
    const struct schema_attribute *attributes;
    size_t count;
    const char *doc;
    const struct schema_fixed *fixed;
    size_t fixed_count;
    const char *const *unserved;          /* Tomcat's attributes without effect here: a WARN each */
    const char *const *children;          /* elements that may stand inside */
    const char *const *unserved_children; /* Tomcat's elements without effect here: a WARN each */
};

/* Fills the struct at OUT from NODE: given values, then defaults. Unknown and unserved attributes: a
 * WARN in the log, with the nearest known name (an error when that is one of the fixed ones). A bad value: err with file:line, what was expected. */
bool schema_fill(const struct schema_element *e, const struct xml_node *node, const char *file,
                 void *out, struct err *err);
/* Fills the struct at OUT with the defaults alone; what is required becomes "", 0 or false. */
void schema_defaults(const struct schema_element *e, void *out);
/* The known name nearest to NAME (edit distance <= 3 and less than NAME is long, case does not
 * count), or NULL. */
const char *schema_nearest(const char *name, const char *const *known, size_t count);
bool schema_listed(const char *const *list, const char *name); /* NAME stands in LIST */
/* The index of NAME in CHOICES, or -1. */
int32_t schema_choice(const char *const *choices, const char *name);

/* All elements of server.xml, in the order of their nesting; the configuration reference is made
 * from this. server_priv.h names the places in the array. */
const struct schema_element *schema_elements(size_t *count);

#endif
