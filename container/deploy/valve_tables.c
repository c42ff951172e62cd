/* SPDX-License-Identifier: Apache-2.0
 * The attribute tables of server modules, read from their files without running their code. Called by
 * every command that reads server.xml. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "deploy/deploy.h"
#include "loader/image.h"

struct tables {
    struct map *seen; /* names of modules: the first of a name wins, as when they are loaded */
    struct config_report *report;
};

static void read_file(struct tables *t, const char *file)
{
    struct image im;
    struct err err = ERR_INIT;
    if (!image_read(&im, file, &err)) {
        config_mistake(t->report, &err);
        return;
    }
    struct span name = span_of(im.note.name);
    if ((im.note.flags & CS_FLAG_SERVER) && !map_get(t->seen, name)) {
        bool ok = map_put(t->seen, name, t, NULL) || err_set(&err, "out of memory for %s", file);
        if (ok && im.attributes.n > 0)
            ok = config_valves_add(file, im.attributes, &err);
        if (!ok)
            config_mistake(t->report, &err);
    }
    image_free(&im);
}

static void read_folder(struct tables *t, const char *folder)
{
    char **names, file[PATH_MAX];
    size_t count;
    struct err err = ERR_INIT;
    if (!path_is_dir(folder))
        return;
    if (!path_list(folder, &names, &count, &err)) {
        config_mistake(t->report, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] != '.' && span_ends(span_of(names[i]), SPAN_LIT(".so")) &&
            path_join(file, sizeof(file), folder, names[i]))
            read_file(t, file);
    }
    path_names_free(&names, &count);
}

void deploy_valve_tables(const char *const *folders, struct config_report *report)
{
    struct tables t = {.seen = map_new(), .report = report};
    struct err err = ERR_INIT;
    if (!t.seen) {
        err_set(&err, "out of memory for the server modules");
        config_mistake(report, &err);
        return;
    }
    for (; *folders; folders++)
        read_folder(&t, *folders);
    map_free(&t.seen);
}
