/* SPDX-License-Identifier: Apache-2.0
 * server.xml, with the valves that server modules bring. Used by every command that needs it. */
#ifndef CLI_READ_CONFIG_H
#define CLI_READ_CONFIG_H
#include <limits.h>
#include "config/server.h"

/* The folders of server modules: those of the base come first, since the first of a name wins. */
struct module_folders {
    char path[2][PATH_MAX]; /* of the base, shipped */
    const char *list[3];    /* those there are, then NULL */
};
void module_folders_find(struct module_folders *f, const char *base, const char *home);

/* Fills the registry of config/valve.h: the valves that are built in, then those of modules. */
void valve_classes_find(const char *base, const char *home, struct config_report *report);

/* As server_config_read. Modules that cannot be loaded are not told: the container does. */
bool read_config(struct server_config *out, const char *base, const char *home, struct err *err);
/* As server_config_read_all; such modules are mistakes. */
bool read_config_all(struct server_config *out, const char *base, const char *home,
                     struct config_report *report);

#endif
