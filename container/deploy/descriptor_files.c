/* SPDX-License-Identifier: Apache-2.0
 * Where a webapp's descriptors are, and whether they are: what may protect must not count as missing because
 * it cannot be looked at. Called by start.c, plan.c, check.c, and the test kit. */
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "deploy/descriptor_files.h"

static enum path_look look(const char *path, struct err *err)
{
    enum path_look found = path_look(path, err);
    if (found == PATH_UNSURE)
        err_hint(err, "It may protect, so nothing is served without it: mend the rights or the "
                      "link, or remove it");
    return found;
}

/* The folder first: of a link that leads nowhere all files are missing. */
bool descriptor_find(const char *folder, const char *name, char *file, size_t size, struct err *err)
{
    size_t parent = strcspn(name, "/");
    if (!path_join(file, size, folder, name)) {
        err_set(err, "the name of %.300s/%s is too long", folder, name);
        file[0] = '\0';
        return false;
    }
    size_t end = strlen(file) - strlen(name) + parent;
    char kept = file[end];
    file[end] = '\0';
    enum path_look found = look(file, err);
    file[end] = kept;
    if (found == PATH_THERE)
        found = look(file, err);
    if (found != PATH_THERE)
        file[0] = '\0';
    return found != PATH_UNSURE;
}

bool descriptor_refuse_foreign(const char *folder, struct err *err)
{
    char file[DESCRIPTOR_NAME_MAX];
    if (!descriptor_find(folder, "WEB-INF/tomcat-web.xml", file, sizeof(file), err))
        return false;
    if (!file[0])
        return true;
    err_set(err, "WEB-INF/tomcat-web.xml is not read");
    err_why(err, "it may protect, and nothing is served without it");
    err_hint(err, "Move what it says to WEB-INF/web.xml, and remove it");
    return err_at(err, file, 0);
}
