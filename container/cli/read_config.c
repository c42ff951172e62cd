/* SPDX-License-Identifier: Apache-2.0
 * See read_config.h. */
#include "cli/read_config.h"

#include <stdio.h>

#include "base/path.h"
#include "cli/place.h"
#include "deploy/deploy.h"

void module_folders_find(struct module_folders *f, const char *base, const char *home)
{
    struct place shipped;
    size_t n = 0;
    snprintf(shipped.home, sizeof(shipped.home), "%s", home);
    if (path_join(f->path[0], sizeof(f->path[0]), base, "modules"))
        f->list[n++] = f->path[0];
    if (place_shipped(&shipped, "modules", f->path[1]))
        f->list[n++] = f->path[1];
    f->list[n] = NULL;
}

void valve_classes_find(const char *base, const char *home, struct config_report *report)
{
    struct module_folders folders;
    struct err err = ERR_INIT;
    if (!config_valves_add_own(base, &err))
        config_mistake(report, &err);
    module_folders_find(&folders, base, home);
    deploy_valve_tables(folders.list, report);
}

bool read_config(struct server_config *out, const char *base, const char *home, struct err *err)
{
    struct config_report modules = CONFIG_REPORT_INIT;
    struct err ignored;
    valve_classes_find(base, home, &modules);
    config_report_end(&modules, &ignored);
    return server_config_read(out, base, home, err);
}

bool read_config_all(struct server_config *out, const char *base, const char *home,
                     struct config_report *report)
{
    valve_classes_find(base, home, report);
    return server_config_read_all(out, base, home, report);
}
