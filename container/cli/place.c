/* SPDX-License-Identifier: Apache-2.0
 * Finds base and home. Called by every command first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/path.h"
#include "cli/place.h"

const char *const place_folders[] = {"conf", "logs", "temp", "webapps", "work", "run", NULL};

static bool too_long(struct err *err, const char *path)
{
    err_set(err, "the path is too long: %.200s...", path);
    return err_hint(err, "Paths have at most %d bytes", PATH_MAX - 1);
}

static bool find_home(char *home, struct err *err)
{
    if (!path_program_dir(home, PATH_MAX, err))
        return false;
    char *slash = strrchr(home, '/');
    if (slash)
        slash[slash == home ? 1 : 0] = '\0';
    return true;
}

/* WANTED as an absolute path without links; one that does not exist only gets absolute. */
static bool make_absolute(const char *wanted, char *out, struct err *err)
{
    char here[PATH_MAX];
    if (realpath(wanted, out))
        return true;
    if (wanted[0] != '/' && !getcwd(here, sizeof here))
        return err_sys(err, errno, "the current folder cannot be found");
    return path_join(out, PATH_MAX, here, wanted) || too_long(err, wanted);
}

bool place_resolve(struct place *p, const char *option, struct err *err)
{
    char beside[PATH_MAX];
    if (!find_home(p->home, err))
        return false;
    const char *wanted = option ? option : getenv("CSERV_BASE");
    if (!wanted || wanted[0] == '\0') {
        if (!path_join(beside, sizeof beside, p->home, "base"))
            return too_long(err, p->home);
        wanted = beside;
    }
    return make_absolute(wanted, p->base, err);
}

bool place_is_base(const char *dir)
{
    char file[PATH_MAX];
    return path_join(file, sizeof file, dir, "conf/server.xml") && path_exists(file);
}

void place_note_missing(const struct place *p)
{
    if (!place_is_base(p->base))
        fprintf(stderr,
                "cserv: note: %s is not a base: it has no conf/server.xml that can be read\n",
                p->base);
}

bool place_open(const struct place *p, struct err *err)
{
    char folder[PATH_MAX];
    if (!place_is_base(p->base)) {
        err_set(err, "%s is not a base: it has no conf/server.xml that can be read", p->base);
        char word[400];
        return path_shell_word(p->base, word, sizeof word) &&
               err_hint(err, "-b DIR names another; to make it one, type: cserv makebase %s", word);
    }
    for (size_t i = 0; place_folders[i]; i++) {
        if (!path_join(folder, sizeof folder, p->base, place_folders[i]))
            return too_long(err, p->base);
        if (!path_make_dirs(folder, PATH_MODE_DIR, err))
            return false;
    }
    return true;
}

bool place_shipped(const struct place *p, const char *name, char *out)
{
    static const char *const below_home[] = {CSERV_SHARE_DIR, "."};
    char folder[PATH_MAX];
    for (size_t i = 0; i < 2; i++)
        if (path_join(folder, sizeof folder, p->home, below_home[i]) &&
            path_join(out, PATH_MAX, folder, name) && path_is_dir(out) && realpath(out, folder)) {
            memcpy(out, folder, strlen(folder) + 1);
            return true;
        }
    return false;
}
