/* SPDX-License-Identifier: Apache-2.0
 * What reading configuration files has to say: every mistake of a run, not only the first one, and the
 * names that mean nothing here, told once per file. Made by whoever reads (cli, deploy), filled by the
 * readers of this room. One thread. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H
#include "base/buf.h"
#include "base/err.h"

struct config_report {
    void (*tell)(void *arg, const struct err *mistake); /* each, in order; NULL: only counted */
    void *arg;
    bool strict;    /* an element that nobody knows is a mistake; else a WARN */
    unsigned count; /* of mistakes */
    struct err first;
    struct buf known; /* names of the file that is being read, for config_known_tell */
};

#define CONFIG_REPORT_INIT ((struct config_report){.count = 0})

/* Counts and tells E. Always false, so that it can end a function. */
bool config_mistake(struct config_report *r, const struct err *e);
/* <NAME>, which nobody knows, stands inside <PARENT>, at LINE of FILE; NEAREST may be NULL. A WARN, or a
 * mistake when R is strict. */
void config_unknown_element(struct config_report *r, const char *parent, const char *name,
                            const char *nearest, const char *file, int line);
/* The <ELEMENT>'s attribute, child or class NAME is Tomcat's and has no meaning in this server; each is
 * kept once. NAME NULL: the element itself. */
void config_known(struct config_report *r, const char *element, const char *name);
/* One INFO line for FILE with the names kept, which are forgotten then. */
void config_known_tell(struct config_report *r, const char *file);
/* True when there was no mistake; else ERR is the first, with the number of the others. Frees what R
 * holds: it may be used again. */
bool config_report_end(struct config_report *r, struct err *err);

#endif
