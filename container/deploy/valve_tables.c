/* SPDX-License-Identifier: Apache-2.0
 * What the files of server modules say without running their code: their names, and the attribute tables
 * of their valves. Called by every command that reads server.xml. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "deploy/webapp_priv.h"
#include "loader/image.h"

struct tables {
    struct map *seen; /* names of modules: the first of a name wins, as when they are loaded */
    struct config_report *report; /* NULL: mistakes have been told */
    const char *wanted;           /* by modules_have */
    bool found;
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

static void read_folder(const char *folder, struct tables *t,
                        void (*read)(struct tables *t, const char *file))
{
    char **names, file[PATH_MAX];
    size_t count;
    struct err err = ERR_INIT;
    if (!path_is_dir(folder))
        return;
    if (!path_list(folder, &names, &count, &err)) {
        if (t->report)
            config_mistake(t->report, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] != '.' && span_ends(span_of(names[i]), SPAN_LIT(".so")) &&
            path_join(file, sizeof(file), folder, names[i]))
            read(t, file);
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
        read_folder(*folders, &t, read_file);
    map_free(&t.seen);
}

static void look_at(struct tables *t, const char *file)
{
    struct image im;
    struct err ignored = ERR_INIT;
    if (t->found || !image_read(&im, file, &ignored))
        return;
    t->found = (im.note.flags & CS_FLAG_SERVER) && strcmp(im.note.name, t->wanted) == 0;
    image_free(&im);
}

bool modules_have(const char *const *folders, const char *name)
{
    struct tables t = {.wanted = name};
    for (; folders && *folders && !t.found; folders++)
        read_folder(*folders, &t, look_at);
    return t.found;
}
