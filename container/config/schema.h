/* SPDX-License-Identifier: Apache-2.0
 * Tables that say which attributes an element may have: type, range, default, where it goes, one line
 * of documentation. The reader, configtest --effective and the configuration reference are all made
 * from these tables (schema_server.c); nothing else knows a default. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H
#include <stdint.h>
#include "base/nearest.h"
#include "config/report.h"
#include "config/xml.h"

enum schema_type {
    SCHEMA_STRING, /* const char *  in the document's arena */
    SCHEMA_INT,    /* int64_t, min..max; "-1" as a value must be inside the range to be allowed */
    SCHEMA_BOOL,   /* bool: true, false */
    SCHEMA_ENUM,   /* int32_t: index into choices */
    SCHEMA_CIDRS   /* const char *: addresses and networks with commas between */
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
/* The lists of names are texts with blanks between; NULL is empty. */
struct schema_element {
    const char *name;
    const struct schema_attribute *attributes;
    size_t count;
    const char *doc;
    const struct schema_fixed *fixed;
    size_t fixed_count;
    const char *later;          /* Tomcat's attributes without effect here yet: a WARN each; with
                                   "name=value" that value is what cserv does, and nothing is said */
    const char *jvm;            /* Tomcat's attributes that have no meaning here: config_known */
    const char *children;       /* elements that may stand inside */
    const char *later_children; /* Tomcat's elements without effect here yet: a WARN each */
    const char *jvm_children;   /* Tomcat's elements that have no meaning here: config_known */
};

/* Fills the struct at OUT from NODE: given values, then defaults. Bad values and missing attributes are
 * mistakes (the default stays); unknown and unserved ones a WARN in the log, with the nearest known name
 * (a mistake when that is one of the fixed ones). True: no mistake. */
bool schema_fill(const struct schema_element *e, const struct xml_node *node, const char *file,
                 void *out, struct config_report *report);
/* The same for given values only: what is not given stays as it is in OUT. */
bool schema_apply(const struct schema_element *e, const struct xml_node *node, const char *file,
                  void *out, struct config_report *report);
/* NODE has every attribute that has no default; those that are missing are mistakes. */
bool schema_require(const struct schema_element *e, const struct xml_node *node, const char *file,
                    struct config_report *report);
/* Fills the struct at OUT with the defaults alone; what is required becomes "", 0 or false. */
void schema_defaults(const struct schema_element *e, void *out);
/* TEXT is a value of A, an attribute of <ELEMENT>; false: err without a place. */
bool schema_value_check(const char *element, const struct schema_attribute *a, const char *text,
                        struct err *err);
/* Appends the value of A in the struct at ELEMENT as text, unescaped. */
bool schema_value_text(const struct schema_attribute *a, const void *element, struct buf *out);

/* ---- names ---- */

/* The known name nearest to NAME (edit distance <= 3 and less than NAME is long, case does not
 * count), or NULL. */
const char *schema_nearest(const char *name, const char *const *known, size_t count);
/* The same over several lists: begin, try each, then the name. */
struct schema_guess {
    struct nearest nearest;
    char name[NEAREST_NAME_LIMIT];
};
void schema_guess_begin(struct schema_guess *g, const char *given);
void schema_guess_try(struct schema_guess *g, struct span candidate);
void schema_guess_words(struct schema_guess *g, const char *words);
const char *schema_guess_name(const struct schema_guess *g); /* NULL: nothing is near */
/* NAME stands in the list WORDS; VALUE (may be NULL) gets what follows its '=', or SPAN_NONE. */
bool schema_word(const char *words, const char *name, struct span *value);
bool schema_listed(const char *const *list, const char *name); /* NAME stands in LIST */
/* The index of NAME in CHOICES, or -1. */
int32_t schema_choice(const char *const *choices, const char *name);

/* All elements of server.xml, in the order of their nesting; the configuration reference is made
 * from this. server_priv.h names the places in the array. */
const struct schema_element *schema_elements(size_t *count);
/* The reference of all elements, attributes and valves as lines of words between tabs:
 *   element NAME DOC
 *   attribute ELEMENT NAME TYPE RANGE UNIT DEFAULT DOC     (DEFAULT "required" for those without)
 *   valve NAME CLASSES DOC   and its attribute lines, with ELEMENT "Valve/NAME".
 * False: out of memory. */
bool schema_reference(struct buf *out);

#endif
