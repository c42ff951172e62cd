/* SPDX-License-Identifier: Apache-2.0
 * <Valve> elements: a class name and attributes. Which classes there are, and what their attributes may
 * be, is told to a registry at start, before server.xml is read: by this room for the valves that are
 * built in (valve_tables.c), by cli from the texts that server modules carry in their files. One thread;
 * later only reads. */
#ifndef CONFIG_VALVE_H
#define CONFIG_VALVE_H
#include "config/schema.h"

struct valve_param {
    const char *name, *value;
    bool given; /* false: the default */
    struct valve_param *next;
};
struct valve_config {
    const char *file; /* where it stands */
    int line;
    const char *class_name;     /* as written */
    const char *name;           /* of the class: "accesslog", whichever of its names was written */
    struct valve_param *params; /* every attribute of the class, in order of its table, checked; of
                                   a family, those that are given */
    struct valve_config *next;
};
/* The value of attribute NAME, given or default; NULL: the class has no such attribute. */
const char *valve_value(const struct valve_config *v, const char *name);

struct valve_class {
    const char *name;    /* "remoteip" */
    const char *aliases; /* Tomcat's class names, blanks between */
    const char *doc;     /* one sentence; "" for those of modules */
    struct schema_attribute *attributes;
    size_t count;
    const char *later, *jvm; /* as in struct schema_element */
    /* What a table cannot say, of a valve whose values are of their types; NULL: nothing. */
    bool (*check)(const struct valve_config *v, struct err *err);
    struct valve_class *next;
};

/* Adds classes from TEXT: lines of words between tabs,
 *   valve NAME ALIASES
 *   attribute NAME TYPE RANGE DEFAULT DOC    TYPE text, bool, int or cidrs; RANGE "1..65535" of an int,
 *                                            "a|b" of a text, or "". A NAME that ends with ".*" is a
 *                                            family: every attribute that begins so.
 * FILE is named in errors. False: the text is malformed or a name is taken; then none of it is added. */
bool config_valves_add(const char *file, struct span text, struct err *err);
/* The class that is called so, by its name or one of its aliases; NULL: none. */
struct valve_class *config_valve_find(const char *class_name);
const struct valve_class *config_valves(void); /* the first; in order of adding */
/* The valves that are built in. Again: nothing happens. */
bool config_valves_add_own(const char *base, struct err *err);
void config_valves_clear(void); /* forgets all; for tests */

/* Reads NODE, a <Valve> whose class is C, into a new valve of ARENA. Mistakes go to REPORT; NULL only
 * without memory, which is a mistake, too. */
struct valve_config *config_check_valve(const struct valve_class *c, const struct xml_node *node,
                                        const char *file, struct arena *arena,
                                        struct config_report *report);

#endif
