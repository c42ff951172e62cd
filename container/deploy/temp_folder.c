/* SPDX-License-Identifier: Apache-2.0
 * A webapp's folder for temporary files: work/temp/<host>/<name>, empty when the webapp starts. Not
 * work/<host> itself: a host may be called like something else in there. */
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "deploy/webapp_priv.h"

bool temp_folder_make(const struct deployment *d, struct webapp *w, struct err *err)
{
    char *folder = w->temp_folder;
    int n = snprintf(folder, sizeof(w->temp_folder), "%s/work/temp/%s/%s", d->options.base,
                     w->host_name, w->name);
    if (n < 0 || (size_t)n >= sizeof(w->temp_folder) || w->name[0] == '.') {
        err_set(err, "no temporary folder can have the name %s/%s", w->host_name, w->name);
        return err_hint(err, "Rename the webapp");
    }
    return path_remove_tree(folder, err) && path_make_dirs(folder, PATH_MODE_DIR, err);
}
