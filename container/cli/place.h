/* SPDX-License-Identifier: Apache-2.0
 * Where things are: the base (CSERV_BASE: one server's conf, logs, temp, webapps, work, run) and
 * home (CSERV_HOME: the folder above the program's own). What is shipped, conf/ and webapps/,
 * stands in HOME/share/cserv when installed and in HOME itself in a build folder. */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H
#include <limits.h>
#include "base/err.h"

struct place {
    char base[PATH_MAX]; /* absolute; links resolved when it exists */
    char home[PATH_MAX];
};

/* The base from -b's text (may be NULL), CSERV_BASE, or HOME/base. It need not exist. */
bool place_resolve(struct place *p, const char *option, struct err *err);
/* The base has a conf/server.xml. */
bool place_is_base(const char *dir);
/* For commands that only ask a server: a line on stderr when what was named is no base at all. */
void place_note_missing(const struct place *p);
/* After place_resolve: it is a base; folders that a server needs in it are made. */
bool place_open(const struct place *p, struct err *err);
/* The folder of shipped NAME ("conf", "webapps") into OUT (PATH_MAX); false when there is none. */
bool place_shipped(const struct place *p, const char *name, char *out);

extern const char *const place_folders[]; /* of a base, NULL-terminated */

#endif
