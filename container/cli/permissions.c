/* SPDX-License-Identifier: Apache-2.0
 * Finds what everybody may write among what a server trusts: see permissions.h. */
#include "cli/permissions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "cli/read_config.h"
#include "observe/log.h"

enum { DEPTH_MAX = 8 };

/* The places found: the first one by name, all as words of a command as far as they fit. */
struct finding {
    char first[PATH_MAX];
    size_t count;
    size_t left_out; /* of the command */
    char words[360]; /* of chmod; each begins with a blank */
    size_t used;
};

static void add(struct finding *f, const char *path)
{
    char word[sizeof(f->words)];
    if (f->count++ == 0)
        snprintf(f->first, sizeof(f->first), "%s", path);
    if (path_shell_word(path, word, sizeof(word)) &&
        f->used + strlen(word) + 2 <= sizeof(f->words)) {
        snprintf(f->words + f->used, sizeof(f->words) - f->used, " %s", word);
        f->used += strlen(word) + 1;
    } else {
        f->left_out++;
    }
}

/* With STICKY_WILL_DO a folder in which people can only touch their own things passes: a strange new
 * file in it harms nobody. */
static void look(struct finding *f, const char *path, bool sticky_will_do)
{
    struct stat st;
    if (stat(path, &st) != 0 || !(st.st_mode & S_IWOTH) ||
        (sticky_will_do && (st.st_mode & S_ISVTX)))
        return;
    if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))
        add(f, path);
}

static void look_below(struct finding *f, const char *dir, int depth)
{
    struct err ignored = ERR_INIT; /* who reads the files has a better message */
    char path[PATH_MAX], **names;
    size_t count;
    look(f, dir, false);
    if (depth == DEPTH_MAX || !path_is_dir(dir) || !path_list(dir, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!path_join(path, sizeof(path), dir, names[i]))
            continue;
        if (path_is_dir(path))
            look_below(f, path, depth + 1);
        else
            look(f, path, false);
    }
    path_names_free(&names, &count);
}

/* The folder that the link PATH leads into; who can write there can put another thing in the target's
 * place. */
static bool folder_behind(const char *path, char *folder)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode) || !realpath(path, folder))
        return false;
    char *slash = strrchr(folder, '/');
    slash[slash == folder ? 1 : 0] = '\0';
    return true;
}

static void look_at_webapps(struct finding *f, const char *base, const char *app_base)
{
    struct err ignored = ERR_INIT;
    char dir[PATH_MAX], path[PATH_MAX], behind[PATH_MAX], before[PATH_MAX] = "", **names;
    size_t count;
    if (!path_join(dir, sizeof(dir), base, app_base))
        return;
    look(f, dir, false);
    if (!path_is_dir(dir) || !path_list(dir, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!path_join(path, sizeof(path), dir, names[i]) || !folder_behind(path, behind) ||
            strcmp(behind, before) == 0)
            continue;
        look(f, behind, true);
        memcpy(before, behind, strlen(behind) + 1); /* most links lead into one folder */
    }
    path_names_free(&names, &count);
}

static void look_everywhere(struct finding *f, const struct place *place,
                            const struct server_config *config)
{
    struct module_folders modules;
    char path[PATH_MAX];
    look(f, place->base, true);
    if (path_join(path, sizeof(path), place->base, "conf"))
        look_below(f, path, 0);
    for (const struct service_config *s = config->services; s; s = s->next)
        for (const struct host_config *h = s->engine.hosts; h; h = h->next)
            look_at_webapps(f, place->base, h->app_base);
    module_folders_find(&modules, place->base, place->home);
    for (size_t i = 0; modules.list[i]; i++)
        look_below(f, modules.list[i], 0);
}

bool permissions_check(const struct place *place, const struct server_config *config,
                       struct err *err)
{
    struct finding f = {.count = 0};
    look_everywhere(&f, place, config);
    if (f.count == 0)
        return true;
    if (f.count == 1)
        err_set(err, "%.460s may be written by everybody", f.first);
    else
        err_set(err, "%.400s and %zu more may be written by everybody", f.first, f.count - 1);
    err_why(err, "who can write there decides what this server runs");
    if (f.used == 0)
        return err_hint(err, "Take the right away from others: chmod o-w");
    return err_hint(err, "%sType: chmod o-w%s",
                    f.left_out ? "There are more than fit here, so ask again afterwards. " : "",
                    f.words);
}

void permissions_warn(const char *base, const char *home, const struct server_config *config)
{
    struct place place;
    struct err err = ERR_INIT;
    snprintf(place.base, sizeof(place.base), "%s", base);
    snprintf(place.home, sizeof(place.home), "%s", home);
    if (!permissions_check(&place, config, &err))
        log_err(LOG_ROOM_cli, LOG_WARN, &err);
}
